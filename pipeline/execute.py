"""Carry out independent tasks: in a plain loop, on local Dask workers, or on any Dask scheduler.

Conventions
-----------
A task is a picklable argument of one module-level function. The three ways run the same function on
the same tasks and give the same results in the same order; only the wall clock differs. Every task
runs with one thread in BLAS, OpenMP and torch, in the loop as on a worker, because float sums
depend on the number of threads.

A task that raises, or whose worker dies, becomes a :class:`Failure` and leaves its neighbours
alone.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import joblib
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from pipeline.stage import StageError

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Environment of a local worker. glibc hands freed arrays of this size back to the kernel at
#: Dask's default threshold, and a fifth of the time goes into page faults.
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
}
#: Tasks handed to the scheduler at a time, per worker: it stays busy, and what waits is little.
IN_FLIGHT = 3


@dataclass(frozen=True)
class ComputeConfig:
    """Section ``compute`` of params.yaml. No value here changes a byte of any result.

    Attributes
    ----------
    workers
        Local Dask workers; ``auto`` is one per core this process may use; 0 is a plain loop.
    scheduler
        Address of a running Dask scheduler (``tcp://host:8786``), which overrides ``workers``.
    batch_tracks
        Tracks in one task.
    cache
        Folder of the per-track cache; relative to the repository.
    max_rejected
        A stage fails when more than this share of a corpus is rejected, in [0, 1].
    progress
        ``auto`` shows progress where standard error is a terminal.
    """

    workers: int | Literal["auto"]
    scheduler: str | None
    batch_tracks: int
    cache: str
    max_rejected: float
    progress: bool | Literal["auto"]

    def __post_init__(self) -> None:
        if self.workers != "auto" and self.workers < 0:
            raise ValueError(f"workers is {self.workers}; it must be auto, 0 or more")
        if self.batch_tracks < 1:
            raise ValueError(f"batch_tracks is {self.batch_tracks}; it must be at least 1")
        if not 0 <= self.max_rejected <= 1:
            raise ValueError(f"max_rejected is {self.max_rejected}; it must lie in [0, 1]")

    @property
    def count(self) -> int:
        """Number of local workers."""
        if self.workers != "auto":
            return self.workers
        return int(joblib.cpu_count())  # of this process: affinity and container limits count


@dataclass(frozen=True)
class Failure:
    """A task that gave no result: ``failed`` (it raised) or ``worker-died``, and the exception."""

    code: str
    reason: str


#: Dask's own words hold an address and a random name, and reasons are stored: equal bytes.
DIED = Failure("worker-died", "every process that ran it died, of memory or of a library's crash")


class Executor:
    """Runs tasks for one stage; a cluster is started when first worth it, and reused.

    Examples
    --------
    >>> config = ComputeConfig(0, None, 16, "data/cache", 1.0, False)
    >>> with Executor(config) as executor:
    ...     executor.run(abs, [-1, 2], "absolute")
    [1, 2]
    """

    def __init__(self, config: ComputeConfig) -> None:
        self.config = config
        self._stack = ExitStack()
        self._client: Any = None

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        label: str,
        weigh: Callable[[Task], int] = lambda _: 1,
        light: bool = False,
    ) -> list[Result | Failure]:
        """Apply ``function`` to every task and return the results in task order.

        Parameters
        ----------
        function
            Module-level function of one task.
        label
            What the progress bar says.
        weigh
            Items in a task, so that progress counts tracks and not batches.
        light
            The tasks are quicker than a cluster's start: use one only if it is there already.
        """
        results: list[Result | Failure] = [Failure("failed", "not run")] * len(tasks)
        progress = self.config.progress
        shown = sys.stderr.isatty() if progress == "auto" else progress
        total = sum(weigh(task) for task in tasks)
        with tqdm(total=total, desc=label, unit="file", disable=not shown or not total) as bar:
            for index, result in self._results(function, tasks, light):
                results[index] = result
                bar.update(weigh(tasks[index]))
        return results

    def _results(
        self, function: Callable[[Task], Result], tasks: Sequence[Task], light: bool
    ) -> Iterator[tuple[int, Result | Failure]]:
        config = self.config
        # A cluster takes seconds to start; a single task never earns them back.
        small = light or len(tasks) <= 1 or config.count == 0
        if self._client is None and config.scheduler is None and small:
            for index, task in enumerate(tasks):
                yield index, _guarded(function, task)
        elif tasks:
            if self._client is None:
                self._client = self._stack.enter_context(_client(config))
            yield from _on_dask(self._client, function, tasks)


def _guarded(function: Callable[[Task], Result], task: Task) -> Result | Failure:
    try:
        with threadpool_limits(limits=1):
            return function(task)
    except Exception as error:
        return Failure("failed", f"{type(error).__name__}: {error}")


@contextmanager
def _client(config: ComputeConfig) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    if config.scheduler is not None:
        try:
            client = Client(config.scheduler)
        except (OSError, ValueError) as error:
            raise StageError(f"compute.scheduler: {config.scheduler!r}: {error}") from error
        with client:
            yield client
        return
    settings = {
        "distributed.nanny.pre-spawn-environ": WORKER_ENVIRONMENT,
        "distributed.worker.daemon": False,
        "distributed.logging.distributed": "critical",
        "temporary-directory": tempfile.gettempdir(),
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=config.count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: a second run beside this one is fine
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _on_dask(
    client: Any, function: Callable[[Task], Result], tasks: Sequence[Task]
) -> Iterator[tuple[int, Result | Failure]]:
    from distributed import as_completed

    workers = max(1, len(client.scheduler_info()["workers"]))
    futures: dict[Any, int] = {}

    def submit(index: int) -> Any:
        future = client.submit(_guarded, function, tasks[index], pure=False)
        futures[future] = index
        return future

    submitted = min(len(tasks), IN_FLIGHT * workers)
    done = as_completed([submit(index) for index in range(submitted)])
    blamed: list[int] = []
    for future in done:
        index = futures.pop(future)
        result = _outcome(future)
        if result is DIED:
            blamed.append(index)
        else:
            yield index, result
        if submitted < len(tasks):
            done.add(submit(submitted))
            submitted += 1
    for index in blamed:
        # Every task that waited on a worker that died is blamed; a culprit dies alone as well.
        yield index, DIED if len(blamed) == 1 else _outcome(submit(index))


def _outcome(future: Any) -> Any:
    """Return a task's result; what goes wrong outside of it, but for a death, stops the stage."""
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return DIED
