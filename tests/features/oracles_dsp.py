"""The definitions of the kernels, written out in NumPy and SciPy, one frame at a time."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import get_window, hilbert, lfilter

from pipeline.dsp import erb
from pipeline.dsp.lanes import WIDTH
from pipeline.features import gtf, mf_rp


def buffer(frames: np.ndarray, zeros: int = 0) -> np.ndarray:
    """Deal four frames [shape=(4, n)] out to the lanes, with zeros behind them."""
    return np.pad(frames, ((0, 0), (0, zeros))).T.ravel()


def frames_of(buffer: np.ndarray) -> np.ndarray:
    """Return the four frames of a buffer [shape=(4, n)]."""
    return buffer.reshape(-1, WIDTH).T


def block(samples: np.ndarray, start: int, length: int) -> np.ndarray:
    """Return some samples of a track, zero where it has none."""
    before, after = max(0, -start), max(0, start + length - samples.size)
    return np.pad(samples, (before, after))[start + before : start + before + length]


def energies(samples: np.ndarray, rate: int, config: gtf.Config, second: int) -> np.ndarray:
    """Energies of a block in all channels, by ``lfilter`` from the context on."""
    hop, window = round(config.hop_seconds * rate), round(config.window_seconds * rate)
    skip = round(config.context_seconds * rate)
    frames = gtf.shape(config)["frame"]
    length = skip + (frames - 1) * hop + window
    piece = block(samples, second * rate - window // 2 - skip, length)
    centres = erb.centre_frequencies(config.bands, config.f_min, config.f_max)
    zeros, poles, gain = erb.sections(rate, centres)
    found = np.empty((config.bands, frames))
    for band in range(config.bands):
        y = piece
        for j in range(4):
            y = lfilter([1, zeros[j, band]], [1, *poles[:, band]], y)
        squares = (gain[band] * y[skip:]) ** 2
        found[band] = [squares[k * hop :][:window].mean() for k in range(frames)]
    return found


def levels(
    samples: np.ndarray, rate: int, window_seconds: float, second: int, frame: int
) -> np.ndarray:
    """Levels of a frame from 0 to 4 kHz in bins of 10 Hz, frames every 10 ms, by ``numpy.fft``."""
    length = round(window_seconds * rate)
    window = get_window("hann", length)
    start = second * rate + frame * round(0.01 * rate) - length // 2
    spectrum = np.fft.rfft(block(samples, start, length) * window, rate // 10)[:401]
    power = (2 * np.abs(spectrum) / window.sum()) ** 2
    return 10 * np.log10(np.maximum(power, 1e-10))


def predictor(frame: np.ndarray, order: int, white_noise: float) -> np.ndarray:
    """Return the predictor of a windowed frame by a Toeplitz solver."""
    n = frame.size
    lags = np.array([frame[: n - lag] @ frame[lag:] for lag in range(order + 1)])
    column = lags[:order].copy()
    column[0] *= 1 + white_noise
    return np.concatenate([[1.0], -solve_toeplitz(column, lags[1:])])


def phase(
    samples: np.ndarray, rate: int, config: mf_rp.Config, second: int, frame: int
) -> np.ndarray:
    """Residual phase of one frame, one equation after the other."""
    hop, order = round(config.hop_seconds * rate), config.lp_order
    window = hop + round(config.overlap_seconds * rate)
    # Fast transforms that hold the frame and half of the returned samples on either side.
    total = {16000: 600, 22050: 800, 44100: 1536}[rate]
    margin, middle = (total - window) // 2, config.coefficients // 2
    start = second * rate + frame * hop - window // 2 - margin - order
    piece = block(samples, start - 1, total + order + 1)
    emphasised = piece[1:] - config.pre_emphasis * piece[:-1]
    s = emphasised[order + margin : order + margin + window] * np.hamming(window)
    a = predictor(s, order, config.white_noise)
    r = np.convolve(emphasised, a, mode="valid")
    h = np.abs(hilbert(r))
    peak = margin + int(np.argmax(h[margin : margin + window]))
    around = slice(peak - middle, peak + middle)
    return np.where(h[around] > config.rp_floor * h[peak], (r / h)[around], 0.0)
