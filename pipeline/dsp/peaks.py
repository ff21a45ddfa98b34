"""Spectral peaks of many frames at once, and how closely they lie.

Conventions
-----------
Spectra have shape ``(second, frame, bin)``: amplitudes re a full-scale sine, bin ``k`` at
``k * bin_hz``. A *peak* is a bin above its left neighbour, not below its right one, and more than a
prominence above the mean level (dB) of its neighbourhood; its frequency is that of the vertex of
the parabola through the three levels. Peaks are few: they are kept as a list, in the order of
frames and frequencies.

References
----------
J. O. Smith and X. Serra, PARSHL, Proc. ICMC, 1987 (parabola through levels); R. Plomp and
W. J. M. Levelt, J. Acoust. Soc. Am. 38, 1965 (roughness of partials that beat).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from pipeline.dsp.blocks import Array

# dB; three equal levels have no vertex. Far below any curvature that a window leaves.
FLAT = -1e-9


@dataclass(frozen=True)
class Peaks:
    """A list of peaks.

    Attributes
    ----------
    shape
        (second, frame, bin) of the spectra.
    frame
        Of each peak: ``second * frames + frame`` [shape=(peak,)].
    bin
        Of each peak [shape=(peak,)].
    frequency
        Hz, between the bins [shape=(peak,)].
    amplitude
        Re a full-scale sine [shape=(peak,)].
    """

    shape: tuple[int, int, int]
    frame: NDArray[np.intp]
    bin: NDArray[np.intp]
    frequency: Array
    amplitude: Array

    def within(self, f_min: float, f_max: float) -> Peaks:
        """Return the peaks with ``f_min <= frequency < f_max``."""
        kept = (self.frequency >= f_min) & (self.frequency < f_max)
        return Peaks(
            self.shape,
            self.frame[kept],
            self.bin[kept],
            self.frequency[kept],
            self.amplitude[kept],
        )

    def sums(self, values: Array) -> Array:
        """Return the sum of one value per peak over each frame [shape=(second, frame)]."""
        seconds, frames, _ = self.shape
        # One after the other, so that a frame's sum knows nothing of the other frames.
        sums = np.bincount(self.frame, values, seconds * frames)
        return sums.astype(np.float64, copy=False).reshape(seconds, frames)


def find(
    amplitude: Array, bin_hz: float, neighbourhood_hz: float, prominence_db: float, floor: float
) -> Peaks:
    """Return all peaks of some spectra.

    Parameters
    ----------
    amplitude
        [shape=(second, frame, bin)]
    bin_hz
        Distance of the bins.
    neighbourhood_hz
        Width of the neighbourhood whose mean level a peak must exceed, rounded to an odd number of
        bins; the spectrum is mirrored at its ends.
    prominence_db
        By how much.
    floor
        Smallest power before the logarithm.
    """
    level = 10 * np.log10(np.maximum(amplitude * amplitude, floor))
    bins = 2 * round(neighbourhood_hz / bin_hz / 2) + 1
    above = level - uniform_filter1d(level, bins, axis=-1)
    left, middle, right = amplitude[..., :-2], amplitude[..., 1:-1], amplitude[..., 2:]
    found = (middle > left) & (middle >= right) & (above[..., 1:-1] > prominence_db)
    second, frame, k = np.nonzero(found)
    k = k + 1
    a, b, c = (level[second, frame, k + side] for side in (-1, 0, 1))
    vertex = np.clip(0.5 * (a - c) / np.minimum(a - 2 * b + c, FLAT), -0.5, 0.5)
    return Peaks(
        (amplitude.shape[0], amplitude.shape[1], amplitude.shape[2]),
        second * amplitude.shape[1] + frame,
        k,
        (k + vertex) * bin_hz,
        amplitude[second, frame, k],
    )


def beating(peaks: Peaks, lags: tuple[int, ...]) -> Array:
    """Return how much the peaks of a frame beat at some distances.

    For each lag ``k`` in bins: ``sum_b A[b] A[b + k] / sum_b A[b]^2`` over the amplitudes ``A`` of
    the peaks, zero in all other bins.

    Parameters
    ----------
    peaks
        See :func:`find`.
    lags
        In bins, at least 1.

    Returns
    -------
    ndarray [shape=(second, frame, lag)], in [0, 1], without unit; 0 where there is no peak
    """
    seconds, frames, bins = peaks.shape
    amplitude = np.zeros((seconds * frames, bins))
    amplitude[peaks.frame, peaks.bin] = peaks.amplitude
    products = np.stack(
        [(amplitude[:, lag:] * amplitude[:, :-lag]).sum(axis=-1) for lag in lags], axis=-1
    )
    energy = np.maximum((amplitude * amplitude).sum(axis=-1), np.finfo(float).tiny)
    return np.asarray(products / energy[:, None]).reshape(seconds, frames, len(lags))
