"""What may go from a cache: what nobody can use, what is old, what is not asked for; no more."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline import folds
from pipeline.cache import Cache
from pipeline.caching import prune
from pipeline.caching.claims import claim
from pipeline.caching.inventory import Item, items, sums
from pipeline.caching.reach import Reach

DAY = 86400.0
KEYS = [f"{number:02x}" * 32 for number in range(8)]


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def entry(cache: Cache, kind: str, key: str, days: float) -> None:
    cache.write(kind, key, b"row")
    age(cache.path(kind, key), days)


def side(cache: Cache, name: str, days: float) -> None:
    path = cache.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    age(path, days)


def gone(cache: Cache, **changes: object) -> dict[str, str]:
    """Return the name of all that would go, and why."""
    rules = {"now": time.time(), "older_seconds": None, "reach": None, "everyone": False}
    rules |= {"claimed": prune.claimed(cache), **changes}
    found = prune.verdicts(items(cache), prune.Rules(**rules))
    return {item.found.name: reason for item, reason in found}


def test_what_nobody_can_use_goes_always_and_nothing_else(cache):
    entry(cache, "gtf", KEYS[0], days=400)
    entry(cache, folds.KIND, KEYS[1], days=400)
    for name, days in {
        "gtf/00/.partial-old": 1,
        "gtf/00/.partial-now": 0,
        f"checkpoints/{KEYS[1]}": 1,  # its fold is finished
        f"checkpoints/{KEYS[2]}": 300,  # this one can be resumed
        f"checkpoints/{KEYS[1]}.123.part": 1,
        "notes.txt": 400,
        "gtf/zz/not-a-key": 400,
        KEYS[2]: 400,
        f"gtf/{KEYS[2]}": 400,
    }.items():
        side(cache, name, days)
    assert gone(cache) == {
        "gtf/00/.partial-old": prune.UNFINISHED,
        f"checkpoints/{KEYS[1]}": prune.FINISHED,
        f"checkpoints/{KEYS[1]}.123.part": prune.FINISHED,
    }
    _, sorts = sums(items(cache))
    assert {sort: total.count for sort, total in sorts.items()} == {
        "entry": 2,
        "partial": 2,
        "checkpoint": 3,
        "claim": 0,
        "foreign": 4,
    }


def test_the_kind_of_folds_is_theirs():
    assert prune.FOLDS == folds.KIND


def test_age_counts_from_the_last_use(cache):
    for key, days in zip(KEYS, (1, 29, 31, 400), strict=False):
        entry(cache, "gtf", key, days)
    read = cache.path("gtf", KEYS[3])
    os.utime(read, (time.time() - DAY, read.stat().st_mtime))
    side(cache, f"checkpoints/{KEYS[5]}", 31)
    assert gone(cache, older_seconds=30 * DAY) == {
        f"gtf/02/{KEYS[2]}": prune.OLD,
        f"checkpoints/{KEYS[5]}": prune.OLD,
    }


def test_what_is_not_asked_for_goes_where_that_is_known(cache):
    for kind in ("gtf", "ahead-gtf", "future"):
        for key in KEYS[:2]:
            entry(cache, kind, key, days=2)
    reach = Reach({"gtf": frozenset(KEYS[:1])})
    assert gone(cache, reach=reach) == {
        f"gtf/01/{KEYS[1]}": prune.UNREACHABLE,
        f"ahead-gtf/{KEYS[1]}": prune.UNREACHABLE,
    }
    assert gone(cache, reach=reach, older_seconds=3 * DAY) == {}


def test_another_users_entries_stay_unless_asked(cache, monkeypatch):
    entry(cache, "gtf", KEYS[0], days=2)
    reach = Reach({"gtf": frozenset()})
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert set(gone(cache, reach=reach).values()) == {prune.OTHERS}
    assert set(gone(cache, reach=reach, everyone=True).values()) == {prune.UNREACHABLE}


def test_what_is_in_use_stays(cache):
    entry(cache, "gtf", KEYS[0], days=0.03)  # 43 minutes
    entry(cache, "gtf", KEYS[1], days=2)
    with claim(cache.root, "gtf", KEYS[1]):
        assert gone(cache, older_seconds=1.0) == {}
    assert list(gone(cache, older_seconds=1.0)) == [f"gtf/01/{KEYS[1]}"]


def test_what_is_used_after_the_look_stays(cache):
    entry(cache, "gtf", KEYS[0], days=2)
    (item,) = items(cache)
    assert isinstance(item, Item)
    age(cache.path("gtf", KEYS[0]), days=0)
    assert not prune.remove(item)
    assert cache.read("gtf", KEYS[0]) == b"row"
    (item,) = items(cache)
    assert prune.remove(item)
    assert not prune.remove(item)
    assert cache.read("gtf", KEYS[0]) is None


def test_looking_is_no_use(cache):
    entry(cache, "gtf", KEYS[0], days=400)
    (before,) = items(cache)
    assert before.place.look(before.found.name) is not None
    (after,) = items(cache)
    assert after.found == before.found


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.2.3d", "5m", "1e3d"])
def test_an_age_needs_a_unit(text):
    with pytest.raises(ValueError, match="is no length of time; write it as 12h, 30d or 8w"):
        prune.seconds(text)
