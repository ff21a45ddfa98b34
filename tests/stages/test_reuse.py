"""Shards that stay as they are become links to DVC's objects, and DVC lives with that."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipeline import paths, plan, previous, reuse, shards, store
from pipeline.extract import Counts

STORE = paths.features("c", "gtf")
CONFIG = "[core]\n    no_scm = true\n[cache]\n    type = {}\n"
DVC_YAML = """
stages:
  extract:
    matrix:
      corpus: [c]
      feature: [gtf]
    cmd: python -m pipeline.extract ${item.corpus} ${item.feature}
    deps:
      - data/index/${item.corpus}.csv
    outs:
      - data/features/${item.corpus}/${item.feature}.zarr
"""


def commit() -> None:
    with Repo() as repo:
        repo.commit(force=True)


@pytest.fixture
def linked(like, monkeypatch):
    """Return a project with five shards of two tracks, which DVC has recorded and linked."""
    studio = like("indexed", lambda studio: studio.album().index())
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(studio.folder / "site"))
    monkeypatch.setattr(plan, "SHARD_BYTES", 2 * 4 * 2 * 24 * 44)
    monkeypatch.setattr(reuse, "WORTH_BYTES", 0)
    previous._dvc_cache.cache_clear()
    studio.extract()
    (studio.folder / "dvc.yaml").write_text(DVC_YAML)
    Repo.init(no_scm=True).close()
    (studio.folder / ".dvc/config").write_text(CONFIG.format("hardlink"))
    commit()
    yield studio
    previous._dvc_cache.cache_clear()


def shard_of(number: int) -> Path:
    return shards.path_of(STORE, number, (2, 24, 44))


def objects(studio) -> dict[int, Path]:
    """Return inode -> object of the DVC cache."""
    every = (studio.folder / ".dvc/cache").rglob("*")
    return {path.stat().st_ino: path for path in every if path.is_file()}


def of_dvc(studio, count: int) -> list[bool]:
    """Return whether each shard of the store is a file of DVC's."""
    known = objects(studio)
    return [shard_of(number).stat().st_ino in known for number in range(count)]


def add(studio, file: str) -> Counts:
    """Add a track as a user does: DVC removes the outputs of a stage before it runs."""
    studio.tone(file, 77)
    studio.manifest()
    studio.index()
    shutil.rmtree(STORE)
    return studio.extract()


def anew(studio) -> dict[str, bytes]:
    for folder in ("data/cache", ".dvc/cache", STORE):
        shutil.rmtree(folder)
    (studio.folder / "dvc.lock").unlink()
    studio.extract()
    return studio.store_bytes()


@pytest.mark.parametrize(
    ("file", "taken"),
    [
        ("rage/zz.wav", [True, True, True, True, False]),
        ("joy/044.wav", [True, True, False, False, False]),
        ("calm/000.wav", [False] * 5),
    ],
)
def test_what_lies_in_front_of_a_new_track_is_linked(linked, file, taken):
    assert add(linked, file) == Counts(1, 9, 0, 0)
    assert of_dvc(linked, 5) == taken
    grown = linked.store_bytes()
    assert grown == anew(linked)


def test_a_track_less_leaves_no_row_behind(linked):
    (linked.music / "rage/08.flac").unlink()
    linked.manifest()
    linked.index()
    shutil.rmtree(STORE)
    assert linked.extract() == Counts(0, 8, 0, 0)
    assert of_dvc(linked, 4) == [True] * 4
    assert linked.store_bytes() == anew(linked)


def test_dvc_commits_collects_checks_out_and_unprotects_linked_shards(linked):
    before = {inode: path.read_bytes() for inode, path in objects(linked).items()}
    add(linked, "rage/zz.wav")
    grown = linked.store_bytes()
    commit()
    assert of_dvc(linked, 5) == [True] * 5
    with Repo() as repo:
        repo.gc(workspace=True)
        assert linked.store_bytes() == grown
        shutil.rmtree(STORE)
        repo.checkout(force=True)
        assert linked.store_bytes() == grown
        assert not repo.status()
        repo.unprotect(str(STORE))
    assert of_dvc(linked, 5) == [False] * 5
    assert os.access(shard_of(0), os.W_OK)
    after = {inode: path.read_bytes() for inode, path in objects(linked).items()}
    assert all(after[inode] == before[inode] for inode in after.keys() & before.keys())


def damage(path: Path, at: int) -> None:
    """Change one bit, and leave the file as protected as it was."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)


@pytest.mark.parametrize("at", [100, -10])
def test_a_damaged_object_is_not_handed_on(linked, at):
    whole = linked.store_bytes()
    damage(objects(linked)[shard_of(1).stat().st_ino], at)
    shutil.rmtree(STORE)
    assert linked.extract() == Counts(0, 9, 0, 0)
    assert of_dvc(linked, 5) == [True, False, True, True, True]
    assert linked.store_bytes() == whole


def test_an_object_that_may_be_written_to_is_not_linked(linked):
    whole = linked.store_bytes()
    shard_of(2).chmod(0o644)
    shutil.rmtree(STORE)
    linked.extract()
    assert of_dvc(linked, 5) == [True, True, False, True, True]
    assert linked.store_bytes() == whole


def test_where_dvc_must_not_link_nothing_is_linked(linked):
    whole = linked.store_bytes()
    (linked.folder / ".dvc/config").write_text(CONFIG.format("copy"))
    previous._dvc_cache.cache_clear()
    shutil.rmtree(STORE)
    linked.extract()
    assert of_dvc(linked, 5) == [False] * 5
    assert linked.store_bytes() == whole


def test_where_no_link_can_be_made_the_shard_is_assembled(linked, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    whole = linked.store_bytes()
    shutil.rmtree(STORE)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    linked.extract()
    assert of_dvc(linked, 5) == [False] * 5
    assert linked.store_bytes() == whole


def test_a_row_of_another_encoder_is_not_linked(linked, monkeypatch):
    shutil.rmtree(STORE)
    monkeypatch.setattr(shards, "ENCODER", "another")
    linked.extract()
    assert of_dvc(linked, 5) == [False] * 5


def test_a_shard_is_written_beside_what_had_its_name(tmp_path):
    path, twin = tmp_path / "0", tmp_path / "twin"
    shards.write(path, [b"one"], 2)
    twin.hardlink_to(path)
    shards.write(path, [b"other"], 2)
    assert twin.read_bytes().startswith(b"one")
    assert path.read_bytes().startswith(b"other")


def test_a_linked_store_reads_like_any(linked):
    add(linked, "rage/zz.wav")
    reader = store.Reader(STORE)
    assert len(reader.tracks) == 10
    assert all(rows.shape[1:] == (2, 24, 44) for _, _, rows in reader.shards())
