"""Time statistics: what is left of a track when its order in time is forgotten.

Conventions
-----------
Features are [shape=(track, second, row..., frame)]; every statistic is one number per row, over all
valid seconds and frames of the track, in float64. Rows are bands (GTF), or part and coefficient
(MFCC and residual phase). Differences are taken inside one-second blocks, never across their seams.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from models.parts.data import Data

Statistic = Literal["mean", "std", "difference", "p10", "p90"]


def _percentile(percent: float) -> Callable[[np.ndarray], np.ndarray]:
    def of(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.percentile(values, percent, axis=(0, -1)))

    return of


def _difference(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(np.diff(values, axis=-1)).mean(axis=(0, -1)))


STATISTICS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda values: np.asarray(values.mean(axis=(0, -1))),
    "std": lambda values: np.asarray(values.std(axis=(0, -1))),
    "difference": _difference,
    "p10": _percentile(10),
    "p90": _percentile(90),
}


def track_statistics(values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return the statistics of one track, one after the other.

    Parameters
    ----------
    values
        The valid seconds of a feature [shape=(second, row..., frame)], at least one second.
    names
        Which statistics: ``mean``, ``std``, ``difference`` (mean absolute change from one frame to
        the next), ``p10``, ``p90`` (percentiles).

    Returns
    -------
    np.ndarray
        float64 [shape=(len(names) * rows,)].

    Examples
    --------
    >>> track_statistics(np.array([[[0.0, 2.0]], [[4.0, 6.0]]]), ("mean", "difference")).tolist()
    [3.0, 2.0]
    """
    wide = np.asarray(values, dtype=np.float64)
    return np.concatenate([STATISTICS[name](wide).ravel() for name in names])


def table(
    data: Data, tracks: np.ndarray, features: tuple[str, ...], names: tuple[str, ...]
) -> np.ndarray:
    """Return one row per track: statistics of all features, then a flag for audio.

    Parameters
    ----------
    data
        The corpus.
    tracks
        Track indices [shape=(n,), int].
    features, names
        Which features and which statistics.

    Returns
    -------
    np.ndarray
        float64 [shape=(n, width)]; the row of a track without audio is zero, flag included.
    """
    widths = [len(names) * int(np.prod(data.features[f].shape[2:-1])) for f in features]
    rows = np.zeros((len(tracks), sum(widths) + 1))
    for row, track in zip(rows, tracks, strict=True):
        valid = int(data.seconds_valid[track])
        if valid:
            blocks = [data.features[name][track, :valid] for name in features]
            row[:-1] = np.concatenate([track_statistics(block, names) for block in blocks])
            row[-1] = 1.0
    return rows
