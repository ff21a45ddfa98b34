"""How alike two recordings are: the best normalised cross-correlation of their spectral changes.

Conventions
-----------
A *contour* [shape=(frame, row), float32] is how the rows of a feature (bands, dB)
change: the mean of ``step`` frames minus the mean of the ``step`` frames before it.
Differences of decibels do not know the gain, nor any fixed equaliser. The *similarity* of two
contours is the largest, over all offsets with enough overlap, of

    sum a b / sqrt(sum a^2 sum b^2),     sums over the frames of the overlap and all rows:

1 for equal recordings, near 0 for others; never above 1 (Cauchy & Schwarz). All pairs are compared
at every offset, in the Fourier domain: no hash that a re-encoded copy could miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Array = NDArray[Any]

#: Tracks of one block of pairs: a matter of memory (about 100 MiB), not of results.
BLOCK = (32, 128)
#: A track's loud level is the percentile of its loudest band over all frames, percent.
LOUD_PERCENT = 95


@dataclass(frozen=True)
class Match:
    """Two recordings that are alike.

    Attributes
    ----------
    first, second
        Their positions, ``first < second``.
    similarity
        At most 1.
    offset
        Frames by which the second begins later than the first: frame t of the second sounds like
        frame t + offset of the first.
    """

    first: int
    second: int
    similarity: float
    offset: int


def contour(values: Array, step: int, depth_db: float) -> NDArray[np.float32]:
    """Return how a track's rows change, at every frame.

    Parameters
    ----------
    values
        Levels of the valid seconds [shape=(second, row, frame)], dB.
    step
        Frames that are averaged, and distance of the two averages.
    depth_db
        Levels lower than this below the loud level are raised to it, dB: what noise would change.

    Returns
    -------
    ndarray [shape=(second * frame - 2 * step + 1, row), float32]

    Examples
    --------
    >>> ramp = np.arange(8.0).reshape(1, 1, 8)
    >>> contour(ramp, step=2, depth_db=30.0)[:, 0].tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0]
    """
    flat = np.moveaxis(np.asarray(values, np.float64), 1, 2).reshape(-1, values.shape[1])
    flat = np.maximum(flat, np.percentile(flat.max(axis=1), LOUD_PERCENT) - depth_db)
    total = np.concatenate([np.zeros((1, flat.shape[1])), np.cumsum(flat, axis=0)])
    mean = (total[step:] - total[:-step]) / step
    return np.asarray(mean[step:] - mean[:-step], np.float32)


def scan(
    contours: Sequence[Array], overlap: int, quiet: float, limit: float, edges: Array
) -> tuple[list[Match], NDArray[np.int64]]:
    """Compare all pairs; return those at or above a limit, and how all similarities are spread.

    Parameters
    ----------
    contours
        One per track [shape=(frame, row)]; lengths may differ, and at least one frame each.
    overlap
        Smallest overlap, frames; a shorter track must overlap whole.
    quiet
        An overlap with less energy per frame than this share of its track's is taken to have that
        much: two rests are alike, and no copy.
    limit
        Pairs below it are not returned.
    edges
        Of the histogram of similarities [shape=(bin + 1,)].

    Returns
    -------
    matches, counts
        Sorted by position; counts [shape=(bin,)].
    """
    by_length: dict[int, list[int]] = {}
    for number, one in enumerate(contours):
        by_length.setdefault(len(one), []).append(number)
    lengths, found = sorted(by_length), []
    counts = np.zeros(len(edges) - 1, np.int64)
    for i, length in enumerate(lengths):
        for other in lengths[i:]:
            for rows in _parts(by_length[length], BLOCK[0]):
                for columns in _parts(by_length[other], BLOCK[1]):
                    if length == other and rows[0] >= columns[-1]:
                        continue  # the mirror image of a block that was seen
                    best, offset = _block(contours, rows, columns, overlap, quiet)
                    once = _once(rows, columns, length == other)
                    counts += np.histogram(np.clip(best[once], edges[0], edges[-1]), edges)[0]
                    for row, column in np.argwhere(once & (best >= limit)):
                        found.append(
                            _match(
                                rows[row],
                                columns[column],
                                float(best[row, column]),
                                int(offset[row, column]),
                            )
                        )
    return sorted(found, key=lambda match: (match.first, match.second)), counts


def compare(first: Array, second: Array, overlap: int, quiet: float) -> tuple[float, int]:
    """Return similarity and offset of two contours; parameters as in :func:`scan`."""
    best, offset = _block([first, second], [0], [1], overlap, quiet)
    return float(best[0, 0]), int(offset[0, 0])


def _match(row: int, column: int, similarity: float, offset: int) -> Match:
    if row < column:
        return Match(row, column, similarity, offset)
    return Match(column, row, similarity, -offset)


def _once(rows: Sequence[int], columns: Sequence[int], same: bool) -> NDArray[np.bool_]:
    """Return which pairs of a block count [shape=(row, column)]: each once, none with itself."""
    if not same:
        return np.ones((len(rows), len(columns)), bool)
    return np.asarray(rows)[:, None] < np.asarray(columns)[None]


def _parts(items: list[int], size: int) -> list[list[int]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _block(
    contours: Sequence[Array], rows: list[int], columns: list[int], overlap: int, quiet: float
) -> tuple[Array, Array]:
    """Return the best similarity and its offset of every pair [shape=(row, column)]."""
    left = np.stack([contours[number] for number in rows])
    right = np.stack([contours[number] for number in columns])
    least = min(overlap, left.shape[1], right.shape[1])
    lags = np.arange(least - right.shape[1], left.shape[1] - least + 1)
    size = fft.next_fast_len(left.shape[1] + right.shape[1], real=True)
    # (bin, row, column) = (bin, row, band) @ (bin, band, column): one matrix product per bin.
    a = np.ascontiguousarray(fft.rfft(left, size, axis=1).transpose(1, 0, 2))
    b = np.ascontiguousarray(fft.rfft(right, size, axis=1).conj().transpose(1, 2, 0))
    products = fft.irfft(a @ b, size, axis=0)[lags]
    scale = _scale(left, lags, right.shape[1], quiet)
    products *= scale.T[:, :, None]
    products *= _scale(right, -lags, left.shape[1], quiet).T[:, None, :]
    best = products.argmax(axis=0)
    return np.take_along_axis(products, best[None], axis=0)[0], lags[best]


def _scale(tracks: Array, lags: Array, other: int, quiet: float) -> NDArray[np.float32]:
    """Return 1 / sqrt(energy) of the overlap at each lag [shape=(track, lag)]; 0 for silence."""
    power = np.square(tracks, dtype=np.float64).sum(axis=2)
    total = np.concatenate([np.zeros((len(tracks), 1)), np.cumsum(power, axis=1)], axis=1)
    start = np.maximum(lags, 0)
    stop = np.minimum(tracks.shape[1], other + lags)
    energy = total[:, stop] - total[:, start]
    energy = np.maximum(energy, quiet * power.mean(axis=1)[:, None] * (stop - start))
    return np.where(energy > 0, 1 / np.sqrt(np.where(energy > 0, energy, 1)), 0).astype(np.float32)
