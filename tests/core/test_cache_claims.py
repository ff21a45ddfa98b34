"""Claims: one process at a time computes an entry, and a dead one claims nothing."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from pipeline.cache import Cache
from pipeline.caching import claims, places
from pipeline.caching.claims import claim

KEY = "ab" * 32
fork = multiprocessing.get_context("fork")


def _hold(root: Path, far) -> None:
    with claim(root, "gtf", KEY) as mine:
        far.send(mine)
        far.poll(20)


@pytest.fixture
def holder(tmp_path):
    """Start another process that claims the key until it is sent something; yield both."""
    near, far = fork.Pipe()  # no lock or event: a killed process would take it along
    process = fork.Process(target=_hold, args=(tmp_path, far), daemon=True)
    process.start()
    assert near.poll(20)
    assert near.recv()
    yield process, near
    process.kill()
    process.join(20)


def files(root: Path) -> list[Path]:
    return list((root / "claims").iterdir())


def test_what_another_process_claims_is_not_mine(tmp_path, holder):
    process, near = holder
    with claim(tmp_path, "gtf", KEY) as mine:
        assert not mine
    with claim(tmp_path, "mf_rp", KEY) as mine:
        assert mine
    with claim(tmp_path, "gtf", "cd" * 32) as mine:
        assert mine
    near.send("go on")
    process.join(20)
    with claim(tmp_path, "gtf", KEY) as mine:
        assert mine
    assert files(tmp_path) == []


def test_a_killed_process_claims_nothing(tmp_path, holder):
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join(20)
    assert len(files(tmp_path)) == 1  # its lock file is left, and nobody holds it
    assert [lock.held for lock in claims.survey(tmp_path)] == [False]
    with claim(tmp_path, "gtf", KEY) as mine:
        assert mine
    assert files(tmp_path) == []


def test_waiting_ends_with_the_death_of_the_holder(tmp_path, holder):
    process, _ = holder
    threading.Timer(0.2, os.kill, (process.pid, signal.SIGKILL)).start()
    with claim(tmp_path, "gtf", KEY, wait=True) as mine:
        process.join(20)
        assert mine
        assert process.exitcode == -signal.SIGKILL


@pytest.mark.usefixtures("holder")
def test_a_sweep_takes_what_is_left_over_and_nothing_held(tmp_path):
    with claim(tmp_path, "gtf", "cd" * 32):
        left = tmp_path / "claims" / f"gtf-{'ef' * 32}.lock"
        left.touch()
        assert {lock.path: lock.held for lock in claims.survey(tmp_path)}[left] is False
        assert claims.sweep(tmp_path) == 1
        assert not left.exists()
        assert [lock.held for lock in claims.survey(tmp_path)] == [True, True]


def test_an_exception_lets_go(tmp_path):
    with pytest.raises(KeyError), claim(tmp_path, "gtf", KEY):
        raise KeyError
    with claim(tmp_path, "gtf", KEY) as mine:
        assert mine


def test_threads_exclude_each_other(tmp_path):
    seen = []
    with claim(tmp_path, "gtf", KEY):
        thread = threading.Thread(
            target=lambda: seen.append(claim(tmp_path, "gtf", KEY).__enter__())
        )
        thread.start()
        thread.join()
    assert seen == [False]


def _compute(root: Path, keys: list[str], log: Path) -> int:
    """Compute every key that is not there, as an extraction does; return how many."""
    cache, computed, later = Cache(root), 0, []

    def one(key: str) -> int:
        if cache.read("gtf", key) is not None:
            return 0
        time.sleep(0.001)
        cache.write("gtf", key, key.encode())
        with log.open("a") as file:
            file.write(f"{key}\n")
        return 1

    for key in keys:
        with claim(root, "gtf", key) as mine:
            if mine:
                computed += one(key)
            else:
                later.append(key)
    for key in later:
        with claim(root, "gtf", key, wait=True):
            computed += one(key)
    return computed


def test_four_extractions_at_once_compute_each_track_once(tmp_path):
    keys = [f"{number:064x}" for number in range(60)]
    with ProcessPoolExecutor(4, fork) as pool:
        counts = list(pool.map(partial(_compute, tmp_path, keys), [tmp_path / "log"] * 4))
    assert sum(counts) == len(keys)
    assert sorted((tmp_path / "log").read_text().split()) == keys
    assert files(tmp_path) == []


def _contend(root: Path, rounds: int) -> int:
    """Enter one critical section again and again; count how often somebody else was inside."""
    marker, wrong = root / "inside", 0
    for _ in range(rounds):
        with claim(root, "gtf", KEY, wait=True):
            try:
                marker.touch(exist_ok=False)
            except FileExistsError:
                wrong += 1
            time.sleep(0.0002)
            marker.unlink(missing_ok=True)
    return wrong


def test_removing_the_lock_file_lets_no_two_in(tmp_path):
    """The file goes with each claim: a claimant may hold one that has lost its name."""
    with ProcessPoolExecutor(4, fork) as pool:
        assert list(pool.map(partial(_contend, tmp_path), [100] * 4)) == [0] * 4


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_without_locks_every_claim_is_granted(tmp_path, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    for wait in (False, True):
        with claim(tmp_path, "gtf", KEY, wait=wait) as mine:
            assert mine


def test_where_no_file_can_be_made_every_claim_is_granted(tmp_path):
    (tmp_path / "cache").write_text("no folder")
    with claim(tmp_path / "cache", "gtf", KEY) as one, claim(tmp_path / "cache", "gtf", KEY) as two:
        assert (one, two) == (True, True)


def test_a_url_is_claimed_on_this_machine(tmp_path, monkeypatch):
    upath = pytest.importorskip("upath")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = upath.UPath("memory://bucket/cache")
    with claim(root, "gtf", KEY) as mine, claim(root, "gtf", KEY) as again:
        assert (mine, again) == (True, False)
        assert places.local(root).is_relative_to(tmp_path)
    with claim(upath.UPath("memory://other"), "gtf", KEY) as mine:
        assert mine
