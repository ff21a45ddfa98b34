"""The account of a soak: what was tried, how often, and what was lost of it.

Only what ended well counts as tried; what is compared byte for byte counts in any case, and so does
every byte that was lost.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any

#: The rows that stand first, in this order; the others follow by name.
FIRST = (
    "kill points survived",
    "power cuts survived",
    "mutants tried",
    "faults injected",
    "bytes compared",
    "bytes lost",
    "tests failed",
)
#: What a test injects one by one; mutants and odd files are input, not faults.
FAULTS = (
    "kill points survived",
    "power cuts survived",
    "full disks survived",
    "files that kill every worker",
)


def lost(found: Mapping[str, bytes], whole: Mapping[str, bytes]) -> int:
    """Return how many bytes of an undisturbed run's files differ, are missing or are too many.

    Examples
    --------
    >>> lost({"a": b"1234"}, {"a": b"1234"})
    0
    >>> lost({"a": b"1x"}, {"a": b"123", "b": b"12"})
    4
    """
    return sum(
        x != y
        for name in {*found, *whole}
        for x, y in itertools.zip_longest(found.get(name, b""), whole.get(name, b""))
    )


def compare(tally: Counter[str], found: Mapping[str, bytes], whole: Mapping[str, bytes]) -> None:
    """Compare a disturbed run byte for byte with an undisturbed one: count, and insist."""
    tally["bytes compared"] += sum(map(len, whole.values()))
    tally["bytes lost"] += lost(found, whole)
    assert found == whole


def ordered(tally: Mapping[str, int], failed: int) -> dict[str, int]:
    """Return the account, in the order of the page."""
    counts = dict(tally) | {"tests failed": failed}
    counts["faults injected"] = sum(counts.get(name, 0) for name in FAULTS)
    first = {name: counts[name] for name in FIRST if name in counts}
    return first | {name: counts[name] for name in sorted(counts) if name not in first}


def hand_on(config: Any, tally: Mapping[str, int]) -> bool:
    """Give a pytest-xdist worker's account to the process that started it; False in that one."""
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output["tally"] = dict(tally)
    return output is not None


def take(node: Any, tally: Counter[str]) -> None:
    """Add a worker's account; one that crashed has none."""
    tally.update(getattr(node, "workeroutput", {}).get("tally", {}))
