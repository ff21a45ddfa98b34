"""The life of a project: run stage by stage once, a copy kept before each stage."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from fault_project import INJECT, Project, make

from pipeline import params
from pipeline.cluster import NEVER
from pipeline.codeversion import ROOT

#: Every stage of the project's graph, in order: what DVC calls it, and how it is run by hand.
CHAIN = {
    "index@c": ("index", "c"),
    "split@c": ("split", "c"),
    "extract@c-gtf": ("extract", "c", "gtf"),
    "embed@c": ("embed", "c"),
    "audit@c": ("audit", "c"),
    "train@c-majority": ("train", "c", "majority"),
}
NAMES = [*CHAIN, "end"]


class Life:
    """One project, run stage by stage once, with a copy kept before each stage.

    Parameters
    ----------
    folder
        Where the copies go.
    graph
        Whether DVC runs the stages, with two workers; else they are run in this process.
    """

    def __init__(self, folder: Path, graph: bool) -> None:
        self.folder = folder
        self.run: Callable[..., object] = by_dvc if graph else by_hand
        self.states = [make(folder / "0", graph)]
        if graph:
            self.states[0].params(compute={"workers": 2})

    def before(self, stage: str) -> Project:
        """Return the project as it is before a stage; not to be changed."""
        while len(self.states) <= NAMES.index(stage):
            done = NAMES[len(self.states) - 1]
            state = self.states[-1].copy(self.folder / str(len(self.states)))
            self.run(state, done)
            self.states.append(state)
        return self.states[NAMES.index(stage)]

    def after(self, stage: str) -> Project:
        """Return the project as an undisturbed run of a stage leaves it."""
        return self.before(NAMES[NAMES.index(stage) + 1])

    def changes(self, stage: str, who: str) -> int:
        """Return how many changes of files a kind of process makes in a stage."""
        log = self.folder / f"{stage}.log"
        if not log.exists():
            spare = self.before(stage).copy(self.folder / f"spare {stage}")
            faults = {"FAULT_LOG": str(log), "FAULT_WHERE": str(spare.folder)}
            if self.run is by_dvc:
                spare.dvc("repro", stage, **faults)
            else:
                spare.run("-m", *command(stage), **faults)
        lines = log.read_text(encoding="utf-8").splitlines()
        return sum(who in line.split("\t")[1] for line in lines)


@contextlib.contextmanager
def cluster(**faults: str) -> Iterator[str]:
    """Yield the address of a Dask scheduler with two workers that have faults."""
    import dask
    from distributed import LocalCluster

    path = {"PYTHONPATH": f"{INJECT}{os.pathsep}{ROOT}"}
    with (
        mock.patch.dict(os.environ, path | {"FAULT_WHO": "spawn_main", **faults}),
        dask.config.set({"distributed.deploy.lost-worker-timeout": NEVER}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as found,
    ):
        yield found.scheduler_address


def command(stage: str) -> tuple[str, ...]:
    """Return what follows ``python -m`` when a stage is run by hand."""
    name, *arguments = CHAIN[stage]
    return (f"pipeline.{name}", *arguments)


def by_dvc(project: Project, stage: str) -> None:
    """Have DVC run a stage."""
    project.dvc("repro", stage)


def by_hand(project: Project, stage: str) -> None:
    """Run a stage in this process."""
    name, *arguments = CHAIN[stage]
    with contextlib.chdir(project.folder):
        getattr(importlib.import_module(f"pipeline.{name}"), name)(params.read(), *arguments)
