"""Fundamental frequency and harmonicity of many frames, from their power spectra.

Conventions
-----------
Spectra have shape ``(second, bin, frame)``: power, bin ``k`` at ``k * bin_hz``, the last one at
``f_max``. Their inverse transform is the autocorrelation of the windowed frame, at lags of
``1 / (4 f_max)`` s. Divided by its value at lag 0 and by the autocorrelation of the window, its
largest peak ``h`` is the share of the power that repeats with that period, and ``h / (1 - h)`` the
ratio of harmonics to noise. Peaks are those of the parabola through three lags.

References
----------
P. Boersma, Proc. Institute of Phonetic Sciences Amsterdam 17, 1993.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import fft

from pipeline.dsp.blocks import Array

# Lags per half a period of f_max: at 1, a parabola misses the height of a peak between two lags.
OVERSAMPLING = 2
# h is kept inside these: ratios from -20 to 30 dB. Beyond, rounding decides.
LEAST, MOST = 0.01, 0.999
# Below this curvature (per squared lag, h = 1) the three values lie on a line.
FLAT = -1e-9


def hann_autocorrelation(lag: Array) -> Array:
    """Return the autocorrelation of a Hann window, 1 at lag 0.

    Parameters
    ----------
    lag
        As a share of the window's length, in [0, 1].

    Examples
    --------
    >>> hann_autocorrelation(np.array([0.0, 0.5, 1.0])).round(4).tolist()[:2]
    [1.0, 0.1667]
    """
    turn = 2 * np.pi * lag
    return (1 - lag) * (2 / 3 + np.cos(turn) / 3) + np.sin(turn) / (2 * np.pi)


def lag_range(f_max: float, f0_min: float, f0_max: float) -> tuple[int, int]:
    """Return the first and the last lag of a range of fundamental frequencies.

    Examples
    --------
    >>> lag_range(4000.0, 60.0, 500.0)
    (32, 266)
    """
    rate = 2 * OVERSAMPLING * f_max
    return round(rate / f0_max), math.floor(rate / f0_min)


def fundamental(
    power: Array,
    window_seconds: float,
    f_max: float,
    f0_min: float,
    f0_max: float,
    octave_cost: float,
) -> tuple[Array, Array]:
    """Return fundamental frequency and harmonicity of each frame.

    Parameters
    ----------
    power
        [shape=(second, bin, frame)], above 0.
    window_seconds
        Length of the Hann window, longer than the longest period.
    f_max
        Frequency of the last bin, Hz.
    f0_min, f0_max
        Range of the fundamental, Hz.
    octave_cost
        What a peak loses in comparison with others for each octave below ``f0_max``.

    Returns
    -------
    frequency : ndarray [shape=(second, frame)], Hz
    harmonicity : ndarray [shape=(second, frame)]
        In [0, 0.999]; 0 where the autocorrelation has no peak in the range.
    """
    first, last = lag_range(f_max, f0_min, f0_max)
    n = 2 * OVERSAMPLING * (power.shape[1] - 1)
    spectra = power.transpose(0, 2, 1)
    correlation = fft.irfft(spectra, n, axis=-1, workers=1)[..., : last + 2]
    lags = np.arange(first - 1, last + 2)
    rate = 2 * OVERSAMPLING * f_max
    window = hann_autocorrelation(lags / (rate * window_seconds))
    ratio = correlation[..., first - 1 :] / (correlation[..., :1] * window)
    left, middle, right = ratio[..., :-2], ratio[..., 1:-1], ratio[..., 2:]
    vertex = np.clip(0.5 * (left - right) / np.minimum(left - 2 * middle + right, FLAT), -0.5, 0.5)
    height = middle - 0.25 * (left - right) * vertex
    # More than all the power cannot repeat: few periods lie in the window. The cost then decides.
    height = np.clip(height, 0.0, 1.0)
    peak = (middle >= left) & (middle >= right)
    cost = octave_cost * np.log2(lags[1:-1] / first)
    best = np.where(peak, height - cost, -np.inf).argmax(axis=-1)[..., None]
    found = np.take_along_axis(peak, best, -1)[..., 0]
    share, offset = (np.take_along_axis(part, best, -1)[..., 0] for part in (height, vertex))
    frequency = rate / (first + best[..., 0] + offset)
    return frequency, np.where(found, np.minimum(share, MOST), 0.0)


def harmonics_to_noise(harmonicity: Array) -> Array:
    """Return the ratio of harmonics to noise.

    Returns
    -------
    ndarray, dB, in [-20, 30]

    Examples
    --------
    >>> harmonics_to_noise(np.array([0.0, 0.5, 1.0])).round(3).tolist()
    [-19.956, 0.0, 29.996]
    """
    share = np.clip(harmonicity, LEAST, MOST)
    return 10 * np.log10(share / (1 - share))
