"""The command line of a stage: one process an output, one line an error, no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import stage
from pipeline.codeversion import ROOT


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def child(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_output_is_one_processs_work():
    code = "from pipeline import stage\nwith stage.alone('x'):\n print('in', flush=True)\n input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "in\n"
    refused = pytest.raises(stage.StageError, match=r"x: another process .* holds .*x\.lock")
    with refused, stage.alone("x", wait_seconds=0.2):
        pytest.fail("two processes hold one lock")
    with stage.alone("y", wait_seconds=0.2):
        pass
    holder.kill()
    holder.wait()
    with stage.alone("x", wait_seconds=5.0):
        pass


def test_a_stage_ends_with_the_dvc_that_started_it():
    stage_code = (
        "import sys, time; sys.argv = ['s.py']\nfrom pipeline import stage\n"
        "def run():\n print('up', flush=True); time.sleep(60)\nstage.main('d', run)"
    )
    parent = child(
        "import subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, '-c', {stage_code!r}])\n"
        "print(p.pid, flush=True); p.wait()",
        DVC_STAGE="extract@c-gtf",
    )
    lines = [parent.stdout.readline().strip(), parent.stdout.readline().strip()]
    pid = int(next(line for line in lines if line.isdigit()))
    assert "up" in lines
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and "zombie" not in _state(pid):
        assert time.monotonic() < end, "the stage outlives its DVC"
        time.sleep(0.05)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return "zombie"


@pytest.mark.parametrize("error", [stage.StageError("no way"), FileNotFoundError("no way")])
def test_what_the_user_can_mend_is_one_line(monkeypatch, error):
    def run(name: str) -> None:
        assert name == "demo"
        raise error

    monkeypatch.setattr(sys, "argv", ["index.py", "demo"])
    with pytest.raises(SystemExit, match=r"^error: no way$"):
        stage.main("doc", run, "corpus")


def test_a_bug_shows_its_traceback(monkeypatch):
    def run() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(sys, "argv", ["report.py"])
    with pytest.raises(ZeroDivisionError):
        stage.main("doc", run)


def test_scratch_goes_with_the_run_and_clears_what_a_killed_one_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left = stage.WORK / "tensors-c-svm.killed.scratch"
    others = [stage.WORK / "tensors-c-svm2.alive.scratch", stage.WORK / "tensors-c-svm.lock"]
    for folder in (left, *others):
        folder.mkdir(parents=True)
    with stage.scratch("tensors-c-svm") as folder:
        assert not left.exists()
        (folder / "large.npy").write_bytes(b"0" * 100)
    assert not folder.exists()
    assert all(other.exists() for other in others)
