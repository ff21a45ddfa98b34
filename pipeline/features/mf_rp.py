"""Cepstrum and residual phase (MF_RP): what resonates, and when it was struck.

Conventions
-----------
Axes ``(second, part, coefficient, frame)``, 2 x 64 x 44 per second. Part 0 holds the mel-frequency
cepstral coefficients (dB; see :mod:`pipeline.dsp.cepstrum`), part 1 the residual phase (RP; without
unit, in [-1, 1]; see :mod:`pipeline.dsp.residual_phase`). The paper's 192 rows (Table III) are the
fused 64 with their first and second differences; fusion belongs to the models.

The residual phase of a frame: pre-emphasis of the track; a predictor from the frame's Hamming-
windowed autocorrelation; the residual of the unwindowed frame and of real neighbouring samples, as
many as the returned samples and a fast Fourier transform need; ``r / h`` around the maximum of the
envelope ``h`` inside the frame. It does not change with the track's gain.

References
----------
Paper, section V.A; K. S. R. Murty and B. Yegnanarayana, IEEE Signal Processing Letters 13, 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import get_window

from pipeline.dsp import blocks, cepstrum, checks, linear_prediction, residual_phase


@dataclass(frozen=True)
class Config:
    """Parameters of the cepstrum and the residual phase.

    Attributes
    ----------
    coefficients
        Number of cepstral coefficients and of residual-phase samples.
    hop_seconds
        Distance of the frames.
    window_seconds
        Length of the cepstrum's window.
    mels
        Mel bands between ``f_min`` and ``f_max``.
    f_min, f_max
        Band limits of the mel filters, Hz.
    floor
        Smallest mel power before the logarithm (librosa's ``amin``).
    pre_emphasis
        Coefficient of the first difference, for the residual alone.
    overlap_seconds
        Overlap of adjacent residual frames; a frame lasts one hop and this.
    lp_order
        Order of the linear predictor.
    white_noise
        Added to the autocorrelation at lag 0, relative to it: keeps tones solvable.
    rp_floor
        Share of the frame's envelope maximum below which the phase is set to 0.
    rp_mode
        ``vector``: the samples around the maximum; ``scalar``: the value at the maximum, repeated
        over the coefficients.
    """

    coefficients: int = 64
    hop_seconds: float = 0.02322
    window_seconds: float = 0.09288
    mels: int = 128
    f_min: float = 50.0
    f_max: float = 7300.0
    floor: float = 1e-10
    pre_emphasis: float = 0.97
    overlap_seconds: float = 0.010
    lp_order: int = 16
    white_noise: float = 1e-9
    rp_floor: float = 1e-6
    rp_mode: Literal["vector", "scalar"] = "vector"

    def __post_init__(self) -> None:
        checks.require_positive(self, "coefficients", "window_seconds", "mels", "floor", "lp_order")
        checks.require_band(self.f_min, self.f_max)
        checks.require_hop(self.hop_seconds)
        if self.coefficients > self.mels:
            raise ValueError(f"coefficients {self.coefficients} must not exceed mels {self.mels}")
        if self.overlap_seconds < 0:
            raise ValueError(f"overlap_seconds {self.overlap_seconds} must not be negative")
        for name in ("pre_emphasis", "white_noise", "rp_floor"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} must be at least 0 and below 1")
        if self.rp_mode not in ("vector", "scalar"):
            raise ValueError(f"rp_mode {self.rp_mode!r} must be 'vector' or 'scalar'")


def shape(config: Config) -> dict[str, int]:
    """Return the axes of one second.

    Examples
    --------
    >>> shape(Config())
    {'part': 2, 'coefficient': 64, 'frame': 44}
    """
    frames = blocks.frames_per_block(config.hop_seconds)
    return {"part": 2, "coefficient": config.coefficients, "frame": frames}


def extract(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.float32]:
    """Compute cepstrum and residual phase of a track.

    Parameters
    ----------
    samples
        Mono, in [-1, 1] [shape=(n,)].
    sample_rate
        In hertz; above ``2 * f_max``.
    config
        See :class:`Config`.

    Returns
    -------
    ndarray [shape=(second, part, coefficient, frame)], float32
        Part 0 in dB, part 1 in [-1, 1].

    Raises
    ------
    ValueError
        If ``samples`` is not mono, empty or not finite, if ``f_max`` is not below half of
        ``sample_rate``, if a mel band holds no bin, or if the rate does not fit ``hop_seconds``.
    """
    blocks.check_samples(samples, sample_rate)
    checks.require_below_nyquist(config.f_max, sample_rate)
    parts = [_cepstrum(samples, sample_rate, config), _phase(samples, sample_rate, config)]
    return np.stack(parts, axis=1).astype(np.float32, copy=False)


def _cepstrum(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> NDArray[np.floating]:
    hop = blocks.hop_length(sample_rate, config.hop_seconds)
    count = blocks.frames_per_block(config.hop_seconds)
    window = max(1, round(config.window_seconds * sample_rate))
    # Even, so that the number of bins tells the length; zeros beyond the window change no frame.
    n_fft = 2 * fft.next_fast_len(-(-window // 2), real=True)
    filters = cepstrum.mel_matrix(sample_rate, n_fft, config.mels, config.f_min, config.f_max)

    def coefficients(seconds: blocks.Array) -> blocks.Array:
        frames = blocks.frames_of(seconds, 0, window, hop, count)
        return cepstrum.mfcc(frames, filters, config.coefficients, config.floor)

    length = (count - 1) * hop + window
    return blocks.map_blocks(coefficients, samples, sample_rate, window // 2, length)


def _phase(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.floating]:
    hop = blocks.hop_length(sample_rate, config.hop_seconds)
    count = blocks.frames_per_block(config.hop_seconds)
    window = hop + round(config.overlap_seconds * sample_rate)
    # The envelope's transform is circular: real samples around the frame, at least half of the
    # returned ones on each side, keep its seam away and let every maximum lie in the middle.
    total = fft.next_fast_len(window + 2 * (config.coefficients // 2), real=True)
    first = (total - window) // 2

    def phase(seconds: blocks.Array) -> blocks.Array:
        emphasised = linear_prediction.pre_emphasise(seconds, config.pre_emphasis)
        segments = blocks.frames_of(emphasised, 0, config.lp_order + total, hop, count)
        inside = slice(config.lp_order + first, config.lp_order + first + window)
        predictor = _predictor(segments[..., inside], config)
        r = linear_prediction.residual(predictor, segments)
        values = residual_phase.phase_at_peak(
            r, first, window, config.coefficients, config.rp_floor
        )
        if config.rp_mode == "scalar":
            middle = config.coefficients // 2
            values = np.broadcast_to(values[..., middle, None], values.shape)
        return values.transpose(0, 2, 1)

    # One sample more for the first difference.
    before = window // 2 + first + config.lp_order + 1
    length = (count - 1) * hop + 1 + config.lp_order + total
    return blocks.map_blocks(phase, samples, sample_rate, before, length)


def _predictor(frames: blocks.Array, config: Config) -> blocks.Array:
    weighted = frames * get_window("hamming", frames.shape[-1], fftbins=False)
    correlation = linear_prediction.autocorrelation(weighted, config.lp_order)
    correlation[..., 0] *= 1 + config.white_noise
    return linear_prediction.levinson_durbin(correlation)[0]
