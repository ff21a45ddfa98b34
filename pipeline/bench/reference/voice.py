"""The nearest that librosa has to the voice feature: pitch by YIN and spectral descriptors.

Harmonics-to-noise ratio, slope, balance, entropy and flux have no function there; they are left
out, which favours the reference.
"""

from __future__ import annotations

import math

import librosa
import numpy as np
from numpy.typing import NDArray

from pipeline.features.voice import Config

DEFINITION = "nearest"


def extract(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> NDArray[np.floating]:
    """Return all rows of librosa's descriptors [shape=(row, frame)]."""
    n_fft = round(sample_rate / config.bin_hz)
    hop = round(config.hop_seconds * sample_rate)
    window = round(config.window_seconds * sample_rate)
    spectrum = np.abs(librosa.stft(samples, n_fft=n_fft, hop_length=hop, win_length=window))
    given = {"S": spectrum, "sr": sample_rate, "n_fft": n_fft}
    feature = librosa.feature
    rows = [
        feature.rms(S=spectrum, frame_length=n_fft),
        feature.spectral_centroid(**given),
        feature.spectral_bandwidth(**given),
        *(feature.spectral_rolloff(**given, roll_percent=share) for share in config.rolloffs),
        feature.spectral_flatness(S=spectrum),
        feature.spectral_contrast(**given),
        librosa.power_to_db(
            feature.melspectrogram(
                S=spectrum**2,
                sr=sample_rate,
                n_fft=n_fft,
                n_mels=round(config.f_max / config.band_hz),
                fmax=config.f_max,
            )
        ),
    ]
    pitch = librosa.yin(
        samples,
        fmin=config.f0_min,
        fmax=config.f0_max,
        sr=sample_rate,
        frame_length=2 * math.ceil(sample_rate / config.f0_min) + 2,
        hop_length=hop,
    )
    return np.concatenate([*rows, pitch[None]])
