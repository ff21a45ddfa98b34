"""What may go from a cache, and its going.

Conventions
-----------
Nothing used within :data:`GRACE_SECONDS` and nothing that a living process claims is ever removed,
so that a run beside this one loses nothing it is at work on. What an unlucky run misses all the
same is computed again: an entry is never needed, only wanted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.cache import Cache
from pipeline.caching import claims
from pipeline.caching.inventory import Item

if TYPE_CHECKING:
    from pipeline.caching.reach import Reach

#: Longer than any write takes, and than the clocks of two machines differ, s.
GRACE_SECONDS = 3600.0
UNITS = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}

#: Kind of a finished fold, whose checkpoint has the same key; as :mod:`pipeline.folds` has it.
FOLDS = "folds"

UNFINISHED = "left by killed writers"
FINISHED = "checkpoints of finished folds"
OLD = "not used for so long"
UNREACHABLE = "not asked for by params.yaml"
OTHERS = "not asked for by params.yaml, but another user's: kept"


@dataclass(frozen=True)
class Rules:
    """What is to go, besides what nobody can use.

    Attributes
    ----------
    now
        Present time, s since 1970.
    older_seconds
        Entries and checkpoints not used for longer, s; ``None`` for no such rule.
    reach
        Entries not reachable; ``None`` for no such rule. Given both rules, both must hold.
    everyone
        Whether unreachable entries of other users go too: their parameters are not known here.
    claimed
        ``<kind>-<key>`` of what a living process is at work on.
    """

    now: float
    older_seconds: float | None
    reach: Reach | None
    everyone: bool
    claimed: Collection[str]


def seconds(text: str) -> float:
    """Read a length of time: a number and ``h``, ``d`` or ``w``.

    Examples
    --------
    >>> seconds("30d"), seconds("1.5h")
    (2592000.0, 5400.0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text)
    if match is None:
        raise ValueError(f"{text!r} is no length of time; write it as 12h, 30d or 8w")
    return float(match[1]) * UNITS[match[2]]


def claimed(cache: Cache) -> frozenset[str]:
    """Return ``<kind>-<key>`` of every entry that a living process claims."""
    locks = claims.survey(cache.root)
    return frozenset(lock.path.name.removesuffix(claims.SUFFIX) for lock in locks if lock.held)


def verdicts(found: Iterable[Item], rules: Rules) -> Iterator[tuple[Item, str]]:
    """Yield every item that a rule speaks of, and which rule; :data:`OTHERS` stay."""
    listed = list(found)
    finished = {item.key for item in listed if item.kind == FOLDS and item.sort == "entry"}
    for item in listed:
        reason = _reason(item, rules, finished)
        if reason is not None:
            yield item, reason


def _reason(item: Item, rules: Rules, finished: Collection[str]) -> str | None:
    unused = rules.now - item.found.used
    if unused < GRACE_SECONDS or f"{item.kind}-{item.key}" in rules.claimed:
        return None
    if item.sort == "partial":
        return UNFINISHED
    if item.sort == "checkpoint":
        if item.key in finished:
            return FINISHED
        return OLD if rules.older_seconds is not None and unused > rules.older_seconds else None
    return _unwanted(item, rules, unused) if item.sort == "entry" else None


def _unwanted(item: Item, rules: Rules, unused: float) -> str | None:
    if rules.older_seconds is None and rules.reach is None:
        return None
    if rules.older_seconds is not None and unused <= rules.older_seconds:
        return None
    if rules.reach is None:
        return OLD
    if rules.reach.has(item.kind, item.key):
        return None
    return UNREACHABLE if rules.everyone or item.found.mine else OTHERS


def remove(item: Item) -> bool:
    """Remove an item unless it has been used since it was found; return whether it went."""
    return item.place.remove(item.found)
