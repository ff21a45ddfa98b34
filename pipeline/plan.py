"""What is to be done, as plain data: shards of a store, and where each row comes from.

Nothing here touches a disk. A plan is a function of the index, the configuration and what the
caches say they hold; :mod:`pipeline.execute` carries it out, in a loop or on Dask, and the bytes
that come out are those of the plan.

Conventions
-----------
Rows are tracks, in index order. A *shard* is the half-open range of rows one task writes. A
*batch* is the list of tracks one task computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

#: A shard holds about this many bytes of rows, and never more than ``MAX_TRACKS`` tracks.
SHARD_BYTES = 48 * 2**20
MAX_TRACKS = 64


@dataclass(frozen=True)
class Layout:
    """Everything that fixes a feature store's shape; the tracks are its only variable part.

    Attributes
    ----------
    corpus, feature
        Names.
    seconds
        Length of the second axis, s (the corpus's crop).
    shape
        Axis name -> size of one second, in order.
    tracks
        Track ids in row order.
    """

    corpus: str
    feature: str
    seconds: int
    shape: Mapping[str, int]
    tracks: tuple[str, ...]

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of one track's row: (second, ...)."""
        return (self.seconds, *self.shape.values())

    @property
    def per_shard(self) -> int:
        """Tracks in one shard; depends on the row's size alone, never on the corpus's length."""
        return tracks_per_shard(self.row_shape)

    def shards(self) -> list[tuple[int, int]]:
        """Return the half-open row range of every shard, in order."""
        count, step = len(self.tracks), self.per_shard
        return [(start, min(start + step, count)) for start in range(0, count, step)]

    def trouble(self, start: int, rows: NDArray[np.float32]) -> str | None:
        """Return why ``rows`` cannot be written at row ``start``, or ``None`` if they can.

        They must be exactly one shard, float32 [shape=(track, second, ...)], and finite.
        """
        if rows.shape[1:] != self.row_shape or rows.dtype != np.float32:
            return (
                f"rows are {rows.dtype} {rows.shape[1:]}; they must be float32 {self.row_shape}, "
                "or they would be repeated or rounded"
            )
        stop = start + len(rows)
        if (start, stop) not in self.shards():
            return (
                f"rows {start}:{stop} are not one whole shard of {self.per_shard} tracks; "
                "two writers on one shard lose rows"
            )
        finite = np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
        if not finite.all():
            bad = self.tracks[start + int(np.argmin(finite))]
            return f"track {bad!r} has a non-finite value; rows must be finite"
        return None


def tracks_per_shard(row_shape: Sequence[int]) -> int:
    """Return how many float32 rows of this shape share a shard.

    Examples
    --------
    >>> tracks_per_shard((30, 24, 44)), tracks_per_shard((30, 401, 101))
    (64, 10)
    """
    row_bytes = 4 * int(np.prod(row_shape))
    return int(np.clip(SHARD_BYTES // row_bytes, 1, MAX_TRACKS))


def batches(items: Sequence[T], size: int) -> list[list[T]]:
    """Cut a sequence into consecutive batches of at most ``size``.

    One Dask task costs about 10 ms to schedule: a batch amortises it.

    Examples
    --------
    >>> batches("abcde", 2)
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    if size < 1:
        raise ValueError(f"batch size is {size}; it must be at least 1")
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
