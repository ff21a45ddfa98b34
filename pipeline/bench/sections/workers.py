"""Two Dask workers against two bare processes that do the same work side by side.

The real stage with its four stores on one side; on the other two processes with half of the tracks
each, one plain loop, no scheduler. All of them run before the clock starts. Also the peak resident
memory of a worker.
"""

from __future__ import annotations

from pipeline.bench import cluster, project
from pipeline.bench.project import Project
from pipeline.bench.results import Goal, Section
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Contestant, Timings, measure

QUICK = False
TRACKS = 200
WORKERS = 2
COLUMNS = ("what", "tracks per second", "x realtime", "share of bare")
BARE, DASK = "bare processes", "Dask workers"
LEAST = 0.93


def run(settings: Settings) -> Section:
    """Measure the price of the scheduler."""
    number = settings.count(TRACKS)
    if number < 2 * WORKERS:
        raise ValueError(f"--clips is {number}; workers need at least {2 * WORKERS}")
    with (
        project.temporary(settings, number) as whole,
        project.copies(whole, WORKERS) as halves,
        cluster.bare(WORKERS) as side_by_side,
        cluster.dask(WORKERS) as workers,
        settings.bar("workers", 2 * (1 + settings.rounds)) as tick,
    ):

        def forget() -> None:
            for each in (whole, *halves):
                each.forget()

        contestants = [
            Contestant(BARE, lambda: side_by_side(halves), before=forget),
            Contestant(DASK, lambda: whole.extract(scheduler=workers.scheduler), before=forget),
        ]
        timings = measure(contestants, settings.rounds, tick=tick)
        return report(timings, whole, max(workers.peaks()))


def report(timings: Timings, whole: Project, peak: float) -> Section:
    """Make the table; ``peak`` is the memory of the largest worker, MiB."""
    tracks, seconds = len(whole.tracks), whole.seconds
    rows = [
        (name, timings.speed(name, tracks), timings.speed(name, seconds), timings.ratio(BARE, name))
        for name in (BARE, DASK)
    ]
    share = timings.ratio(BARE, DASK).median
    return Section(
        name="workers",
        title=f"{WORKERS} Dask workers against {WORKERS} bare processes",
        columns=COLUMNS,
        rows=tuple(rows),
        goals=(Goal("throughput of Dask, share of bare processes", share, LEAST),),
        notes=(
            f"{tracks} tracks, {seconds:.0f} s of sound, to finished stores; no start-up.",
            f"Peak resident memory of a worker: {peak:.0f} MiB.",
        ),
    )
