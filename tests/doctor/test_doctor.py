"""`multispec doctor`: every check finds what is wrong, and says what to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import doctor, paths
from pipeline.cli import main
from pipeline.commands import doctor as command
from pipeline.doctor import Patient, environment, room

#: The checks that need no Git repository around.
ALONE = sorted(set(doctor.names()) - {"dvc", "environment"})


def statuses(findings) -> set[str]:
    return {finding.status for finding in findings}


def only(findings, status: str):
    """Return the one finding of a status; it says what to do."""
    (found,) = [finding for finding in findings if finding.status == status]
    assert found.remedy
    return found


@pytest.mark.parametrize("name", ALONE)
def test_a_sound_project_passes_and_nothing_is_written(ask, name):
    before = sorted(Path().rglob("*"))
    found = ask(name)
    assert found
    assert statuses(found) <= {"ok", "warn"} if name in ("gpu", "room", "threads") else {"ok"}
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("name", doctor.names())
def test_a_check_says_what_it_looks_at(name):
    assert len(doctor.load(name).__doc__.splitlines()[0]) > 20


@pytest.mark.parametrize("name", sorted(set(ALONE) - {"threads"}))
def test_without_parameters_a_check_fails_in_one_line(name):
    found = []
    command.look(name, Patient(None, "params.yaml: no such file"), found)
    assert (found[-1].status, found[-1].what) == ("fail", "params.yaml: no such file")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda v: v["features"]["gtf"].update(band=24), "features.gtf: unknown key 'band'"),
        (lambda v: v["audio"].update(sample_rate="high"), "audio.sample_rate: expected int"),
        (lambda v: v["models"]["svm"].pop("c"), "models.svm: missing key 'c'"),
        (lambda v: v["corpora"]["c"].update(adapter="foldr"), "did you mean 'folder'?"),
        (lambda v: v["train"]["skip"].update(c=["svn"]), "did you mean 'svm'?"),
        (lambda v: v["cv"].update(protocols=["random"]), "`grouped` among the protocols"),
        (lambda v: v["report"].update(reference="best"), "reference = 'best'"),
        (lambda v: v["chord2vec"].update(tokenizer="words"), "words"),
        (lambda v: v["compute"].update(batch_tracks=0), "batch_tracks is 0"),
        (lambda v: v["synthesize"].update(seconds=-1.0), "seconds"),
    ],
)
def test_a_wrong_parameter_is_named_once(values, ask, change, what):
    change(values)
    assert what in only(ask("parameters"), "fail").what


def test_all_wrong_parameters_are_named(values, ask):
    values["compute"]["batch_tracks"] = 0
    values["features"]["gtf"]["bands"] = "many"
    assert len(ask("parameters")) == 2


def test_a_corpus_that_is_not_there(values, ask):
    values["corpora"]["c"]["root"] = "elsewhere"
    found = only(ask("sources"), "fail")
    assert "elsewhere" in found.what
    assert "docs/corpora.md" in found.remedy


def test_a_demo_that_is_still_to_be_made_is_no_fault(values, ask):
    values["corpora"]["c"]["root"] = values["synthesize"]["root"]
    assert "will be made" in ask("sources")[0].what
    assert statuses(ask("sources")) == {"ok"}


def test_one_class_is_too_few(values, ask):
    for path in Path("music/joy").iterdir():
        path.unlink()
    assert "1 classes" in only(ask("sources"), "fail").what
    assert values


def test_room_is_tracks_times_seconds_times_bytes(values, monkeypatch):
    second = 4 * 24 * 44
    assert room.needed(values) == (4 * 2 * second, 4 * 2 * second)
    paths.index("c").parent.mkdir(parents=True)
    header = (
        "track,audio,midi,label,group,duration_seconds,sample_rate,sha256,midi_sha256,condition"
    )
    rows = ["a,a.wav,,x,g,0.5,16000,0,", "b,b.wav,,x,g,9.0,16000,0,", "c,,c.mid,x,g,,,0,0"]
    paths.index("c").write_text("\n".join([header, *rows]) + "\n")
    assert room.needed(values) == (2 * 2 * second, round(2.5 * second))
    for free, status in ((10**9, "ok"), (30_000, "warn"), (100, "fail")):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        (found,) = room.check(Patient(values))
        assert found.status == status
    paths.features("c", "gtf").mkdir(parents=True)
    assert room.needed(values) == (0, 0)


def test_a_cache_that_is_a_file(values, ask):
    Path("full").write_text("")
    values["compute"]["cache"] = "full"
    assert "is no folder" in only(ask("cache"), "fail").what


def test_a_cache_that_may_not_be_written_to(values, ask, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = only(ask("cache"), "fail")
    assert "may not be written to" in found.what
    assert "MULTISPEC_CACHE" in found.remedy
    assert values


def test_a_shared_cache_wants_its_group_handed_on(values, ask):
    folder = Path("shared")
    folder.mkdir()
    values["compute"]["cache"] = str(folder)
    folder.chmod(0o775)
    assert "chmod g+s" in only(ask("cache"), "warn").remedy
    folder.chmod(0o2775)
    assert statuses(ask("cache")) == {"ok"}


def test_a_scheduler(values, ask):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        values["compute"]["scheduler"] = address
        assert "answers" in ask("scheduler")[0].what
    assert address in only(ask("scheduler"), "fail").what
    values["compute"]["scheduler"] = "somewhere"
    assert "tcp://host:8786" in only(ask("scheduler"), "fail").remedy


def test_more_workers_than_cores(values, ask, monkeypatch):
    values["compute"]["workers"] = 10_000
    assert len([each for each in ask("threads") if each.status == "warn"]) == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "two")
    assert "unset OMP_NUM_THREADS" in only(ask("threads"), "fail").remedy


def test_a_gpu_that_is_asked_for_and_not_there(values, ask, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    values["train"]["device"] = "cuda"
    assert "TORCH=cu130" in only(ask("gpu"), "fail").remedy


def test_packages_are_held_against_the_lock(values):
    numpy = environment.importlib.metadata.version("numpy")
    assert only(environment.check(Patient(values)), "fail").what.startswith("requirements.lock")
    for text, status, what in (
        (f"numpy=={numpy}\n", "ok", "1 packages"),
        ("numpy==0.1\n", "warn", f"numpy {numpy} instead of 0.1"),
        ("no-such-package==1\n", "fail", "missing packages: no-such-package"),
    ):
        environment.LOCK.write_text(text)
        assert any(
            each.status == status and what in each.what
            for each in environment.check(Patient(values))
        )


def test_a_lock_with_marks_of_a_merge(ask):
    for arguments in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(arguments, check=True, env=os.environ | {"DVC_NO_ANALYTICS": "1"})
    assert statuses(ask("dvc")) == {"ok"}
    Path("dvc.lock").write_text("schema: '2.0'\n<<<<<<< ours\nstages: {}\n")
    assert "git checkout" in only(ask("dvc"), "fail").remedy
    Path("dvc.lock").unlink()
    Path("folder").mkdir()
    Path(".dvc/config").write_text("[core]\n remote = r\n['remote \"r\"']\n url = ../folder\n")
    assert "answers" in ask("dvc")[-1].what


def test_outside_of_a_repository(ask):
    assert "clone" in only(ask("dvc"), "fail").remedy


def test_a_check_that_never_answers_keeps_nobody(values, monkeypatch):
    def check(_):
        yield doctor.Finding("ok", "so far")
        time.sleep(60)

    monkeypatch.setattr(doctor, "load", lambda _: SimpleNamespace(check=check))
    ((name, found),) = command.examine(["dvc"], Patient(values), 0.2)
    assert (name, [each.status for each in found]) == ("dvc", ["ok", "warn"])
    assert "no answer within 0.2 s" in found[-1].what


def test_a_check_that_breaks_hides_no_other(values, monkeypatch):
    sound = doctor.load("scheduler")

    def check(_):
        raise RuntimeError("broken")
        yield

    monkeypatch.setattr(
        doctor, "load", lambda name: sound if name == "scheduler" else SimpleNamespace(check=check)
    )
    found = dict(command.examine(["gpu", "scheduler"], Patient(values), 5.0))
    assert found["gpu"][0].what == "the check itself failed: RuntimeError: broken"
    assert statuses(found["scheduler"]) == {"ok"}


@pytest.mark.usefixtures("values")
def test_the_command_tells_people_and_programs(capsys):
    assert main(["doctor", "--only", "scheduler", "sources"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok    scheduler")
    assert lines[-1] == "doctor: 2 ok, 0 to watch, 0 failed"
    assert main(["doctor", "--only", "scheduler", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"] == {"ok": 1, "warn": 0, "fail": 0}
    assert answer["checks"]["scheduler"][0]["remedy"] == ""


def test_a_failed_check_is_status_1(values, capsys):
    Path("params.yaml").unlink()
    assert main(["doctor", "--only", "sources", "scheduler"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  sources" in said
    assert "-> mend params.yaml" in said
    assert values
