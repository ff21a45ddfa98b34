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

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp import blocks, checks, zoom
from pipeline.dsp.decibel import decibels
from pipeline.dsp.lanes import WIDTH, kernel, load, store
from pipeline.dsp.signal import Signal
from pipeline.dsp.windows import hann


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


@lru_cache(maxsize=8)
def _window(length: int) -> blocks.Array:
    """Return the window, scaled so that a full-scale sine has power 1."""
    window = hann(length)
    return np.asarray(window * (2 / window.sum()))


@kernel
def _fill(samples, rate, hop, count, window, plan, floor, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (second, bin, frame ``count``), float32, flat.

    Frame ``k`` of block ``second`` begins at ``second * rate + k * hop``.
    """
    bins = plan.places.size
    room = zoom.buffers(plan)
    powers = np.empty(plan.ends[-1] * zoom.BINS * WIDTH)
    for second in range(values.size // (bins * count)):
        for group in range(-(-count // WIDTH)):
            frame = min(group * WIDTH, count - WIDTH)
            zoom.powers(samples, second * rate + frame * hop, hop, window, plan, room, powers)
            for k in range(bins):
                level = decibels(load(powers, WIDTH * plan.places[k]), floor)
                store(values, (second * bins + k) * count + frame, level)


def levels(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Return the spectrogram of a track, shared by all who need it.

    Parameters and errors are those of :func:`extract`.

    Returns
    -------
    ndarray [shape=(second, bin, frame)], float32, read-only
    """
    own = {field.name: getattr(config, field.name) for field in fields(Config)}
    key = ("levels", *own.values())
    return signal.derived(key, lambda: _levels(signal, Config(**own)))


def _levels(signal: Signal, config: Config) -> NDArray[np.float32]:
    rate = signal.sample_rate
    checks.require_below_nyquist(config.f_max, rate)
    hop = blocks.hop_length(rate, config.hop_seconds)
    bins, count = shape(config).values()
    n_fft = round(rate / config.bin_hz)
    length = max(1, round(config.window_seconds * rate))
    if length > n_fft:
        raise ValueError(
            f"window_seconds {config.window_seconds} is longer than 1 / bin_hz, bin_hz "
            f"{config.bin_hz}: the transform would cut the window"
        )
    frames = max(count, WIDTH)  # the kernel writes four, at least
    window, plan = _window(length), zoom.plan(length, n_fft, bins)

    def fill(piece: blocks.Array, values: NDArray[np.float32]) -> None:
        _fill(piece, rate, hop, frames, window, plan, config.floor, values.reshape(-1))

    reach = (frames - 1) * hop + length
    shape_ = (bins, frames)
    values = blocks.map_chunks(fill, signal.samples, rate, length // 2, reach, shape_)
    return values[..., :count]


def from_signal(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Compute the spectrogram of a track, read-only; parameters and errors as :func:`extract`."""
    return levels(signal, config)


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
    return _levels(Signal(samples, sample_rate), config)
