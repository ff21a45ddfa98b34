"""`multispec cache`: on a project whose stages have run, only what is not asked for goes."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from pipeline import params, paths
from pipeline.cache import Cache
from pipeline.caching import asked
from pipeline.cli import main
from pipeline.train import train

REPOSITORY = Path(__file__).resolve().parents[2]


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
    old()
    return studio


def old() -> None:
    """Let all of the cache be unused for 40 days; copying it was a use."""
    then = time.time() - 40 * 86400
    for path in Path("data/cache").rglob("*"):
        os.utime(path, (then, then))


def said(capsys, *arguments: str, status: int = 0) -> dict:
    capsys.readouterr()  # what making the project said
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


def trained(studio) -> None:
    """Train one model, then again with other settings: three folds that no run asks for now."""
    studio.params["features"] = {"gtf": studio.params["features"]["gtf"]}
    studio.params["models"] = {"majority": {}}
    studio.params["train"]["skip"] = {}
    studio.album().prepare("gtf")
    train(studio.params, "c", "majority")
    studio.params["train"]["epochs"] += 1
    train(studio.params, "c", "majority")
    studio.save()


@pytest.fixture
def school(like):
    studio = like("trained", trained)
    old()
    return studio


def fold_keys() -> set[str]:
    return {name.split("/")[-1] for name in entries() if name.startswith("folds/")}


def test_folds_that_the_last_runs_asked_for_stay(school, capsys):
    assert len(fold_keys()) == 6
    (row,) = said(capsys, "prune", "--unreachable")["removed"]
    assert (row["kind"], row["count"]) == ("folds", 3)
    assert fold_keys() == asked.noted("train c/majority")
    before = entries()
    train(school.params, "c", "majority")
    assert entries() == before


@pytest.mark.usefixtures("school")
def test_folds_of_a_variant_stay_while_there_is_one(capsys):
    kept, other = sorted(fold_keys() - asked.noted("train c/majority"))[:2]
    asked.note("experiment c/try/plain", [kept])
    asked.note("experiment c/gone/plain", [other])
    Path("experiments").mkdir()
    Path("experiments/params.yaml").write_text(EXPERIMENT, encoding="utf-8")
    said(capsys, "prune", "--unreachable")
    assert fold_keys() == asked.noted("train c/majority") | {kept}


def test_folds_of_a_model_that_is_no_longer_named_go(school, capsys):
    school.params["models"] = {"svm": params.read(REPOSITORY / "params.yaml")["models"]["svm"]}
    school.save()
    assert said(capsys, "prune", "--unreachable")["removed"][0]["count"] == 6


@pytest.mark.usefixtures("school")
@pytest.mark.parametrize("note", [None, "", "[1]", '{"folds": 3}'])
def test_folds_stay_where_a_run_has_no_note(capsys, note):
    path = paths.asked("train c/majority")
    path.unlink() if note is None else path.write_text(note, encoding="utf-8")
    answer = said(capsys, "prune", "--unreachable")
    assert answer["not_judged"] == ["folds"]
    assert (answer["removed"], len(fold_keys())) == ([], 6)


EXPERIMENT = """
models: {}
experiments:
  try:
    title: A try
    question: Does it stay?
    paper: nowhere
    reference: plain
    protocols: [grouped]
    variants:
      plain: {model: majority}
"""


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
