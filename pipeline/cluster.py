"""Dask: a local cluster or a running scheduler, and tasks that survive the death of a worker.

Conventions
-----------
A worker has one process and one thread. Local ones listen on 127.0.0.1 only. Few tasks are handed
out at a time, so that what waits is little however many there are (back-pressure); results are
small, because workers write what they compute.
"""

from __future__ import annotations

import ctypes
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

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
#: The same for this process, as (parameter of ``mallopt``, bytes): when to trim, and from where on
#: to map, for which glibc allows 32 MiB at most.
KEPT = ((-1, 2**30), (-3, 2**25))
#: What Dask need not do beside the work: nobody looks at a cluster that ends with its stage. The
#: profiler stops a worker a hundred times a second, clocks tick fifty times.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.worker.memory.monitor-interval": "500ms",
    "distributed.scheduler.active-memory-manager.start": False,
}
#: How long a running scheduler may be without a worker, s.
WORKERS_SECONDS = 60.0
#: How long all workers may be away while tasks wait, and how often that is looked at, s. A worker
#: that died is back within seconds; those of other machines may have reached the end of their time.
LOST_SECONDS = 300.0
LOOK_SECONDS = 5.0
#: Dask's own cluster gives a worker up for ever that is away 15 s after its first death, even where
#: it came back and died again: a file that kills them all would leave none, and waiting no end.
NEVER = "3650 days"
#: Tasks handed to the scheduler at a time, per worker: it stays busy, and what waits is little. New
#: ones follow when half of them ended: one task alone costs Dask as much as three of several.
IN_FLIGHT = 6


@dataclass(frozen=True)
class Failure:
    """A task that gave no result: ``failed`` (it raised) or ``worker-died``, and the exception."""

    code: str
    reason: str


#: Dask's own words hold an address and a random name, and reasons are stored: equal bytes.
DIED = Failure("worker-died", "every process that ran it died, of memory or of a library's crash")


@cache
def keep_freed_memory() -> bool:
    """Have this process use freed arrays again, as workers do; return whether its C library can.

    A fresh array of some megabytes costs more than to fill it: the kernel clears every page.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return False
    taken = [mallopt(parameter, size) == 1 for parameter, size in KEPT]
    return all(taken)


@contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Any]:
    """Yield a client of a running scheduler, or of a local cluster that ends with the block."""
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler)
        except (OSError, ValueError, TypeError) as error:  # TypeError: TLS without certificates
            raise StageError(f"compute.scheduler: {scheduler!r}: {error}") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=WORKERS_SECONDS)
            except TimeoutError:
                raise StageError(
                    f"compute.scheduler: {scheduler!r} has no worker after {WORKERS_SECONDS:g} s; "
                    f"start some with `dask worker {scheduler} --nthreads 1`"
                ) from None
            yield client
        return
    settings = {
        **QUIET,
        "distributed.nanny.pre-spawn-environ": WORKER_ENVIRONMENT,
        "distributed.worker.daemon": False,
        "distributed.deploy.lost-worker-timeout": NEVER,
        "distributed.logging.distributed": "critical",
        "temporary-directory": tempfile.gettempdir(),
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: a second run beside this one is fine
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def spread(
    client: Any, function: Callable[[Task], Result | Failure], tasks: Sequence[Task]
) -> Iterator[tuple[int, Result | Failure]]:
    """Yield (position, result) of every task, in the order in which they end.

    A task whose worker dies again and again, even alone, gives :data:`DIED`.

    Raises
    ------
    StageError
        If no worker is left, and none comes.
    """
    workers = max(1, len(client.scheduler_info()["workers"]))
    futures: dict[Any, int] = {}
    ended: SimpleQueue[Any] = SimpleQueue()

    def submit(first: int, stop: int) -> None:
        made = client.map(function, tasks[first:stop], pure=False)
        for index, future in zip(range(first, stop), made, strict=True):
            futures[future] = index
            future.add_done_callback(ended.put)

    room, submitted = IN_FLIGHT * workers, 0
    blamed: list[int] = []
    while futures or submitted < len(tasks):
        if submitted < len(tasks) and 2 * len(futures) <= room:
            stop = min(len(tasks), submitted + room - len(futures))
            submit(submitted, stop)
            submitted = stop
        future = _next(ended, client)
        index, result = futures.pop(future), _outcome(future)
        if result is DIED:
            blamed.append(index)
        else:
            yield index, result
    for index in blamed:
        # Every task that waited on a worker that died is blamed; a culprit dies alone as well.
        if len(blamed) == 1:
            yield index, DIED
        else:
            submit(index, index + 1)
            yield index, _outcome(_next(ended, client))


def _next(ended: SimpleQueue[Any], client: Any) -> Any:
    """Return the next future that ends; waiting has an end where there is nobody to wait for."""
    heard = time.monotonic()
    while True:
        with suppress(Empty):
            return ended.get(timeout=LOOK_SECONDS)
        looked = time.monotonic()
        with suppress(OSError):  # the scheduler has no time, or is gone
            heard = looked if client.scheduler_info()["workers"] else heard
        if looked - heard > LOST_SECONDS:
            raise StageError(
                f"no Dask worker has been there for {LOST_SECONDS:g} s: they ended, or died and "
                "did not come back; start some where compute.scheduler names a scheduler, and run "
                "`dvc repro` again: what is finished is kept"
            )


def _outcome(future: Any) -> Any:
    """Return a task's result; what goes wrong outside of it, but for a death, stops the stage."""
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return DIED
