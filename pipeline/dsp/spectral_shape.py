"""Shape of many spectra, each in a few numbers that do not depend on its level.

Conventions
-----------
Spectra have shape ``(second, bin, frame)``; the result has shape ``(second, frame)`` or
``(second, row, frame)``. *Power* is above 0; *level* is ``10 log10(power)``, dB; *total* is the sum
of a frame's power [shape=(second, frame)] and *share* the power over it. Sums run bin by bin, so
that no frame depends on the number of others.

References
----------
G. Peeters, A large set of audio features for sound description, Ircam, 2004 (moments, rolloff,
slope, flatness); D.-N. Jiang et al., Proc. ICME, 2002 (contrast of peaks and valleys in bands).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp.blocks import Array
from pipeline.dsp.lanes import kernel

# Natural logarithm of a power ratio of 1 dB.
NEPER = np.log(10) / 10
# Shares of a band's bins that lie below its peaks and below its valleys.
PEAK, VALLEY = 0.9, 0.1


def power_of(level: NDArray[np.floating]) -> Array:
    """Return the power of a level.

    Examples
    --------
    >>> power_of(np.array([0.0, -20.0])).round(9).tolist()
    [1.0, 0.01]
    """
    return np.asarray(np.exp(np.multiply(level, NEPER, dtype=np.float64)))


def centroid_spread(share: Array, frequency: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of the frequency, weighted by power, Hz."""
    column = frequency[:, None]
    weighted = share * column
    centroid = weighted.sum(axis=1)
    variance = (weighted * column).sum(axis=1) - centroid**2
    return centroid, np.sqrt(np.maximum(variance, 0))


def rolloffs(share: Array, frequency: Array, parts: Sequence[float]) -> list[Array]:
    """Return for each part of the whole the lowest frequency up to which it lies, Hz."""
    places = np.empty((len(parts), share.shape[0], share.shape[2]), np.intp)
    _places(share, np.array(parts), places)
    return [frequency[place] for place in places]


@kernel
def _places(share, parts, places):  # type: ignore[no-untyped-def]
    """Count the bins up to which less than each part lies, at most all but one."""
    seconds, bins, frames = share.shape
    below = np.empty(frames)
    for second in range(seconds):
        below[:] = 0.0
        places[:, second] = 0
        for bin_ in range(bins - 1):
            for frame in range(frames):
                below[frame] += share[second, bin_, frame]
            for part in range(parts.size):
                for frame in range(frames):
                    places[part, second, frame] += below[frame] < parts[part]


def flatness(total: Array, level: Array) -> Array:
    """Return the geometric mean of the power over the arithmetic mean, dB, at most 0."""
    return np.asarray(level.mean(axis=1) - 10 * np.log10(total / level.shape[1]))


def slope(level: Array, frequency: Array) -> Array:
    """Return the slope of the regression line of the level on frequency, dB per kHz."""
    distance = (frequency - frequency.mean()) / 1000
    return np.asarray((level * distance[:, None]).sum(axis=1) / (distance * distance).sum())


def balance(share: Array, frequency: Array, border: float, least: float) -> Array:
    """Return the power above a frequency over the power up to it, dB.

    Parameters
    ----------
    border
        Hz; a bin there counts as below.
    least
        Smallest share of either part.
    """
    first = int(np.searchsorted(frequency, border, side="right"))
    above = np.clip(share[:, first:].sum(axis=1), least, 1 - least)
    return np.asarray(10 * np.log10(above / (1 - above)))


def entropy(share: Array, total: Array, level: Array) -> Array:
    """Return the entropy of the distribution of power over the bins, nat, in [0, log(bins)].

    ``-sum s ln s`` of the shares ``s = power / total``, by way of ``ln s = ln power - ln total``.
    """
    return np.asarray(np.log(total) - (share * level).sum(axis=1) * NEPER)


def flux(share: Array) -> Array:
    """Return by how much the magnitude grows from each frame to the next.

    ``sqrt(sum_b max(0, m[b, t + 1] - m[b, t])^2)`` of the magnitudes ``m = sqrt(share)``; the last
    column is left at 0.

    Returns
    -------
    ndarray [shape=(second, frame)], in [0, 1]
    """
    values = np.zeros((share.shape[0], share.shape[2]))
    _growth(share, values)
    return np.asarray(np.sqrt(values))


@kernel
def _growth(share, values):  # type: ignore[no-untyped-def]
    """Add up the squared growth of the magnitudes, bin by bin."""
    seconds, bins, frames = share.shape
    magnitude = np.empty(frames)
    for second in range(seconds):
        for bin_ in range(bins):
            for frame in range(frames):
                magnitude[frame] = np.sqrt(share[second, bin_, frame])
            for frame in range(frames - 1):
                growth = max(magnitude[frame + 1] - magnitude[frame], 0.0)
                values[second, frame] += growth * growth


def contrast(level: NDArray[np.floating], bounds: Sequence[int]) -> Array:
    """Return how far the peaks of each band lie above its valleys.

    Parameters
    ----------
    level
        dB [shape=(second, bin, frame)].
    bounds
        First bin of each band, and one past the last bin of the last.

    Returns
    -------
    ndarray [shape=(second, band, frame)], dB, at least 0
        90th minus 10th percentile, as ``numpy.percentile``.
    """
    bands = []
    for start, stop in pairwise(bounds):
        ordered = np.sort(level[:, start:stop].transpose(0, 2, 1), axis=-1)
        bands.append(_quantile(ordered, PEAK) - _quantile(ordered, VALLEY))
    return np.stack(bands, axis=1)


def _quantile(ordered: NDArray[np.floating], share: float) -> Array:
    """Interpolate linearly between the two nearest of the ordered values."""
    place = share * (ordered.shape[-1] - 1)
    lower = int(place)
    upper = min(lower + 1, ordered.shape[-1] - 1)
    a, b = ordered[..., lower].astype(np.float64), ordered[..., upper].astype(np.float64)
    return np.asarray(a + (b - a) * (place - lower))


def band_levels(power: Array, width: int) -> Array:
    """Return the level of the mean power in bands of ``width`` bins from bin 0 on, dB.

    Bins that do not fill a band are left out.

    Returns
    -------
    ndarray [shape=(second, band, frame)]
    """
    seconds, bins, frames = power.shape
    bands = bins // width
    kept = power[:, : bands * width].reshape(seconds, bands, width, frames)
    return np.asarray(10 * np.log10(kept.mean(axis=2)))
