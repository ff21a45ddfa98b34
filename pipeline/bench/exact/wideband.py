"""Log-power spectrogram: one transform per frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from pipeline.bench.exact import Array, centres, cut
from pipeline.dsp.spectrogram import Config


def parts(samples: NDArray[np.floating], sample_rate: int, config: Config) -> dict[str, Array]:
    """Return ``level``, dB re a full-scale sine [shape=(second, bin, frame)]."""
    length = round(config.window_seconds * sample_rate)
    bins = 1 + round(config.f_max / config.bin_hz)
    window = get_window("hann", length)
    frames = list(centres(samples.size, sample_rate, config.hop_seconds))
    level = np.zeros((frames[-1][0] + 1, bins, frames[-1][1] + 1))
    for second, frame, centre in frames:
        piece = cut(samples, centre - length // 2, length) * window * 2 / window.sum()
        power = np.abs(np.fft.rfft(piece, round(sample_rate / config.bin_hz))[:bins]) ** 2
        level[second, :, frame] = 10 * np.log10(np.maximum(power, config.floor))
    return {"level": level}
