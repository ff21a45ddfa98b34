"""SIGKILL at chosen and drawn moments: the next run ends with the bytes of an undisturbed one."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
from account import compare
from fault_life import Life, cluster, command
from fault_life import by_hand as run_by_hand
from fault_project import Project, sound

#: How long what is left of a killed run may live, s: it ends at once, but on a busy machine.
ORPHAN_SECONDS = 300.0
STAGES = ("index@c", "extract@c-gtf", "embed@c", "train@c-majority")
RESULTS = {
    "index@c": "data/index",
    "extract@c-gtf": "data/features",
    "embed@c": "data/embeddings",
    "train@c-majority": "data/runs",
}
#: What DVC says where it was killed while it wrote, in place, who uses which file.
TORN = "Unable to read RWLock-file"
#: What a stage renames into place when all of it is there.
FINAL = {
    "index@c": "data/index/c.csv",
    "extract@c-gtf": "data/features/c/gtf.zarr",
    "embed@c": "data/embeddings/c.zarr",
    "train@c-majority": "data/runs/c/majority",
}


def torn(project: Project, whole: Project, stage: str, partly: bool = False) -> list[str]:
    """Return files under a stage's final names that differ from an undisturbed run's.

    Parameters
    ----------
    partly
        Whether files may be missing: DVC moves stores into its cache file by file.
    """
    top = RESULTS[stage] + "/"
    found, right = (
        {name: data for name, data in p.bytes().items() if name.startswith(top)}
        for p in (project, whole)
    )
    wrong = [name for name, data in found.items() if right.get(name) != data]
    if found and not partly:
        wrong += sorted(set(right) - set(found))
    return wrong


def left(project: Project) -> list[psutil.Process]:
    """Return the processes that still live in a project's folder."""
    found = []
    for process in psutil.process_iter(["cwd", "status"]):
        here = process.info["cwd"] == str(project.folder)
        if here and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def ends(project: Project) -> bool:
    """Whether everything that a killed run started ends by itself."""
    end = time.monotonic() + ORPHAN_SECONDS
    while left(project):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def killed(project: Project, *command: str, who: str, nth: int, where: str = "/data/") -> bool:
    """Run a command in which one process is killed before its nth change; return whether it was."""
    once = project.folder.parent / f"{project.folder.name}.once"
    faults = {"FAULT": f"kill:{nth}", "FAULT_WHO": who, "FAULT_WHERE": where}
    project.run(*command, **faults, FAULT_ONCE=str(once))
    return once.exists()


def again(project: Project, stage: str, tally: Counter[str]) -> None:
    """Have DVC run a stage; what DVC itself left torn is removed as docs/trust.md says."""
    lock = project.folder / ".dvc/tmp/rwlock"
    done = project.run("-m", "dvc", "repro", stage)
    if done.returncode and TORN in done.stderr:
        lock.unlink()
        tally["locks that DVC left torn"] += 1
        done = project.run("-m", "dvc", "repro", stage)
    sound(done)


@pytest.mark.parametrize(
    ("stage", "where"),
    [
        ("index@c", "/data/index/c.csv"),
        ("extract@c-gtf", "gtf.zarr/values/c/0"),
        ("embed@c", "/data/embeddings/c.zarr"),
    ],
)
def test_a_killed_stage_changes_no_byte(by_hand: Life, tmp_path: Path, stage, where):
    whole = by_hand.after(stage)
    project = by_hand.before(stage).copy(tmp_path / "project")
    assert killed(project, "-m", *command(stage), who=command(stage)[0], nth=1, where=where)
    assert torn(project, whole, stage) == []
    run_by_hand(project, stage)
    assert project.bytes() == whole.bytes()
    assert ends(project)


def test_a_killed_worker_changes_no_byte(by_hand: Life, tmp_path: Path):
    project = by_hand.before("extract@c-gtf").copy(tmp_path / "project")
    once = tmp_path / "once"
    fault = {"FAULT": "kill:4", "FAULT_WHERE": "/data/cache/gtf/", "FAULT_ONCE": str(once)}
    with cluster(**fault) as address:
        project.params(compute={"scheduler": address})
        run_by_hand(project, "extract@c-gtf")
    assert once.exists()
    assert project.bytes() == by_hand.after("extract@c-gtf").bytes()


def test_what_is_replaced_leaves_in_one_step(by_hand: Life, tmp_path: Path):
    """A run by hand over an older store: at no moment is half of one under its name."""
    project = by_hand.after("extract@c-gtf").copy(tmp_path / "project")
    old = project.bytes()
    project.params(corpora={"c": CORPUS | {"crop_seconds": 1}})
    log = tmp_path / "log"
    project.stage("extract", "c", "gtf", FAULT_LOG=str(log), FAULT_WHERE="/features/c/gtf.zarr")
    lines = [line.split("\t") for line in log.read_text(encoding="utf-8").splitlines()]
    assert [event for _, _, event, _ in lines] == ["os.rename"]
    assert project.bytes() != old


CORPUS = {"adapter": "folder", "root": "music"}


@pytest.mark.soak
class TestSoak:
    """Drawn moments, under DVC, with two workers."""

    @pytest.mark.parametrize("seed", range(24))
    def test_a_process_is_killed_before_a_drawn_change(self, by_dvc, tmp_path, tally, seed):
        stage, who = STAGES[seed % 4], ("pipeline.", "dvc repro")[seed // 4 % 2]
        project = by_dvc.before(stage).copy(tmp_path / "project")
        nth = int(np.random.default_rng(seed).integers(1, by_dvc.changes(stage, who) + 1))
        where = str(project.folder)
        reached = killed(project, "-m", "dvc", "repro", stage, who=who, nth=nth, where=where)
        self.recovers(project, by_dvc.after(stage), stage, tally, partly=who == "dvc repro")
        tally["kill points survived" if reached else "kill points not reached"] += 1

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_stage_is_killed_before_its_final_rename(self, by_dvc, tmp_path, tally, stage):
        project = by_dvc.before(stage).copy(tmp_path / "project")
        where = str(project.folder / FINAL[stage])
        assert killed(project, "-m", "dvc", "repro", stage, who="pipeline.", nth=1, where=where)
        self.recovers(project, by_dvc.after(stage), stage, tally)
        tally["kill points survived"] += 1

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_stage_is_killed_between_two_renames(self, by_hand, tmp_path, tally, stage):
        """A run by hand over an older result, which is out of the way when the new one comes."""
        project = by_hand.after(stage).copy(tmp_path / "project")
        where = str(project.folder / FINAL[stage])
        assert killed(project, "-m", *command(stage), who=command(stage)[0], nth=1, where=where)
        assert torn(project, by_hand.after(stage), stage) == []
        run_by_hand(project, stage)
        compare(tally, project.bytes(), by_hand.after(stage).bytes())
        assert ends(project)
        tally["kill points survived"] += 1

    @pytest.mark.parametrize("seed", range(8))
    def test_a_worker_is_killed_before_a_drawn_change(self, by_dvc, tmp_path, tally, seed):
        stage = STAGES[seed % 4]
        project = by_dvc.before(stage).copy(tmp_path / "project")
        once, nth = tmp_path / "once", int(np.random.default_rng(seed).integers(1, 8))
        fault = {"FAULT": f"kill:{nth}", "FAULT_ONCE": str(once)}
        with cluster(**fault, FAULT_WHERE=str(project.folder)) as address:
            project.params(compute={"scheduler": address})
            project.dvc("repro", stage)
        project.params(compute={"scheduler": None})
        self.recovers(project, by_dvc.after(stage), stage, tally)
        tally["kill points survived" if once.exists() else "kill points not reached"] += 1

    @pytest.mark.parametrize("seed", range(12))
    def test_a_power_cut_at_a_drawn_time(self, by_dvc, tmp_path, tally, seed):
        stage = STAGES[seed % 4]
        project = by_dvc.before(stage).copy(tmp_path / "project")
        process = project.start("-m", "dvc", "repro", stage)
        time.sleep(float(np.random.default_rng(seed).uniform(1.0, 9.0)))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self.recovers(project, by_dvc.after(stage), stage, tally, partly=True)
        tally["power cuts survived"] += 1

    def test_a_torn_lock_of_dvc_is_told_and_costs_nothing(self, by_dvc, tmp_path, tally):
        project = by_dvc.after("index@c").copy(tmp_path / "project")
        lock = project.folder / ".dvc/tmp/rwlock"
        lock.write_bytes(b"")
        assert TORN in project.run("-m", "dvc", "repro", "index@c").stderr
        told = project.run("-m", "pipeline.cli", "doctor").stdout
        assert "`rm .dvc/tmp/rwlock`" in told
        lock.unlink()
        assert "up to date" in project.dvc("repro", "index@c")
        compare(tally, project.bytes(), by_dvc.after("index@c").bytes())

    def recovers(self, project, whole, stage, tally, partly=False) -> None:
        assert torn(project, whole, stage, partly) == []
        again(project, stage, tally)
        compare(tally, project.bytes(), whole.bytes())
        assert ends(project)
