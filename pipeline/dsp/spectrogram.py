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

from pipeline.dsp import blocks, checks, fft
from pipeline.dsp.decibel import decibels
from pipeline.dsp.fft import gather, power, transform
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, store
from pipeline.dsp.passes import POINT
from pipeline.dsp.signal import Signal
from pipeline.dsp.windows import hann

# Bins whose sums stand in registers together.
TILE = 6


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


@lru_cache(maxsize=8)
def _waves(length: int, n_fft: int, bins: int) -> blocks.Array:
    """Return cosine and sine of ``2 pi k (d + 1/2) / n_fft``, or of ``d`` for an odd length.

    Shape (tile, distance ``d`` from the window's middle, bin of the tile, part), flat. The last
    tile ends with the last bin.
    """
    distance = np.arange(-(-length // 2)) + (0.0 if length % 2 else 0.5)
    k = np.minimum(TILE * np.arange(-(-bins // TILE)), bins - TILE)[:, None] + np.arange(TILE)
    angle = 2 * np.pi / n_fft * k[:, None, :] * distance[:, None]
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1).ravel()


@kernel
def _by_transform(samples, rate, hop, count, window, plan, floor, bins, values):  # type: ignore[no-untyped-def]
    """Levels of long windows: the fast Fourier transform."""
    radices, twiddles, turns = plan
    x = np.empty(turns.size // 2 * POINT - POINT)
    y, powers = np.empty_like(x), np.empty(bins * WIDTH)
    for second in range(values.size // (bins * count)):
        for group in range(-(-count // WIDTH)):
            frame = min(group * WIDTH, count - WIDTH)
            gather(samples, second * rate + frame * hop, hop, window, x)
            power(transform(x, y, radices, twiddles), bins, turns, powers)
            for k in range(bins):
                level = decibels(load(powers, k * WIDTH) * splat(0.25), floor)
                store(values, (second * bins + k) * count + frame, level)


@kernel
def _by_sums(samples, rate, hop, count, window, waves, floor, bins, values):  # type: ignore[no-untyped-def]
    """Levels of short windows: ``X[k]`` as it is defined, from the middle of the window.

    The sum and the difference of the two samples at distance ``d`` meet a cosine and a sine:
    ``|X[k]|^2 = (sum_d s_d cos w_k d)^2 + (sum_d t_d sin w_k d)^2``.
    """
    length = window.size
    distances = (length + 1) // 2
    x, pairs = np.empty(length * WIDTH), np.empty(distances * POINT)
    for second in range(values.size // (bins * count)):
        for group in range(-(-count // WIDTH)):
            frame = min(group * WIDTH, count - WIDTH)
            gather(samples, second * rate + frame * hop, hop, window, x)
            for d in range(distances):
                after, before = load(x, (length // 2 + d) * WIDTH), splat(0.0)
                if length % 2 == 0 or d > 0:
                    before = load(x, (distances - 1 - d) * WIDTH)
                store(pairs, d * POINT, after + before)
                store(pairs, d * POINT + WIDTH, after - before)
            for tile in range(-(-bins // TILE)):
                w = 2 * TILE * distances * tile
                c0 = c1 = c2 = c3 = c4 = c5 = splat(0.0)
                s0 = s1 = s2 = s3 = s4 = s5 = splat(0.0)
                for d in range(distances):
                    even, odd = load(pairs, d * POINT), load(pairs, d * POINT + WIDTH)
                    v = w + 2 * TILE * d
                    c0, s0 = fma(even, splat(waves[v]), c0), fma(odd, splat(waves[v + 1]), s0)
                    c1, s1 = fma(even, splat(waves[v + 2]), c1), fma(odd, splat(waves[v + 3]), s1)
                    c2, s2 = fma(even, splat(waves[v + 4]), c2), fma(odd, splat(waves[v + 5]), s2)
                    c3, s3 = fma(even, splat(waves[v + 6]), c3), fma(odd, splat(waves[v + 7]), s3)
                    c4, s4 = fma(even, splat(waves[v + 8]), c4), fma(odd, splat(waves[v + 9]), s4)
                    c5, s5 = fma(even, splat(waves[v + 10]), c5), fma(odd, splat(waves[v + 11]), s5)
                k = min(TILE * tile, bins - TILE)
                o = (second * bins + k) * count + frame
                store(values, o, decibels(fma(c0, c0, s0 * s0), floor))
                store(values, o + count, decibels(fma(c1, c1, s1 * s1), floor))
                store(values, o + 2 * count, decibels(fma(c2, c2, s2 * s2), floor))
                store(values, o + 3 * count, decibels(fma(c3, c3, s3 * s3), floor))
                store(values, o + 4 * count, decibels(fma(c4, c4, s4 * s4), floor))
                store(values, o + 5 * count, decibels(fma(c5, c5, s5 * s5), floor))


def _is_short(length: int, n_fft: int, bins: int) -> bool:
    """Return whether sums are cheaper than a transform, or the only way."""
    return not fft.is_fast(n_fft) or bins * length < 1.5 * n_fft * np.log2(n_fft)


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
    # Kernels write four frames and some bins at a time, at least.
    frames, rows = max(count, WIDTH), max(bins, TILE)
    short = _is_short(length, n_fft, rows)
    basis = _waves(length, n_fft, rows) if short else tuple(fft.plan(n_fft))

    def function(piece: blocks.Array, seconds: int) -> NDArray[np.float32]:
        values = np.empty((seconds, rows, frames), np.float32)
        compute = _by_sums if short else _by_transform
        flat, window = values.reshape(-1), _window(length)
        compute(piece, rate, hop, frames, window, basis, config.floor, rows, flat)
        return values[:, :bins, :count]

    reach = (frames - 1) * hop + length
    return blocks.map_chunks(function, signal.samples, rate, length // 2, reach)


def from_signal(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Compute the spectrogram of a track; parameters and errors as :func:`extract`."""
    return levels(signal, config).copy()


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
    return from_signal(Signal(samples, sample_rate), config)
