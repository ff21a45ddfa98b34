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

from pipeline.dsp import blocks, cepstrum, checks, fft, residual_phase, windows
from pipeline.dsp.lanes import WIDTH
from pipeline.dsp.signal import Signal


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


def from_signal(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Compute cepstrum and residual phase of a track; parameters and errors as :func:`extract`."""
    checks.require_below_nyquist(config.f_max, signal.sample_rate)
    return np.stack([_cepstrum(signal, config), _phase(signal, config)], axis=1)


def _cepstrum(signal: Signal, config: Config) -> NDArray[np.float32]:
    rate = signal.sample_rate
    hop = blocks.hop_length(rate, config.hop_seconds)
    count = blocks.frames_per_block(config.hop_seconds)
    window = max(1, round(config.window_seconds * rate))
    # Zeros beyond the window change no frame.
    n_fft = fft.fast_length(window)
    filters = cepstrum.mel_filters(rate, n_fft, config.mels, config.f_min, config.f_max)
    cosines = cepstrum.cosines(config.mels, config.coefficients)
    plan, hann = fft.plan(n_fft), windows.hann(window)
    frames = max(count, WIDTH)  # kernels write four frames, at least
    rows = cosines.size // config.mels

    def fill(piece: blocks.Array, values: NDArray[np.float32]) -> None:
        flat = values.reshape(-1)
        cepstrum.mfcc(piece, rate, hop, frames, hann, plan, filters, config.floor, cosines, flat)

    reach = (frames - 1) * hop + window
    every = blocks.map_chunks(fill, signal.samples, rate, window // 2, reach, (rows, frames))
    return every[:, : config.coefficients, :count]


def _phase(signal: Signal, config: Config) -> NDArray[np.float32]:
    rate = signal.sample_rate
    hop = blocks.hop_length(rate, config.hop_seconds)
    count = blocks.frames_per_block(config.hop_seconds)
    window = hop + round(config.overlap_seconds * rate)
    # The envelope's transform is circular: real samples around the frame, at least half of the
    # returned ones on each side, keep its seam away and let every maximum lie in the middle.
    total = fft.fast_length(window + 2 * (config.coefficients // 2))
    first = (total - window) // 2
    order, coefficients = config.lp_order, config.coefficients
    settings = residual_phase.Settings(
        config.pre_emphasis,
        order,
        config.white_noise,
        config.rp_floor,
        first,
        total,
        coefficients,
    )
    plan, hamming = fft.plan(total), windows.hamming(window)
    frames = max(count, WIDTH)

    def fill(piece: blocks.Array, values: NDArray[np.float32]) -> None:
        flat = values.reshape(-1)
        residual_phase.phases(piece, rate, hop, frames, hamming, settings, plan, flat)

    # One sample more for the first difference.
    before = window // 2 + first + order + 1
    reach = (frames - 1) * hop + 1 + order + total
    shape_ = (coefficients, frames)
    values = blocks.map_chunks(fill, signal.samples, rate, before, reach, shape_)[..., :count]
    if config.rp_mode == "scalar":
        middle = coefficients // 2
        values = np.repeat(values[:, middle : middle + 1], coefficients, axis=1)
    return values


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
    return from_signal(Signal(samples, sample_rate), config)
