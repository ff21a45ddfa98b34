"""Statistics of series in time: what the pooled families are made of.

Conventions
-----------
A series is float64 [shape=(row..., time)], ``rate`` frames per second; a statistic takes the time
away and keeps the rows. Nothing here is ever NaN: a deviation of 0 has skewness and correlation 0,
and a series too short for a lag has change 0.

A stored block of one second has its last frame in common with the next block, whose first it is
(frames stand at 0, 1/rate ... 1 s). :func:`joined` leaves it out, so that blocks line up without a
seam and ``rate`` is one less than the frames of a block.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

# A deviation below this is taken for none (units of the series).
LEAST_DEVIATION = 1e-6

# Modulation spectra: windows of 4 s, half overlapping, padded to twice their length, in octaves
# from 0.5 to 16 Hz. Rhythm of music (about 2 Hz) and syllables of speech (about 4 Hz; Greenberg &
# Kingsbury 1997) lie in the middle.
MODULATION_SECONDS = 4.0
MODULATION_HZ = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)

# Periods of a beat, 240 to 40 per minute (Tzanetakis & Cook 2002, beat histogram: 200 to 40).
BEAT_SECONDS = (0.25, 1.5)


def joined(blocks: np.ndarray) -> tuple[np.ndarray, int]:
    """Return blocks [shape=(second, row..., frame)] as one series, and its rate in 1/s.

    Examples
    --------
    >>> joined(np.array([[[1, 2, 3]], [[3, 4, 5]]]))
    (array([[1., 2., 3., 4.]]), 2)
    """
    rate = max(blocks.shape[-1] - 1, 1)
    wide = np.moveaxis(np.asarray(blocks[..., :rate], dtype=np.float64), 0, -2)
    return wide.reshape(*wide.shape[:-2], -1), rate


def skewness(series: np.ndarray) -> np.ndarray:
    """Return the third standardised moment [shape=(row...)]."""
    return _moment(series, 3)


def kurtosis(series: np.ndarray) -> np.ndarray:
    """Return the fourth standardised moment [shape=(row...)], 3 for a Gaussian."""
    return _moment(series, 4)


def _moment(series: np.ndarray, order: int) -> np.ndarray:
    deviation = np.maximum(series.std(axis=-1), LEAST_DEVIATION)
    centred = series - series.mean(axis=-1, keepdims=True)
    return np.asarray((centred**order).mean(axis=-1) / deviation**order)


def change(series: np.ndarray, lag: int) -> np.ndarray:
    """Return the mean absolute change over ``lag`` frames [shape=(row...)].

    Examples
    --------
    >>> change(np.array([0.0, 1.0, 4.0]), 2), change(np.array([0.0]), 2)
    (array(4.), array(0.))
    """
    if series.shape[-1] <= lag:
        return np.zeros(series.shape[:-1])
    return np.asarray(np.abs(series[..., lag:] - series[..., :-lag]).mean(axis=-1))


def lag_frames(seconds: float, rate: int) -> int:
    """Return a lag in frames, at least one.

    Examples
    --------
    >>> lag_frames(0.1, 43), lag_frames(0.02, 8)
    (4, 1)
    """
    return max(round(seconds * rate), 1)


def seconds_apart(series: np.ndarray, rate: int) -> list[np.ndarray]:
    """Return how seconds differ from each other, and what goes on inside them.

    Parameters
    ----------
    series, rate
        A series [shape=(row..., time)]; frames after the last full second are left out, and a
        series shorter than a second counts as one.

    Returns
    -------
    list
        Deviation of the seconds' means; mean of their deviations; deviation of their deviations;
        mean absolute change of the mean from one second to the next. Each [shape=(row...)].
    """
    count = max(series.shape[-1] // rate, 1)
    seconds = series[..., : count * rate].reshape(*series.shape[:-1], count, -1)
    means, deviations = seconds.mean(axis=-1), seconds.std(axis=-1)
    return [means.std(axis=-1), deviations.mean(axis=-1), deviations.std(axis=-1), change(means, 1)]


def modulation(
    series: np.ndarray, rate: int, edges: tuple[float, ...] = MODULATION_HZ
) -> np.ndarray:
    """Return the mean power of a series' fluctuation in bands of modulation frequency.

    Parameters
    ----------
    series, rate
        A series [shape=(row..., time)].
    edges
        Edges of the bands in Hz.

    Returns
    -------
    np.ndarray
        Welch's (1967) periodogram, Hann windows of ``MODULATION_SECONDS`` with their means taken
        off, averaged over the bins of each band [shape=(row..., band)]; in squared units of the
        series per bin. Bands that begin above half the rate
        are left out.
    """
    window = min(int(MODULATION_SECONDS * rate), series.shape[-1])
    padded = 2 * int(MODULATION_SECONDS * rate)
    # Without its two zeros, a Hann window of any length has power.
    taper = np.hanning(window + 2)[1:-1]
    starts = range(0, series.shape[-1] - window + 1, max(window // 2, 1))
    power = np.zeros((*series.shape[:-1], padded // 2 + 1))
    for start in starts:
        part = series[..., start : start + window]
        part = (part - part.mean(axis=-1, keepdims=True)) * taper
        power += np.abs(np.fft.rfft(part, padded)) ** 2
    power /= len(starts) * (taper**2).sum()
    hertz = np.fft.rfftfreq(padded, 1 / rate)
    bands = [(hertz >= low) & (hertz < high) for low, high in pairwise(edges)]
    return np.stack([power[..., band].mean(axis=-1) for band in bands if band.any()], axis=-1)


def beat(onsets: np.ndarray, rate: int) -> list[float]:
    """Return the strongest period of an onset strength by its unbiased autocorrelation.

    Parameters
    ----------
    onsets, rate
        Onset strength [shape=(time,)].

    Returns
    -------
    list
        Beats per second as log2(1 / period), the autocorrelation there (1 at lag 0), and how far
        it stands above the median of all lags in ``BEAT_SECONDS``; zeros where the series is too
        short to hold twice the shortest period and more.
    """
    centred = onsets - onsets.mean()
    count = len(centred)
    spectrum = np.abs(np.fft.rfft(centred, 2 * count)) ** 2
    correlation = np.fft.irfft(spectrum, 2 * count)[:count]
    correlation = correlation / max(correlation[0], LEAST_DEVIATION**2)
    correlation = correlation * (count / (count - np.arange(count)))
    shortest = lag_frames(BEAT_SECONDS[0], rate)
    longest = min(int(BEAT_SECONDS[1] * rate), count // 2)
    if longest <= shortest + 2:
        return [0.0, 0.0, 0.0]
    candidates = correlation[shortest:longest]
    best = int(candidates.argmax())
    clarity = candidates[best] - np.median(candidates)
    return [float(np.log2(rate / (shortest + best))), float(candidates[best]), float(clarity)]


def peaks_per_second(onsets: np.ndarray, rate: int) -> float:
    """Return how often an onset strength peaks above its median plus one deviation."""
    inner = onsets[1:-1]
    peak = (inner > onsets[:-2]) & (inner >= onsets[2:])
    return float((peak & (inner > np.median(onsets) + onsets.std())).sum() / (len(onsets) / rate))


def correlations(series: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of every pair of rows [shape=(row * (row - 1) / 2,)].

    Examples
    --------
    >>> correlations(np.array([[0.0, 1.0], [3.0, 1.0], [5.0, 5.0]])).round(6).tolist()
    [-1.0, 0.0, 0.0]
    """
    centred = series - series.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred**2).mean(axis=-1, keepdims=True))
    unit = centred / np.maximum(length, LEAST_DEVIATION)
    pairs = np.triu_indices(len(series), 1)
    return np.asarray((unit @ unit.T / series.shape[-1])[pairs])
