"""What has piled up in a cache.

Conventions
-----------
Everything below a root is one of :data:`SORTS`: an *entry*; a *partial*, which is being written or
was left by a killed writer; a *checkpoint* of a fold in training; a *claim*; or *foreign*, which no
code of this version writes, and which is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.cache import Cache, name_of
from pipeline.caching import claims, places
from pipeline.caching.files import PARTIAL, Files, Found
from pipeline.caching.objects import Objects

SORTS = ("entry", "partial", "checkpoint", "claim", "foreign")
CHECKPOINTS = "checkpoints"
KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Item:
    """One file or object of a cache.

    Attributes
    ----------
    place
        Where it lies.
    found
        Its name, size, age and owner.
    sort
        One of :data:`SORTS`.
    kind, key
        Of an entry; a checkpoint has the key of its fold.
    """

    place: Files | Objects
    found: Found
    sort: str
    kind: str
    key: str


def items(cache: Cache) -> Iterator[Item]:
    """Yield all that lies in a cache, also what of it lies on this machine, sorted by name."""
    for found in cache.place.names():
        yield _item(cache.place, found)
    if not isinstance(cache.place, Files):
        beside = Files(places.local(cache.root))
        for found in beside.names():
            yield _item(beside, found)


def _item(place: Files | Objects, found: Found) -> Item:
    *folders, last = found.name.split("/")
    if last.startswith(PARTIAL):
        return Item(place, found, "partial", folders[0] if folders else "", "")
    if folders == [CHECKPOINTS]:
        return Item(place, found, "checkpoint", "", last.split(".")[0])
    if folders == [claims.FOLDER]:
        return Item(place, found, "claim", "", last.removesuffix(claims.SUFFIX))
    if folders and KEY.fullmatch(last):
        # Of the second form were rows ahead before they had one folder.
        forms = (name_of(folders[0], last), f"{folders[0]}/{last[:2]}/{last}")
        if found.name in forms:
            return Item(place, found, "entry", folders[0], last)
    return Item(place, found, "foreign", "", "")


@dataclass
class Sum:
    """How much there is of something; times are s since 1970."""

    count: int = 0
    bytes: int = 0
    oldest: float = float("inf")
    newest: float = 0.0

    def add(self, found: Found) -> None:
        """Count one more."""
        self.count += 1
        self.bytes += found.bytes
        self.oldest = min(self.oldest, found.used)
        self.newest = max(self.newest, found.used)

    def json(self, now: float) -> dict[str, Any]:
        """Return count, bytes, and the ages of the longest unused and the last used, s."""
        times = {"oldest": self.oldest, "newest": self.newest}
        ages = {f"{name}_seconds": round(max(0.0, now - each)) for name, each in times.items()}
        return {"count": self.count, "bytes": self.bytes} | (ages if self.count else {})


def sums(found: Iterable[Item]) -> tuple[dict[str, Sum], dict[str, Sum]]:
    """Return (kind -> sum of its entries, sort -> sum), in alphabetical and in fixed order."""
    kinds: dict[str, Sum] = {}
    sorts = {sort: Sum() for sort in SORTS}
    for item in found:
        sorts[item.sort].add(item.found)
        if item.sort == "entry":
            kinds.setdefault(item.kind, Sum()).add(item.found)
    return dict(sorted(kinds.items())), sorts


def table(rows: Mapping[str, Sum], now: float) -> list[str]:
    """Return one line of text for each sum."""
    lines = []
    for name, total in rows.items():
        ages = f"used {age(now - total.newest)} to {age(now - total.oldest)} ago"
        lines.append(f"  {name:<24}{total.count:>10}{size(total.bytes):>12}  {ages}")
    return lines


def size(count: int) -> str:
    """Return a number of bytes for people.

    Examples
    --------
    >>> size(999), size(1_530_000)
    ('999 B', '1.5 MB')
    """
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def age(seconds: float) -> str:
    """Return a length of time for people.

    Examples
    --------
    >>> age(30), age(7200), age(9 * 86400)
    ('0 min', '2 h', '9 d')
    """
    for length, unit in ((86400, "d"), (3600, "h")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0) / 60:.0f} min"
