"""The nearest that librosa has to the tonal feature: two chromas and the peaks of a long spectrum.

No library has the roughness, the pitch moments or the share of energy in peaks; they are left out,
which favours the reference.
"""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray

from pipeline.features.tonal import Config

DEFINITION = "nearest"


def extract(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> tuple[NDArray[np.floating], ...]:
    """Return treble and bass chroma, peak frequencies and magnitudes [shape=(row, frame) each]."""
    window = round(config.window_seconds * sample_rate)
    hop = round(config.hop_seconds * sample_rate)
    spectrum = np.abs(librosa.stft(samples, n_fft=window, hop_length=hop))
    frequency = librosa.fft_frequencies(sr=sample_rate, n_fft=window)[:, None]
    tuning = librosa.estimate_tuning(S=spectrum, sr=sample_rate, n_fft=window)
    treble = spectrum * ((frequency >= config.treble_min) & (frequency <= config.treble_max))
    bass = spectrum * ((frequency >= config.f_min) & (frequency <= config.bass_max))
    chromas = [
        librosa.feature.chroma_stft(S=part**2, sr=sample_rate, n_fft=window, tuning=tuning)
        for part in (treble, bass)
    ]
    pitches, magnitudes = librosa.piptrack(
        S=spectrum, sr=sample_rate, n_fft=window, fmin=config.f_min, fmax=config.f_max
    )
    return (*chromas, pitches, magnitudes)
