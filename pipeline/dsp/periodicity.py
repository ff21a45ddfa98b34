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

from pipeline.dsp import fft
from pipeline.dsp.blocks import Array
from pipeline.dsp.fft import transform
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, spread, store, where_greater
from pipeline.dsp.passes import POINT

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


@kernel
def _search(power, count, plan, lag_0, norms, costs, frequencies, shares):  # type: ignore[no-untyped-def]
    """Write the lag of the best peak of four frames at a time, and its height.

    The autocorrelation is the cosine sum of the power over positive and negative frequencies:
    the real part of the transform of a real frame whose samples are ``P_0, 2 P_1, 2 P_2, ...``.
    """
    radices, twiddles, turns = plan
    m = turns.size // 2 - 1
    lags = norms.size
    bins = power.size // (frequencies.size // count) // count
    x, ratio = np.empty(m * POINT), np.empty(lags * WIDTH)
    y = np.empty_like(x)
    zero, half, one = splat(0.0), splat(0.5), splat(1.0)
    for second in range(frequencies.size // count):
        for group in range(-(-count // WIDTH)):
            frame = min(group * WIDTH, count - WIDTH)
            for k in range(bins):
                value = load(power, (second * bins + k) * count + frame)
                store(x, WIDTH * k, value if k == 0 else value + value)
            x[WIDTH * bins :] = 0.0
            z = transform(x, y, radices, twiddles)
            whole = load(z, 0) + load(z, WIDTH)
            for lag in range(lags):
                k = lag_0 + lag
                i, j = POINT * k, POINT * (m - k)
                ar, ai, br, bi = load(z, i), load(z, i + WIDTH), load(z, j), load(z, j + WIDTH)
                c, s = spread(turns, 2 * k), spread(turns, 2 * k + 1)
                real = fma(ai + bi, c, fma(br - ar, s, ar + br)) * half
                store(ratio, WIDTH * lag, real / (whole * spread(norms, lag)))
            best, place, share = splat(-np.inf), one, zero
            for lag in range(1, lags - 1):
                left, middle = load(ratio, WIDTH * (lag - 1)), load(ratio, WIDTH * lag)
                right = load(ratio, WIDTH * (lag + 1))
                curve, flat = left - middle - middle + right, splat(FLAT)
                tilt = left - right
                vertex = half * tilt / where_greater(flat, curve, curve, flat)
                vertex = where_greater(vertex, half, half, vertex)
                vertex = where_greater(zero - half, vertex, zero - half, vertex)
                height = middle - splat(0.25) * tilt * vertex
                # More than all the power cannot repeat: few periods lie in the window. The cost
                # then decides.
                height = where_greater(height, one, one, where_greater(zero, height, zero, height))
                value = height - spread(costs, lag)
                # No peak where a neighbour is larger: -infinity never is above the best.
                value = where_greater(left, middle, splat(-np.inf), value)
                value = where_greater(right, middle, splat(-np.inf), value)
                place = where_greater(value, best, splat(float(lag_0 + lag)) + vertex, place)
                share = where_greater(value, best, height, share)
                best = where_greater(value, best, value, best)
            store(frequencies, second * count + frame, place)
            store(shares, second * count + frame, share)


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
    seconds, bins, count = power.shape
    frames = max(count, WIDTH)  # the kernel takes four, at least
    plan = fft.plan(2 * OVERSAMPLING * (bins - 1))
    lags = np.arange(first - 1, last + 2)
    rate = 2 * OVERSAMPLING * f_max
    norms = hann_autocorrelation(lags / (rate * window_seconds))
    costs = octave_cost * np.log2(np.maximum(lags, 1) / first)
    place, share = np.empty((seconds, frames)), np.empty((seconds, frames))
    flat = np.pad(power, ((0, 0), (0, 0), (0, frames - count)), mode="edge").reshape(-1)
    _search(flat, frames, plan, first - 1, norms, costs, place.reshape(-1), share.reshape(-1))
    return rate / place[:, :count], np.minimum(share, MOST)[:, :count]


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
