"""Mel-frequency cepstral coefficients (MFCC) of many frames at once.

Conventions
-----------
As ``librosa.feature.mfcc`` with ``norm="ortho"`` and Slaney's mel scale: Hann window (periodic),
the power ``|X|^2`` without normalisation, mel bands of unit area in hertz, ``10 log10`` with an
absolute floor, DCT-II. Unlike librosa's default there is no ``top_db``: its floor follows the
loudest frame of the track, so a frame would depend on all others.

References
----------
S. Davis and P. Mermelstein, IEEE Trans. ASSP 28, 1980; M. Slaney, Auditory Toolbox, 1998.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp.blocks import Array
from pipeline.dsp.decibel import decibels
from pipeline.dsp.fft import gather, power, transform
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, spread, store
from pipeline.dsp.passes import POINT

# Slaney's scale: linear up to 1000 Hz, 66.7 Hz per mel; then 27 mels for a factor of 6.4.
LINEAR_HZ, CORNER_HZ, LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27
CORNER = CORNER_HZ / LINEAR_HZ
# Coefficients whose sums stand in registers together.
TILE = 8


class MelFilters(NamedTuple):
    """Triangular filters, each with its own run of bins.

    Attributes
    ----------
    starts
        First bin of each filter [shape=(mel,)].
    ends
        Where a filter's weights end in ``weights``; they begin where the last one's end.
    weights
        [shape=(weight,)]
    """

    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    weights: Array


def mel_hertz(mel: Array) -> Array:
    """Return the frequencies of some mels, Hz.

    Examples
    --------
    >>> mel_hertz(np.array([3.0, 15.0, 42.0]))
    array([ 200., 1000., 6400.])
    """
    beyond = CORNER_HZ * np.exp(LOG_STEP * (mel - CORNER))
    return np.where(mel < CORNER, LINEAR_HZ * mel, beyond)


def hertz_mel(frequency: float) -> float:
    """Return the mel of a frequency in Hz.

    Examples
    --------
    >>> hertz_mel(200.0), hertz_mel(6400.0)
    (3.0, 42.0)
    """
    if frequency < CORNER_HZ:
        return frequency / LINEAR_HZ
    return float(CORNER + np.log(frequency / CORNER_HZ) / LOG_STEP)


def mel_matrix(sample_rate: int, n_fft: int, mels: int, f_min: float, f_max: float) -> Array:
    """Return the mel filters [shape=(mel, bin)].

    Raises
    ------
    ValueError
        If a filter is so narrow that it holds no bin of the transform.
    """
    edges = mel_hertz(np.linspace(hertz_mel(f_min), hertz_mel(f_max), mels + 2))
    bins = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    filters = np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    if not filters.any(axis=1).all():
        raise ValueError(
            f"mels {mels} between f_min {f_min} Hz and f_max {f_max} Hz are too narrow for bins of "
            f"{sample_rate / n_fft:.1f} Hz: use fewer mels or a longer window_seconds"
        )
    return np.asarray(filters)


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, n_fft: int, mels: int, f_min: float, f_max: float) -> MelFilters:
    """Return the filters of :func:`mel_matrix` without their zeros."""
    runs = [
        (row.nonzero()[0][0], row[row.nonzero()[0][0] : row.nonzero()[0][-1] + 1])
        for row in mel_matrix(sample_rate, n_fft, mels, f_min, f_max)
    ]
    starts = np.array([start for start, _ in runs], np.intp)
    ends = np.cumsum([run.size for _, run in runs], dtype=np.intp)
    return MelFilters(starts, ends, np.concatenate([run for _, run in runs]))


@lru_cache(maxsize=8)
def cosines(mels: int, coefficients: int) -> Array:
    """Return the rows of the orthonormal DCT-II [shape=(tile, mel, coefficient of the tile)], flat.

    Rows beyond ``coefficients`` that complete the last tile are zero.
    """
    tiles = -(-coefficients // TILE)
    rows = np.zeros((tiles * TILE, mels))
    angle = np.pi / mels * np.outer(np.arange(coefficients), np.arange(mels) + 0.5)
    rows[:coefficients] = np.sqrt(2 / mels) * np.cos(angle)
    rows[0] = np.sqrt(1 / mels)
    return np.ascontiguousarray(rows.reshape(tiles, TILE, mels).transpose(0, 2, 1)).ravel()


@kernel
def mel_levels(powers, filters, floor, levels):  # type: ignore[no-untyped-def]
    """Write the level of each filter, from ``4 |X|^2``."""
    starts, ends, weights = filters
    first = 0
    for mel in range(starts.size):
        sum_, bin_ = splat(0.0), starts[mel]
        for place in range(first, ends[mel]):
            sum_ = fma(load(powers, WIDTH * bin_), spread(weights, place), sum_)
            bin_ += 1
        first = ends[mel]
        store(levels, WIDTH * mel, decibels(sum_ * splat(0.25), floor))


@kernel
def dct_tile(levels, mels, cosines, w, values, o, count):  # type: ignore[no-untyped-def]
    """Write the coefficients of a tile, ``count`` elements apart."""
    a = b = c = d = e = f = g = h = splat(0.0)
    for mel in range(mels):
        level = load(levels, WIDTH * mel)
        a, b = fma(level, spread(cosines, w), a), fma(level, spread(cosines, w + 1), b)
        c, d = fma(level, spread(cosines, w + 2), c), fma(level, spread(cosines, w + 3), d)
        e, f = fma(level, spread(cosines, w + 4), e), fma(level, spread(cosines, w + 5), f)
        g, h = fma(level, spread(cosines, w + 6), g), fma(level, spread(cosines, w + 7), h)
        w += TILE
    store(values, o, a)
    store(values, o + count, b)
    store(values, o + 2 * count, c)
    store(values, o + 3 * count, d)
    store(values, o + 4 * count, e)
    store(values, o + 5 * count, f)
    store(values, o + 6 * count, g)
    store(values, o + 7 * count, h)


@kernel
def mfcc(samples, rate, hop, count, window, plan, filters, floor, cosines, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (second, coefficient in whole tiles, frame ``count``), float32, flat.

    Frame ``k`` of block ``second`` begins at ``second * rate + k * hop``.
    """
    radices, twiddles, turns = plan
    starts, ends, _ = filters
    mels = starts.size
    tiles = cosines.size // (TILE * mels)
    bins = (starts + np.diff(np.append(np.zeros_like(ends[:1]), ends))).max()
    x = np.empty(turns.size // 2 * POINT - POINT)
    y, powers, levels = np.empty_like(x), np.empty(bins * WIDTH), np.empty(mels * WIDTH)
    for second in range(values.size // (tiles * TILE * count)):
        for group in range(-(-count // WIDTH)):
            frame = min(group * WIDTH, count - WIDTH)
            gather(samples, second * rate + frame * hop, hop, window, x)
            power(transform(x, y, radices, twiddles), bins, turns, powers)
            mel_levels(powers, filters, floor, levels)
            for tile in range(tiles):
                o = (second * tiles + tile) * TILE * count + frame
                dct_tile(levels, mels, cosines, TILE * mels * tile, values, o, count)
