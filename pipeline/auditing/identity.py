"""One short name for a set of tracks, by which two stages can compare what they used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def digest(tracks: Iterable[str]) -> str:
    """Return the SHA-256 of the sorted track ids, each followed by a line feed, in hexadecimal.

    Examples
    --------
    >>> digest(["b", "a"]) == digest(["a", "b"]) != digest(["a"])
    True
    """
    text = "".join(f"{track}\n" for track in sorted(tracks))
    return hashlib.sha256(text.encode()).hexdigest()
