"""Cepstrum with librosa, residual phase in a loop over frames of librosa and SciPy.

``librosa.lpc`` is Burg's method; ours is the autocorrelation method, so residuals are alike, not
equal. A frame's Hilbert transform sees the frame alone, ours real samples around it as well.
"""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray
from scipy.signal import hilbert, lfilter

from pipeline.features.mf_rp import Config

DEFINITION = "same"


def extract(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return cepstrum and residual phase [shape=(coefficient, frame) each]."""
    return cepstrum(samples, sample_rate, config), phase(samples, sample_rate, config)


def cepstrum(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> NDArray[np.floating]:
    """Return mel-frequency cepstral coefficients, dB [shape=(coefficient, frame)]."""
    window = round(config.window_seconds * sample_rate)
    n_fft = 1 << (window - 1).bit_length()
    values: NDArray[np.floating] = librosa.feature.mfcc(
        y=samples,
        sr=sample_rate,
        n_mfcc=config.coefficients,
        n_fft=n_fft,
        win_length=window,
        hop_length=round(config.hop_seconds * sample_rate),
        n_mels=config.mels,
        fmin=config.f_min,
        fmax=config.f_max,
    )
    return values


def phase(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.floating]:
    """Return the residual phase around each frame's strongest excitation, in [-1, 1]."""
    hop = round(config.hop_seconds * sample_rate)
    length = hop + round(config.overlap_seconds * sample_rate)
    emphasised = librosa.effects.preemphasis(samples, coef=config.pre_emphasis)
    padded = np.pad(emphasised, (length // 2, length))
    half = config.coefficients // 2
    values = np.zeros((config.coefficients, 1 + samples.size // hop))
    for index in range(values.shape[1]):
        frame = padded[index * hop : index * hop + length]
        if not frame.any():
            continue
        predictor = librosa.lpc(frame * np.hamming(length), order=config.lp_order)
        residual = lfilter(predictor, [1.0], frame)
        envelope = np.abs(hilbert(residual))
        peak = int(envelope.argmax())
        ratio = residual / np.maximum(envelope, config.rp_floor * envelope[peak])
        around = ratio[max(0, peak - half) : peak + half]
        start = max(0, half - peak)
        values[start : start + around.size, index] = around
    return values
