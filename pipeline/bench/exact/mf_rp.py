"""Cepstrum and residual phase: one transform, one system of equations and one filter per frame."""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, next_fast_len
from scipy.linalg import solve_toeplitz
from scipy.signal import get_window, hilbert

from pipeline.bench.exact import Array, centres, cut
from pipeline.features.mf_rp import Config


def parts(samples: NDArray[np.floating], sample_rate: int, config: Config) -> dict[str, Array]:
    """Return ``cepstrum`` (dB) and ``phase`` [shape=(second, coefficient, frame) each].

    The phase is that of ``rp_mode: vector``.
    """
    frames = list(centres(samples.size, sample_rate, config.hop_seconds))
    shape = (frames[-1][0] + 1, config.coefficients, frames[-1][1] + 1)
    cepstrum, phase = np.zeros(shape), np.zeros(shape)
    window = round(config.window_seconds * sample_rate)
    filters = librosa.filters.mel(
        sr=sample_rate,
        n_fft=2 * next_fast_len(-(-window // 2), real=True),
        n_mels=config.mels,
        fmin=config.f_min,
        fmax=config.f_max,
        dtype=np.float64,
    )
    for second, frame, centre in frames:
        piece = cut(samples, centre - window // 2, window)
        cepstrum[second, :, frame] = _cepstrum(piece, filters, config)
        phase[second, :, frame] = _phase(samples, centre, sample_rate, config)
    return {"cepstrum": cepstrum, "phase": phase}


def _cepstrum(piece: Array, filters: Array, config: Config) -> Array:
    n_fft = 2 * (filters.shape[1] - 1)
    power = np.abs(np.fft.rfft(piece * get_window("hann", piece.size), n_fft)) ** 2
    level = 10 * np.log10(np.maximum(filters @ power, config.floor))
    return np.asarray(dct(level, norm="ortho")[: config.coefficients])


def _phase(samples: NDArray[np.floating], centre: int, sample_rate: int, config: Config) -> Array:
    hop = round(config.hop_seconds * sample_rate)
    length = hop + round(config.overlap_seconds * sample_rate)
    half, order = config.coefficients // 2, config.lp_order
    # The frame and real samples around it, as many as a fast transform has room for.
    total = next_fast_len(length + 2 * half, real=True)
    first = (total - length) // 2
    piece = cut(samples, centre - length // 2 - first - order - 1, 1 + order + total)
    emphasised = piece[1:] - config.pre_emphasis * piece[:-1]
    predictor = _predictor(emphasised[order + first :][:length], config)
    residual = np.convolve(emphasised, predictor, mode="valid")
    envelope = np.abs(hilbert(residual))
    peak = first + int(envelope[first : first + length].argmax())
    around = slice(peak - half, peak - half + config.coefficients)
    floor = config.rp_floor * envelope[peak]
    ratio = residual[around] / np.where(envelope[around] > floor, envelope[around], np.inf)
    return np.asarray(ratio)


def _predictor(frame: Array, config: Config) -> Array:
    """Solve the normal equations; silence is predicted by 1."""
    order = config.lp_order
    weighted = frame * np.hamming(frame.size)
    lags = np.correlate(weighted, weighted, mode="full")[frame.size - 1 :][: order + 1]
    if lags[0] == 0:
        return np.concatenate([[1.0], np.zeros(order)])
    lags[0] *= 1 + config.white_noise
    return np.concatenate([[1.0], -solve_toeplitz(lags[:order], lags[1:])])
