"""Dask workers and bare processes that are up before the clock starts, and their peak memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from pipeline.bench.project import Project
from pipeline.cluster import connect

KIBIBYTES_PER_MEBIBYTE = 1024


class Cluster:
    """Local Dask workers, set up as the stages set them up.

    Attributes
    ----------
    scheduler
        Address for ``compute.scheduler``.
    """

    def __init__(self, client: Any) -> None:
        self.scheduler = str(client.scheduler.address)
        self._client = client

    def peaks(self) -> list[float]:
        """Return the peak resident memory of each worker since it started, MiB."""
        return list(self._client.run(_peak).values())


@contextmanager
def dask(workers: int) -> Iterator[Cluster]:
    """Yield a cluster on this machine, the stages' own kind."""
    with connect(None, workers) as client:
        yield Cluster(client)


@contextmanager
def bare(workers: int) -> Iterator[Callable[[Sequence[Project]], None]]:
    """Yield a function that extracts projects side by side, each in a process of its own."""
    with ExitStack() as stack:
        context = get_context("spawn")
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, mp_context=context)) for _ in range(workers)
        ]

        def extract(projects: Sequence[Project]) -> None:
            pairs = zip(pools, projects, strict=True)
            futures = [pool.submit(_extract, project) for pool, project in pairs]
            for future in futures:
                future.result()

        yield extract


def _extract(project: Project) -> None:
    with threadpool_limits(limits=1):
        project.extract()


def _peak() -> float:
    """Return this process's own peak; ``ru_maxrss`` would count the process that started it."""
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(text.split("VmHWM:")[1].split()[0]) / KIBIBYTES_PER_MEBIBYTE
    except (OSError, IndexError):
        return float("nan")
