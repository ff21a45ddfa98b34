"""The three ways to run tasks agree; a task that raises or kills its worker harms nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import nullcontext, suppress
from dataclasses import asdict
from types import SimpleNamespace

import dask
import joblib
import psutil
import pytest
import threadpoolctl
from distributed import KilledWorker

from pipeline import execute, params
from pipeline.codeversion import ROOT
from pipeline.execute import ComputeConfig, Executor, Failure

TASKS = list(range(25))
FATAL = 7


def config(**changes: object) -> ComputeConfig:
    values = {"workers": 0, "scheduler": None, "batch_tracks": 16, "cache": "data/cache"}
    values |= {"together": True}
    return params.build(
        ComputeConfig, {**values, "max_rejected": 1.0, "progress": False, **changes}, "compute"
    )


def third(task: int) -> float:
    return task / 3


def threads(task: int) -> list[int]:  # noqa: ARG001
    import numpy as np

    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]


def raises_on_fatal(task: int) -> int:
    if task == FATAL:
        raise ValueError(f"task {task} cannot be done")
    return -task


def dies_on_fatal(task: int) -> int:
    if task == FATAL:
        os._exit(3)
    return -task


@pytest.fixture(scope="module", params=["loop", "one worker", "two workers", "scheduler"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    chosen = {
        "loop": lambda: config(),
        "one worker": lambda: config(workers=1),
        "two workers": lambda: config(workers=2),
        "scheduler": lambda: config(scheduler=request.getfixturevalue("scheduler")),
    }
    with Executor(chosen[request.param]()) as executor:
        yield executor


def test_results_come_in_the_order_of_the_tasks(executor):
    assert executor.run(third, TASKS, "third") == [task / 3 for task in TASKS]


def test_no_task_is_no_result(executor):
    assert executor.run(third, [], "third") == []


def test_a_task_that_raises_becomes_a_failure_and_its_neighbours_live(executor):
    results = executor.run(raises_on_fatal, TASKS, "raise")
    assert results[FATAL] == Failure("failed", "ValueError: task 7 cannot be done")
    assert [r for r in results if not isinstance(r, Failure)] == [-t for t in TASKS if t != FATAL]


def test_every_task_has_one_thread(executor):
    pools = [count for counts in executor.run(threads, TASKS[:4], "threads") for count in counts]
    assert set(pools) == {1}


def test_a_task_that_kills_its_worker_fails_alone():
    # One worker is the hard case: every other task waits on the one that dies.
    with Executor(config(workers=1)) as executor:
        results = executor.run(dies_on_fatal, TASKS, "die")
    failed = {task: r for task, r in zip(TASKS, results, strict=True) if isinstance(r, Failure)}
    assert {task: failure.code for task, failure in failed.items()} == {FATAL: "worker-died"}
    # No address and no random name, which would be stored: equal runs give equal bytes.
    assert failed[FATAL] == execute.DIED
    assert [r for r in results if not isinstance(r, Failure)] == [-t for t in TASKS if t != FATAL]


class Blaming:
    """A Dask client, and its futures, whose scheduler blames some tasks when first submitted."""

    def __init__(self, blamed: set[int]) -> None:
        self.blamed = blamed
        self.submitted: list[int] = []

    def scheduler_info(self) -> dict[str, dict[str, int]]:
        return {"workers": {"only": 1}}

    def map(self, function, tasks, pure):
        assert not pure
        return [self.submit(function, task) for task in tasks]

    def submit(self, function, task):
        dies = task == FATAL or (task in self.blamed and task not in self.submitted)
        self.submitted.append(task)
        future = Future()
        if dies:
            future.set_exception(KilledWorker(str(task), SimpleNamespace(address=""), 3))
        else:
            future.set_result(function(task))
        return future


@pytest.mark.parametrize(("blamed", "asked_again"), [({6, 7, 8}, [6, 7, 8]), ({7}, [])])
def test_of_several_that_are_blamed_the_innocent_live(monkeypatch, blamed, asked_again):
    client = Blaming(blamed)
    monkeypatch.setattr(execute, "connect", lambda *_: nullcontext(client))
    with Executor(config(workers=1)) as executor:
        results = executor.run(third, TASKS, "blame")
    assert client.submitted == TASKS + asked_again
    assert results[FATAL].code == "worker-died"
    assert [r for r in results if not isinstance(r, Failure)] == [
        task / 3 for task in TASKS if task != FATAL
    ]


def test_trouble_outside_the_tasks_stops_the_stage_and_blames_no_file(monkeypatch):
    client = Blaming(set())
    lost: Future[float] = Future()
    lost.set_exception(CancelledError("lost"))
    monkeypatch.setattr(client, "submit", lambda *_: lost)
    monkeypatch.setattr(execute, "connect", lambda *_: nullcontext(client))
    with Executor(config(workers=1)) as executor, pytest.raises(CancelledError, match="lost"):
        executor.run(third, TASKS, "lost")


def test_a_cluster_is_not_started_where_it_never_pays(monkeypatch):
    monkeypatch.setattr(execute, "connect", lambda *_: pytest.fail("a cluster was started"))
    with Executor(config(workers=2)) as executor:
        assert executor.run(third, [], "none") == []
        assert executor.run(third, [3], "one") == [1.0]
        assert executor.run(third, TASKS, "light", light=True) == [task / 3 for task in TASKS]
        with pytest.raises(pytest.fail.Exception, match="a cluster was started"):
            executor.run(third, [1, 2], "two")


def test_after_a_death_in_this_process_the_next_run_asks_workers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    handed = []
    monkeypatch.setattr(execute, "connect", lambda *_: nullcontext(None))
    monkeypatch.setattr(execute, "spread", lambda _, __, tasks: handed.extend(tasks) or ())
    die = f"""
import os
from pipeline.execute import ComputeConfig, Executor
Executor(ComputeConfig(**{asdict(config(workers=2))!r})).run(os._exit, [1], "extract c/f")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", die], env=environment, check=False).returncode == 1
    with Executor(config(workers=2)) as executor:
        executor.run(third, [3], "extract c/f")
        assert handed == [3]
        executor.run(third, [6], "another label")
    with Executor(config(workers=2)) as executor:  # the note went with the run that read it
        assert executor.run(third, [3], "extract c/f") == [1.0]
    assert handed == [3]


def listening() -> set[tuple[str, int]]:
    """Return the addresses on which this process and its children listen."""
    this = psutil.Process()
    sockets = [s for p in (this, *this.children(recursive=True)) for s in p.net_connections("tcp")]
    return {tuple(s.laddr) for s in sockets if s.status == psutil.CONN_LISTEN}


# Another run's Dask may have the usual port: that is nobody's business.
@pytest.mark.filterwarnings("error:Port")
def test_a_cluster_is_started_once_quietly_and_out_of_reach(request, monkeypatch, capfd):
    started = []
    real = execute.connect
    monkeypatch.setattr(execute, "connect", lambda *c: started.append(c) or real(*c))
    with suppress(OSError):
        busy = socket.create_server(("127.0.0.1", 8787))
        request.addfinalizer(busy.close)
    before = listening()
    with Executor(config(workers=1)) as executor:
        first = executor.run(third, [3, 6], "heavy")
        # Light tasks use a cluster that is there already.
        assert executor.run(_pid, [0], "light", light=True) != [os.getpid()]
        assert executor.run(third, [3, 6], "heavy") == first == [1.0, 2.0]
        assert {host for host, _ in listening() - before} == {"127.0.0.1"}
    assert len(started) == 1
    assert capfd.readouterr() == ("", "")


def _pid(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize(
    ("progress", "terminal", "loud"),
    [
        ("auto", False, False),
        ("auto", True, True),
        (True, False, True),
        (False, True, False),
    ],
)
def test_progress_is_shown_where_somebody_watches(capsys, monkeypatch, progress, terminal, loud):
    with Executor(config(progress=progress)) as executor:
        monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
        executor.run(third, TASKS, "label of the bar", weigh=lambda _: 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("label of the bar" in captured.err) == loud
    assert ("50/50" in captured.err) == loud


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": -1}, "compute: workers is -1; it must be auto, 0 or more"),
        ({"workers": "many"}, r"compute\.workers: .*'many'.*'auto'"),
        ({"workers": True}, r"compute\.workers"),
        ({"batch_tracks": 0}, "batch_tracks is 0; it must be at least 1"),
        ({"max_rejected": 1.1}, r"max_rejected is 1\.1; it must lie in \[0, 1\]"),
        ({"max_rejected": float("nan")}, "max_rejected.*nan"),
        ({"scheduler": 8786}, r"compute\.scheduler: expected str, got 8786"),
        ({"progress": "sometimes"}, r"compute\.progress"),
        ({"worker": 1}, "unknown key 'worker'; did you mean 'workers'"),
    ],
)
def test_a_wrong_value_is_named(changes, message):
    with pytest.raises(params.ParamsError, match=message):
        config(**changes)


@pytest.mark.parametrize(
    ("address", "message"),
    [("tcp://127.0.0.1:1", "Timed out trying to connect"), ("localhost", "missing port number")],
)
def test_a_scheduler_that_is_not_there_is_named(address, message):
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "100ms"}),
        Executor(config(scheduler=address)) as executor,
        pytest.raises(RuntimeError, match=rf"compute\.scheduler: '{address}': {message}"),
    ):
        executor.run(third, TASKS, "third")


def test_auto_is_what_this_process_may_use(monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 3)
    assert config(workers="auto").count == 3
