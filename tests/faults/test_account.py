"""The account of a soak counts what was lost, and what workers of pytest-xdist tried."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from account import FIRST, compare, hand_on, ordered, take


def test_what_is_lost_is_counted_and_told():
    tally: Counter[str] = Counter()
    whole = {"a": b"12345", "b": b"67"}
    compare(tally, dict(whole), whole)
    with pytest.raises(AssertionError):
        compare(tally, {"a": b"1x345", "c": b"8"}, whole)
    assert tally == {"bytes compared": 14, "bytes lost": 1 + 2 + 1}


def test_the_page_has_its_rows_in_order_and_their_sum():
    counts = {"odd": 1, "kill points survived": 30, "power cuts survived": 2, "bytes lost": 0}
    found = ordered(counts | {"mutants tried": 2000, "full disks survived": 3}, failed=0)
    assert found["faults injected"] == 35
    assert [name for name in found if name in FIRST] == [name for name in FIRST if name in found]
    assert list(found)[-1] == "odd"


def test_workers_hand_their_counts_on():
    tally: Counter[str] = Counter()
    for own in ({"mutants tried": 3}, {"mutants tried": 4, "bytes lost": 0}):
        worker = SimpleNamespace(workeroutput={})
        assert hand_on(worker, own)
        take(worker, tally)
    take(SimpleNamespace(), tally)
    assert tally == {"mutants tried": 7, "bytes lost": 0}
    assert not hand_on(SimpleNamespace(), tally)
