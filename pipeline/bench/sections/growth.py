"""Whether time per track stays the same as a corpus grows, and what one more track costs.

The real stage with its four stores, on two Dask workers that are up already, for a quarter, half
and all of the tracks, each from nothing; then in one process the same tracks again, which is what
the stages cost by themselves (they find, check and take over all there is), and one track more than
the stores hold: behind all others, and in the middle, where half of the rows move. For that the
project is one of DVC's, which has recorded the stores and removes them before they are made again;
its recording of the new ones is timed on its own. Last, one stage as a process of its own, with
nothing to do: Python, imports and all.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import corpus
from pipeline.bench import cluster, project
from pipeline.bench.project import Project
from pipeline.bench.results import Cell, Goal, Section
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Contestant, Timings, measure, nothing

QUICK = False
TRACKS = 400
WORKERS = 2
COLUMNS = ("what", "tracks", "seconds", "milliseconds per track", "against the full run")
MORE, FULL = "one track more", "all from nothing"
MIDDLE = f"{MORE}, in the middle"
AGAIN, IDLE = "the same tracks again", "one stage that has nothing to do, a process"
RECORD = f"DVC records {MORE}"
#: Largest deviation of the time per track from that of the largest corpus.
WITHIN = 0.10
#: Largest share of a full run that one more track may cost, beside what a run costs without any.
SHARE = 0.03
#: Longest that a stage with nothing to do may take, s.
START = 3.0


def run(settings: Settings) -> Section:
    """Measure growth."""
    number = settings.count(TRACKS)
    with (
        project.temporary(settings, number + 2) as made,
        cluster.dask(WORKERS) as workers,
    ):
        sizes = steps(len(made.tracks) - 2)
        contestants = plan(made, sizes, workers.scheduler)
        total = len(contestants) * (1 + settings.rounds)
        with settings.bar("growth", total) as tick:
            timings = measure(contestants, settings.rounds, tick=tick)
        return report(timings, sizes)


def steps(most: int) -> list[int]:
    """Return the sizes of the corpora, smallest first.

    Examples
    --------
    >>> steps(400)
    [100, 200, 400]
    """
    if most < 4:
        raise ValueError(f"{most + 2} tracks are too few to grow by; 6 are the least")
    return [most // 4, most // 2, most]


def plan(made: Project, sizes: Sequence[int], scheduler: str) -> list[Contestant]:
    """Return the full runs, and behind the largest the run with one track more."""
    *rows, last = made.tracks
    half = len(rows) // 2
    base = [*rows[:half], *rows[half + 1 :]]

    def full() -> None:
        made.extract(scheduler=scheduler)

    def grown(size: int) -> Contestant:
        def begin() -> None:
            made.forget()
            made.keep(base[:size])

        return Contestant(
            f"{FULL} {size}", full, warm=full if size == sizes[0] else nothing, before=begin
        )

    def recorded(more: Sequence[corpus.Row]) -> None:
        """Leave a corpus as DVC does that begins to make its stores with more tracks."""
        made.keep(base)
        made.drop()
        made.extract()
        made.commit()
        made.keep(more)
        made.drop()

    return [
        *map(grown, sizes),
        Contestant(AGAIN, made.extract, nothing, lambda: recorded(base)),
        Contestant(IDLE, made.idle, nothing),
        Contestant(MORE, made.extract, nothing, lambda: recorded([*base, last])),
        Contestant(RECORD, made.commit, nothing),
        Contestant(MIDDLE, made.extract, nothing, lambda: recorded(rows)),
    ]


def report(timings: Timings, sizes: Sequence[int]) -> Section:
    """Make the table."""
    most = sizes[-1]
    largest = f"{FULL} {most}"
    rows: list[tuple[Cell, ...]] = []
    apart = 0.0
    for size in sizes:
        name = f"{FULL} {size}"
        share = timings.ratio(name, largest)
        per_track = timings.each(name).times(1000 / size)
        rows.append((FULL, size, timings.each(name), per_track, share))
        apart = max(apart, abs(share.median * most / size - 1))
    for name, tracks in ((AGAIN, 0), (MORE, 1), (MIDDLE, 1), (RECORD, 1), (IDLE, 0)):
        each = timings.each(name)
        per = each.times(1000) if tracks else "-"
        rows.append((name, tracks, each, per, timings.ratio(name, largest)))
    beyond = timings.each(MORE).median - timings.each(AGAIN).median
    marginal = beyond / timings.each(largest).median
    start = timings.each(IDLE).median
    return Section(
        name="growth",
        title="Growing corpora",
        columns=COLUMNS,
        rows=tuple(rows),
        goals=(
            Goal(f"time per track, deviation from that of {most} tracks", apart, WITHIN, False),
            Goal(f"{MORE}, beyond {AGAIN}, share of {most} from nothing", marginal, SHARE, False),
            Goal(f"{IDLE}, s", start, START, False),
        ),
        notes=(
            f"The paper's four stores, on {WORKERS} Dask workers that are up; one track more in "
            "one process. Starting Python, DVC and a cluster is in the last row alone.",
        ),
    )
