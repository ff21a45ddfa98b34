"""Gammatone features (GTF): log energy of 24 auditory channels.

Conventions
-----------
Axes ``(second, band, frame)``, 24 x 44 per second (paper, Table III). Bands run from low to high
frequency, equally spaced on the ERB scale. Unit: decibels re full scale squared, so a full-scale
sine at a channel's centre reads -3.01 dB; energies below ``floor`` read ``10 log10(floor)``.

Every block is filtered alone, starting ``context_seconds`` before the first sample that its frames
use, or as much of it as a channel remembers: after 0.2 s nothing of the filters' start-up is left
in double precision, in high channels much sooner.

References
----------
M. Slaney, Apple TR 35, 1993; B. Glasberg and B. Moore, Hearing Research 47, 1990; see
:mod:`pipeline.dsp.erb`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp import blocks, checks, erb
from pipeline.dsp.cascade import LAG
from pipeline.dsp.signal import Signal


@dataclass(frozen=True)
class Config:
    """Parameters of the gammatone features.

    Attributes
    ----------
    bands
        Number of channels.
    f_min
        Centre of the lowest channel, Hz.
    f_max
        Upper end of the ERB grid, Hz; the highest centre lies one step below.
    window_seconds
        Length of the energy window.
    hop_seconds
        Distance of the frames.
    context_seconds
        Filters' start-up before the first sample a block uses.
    floor
        Smallest energy, relative to full scale squared.
    """

    bands: int = 24
    f_min: float = 50.0
    f_max: float = 7300.0
    window_seconds: float = 0.025
    hop_seconds: float = 0.02322
    context_seconds: float = 0.25
    floor: float = 1e-10

    def __post_init__(self) -> None:
        checks.require_positive(self, "bands", "f_min", "window_seconds", "floor")
        checks.require_band(self.f_min, self.f_max)
        checks.require_hop(self.hop_seconds)
        if self.context_seconds < 0:
            raise ValueError(f"context_seconds {self.context_seconds} must not be negative")


def shape(config: Config) -> dict[str, int]:
    """Return the axes of one second.

    Examples
    --------
    >>> shape(Config())
    {'band': 24, 'frame': 44}
    """
    return {"band": config.bands, "frame": blocks.frames_per_block(config.hop_seconds)}


def energies(signal: Signal, config: Config) -> blocks.Array:
    """Return the channels' energies before the logarithm.

    Parameters and errors are those of :func:`extract`.

    Returns
    -------
    ndarray [shape=(second, band, frame)], float64, full scale squared, >= 0
    """
    rate = signal.sample_rate
    checks.require_below_nyquist(config.f_max, rate)
    hop = blocks.hop_length(rate, config.hop_seconds)
    window = max(1, round(config.window_seconds * rate))
    skip = round(config.context_seconds * rate)
    frames = blocks.frames_per_block(config.hop_seconds)
    channels = (config.bands, config.f_min, config.f_max)
    values = np.empty((signal.seconds, *shape(config).values()))
    for first in range(0, signal.seconds, blocks.CHUNK_SECONDS):
        last = min(first + blocks.CHUNK_SECONDS, signal.seconds)
        start = first * rate - window // 2 - skip
        stop = start + skip + (last - first - 1) * rate + (frames - 1) * hop + window + LAG
        piece = blocks.cut(signal.samples, start, stop)
        starts = skip + rate * np.arange(last - first)
        values[first:last] = erb.window_energies(
            piece, starts, rate, channels, skip, window, hop, frames
        )
    return values


def from_signal(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Compute the gammatone features of a track; parameters and errors as :func:`extract`."""
    power = np.maximum(energies(signal, config), config.floor)
    return (10 * np.log10(power)).astype(np.float32)


def extract(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.float32]:
    """Compute the gammatone features of a track.

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
    ndarray [shape=(second, band, frame)], float32, dB re full scale squared

    Raises
    ------
    ValueError
        If ``samples`` is not mono, empty or not finite, if ``f_max`` is not below half of
        ``sample_rate``, or if the rate does not fit ``hop_seconds``.
    """
    return from_signal(Signal(samples, sample_rate), config)
