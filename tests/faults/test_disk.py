"""A disk that fills up, or may not be written to: one line, no file blamed, nothing half made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from account import compare
from fault_life import Life, command
from fault_life import by_hand as run_by_hand
from fault_project import Project

from pipeline import paths


def fails(project: Project, stage: str, **faults: str) -> str:
    """Run a stage with a fault; return its one line of error."""
    done = project.run("-m", *command(stage), **faults)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "rejected" not in done.stdout
    line = done.stderr.strip()
    assert line.startswith("error: ")
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("stage", "fault", "where", "words"),
    [
        ("extract@c-gtf", "ENOSPC:8", "/data/cache/", "No space left on device"),
        ("extract@c-gtf", "ENOSPC:9", "/data/work/", "No space left on device"),
        ("index@c", "EROFS:3", "/data/cache/", "Read-only file system"),
    ],
)
def test_no_file_is_blamed_for_the_disk(by_hand: Life, tmp_path: Path, stage, fault, where, words):
    project = by_hand.before(stage).copy(tmp_path / "project")
    before = project.bytes()
    assert words in fails(project, stage, FAULT=fault, FAULT_WHERE=where)
    assert project.bytes() == before
    assert not (project.folder / paths.quarantine("c")).exists() or stage != "index@c"
    run_by_hand(project, stage)
    assert project.bytes() == by_hand.after(stage).bytes()


def test_files_may_not_grow(by_hand: Life, tmp_path: Path):
    """A quota that ends in the middle of a write, not between two."""
    project = by_hand.before("extract@c-gtf").copy(tmp_path / "project")
    limited = "ulimit -f 32; exec python -m pipeline.extract c gtf"  # blocks of 1 KiB or less
    done = project.shell(limited)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "File too large" in done.stderr
    assert "rejected" not in done.stdout
    assert not (project.folder / paths.features("c", "gtf")).exists()
    assert not list((project.folder / "data/cache/gtf").rglob(".partial-*"))


@pytest.mark.soak
class TestSoak:
    @pytest.mark.parametrize("seed", range(16))
    def test_the_disk_fills_up_at_a_drawn_change(self, by_hand, tmp_path, tally, seed):
        stage = ("index@c", "extract@c-gtf", "embed@c", "train@c-majority")[seed % 4]
        count = by_hand.changes(stage, "pipeline.")
        nth = int(np.random.default_rng(seed).integers(1, count + 1))
        project = by_hand.before(stage).copy(tmp_path / "project")
        fails(project, stage, FAULT=f"ENOSPC:{nth}", FAULT_WHERE=str(project.folder))
        run_by_hand(project, stage)
        compare(tally, project.bytes(), by_hand.after(stage).bytes())
        tally["full disks survived"] += 1

    def test_a_small_disk(self, by_hand, tmp_path, tally):
        rows = by_hand.after("extract@c-gtf").folder / "data/cache/gtf"
        half = sum(path.stat().st_size for path in rows.rglob("*") if path.is_file()) // 2
        project = by_hand.before("extract@c-gtf").copy(tmp_path / "project")
        cache = project.folder / "small"
        cache.mkdir()
        project.params(compute={"cache": "small"})
        try:
            mount("-t", "tmpfs", "-o", f"size={half}", "tmpfs", str(cache))
        except (subprocess.CalledProcessError, FileNotFoundError):
            pytest.skip("a small disk cannot be mounted here")
        try:
            assert "No space left on device" in fails(project, "extract@c-gtf")
            mount("-o", "remount,size=64m", str(cache))
            assert "0 rejected" in project.stage("extract", "c", "gtf")
            compare(tally, project.bytes(), by_hand.after("extract@c-gtf").bytes())
        finally:
            subprocess.run(["umount", str(cache)], check=True)
        tally["full disks survived"] += 1


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
