"""How far a track lies from the training tracks, and how far is far.

Conventions
-----------
A track is one row of columns [shape=(column,)]: mean and standard deviation of every row of every
feature the model reads, or its chord vector and the statistics of its notes. Columns are centred by
the training tracks' median and divided by 1.4826 times their median absolute deviation, the
standard deviation of a normal distribution that outliers do not move, and cut off at
:data:`CLIP`. A *block* is the columns of one feature; every block counts the same, so that a
spectrogram of 401 bins does not outvote 24 bands.

The distance of a track is the mean of the *absolute* differences to its nearest training tracks (k
nearest neighbours). Squares would let a few columns decide, those in which every track is far from
its neighbours now and then; absolute differences add up what is a little unlike in many columns,
and tell neighbours apart better where there are many (Aggarwal, Hinneburg & Keim 2001). The
threshold is a quantile of the same distance of every training track to those of *other* groups, so
that an artist, a song or a speaker does not vouch for itself. A *ratio* is distance / threshold;
above 1 a track is farther away than nearly all training tracks are from each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from models.parts.data import Data
from models.parts.standardise import RELATIVE_FLOOR, safe_deviation
from models.parts.statistics import track_statistics

Floats = NDArray[np.float64]

#: Standard deviations; one broken column is not to decide alone.
CLIP = 10.0
#: Standard deviation of a normal distribution over its median absolute deviation.
NORMAL = 1.4826
#: What is measured of each row of a feature, over seconds and frames.
STATISTICS = ("mean", "std")
#: What may be far away: what is heard, and what is written.
MODALITIES = ("audio", "score")


@dataclass(frozen=True, eq=False)
class Reference:
    """The training tracks of one modality.

    Attributes
    ----------
    centre, scale, weight
        Of every column [shape=(column,)]; weights make blocks equal.
    rows
        Standardised, weighted training tracks [shape=(track, column), float32].
    neighbours
        How many nearest tracks a distance is the mean of.
    threshold
        Distance above which a track is far.
    """

    centre: Floats
    scale: Floats
    weight: Floats
    rows: NDArray[np.float32]
    neighbours: int
    threshold: float

    def __post_init__(self) -> None:
        columns = self.rows.shape[-1]
        sizes = {len(array) for array in (self.centre, self.scale, self.weight)}
        if self.rows.ndim != 2 or sizes != {columns} or self.neighbours < 1:
            raise ValueError(f"reference: rows {self.rows.shape}, columns {sorted(sizes)}")

    def ratio(self, row: Floats) -> float:
        """Return the distance of a track [shape=(column,)] over the threshold."""
        distances = np.sort(_distances(self._placed(row[None]), self.rows)[0])
        return float(distances[: self.neighbours].mean() / self.threshold)

    def _placed(self, rows: Floats) -> Floats:
        return _placed(rows, self.centre, self.scale, self.weight)


def _placed(rows: Floats, centre: Floats, scale: Floats, weight: Floats) -> Floats:
    placed = np.clip((rows - centre) / scale, -CLIP, CLIP) * weight
    return np.asarray(placed.astype(np.float32), np.float64)  # as the reference is stored


def _distances(some: Floats, others: NDArray[np.floating]) -> Floats:
    """Return the sums of absolute differences of rows [shape=(some, other)]."""
    return np.asarray(cdist(some, others, "cityblock"))


def fit(
    rows: Floats,
    blocks: NDArray[np.int64],
    groups: NDArray[np.int64],
    neighbours: int,
    quantile: float,
) -> Reference:
    """Return the reference of some training tracks.

    Parameters
    ----------
    rows
        Columns of every track [shape=(track, column)].
    blocks
        Number of each column's block, from 0 [shape=(column,)].
    groups
        Of every track [shape=(track,)]; at least two different ones.
    neighbours, quantile
        k, at least 1, and the share of training tracks that are near, in (0, 1].

    Raises
    ------
    ValueError
        If all tracks are of one group, or so many are alike that nothing is far from them.
    """
    if len(np.unique(groups)) < 2:
        raise ValueError("reference: all tracks are of one group; none can be held against others")
    centre = np.median(rows, axis=0)
    scale = NORMAL * np.median(np.abs(rows - centre), axis=0)
    # More than half of the tracks may share one value; the plain deviation sees the others.
    plain = safe_deviation(rows.mean(axis=0), rows.var(axis=0))
    scale = np.where(scale > RELATIVE_FLOOR * np.abs(centre), scale, plain)
    sizes = np.bincount(blocks)
    weight = 1 / (len(sizes) * sizes[blocks])
    placed = _placed(rows, centre, scale, weight)
    threshold = float(np.quantile(_apart(placed, groups, neighbours), quantile))
    if threshold <= 0:
        raise ValueError("reference: the training tracks are all alike; nothing is far from them")
    return Reference(centre, scale, weight, placed.astype(np.float32), neighbours, threshold)


def _apart(placed: Floats, groups: NDArray[np.int64], neighbours: int) -> Floats:
    """Return every track's mean distance to the nearest tracks of other groups."""
    apart = _distances(placed, placed)
    apart[groups[:, None] == groups[None, :]] = np.inf
    nearest = np.sort(apart, axis=1)[:, :neighbours]
    counted = np.isfinite(nearest)
    return np.asarray(np.where(counted, nearest, 0.0).sum(axis=1) / counted.sum(axis=1))


def columns(data: Data, track: int, modality: str) -> Mapping[str, Floats]:
    """Return block -> columns of one track; empty where the track lacks the modality.

    Parameters
    ----------
    data
        Anything a model reads.
    track
        Position along ``track``.
    modality
        One of :data:`MODALITIES`.
    """
    if modality == "audio":
        valid = int(data.seconds_valid[track])
        features = data.features if valid else {}
        return {
            name: track_statistics(array[track, :valid], STATISTICS)
            for name, array in features.items()
        }
    if not data.has_chords[track]:
        return {}
    found = {"chords": np.asarray(data.chords[track], np.float64)}
    if data.notes is not None:
        found["notes"] = np.asarray(data.notes[track], np.float64)
    return {name: values for name, values in found.items() if values.size > 1}


def references(data: Data, neighbours: int, quantile: float) -> dict[str, Reference]:
    """Return the reference of every modality in which tracks of two groups differ."""
    found = {}
    for modality in MODALITIES:
        rows, groups = [], []
        blocks: list[int] = []
        for track in range(len(data.labels)):
            own = columns(data, track, modality)
            if own:
                rows.append(np.concatenate(list(own.values())))
                groups.append(int(data.groups[track]))
                blocks = [i for i, values in enumerate(own.values()) for _ in values]
        if len(set(groups)) > 1:
            with suppress(ValueError):  # all alike: there is no distance to speak of
                found[modality] = fit(
                    np.stack(rows), np.array(blocks), np.array(groups), neighbours, quantile
                )
    return found


def ratios(known: Mapping[str, Reference], data: Data, track: int) -> list[float]:
    """Return the ratio of every modality that the track and the training tracks have."""
    found = []
    for modality, reference in known.items():
        own = columns(data, track, modality)
        if own:
            found.append(reference.ratio(np.concatenate(list(own.values()))))
    return found
