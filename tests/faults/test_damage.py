"""Damage and disorder around a run: it is noticed and made good, or told in one line."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from fault_life import Life, cluster
from fault_project import Project

from pipeline import corpus, params, paths, tensors
from pipeline.cache import Cache
from pipeline.extract import Counts, extract
from pipeline.index import index
from pipeline.stage import StageError

GTF = paths.features("c", "gtf")


@pytest.fixture
def project(by_hand: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project with an extracted feature; its folder is the current one."""
    found = by_hand.after("extract@c-gtf").copy(tmp_path / "project")
    monkeypatch.chdir(found.folder)
    return found


def again() -> Counts:
    """Index and extract once more, in this process."""
    index(params.read(), "c")
    return extract(params.read(), "c", "gtf")


def entries(kind: str) -> list[Path]:
    return [path for path in Cache.at("data/cache").root.glob(f"{kind}/*/*") if path.is_file()]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def half_flush(path: Path) -> None:
    """Leave what a power cut may: the length is on the disk, of the content the first half."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2].ljust(len(data), b"\0"))


def swap_for_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE = {
    "flipped": flip,
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "empty": lambda path: path.write_bytes(b""),
    "never flushed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "half flushed": half_flush,
    "gone": Path.unlink,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_every_entry_of_the_cache_is_damaged(project, how):
    whole = project.bytes()
    for kind in ("probe", "notes", "gtf"):
        assert entries(kind)
        for path in entries(kind):
            DAMAGE[how](path)
    assert again() == Counts(9, 0, 0, 0)
    assert project.bytes() == whole
    assert again() == Counts(0, 9, 0, 0)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_store_is_told_and_made_again_from_the_cache(project, how):
    whole = project.bytes()
    DAMAGE[how](next(path for path in sorted((GTF / "values/c").rglob("*")) if path.is_file()))
    scratch = project.folder / "scratch"
    scratch.mkdir()
    (project.folder / "data/folds").mkdir(exist_ok=True)
    with pytest.raises(StageError, match=r"gtf\.zarr: .*delete it and run `dvc repro`"):
        tensors.load(params.read(), "c", ("gtf",), scratch)
    assert extract(params.read(), "c", "gtf") == Counts(0, 9, 0, 0)
    assert project.bytes() == whole


def edit(change) -> None:
    path = paths.index("c")
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_a_row_whose_hash_was_edited_is_rejected_alone(capsys):
    first = corpus.read_index("c")[0]
    edit(lambda text: text.replace(first.sha256, "0" * 64))
    assert extract(params.read(), "c", "gtf") == Counts(0, 8, 0, 1)
    said = capsys.readouterr().out
    assert f"rejected {first.track}: changed: its content is not what the index saw" in said


@pytest.mark.usefixtures("project")
def test_a_row_whose_file_was_edited_away_is_rejected_alone(capsys):
    first = corpus.read_index("c")[0]
    for path in entries("gtf"):
        path.unlink()
    edit(lambda text: text.replace(f"{first.track},{first.audio}", f"{first.track},none.mp3"))
    assert extract(params.read(), "c", "gtf") == Counts(8, 0, 0, 1)
    assert f"rejected {first.track}: unreadable: " in capsys.readouterr().out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("sha256", "sha", 1),
        lambda text: text.replace("track,audio,", "", 1),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace("\n", ",more\n").replace(",more", "", 1),
        lambda text: text.replace("calm", '"calm', 1),
    ],
    ids=["renamed column", "columns gone", "semicolons", "more fields", "open quote"],
)
def test_an_index_that_is_none_is_one_line(change):
    edit(change)
    with pytest.raises(FileNotFoundError, match=r"is not an index .* run `dvc repro index@c`"):
        extract(params.read(), "c", "gtf")


@pytest.mark.parametrize("moment", [0.0, 1e9, 4e9])
def test_clocks_decide_nothing(project, monkeypatch, moment):
    whole = project.bytes()
    for path in project.folder.rglob("*"):
        os.utime(path, (moment, moment))
    monkeypatch.setattr(time, "time", lambda: moment)
    assert again() == Counts(0, 9, 0, 0)
    shutil.rmtree("data/cache")
    assert again() == Counts(9, 0, 0, 0)
    assert project.bytes() == whole


def test_two_runs_at_once_give_one_store(by_hand: Life, tmp_path: Path):
    project = by_hand.before("extract@c-gtf").copy(tmp_path / "project")
    runs = [project.start("-m", "pipeline.extract", "c", "gtf") for _ in range(2)]
    ends = [(*run.communicate(timeout=300), run.returncode) for run in runs]
    refused = [err for _, err, status in ends if status]
    # The second waits for the first, and is told when that takes long.
    assert len(refused) <= 1
    assert all("another process is at work on it" in line for line in refused)
    assert sum("9 computed" in out for out, _, _ in ends) == 1
    assert project.bytes() == by_hand.after("extract@c-gtf").bytes()


@pytest.mark.soak
@pytest.mark.parametrize("stage", ["index", "extract"])
def test_a_file_that_kills_every_worker_costs_itself_alone(by_hand, tmp_path, tally, stage):
    project = by_hand.before("index@c" if stage == "index" else "extract@c-gtf")
    project = project.copy(tmp_path / "project")
    fault = {"FAULT": "kill:1", "FAULT_WHERE": "/joy/04.", "FAULT_READS": "1"}
    command = ("index", "c") if stage == "index" else ("extract", "c", "gtf")
    with cluster(**fault) as address:
        project.params(compute={"scheduler": address, "batch_tracks": 2})
        said = project.stage(*command)
    if stage == "index":
        quarantine = (project.folder / paths.quarantine("c")).read_text(encoding="utf-8")
        assert "joy/04.wav,index,worker-died: " in quarantine
        assert "8 tracks" in said
    else:
        assert "rejected joy/04.wav: worker-died: " in said
        assert said.strip().endswith("8 computed, 0 from cache, 0 from previous store, 1 rejected")
    project.params(compute={"scheduler": None})
    project.stage("index", "c")
    project.stage("extract", "c", "gtf")
    assert project.bytes() == by_hand.after("extract@c-gtf").bytes()
    tally["files that kill every worker"] += 1
