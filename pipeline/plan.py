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
    def row_bytes(self) -> int:
        """Bytes of one row, not encoded."""
        return 4 * int(np.prod(self.row_shape))

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
        stop = start + len(rows)
        if rows.shape[1:] == self.row_shape and (start, stop) not in self.shards():
            return (
                f"rows {start}:{stop} are not one whole shard of {self.per_shard} tracks; "
                "two writers on one shard lose rows"
            )
        faults = (self.fault(start + place, row) for place, row in enumerate(rows))
        return next(filter(None, faults), None)

    def fault(self, number: int, row: NDArray[np.float32]) -> str | None:
        """Return what is wrong with one padded row [shape=(second, ...)], ``None`` if nothing."""
        if row.shape != self.row_shape or row.dtype != np.float32:
            return (
                f"rows are {row.dtype} {row.shape}; they must be float32 {self.row_shape}, "
                "or they would be repeated or rounded"
            )
        if not np.isfinite(row).all():
            return f"track {self.tracks[number]!r} has a non-finite value; rows must be finite"
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


def tapered(items: Sequence[T], size: int, workers: int) -> list[list[T]]:
    """Cut a sequence into consecutive batches that keep all workers busy to the end.

    The first batch is one item, which tells how long an item takes. Each further one is at most
    half of a worker's share of what is left, so that the last ones are small and the workers end
    together; and at most ``size``, the bound on what is lost with a worker.

    Examples
    --------
    >>> [len(part) for part in tapered(range(100), 16, 2)]
    [1, 16, 16, 16, 12, 9, 7, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    >>> [len(part) for part in tapered(range(10), 16, 2)]
    [1, 2, 1, 1, 1, 1, 1, 1, 1]
    """
    if size < 1:
        raise ValueError(f"batch size is {size}; it must be at least 1")
    made: list[list[T]] = []
    start = 0
    while start < len(items):
        share = (len(items) - start) // (2 * workers)
        stop = start + (max(1, min(size, share)) if made else 1)
        made.append(list(items[start:stop]))
        start = stop
    return made
