"""Log-power spectrogram with ``librosa.stft``."""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from pipeline.dsp.spectrogram import Config

DEFINITION = "same"


def extract(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> NDArray[np.floating]:
    """Return decibels re a full-scale sine [shape=(bin, frame)]."""
    window = round(config.window_seconds * sample_rate)
    spectrum = librosa.stft(
        samples,
        n_fft=round(sample_rate / config.bin_hz),
        hop_length=round(config.hop_seconds * sample_rate),
        win_length=window,
    )
    amplitude = np.abs(spectrum[: 1 + round(config.f_max / config.bin_hz)])
    amplitude *= 2 / get_window("hann", window).sum()
    return np.asarray(10 * np.log10(np.maximum(amplitude**2, config.floor)))
