"""A stage that is killed half way: nothing false remains, and nothing finished is done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import folds, paths
from pipeline.cache import Cache
from pipeline.extract import Counts
from pipeline.train import train

# Stop for good when `function` of `module` is called for the nth time, so that a kill at that
# moment is not a matter of luck.
HALT = """
import importlib, pathlib, sys, time
stage, module, function, nth = sys.argv[1:5]
sys.argv = [stage, *sys.argv[5:]]
owner = importlib.import_module(module)
real, calls = getattr(owner, function), 0
def halting(*arguments, **named):
    global calls
    calls += 1
    if calls == int(nth):
        pathlib.Path("halted").touch()
        time.sleep(600)
    return real(*arguments, **named)
setattr(owner, function, halting)
importlib.import_module(stage).main()
"""


def kill_at(studio, stage: str, function: str, nth: int, *arguments: str) -> None:
    """Run a stage in a process group of its own and kill all of it at a given call."""
    studio.save()
    module, _, name = function.rpartition(".")
    process = subprocess.Popen(
        [sys.executable, "-c", HALT, stage, module, name, str(nth), *arguments],
        env=studio.environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not Path("halted").exists():
            assert process.poll() is None, "the stage ended before it was killed"
            time.sleep(0.01)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    Path("halted").unlink()


def indexed(studio) -> None:
    studio.album().index()


def stored(studio) -> None:
    studio.album().index()
    studio.extract()


@pytest.fixture
def whole(master):
    """Return the bytes of the store of an undisturbed run elsewhere."""
    studio = master("stored", stored)
    return studio.bytes_of(studio.folder / paths.features("c", "gtf"))


@pytest.fixture
def doomed(like):
    """Return a project, made like the undisturbed one, whose extraction is about to be killed."""
    studio = like("indexed", indexed)
    studio.params["compute"]["batch_tracks"] = 1
    return studio


@pytest.mark.parametrize(
    ("function", "nth", "counts"),
    [
        ("pipeline.recipe.compute_row", 5, Counts(5, 4, 0, 0)),
        ("pipeline.store.finish", 1, Counts(0, 9, 0, 0)),
    ],
)
def test_a_killed_extraction_goes_on_where_it_was(doomed, whole, function, nth, counts):
    kill_at(doomed, "pipeline.extract", function, nth, "c", "gtf")
    assert not paths.features("c", "gtf").exists()
    assert len(list((Cache.at("data/cache").root / "gtf").glob("*/*"))) == counts.cached
    assert doomed.extract() == counts
    assert doomed.store_bytes() == whole
    assert [path.name for path in paths.features("c", "gtf").parent.iterdir()] == ["gtf.zarr"]


def test_a_kill_while_an_entry_is_written_leaves_none(doomed, whole):
    # Every row's claim and its entry get their permissions: the third entry is open, and empty.
    kill_at(doomed, "pipeline.extract", "os.fchmod", 6, "c", "gtf")
    assert len(list((Cache.at("data/cache").root / "gtf").rglob(".partial-*"))) == 1
    assert doomed.extract() == Counts(7, 2, 0, 0)
    assert doomed.store_bytes() == whole


def test_an_old_store_survives_until_the_new_one_is_whole(doomed, whole):
    doomed.extract()
    doomed.params["features"]["gtf"]["bands"] = 8
    kill_at(doomed, "pipeline.extract", "pipeline.store.finish", 1, "c", "gtf")
    assert doomed.store_bytes() == whole


def test_a_killed_training_keeps_its_finished_folds(album, monkeypatch):
    album.prepare("gtf", "mf_rp")
    kill_at(album, "pipeline.train", "pipeline.folds.fit", 3, "c", "majority")
    assert not paths.run("c", "majority").exists()
    seen, real = [], folds.fit
    monkeypatch.setattr(
        folds, "fit", lambda task, *rest: seen.append(task.fold) or real(task, *rest)
    )
    train(album.params, "c", "majority")
    assert seen == [2]
    assert paths.run("c", "majority").is_dir()
