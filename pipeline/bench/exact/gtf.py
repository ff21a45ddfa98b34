"""Gammatone energies: the cascade of four sections, one channel after the other, by SciPy."""

from __future__ import annotations

import numpy as np
from gammatone.filters import centre_freqs, make_erb_filters
from numpy.typing import NDArray
from scipy.signal import lfilter

from pipeline.bench.exact import Array, centres, cut
from pipeline.features.gtf import Config


def parts(samples: NDArray[np.floating], sample_rate: int, config: Config) -> dict[str, Array]:
    """Return ``energy`` (full scale squared) and ``level`` (dB) [shape=(second, band, frame)]."""
    frequencies = centre_freqs(sample_rate, config.bands, config.f_min, config.f_max)[::-1]
    window = round(config.window_seconds * sample_rate)
    skip = round(config.context_seconds * sample_rate)
    frames = list(centres(samples.size, sample_rate, config.hop_seconds))
    seconds, count = frames[-1][0] + 1, frames[-1][1] + 1
    energy = np.zeros((seconds, config.bands, count))
    for second in range(seconds):
        start = second * sample_rate - window // 2 - skip
        block = cut(samples, start, skip + sample_rate + window)
        for band, coefficients in enumerate(make_erb_filters(sample_rate, frequencies)):
            squares = _channel(block, coefficients) ** 2
            for _, frame, centre in (each for each in frames if each[0] == second):
                first = centre - window // 2 - start
                energy[second, band, frame] = squares[first : first + window].mean()
    return {"energy": energy, "level": 10 * np.log10(np.maximum(energy, config.floor))}


def _channel(block: Array, coefficients: Array) -> Array:
    """Filter by four second-order sections with common poles (Slaney 1993)."""
    a0, a11, a12, a13, a14, a2, b0, b1, b2, gain = coefficients
    signal = block
    for a1 in (a11, a12, a13, a14):
        signal = lfilter([a0, a1, a2], [b0, b1, b2], signal)
    return np.asarray(signal / gain)
