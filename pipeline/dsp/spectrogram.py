"""Log-power spectrograms on a grid of frequencies that does not depend on the window.

Conventions
-----------
Axes ``(second, bin, frame)``. A short window resolves time (wideband), a long one frequency
(narrowband); both are padded with zeros to the same transform of ``sample_rate / bin_hz`` samples,
so their pictures lie on each other. Bins run from 0 to ``f_max`` Hz inclusive. Unit: decibels re a
full-scale sine, ``20 log10(2 |X| / sum(w))``, Hann window ``w``, not below ``10 log10(floor)``;
nothing is normalised per track.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import get_window

from pipeline.dsp import blocks, checks


@dataclass(frozen=True)
class Config:
    """Parameters of a spectrogram.

    Attributes
    ----------
    window_seconds
        Length of the Hann window.
    hop_seconds
        Distance of the frames.
    bin_hz
        Distance of the bins; the transform has ``round(sample_rate / bin_hz)`` samples.
    f_max
        Frequency of the last bin, Hz.
    floor
        Smallest power, relative to a full-scale sine.
    """

    window_seconds: float
    hop_seconds: float = 0.010
    bin_hz: float = 10.0
    f_max: float = 4000.0
    floor: float = 1e-10

    def __post_init__(self) -> None:
        checks.require_positive(self, "window_seconds", "bin_hz", "floor")
        checks.require_band(0.0, self.f_max)
        checks.require_hop(self.hop_seconds)


def shape(config: Config) -> dict[str, int]:
    """Return the axes of one second.

    Examples
    --------
    >>> shape(Config(window_seconds=0.003))
    {'bin': 401, 'frame': 101}
    """
    bins = 1 + round(config.f_max / config.bin_hz)
    return {"bin": bins, "frame": blocks.frames_per_block(config.hop_seconds)}


def extract(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.float32]:
    """Compute the spectrogram of a track.

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
    ndarray [shape=(second, bin, frame)], float32, dB re a full-scale sine

    Raises
    ------
    ValueError
        If ``samples`` is not mono, empty or not finite, if ``f_max`` is not below half of
        ``sample_rate``, if the window is longer than the transform, or if the rate does not fit
        ``hop_seconds``.
    """
    blocks.check_samples(samples, sample_rate)
    checks.require_below_nyquist(config.f_max, sample_rate)
    hop = blocks.hop_length(sample_rate, config.hop_seconds)
    bins, count = shape(config).values()
    n_fft = round(sample_rate / config.bin_hz)
    length = max(1, round(config.window_seconds * sample_rate))
    if length > n_fft:
        raise ValueError(
            f"window_seconds {config.window_seconds} is longer than 1 / bin_hz, bin_hz "
            f"{config.bin_hz}: the transform would cut the window"
        )
    window = get_window("hann", length)
    window *= 2 / window.sum()

    def level(seconds: blocks.Array) -> blocks.Array:
        frames = blocks.frames_of(seconds, 0, length, hop, count)
        spectrum = fft.rfft(frames * window, n_fft, axis=-1, workers=1)[..., :bins]
        power = spectrum.real**2 + spectrum.imag**2
        return 10 * np.log10(np.maximum(power, config.floor)).transpose(0, 2, 1)

    reach = (count - 1) * hop + length
    values = blocks.map_blocks(level, samples, sample_rate, length // 2, reach)
    return values.astype(np.float32, copy=False)
