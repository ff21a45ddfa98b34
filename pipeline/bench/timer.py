"""Time contestants side by side.

Conventions
-----------
All times are seconds of the wall clock in a process held to one thread, and begin when the disk has
what the last contestant wrote. Contestants take turns within a round, so that a machine which slows
down for a while slows all of them; a round's ratio is therefore meaningful by itself, and the
spread of a ratio is that over the rounds.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits

Clock = Callable[[], float]


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Contestant:
    """Something to time.

    Attributes
    ----------
    name
        Unique among those it is timed with.
    run
        What is timed.
    warm
        Called once before the first round (compiles, loads, fills caches); ``None`` is ``run``.
    before
        Called, untimed, before each timed run.
    """

    name: str
    run: Callable[[], object]
    warm: Callable[[], object] | None = None
    before: Callable[[], object] = nothing


@dataclass(frozen=True)
class Spread:
    """A quantity measured in every round: median, smallest, largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise one value per round.

        Examples
        --------
        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(median=2.0, low=1.0, high=3.0)
        """
        return cls(statistics.median(values), min(values), max(values))

    def times(self, factor: float) -> Spread:
        """Return it in another unit.

        Examples
        --------
        >>> Spread(2.0, 1.0, 3.0).times(10.0)
        Spread(median=20.0, low=10.0, high=30.0)
        """
        return Spread(factor * self.median, factor * self.low, factor * self.high)


@dataclass(frozen=True)
class Timings:
    """Seconds of every contestant in every round.

    Attributes
    ----------
    seconds
        Contestant -> one time per round, s.
    """

    seconds: Mapping[str, tuple[float, ...]]

    def each(self, name: str) -> Spread:
        """Return the seconds of one contestant.

        Examples
        --------
        >>> Timings({"a": (2.0, 4.0, 3.0)}).each("a")
        Spread(median=3.0, low=2.0, high=4.0)
        """
        return Spread.of(self.seconds[name])

    def speed(self, name: str, work: float) -> Spread:
        """Return how much of ``work`` (s of sound, tracks) is done per second.

        Examples
        --------
        >>> Timings({"a": (2.0, 4.0, 3.0)}).speed("a", 12.0)
        Spread(median=4.0, low=3.0, high=6.0)
        """
        return Spread.of([work / each for each in self.seconds[name]])

    def ratio(self, slow: str, fast: str) -> Spread:
        """Return the ratio of the medians, and the extremes of the ratios within a round.

        Examples
        --------
        >>> Timings({"a": (8.0, 6.0), "b": (2.0, 2.0)}).ratio("a", "b")
        Spread(median=3.5, low=3.0, high=4.0)
        """
        a, b = self.seconds[slow], self.seconds[fast]
        each = [x / y for x, y in zip(a, b, strict=True)]
        return Spread(statistics.median(a) / statistics.median(b), min(each), max(each))

    def total(self, name: str, parts: Sequence[str]) -> Timings:
        """Return these timings with one contestant more: the sum of others, round by round.

        Examples
        --------
        >>> Timings({"a": (1.0,), "b": (2.0,)}).total("all", ["a", "b"]).seconds["all"]
        (3.0,)
        """
        rounds = zip(*(self.seconds[part] for part in parts), strict=True)
        return Timings({**self.seconds, name: tuple(sum(each) for each in rounds)})


def measure(
    contestants: Sequence[Contestant],
    rounds: int,
    clock: Clock = time.perf_counter,
    tick: Callable[[], object] = nothing,
) -> Timings:
    """Warm everyone up, then let them take turns.

    Parameters
    ----------
    contestants
        In the order of their turns.
    rounds
        Turns of each, at least 1.
    clock
        Returns seconds.
    tick
        Called after each warm-up and each turn, for progress.
    """
    names = [each.name for each in contestants]
    if rounds < 1 or len(set(names)) < len(names):
        raise ValueError(f"rounds is {rounds}, names are {names}; at least 1 round, unique names")
    for each in contestants:
        each.before()
        (each.warm or each.run)()
        tick()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        gc.collect()
        for each in contestants:
            each.before()
            os.sync()
            start = clock()
            each.run()
            seconds[each.name].append(clock() - start)
            tick()
    return Timings({name: tuple(values) for name, values in seconds.items()})


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS, OpenMP and torch to one thread, as workers are, and let them go again."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(before)
