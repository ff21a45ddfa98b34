"""Carry out independent tasks: in a plain loop, on local Dask workers, or on any Dask scheduler.

Conventions
-----------
A task is a picklable argument of one module-level function. The three ways run the same function on
the same tasks and give the same results in the same order; only the wall clock differs. Every task
runs with one thread in BLAS, OpenMP and torch, in the loop as on a worker, because float sums
depend on the number of threads.

A task that raises, or whose worker dies, becomes a :class:`Failure` and leaves its neighbours
alone. Few tasks begin in this process, which a library's crash would take along: a note on disk
says so, and where one is left from a run that died, the next hands everything to workers.

Memory: a worker holds one task's input, what its function needs for one item at a time, and the
few results that are on their way; the scheduler holds a few tasks per worker
(:data:`pipeline.cluster.IN_FLIGHT`).
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import joblib
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from pipeline.cluster import DIED as DIED
from pipeline.cluster import Failure as Failure
from pipeline.cluster import connect, keep_freed_memory, spread
from pipeline.paths import WORK
from pipeline.stage import StageError, check_disk

Task = TypeVar("Task")
Result = TypeVar("Result")

#: What starting a cluster and closing it costs, s.
START_SECONDS = 4.0
#: A cluster pays where the rest would take this many of its starts: even two workers, who save
#: half of it, then win.
PAYS = 2.0


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
        Tracks in one task, at most.
    together
        Whether a file that is decoded for one feature gives the missing rows of the others too.
    cache
        Folder of the per-track cache, relative to the repository, or a URL.
    max_rejected
        A stage fails when more than this share of a corpus is rejected, in [0, 1].
    progress
        ``auto`` shows progress where standard error is a terminal.
    """

    workers: int | Literal["auto"]
    scheduler: str | None
    batch_tracks: int
    together: bool
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


class Executor:
    """Runs tasks for one stage; a cluster is started when first worth it, and reused.

    Examples
    --------
    >>> config = ComputeConfig(0, None, 16, True, "data/cache", 1.0, False)
    >>> with Executor(config) as executor:
    ...     executor.run(abs, [-1, 2], "absolute")
    [1, 2]
    """

    def __init__(self, config: ComputeConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self.clock = clock
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
        patient: bool = False,
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
        patient
            The tasks are many and short: begin in the loop, and start a cluster when their time
            says that it pays for the rest.
        """
        results: list[Result | Failure] = [Failure("failed", "not run")] * len(tasks)
        progress = self.config.progress
        shown = sys.stderr.isatty() if progress == "auto" else progress
        total = sum(weigh(task) for task in tasks)
        with tqdm(total=total, desc=label, unit="file", disable=not shown or not total) as bar:
            for index, result in self._results(function, tasks, label, weigh, light, patient):
                results[index] = result
                bar.update(weigh(tasks[index]))
        return results

    @property
    def width(self) -> int:
        """Tasks that run at once; with a scheduler, its workers when first asked."""
        if self.config.scheduler is None:
            return max(1, self.config.count)
        return max(1, len(self._connected().scheduler_info()["workers"]))

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self._stack.enter_context(
                connect(self.config.scheduler, self.config.count)
            )
        return self._client

    def _results(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        label: str,
        weigh: Callable[[Task], int],
        light: bool,
        patient: bool,
    ) -> Iterator[tuple[int, Result | Failure]]:
        config, done = self.config, 0
        plain = light or config.count == 0
        if self._client is None and config.scheduler is None:
            with _noted(label, plain) as died_before:
                here = () if died_before else self._here(function, tasks, weigh, plain, patient)
                for index, result in here:
                    yield index, result
                    done = index + 1
        if rest := tasks[done:]:
            for index, result in spread(self._connected(), partial(_guarded, function), rest):
                yield done + index, result

    def _here(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        weigh: Callable[[Task], int],
        plain: bool,
        patient: bool,
    ) -> Iterator[tuple[int, Result | Failure]]:
        """Run tasks in this process until a cluster pays for the rest."""
        # A cluster takes seconds to start; a single task never earns them back.
        small = plain or len(tasks) <= 1
        keep_freed_memory()
        begun, total, weight = self.clock(), sum(weigh(task) for task in tasks), 0
        for index, task in enumerate(tasks if small or patient else ()):
            yield index, _guarded(function, task)
            weight += weigh(task)
            left = (self.clock() - begun) / max(1, weight) * (total - weight)
            if not small and left > PAYS * START_SECONDS:
                return


@contextmanager
def _noted(label: str, plain: bool) -> Iterator[bool]:
    """Leave a note while tasks run in this process; yield whether a run that died left one."""
    note = WORK / f"{re.sub('[^A-Za-z0-9]+', '-', label)}.here"
    if plain:
        yield False
        return
    WORK.mkdir(parents=True, exist_ok=True)
    died_before = note.exists()
    note.touch()
    try:
        yield died_before
    finally:
        note.unlink(missing_ok=True)


def _guarded(function: Callable[[Task], Result], task: Task) -> Result | Failure:
    try:
        with threadpool_limits(limits=1):
            return function(task)
    except StageError:  # a full disk, say: no fault of this task
        raise
    except Exception as error:
        check_disk(error)
        return Failure("failed", f"{type(error).__name__}: {error}")
