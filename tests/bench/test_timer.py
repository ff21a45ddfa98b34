"""The timer: turns, medians, ratios; with a clock that only moves when somebody works."""

from __future__ import annotations

import pytest
import torch
from threadpoolctl import threadpool_info

from pipeline.bench.timer import Contestant, Spread, Timings, measure, one_thread


class Clock:
    """Time that passes by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def __call__(self) -> float:
        return self.now

    def work(self, name: str, *seconds: float):
        """Return a function that takes each of these times in turn."""
        left = list(seconds)

        def run() -> None:
            self.log.append(name)
            self.now += left.pop(0)

        return run


def test_contestants_take_turns_after_a_warm_up():
    clock = Clock()
    slow = Contestant("slow", clock.work("slow", 100, 6, 8, 7))
    fast = Contestant("fast", clock.work("fast", 2, 1, 4), warm=clock.work("fast warms", 50))
    timings = measure([slow, fast], 3, clock)
    assert clock.log == ["slow", "fast warms", *["slow", "fast"] * 3]
    assert timings.seconds == {"slow": (6, 8, 7), "fast": (2, 1, 4)}


def test_what_comes_before_a_run_is_not_timed():
    clock = Clock()
    one = Contestant("one", clock.work("run", 9, 1, 1), before=clock.work("before", 5, 5, 5))
    assert measure([one], 2, clock).seconds == {"one": (1, 1)}
    assert clock.log == ["before", "run"] * 3


def test_medians_extremes_and_ratios():
    timings = Timings({"slow": (6.0, 8.0, 7.0), "fast": (2.0, 1.0, 4.0)})
    assert timings.speed("fast", 12.0) == Spread(6.0, 3.0, 12.0)
    # The ratio of the medians, 7 / 2; within the rounds it was 3, 8 and 1.75.
    assert timings.ratio("slow", "fast") == Spread(3.5, 1.75, 8.0)


def test_progress_counts_warm_ups_and_turns():
    ticks: list[int] = []
    nothing = [Contestant(name, lambda: None) for name in "ab"]
    measure(nothing, 3, tick=lambda: ticks.append(1))
    assert len(ticks) == 2 * (1 + 3)


@pytest.mark.parametrize(("names", "rounds"), [("ab", 0), ("aa", 1)])
def test_no_round_and_equal_names_are_refused(names, rounds):
    with pytest.raises(ValueError, match="at least 1 round, unique names"):
        measure([Contestant(name, lambda: None) for name in names], rounds)


def test_one_thread_everywhere_and_only_inside():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
        assert all(pool["num_threads"] == 1 for pool in threadpool_info())
    assert torch.get_num_threads() == before
