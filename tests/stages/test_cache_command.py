"""`multispec cache`: on a project whose stages have run, only what is not asked for goes."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from pipeline import paths
from pipeline.cache import Cache
from pipeline.cli import main


def finished(studio) -> None:
    studio.params["features"] = {
        name: studio.params["features"][name] for name in ("gtf", "wideband")
    }
    studio.album()
    studio.score("calm/a.mid", 1)
    (studio.music / "joy/broken.wav").write_bytes(b"RIFF, and no more")
    studio.manifest({"calm/00.mp3": "calm/a.mid"})
    studio.index()
    for feature in ("gtf", "wideband"):
        studio.extract(feature)
    studio.save()


@pytest.fixture
def project(like, monkeypatch):
    monkeypatch.delenv("MULTISPEC_CACHE", raising=False)
    studio = like("finished", finished)
    then = time.time() - 40 * 86400
    for path in Path("data/cache").rglob("*"):
        os.utime(path, (then, then))
    return studio


def said(capsys, *arguments: str, status: int = 0) -> dict:
    assert main(["cache", *arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def entries() -> set[str]:
    root = Path("data/cache")
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_all_that_the_stages_made_is_reachable(project, capsys):
    before = entries()
    assert {name.split("/")[0] for name in before} == {"gtf", "wideband", "probe", "notes"}
    answer = said(capsys, "prune", "--unreachable")
    assert (answer["removed"], answer["freed_bytes"], answer["not_judged"]) == ([], 0, [])
    assert entries() == before
    assert project.extract("gtf").computed == 0


def test_a_changed_parameter_leaves_the_store_s_rows_and_then_none(project, capsys):
    project.params["features"]["gtf"]["floor"] = 1e-9
    project.save()
    assert said(capsys, "prune", "--unreachable")["removed"] == []  # the store has them still
    shutil.rmtree(paths.features("c", "gtf"))
    answer = said(capsys, "prune", "--unreachable", "--dry-run")
    assert [(each["kind"], each["count"]) for each in answer["removed"]] == [("gtf", 9)]
    before = entries()
    assert said(capsys, "prune", "--unreachable")["freed_bytes"] == answer["freed_bytes"] > 0
    assert {name.split("/")[0] for name in before - entries()} == {"gtf"}


def test_an_index_that_is_missing_stops_it(project, capsys):
    paths.index("c").unlink()
    assert main(["cache", "prune", "--unreachable"]) == 2
    assert "dvc repro index@c" in capsys.readouterr().err
    assert project.folder.is_dir()


@pytest.mark.usefixtures("project")
def test_status_counts(capsys):
    answer = said(capsys, "status")
    counts = {kind: total["count"] for kind, total in answer["kinds"].items()}
    assert counts == {"gtf": 9, "notes": 1, "probe": 10, "wideband": 9}
    assert answer["entry"]["count"] == 29
    assert answer["entry"]["oldest_seconds"] == pytest.approx(40 * 86400, abs=600)
    assert main(["cache", "status"]) == 0
    text = capsys.readouterr().out
    assert "29 entries" in text
    assert "wideband" in text


@pytest.mark.usefixtures("project")
def test_prune_by_age_says_what_goes(capsys):
    assert main(["cache", "prune", "--older-than", "60d"]) == 0
    assert "0 B were freed" in capsys.readouterr().out
    assert main(["cache", "prune", "--older-than", "30d", "--dry-run"]) == 0
    assert "would be freed" in capsys.readouterr().out
    assert len(entries()) == 29
    assert main(["cache", "prune", "--older-than", "30d"]) == 0
    assert "were freed" in capsys.readouterr().out
    assert entries() == set()


@pytest.mark.usefixtures("project")
def test_verify_finds_a_flipped_byte(capsys):
    assert said(capsys, "verify") == {
        "root": str(Path.cwd() / "data/cache"),
        "checked": 29,
        "damaged": [],
        "removed": 0,
    }
    cache = Cache.at("data/cache")
    name = next(each for each in sorted(entries()) if each.startswith("gtf/"))
    data = bytearray((cache.root / name).read_bytes())
    data[100] ^= 1
    (cache.root / name).write_bytes(data)
    assert main(["cache", "verify"]) == 1
    assert f"damaged: {name}" in capsys.readouterr().out
    assert said(capsys, "verify", "--remove", status=1)["removed"] == 1
    assert said(capsys, "verify")["checked"] == 28


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "--dry-run"], "--dry-run belongs to `multispec cache prune`"),
        (["prune", "--remove"], "--remove belongs to `multispec cache verify`"),
        (["prune", "--everyone"], "--everyone goes with --unreachable"),
        (["prune", "--older-than", "soon"], "'soon' is no length of time"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_wrong_option_is_refused(capsys, arguments, message):
    assert main(["cache", *arguments]) == 2
    assert message in capsys.readouterr().err
