"""Voice and spectral shape: pitch, harmonicity, spectral descriptors and coarse bands.

Conventions
-----------
Axes ``(second, row, frame)``, 61 x 101 per second, of the narrowband spectrogram's frames: Hann
window of 25 ms every 10 ms, bins of 10 Hz up to ``f_max``, power re a full-scale sine (see
:mod:`pipeline.dsp.spectrogram`). Rows (:data:`ROWS` names them):

======  ==========  =====================================================================  =========
rows    name        what                                                                   unit
======  ==========  =====================================================================  =========
0       level       energy from ``f_min`` to ``f_max``                                     dB
1       f0          fundamental above 55 Hz (A1); 0 where the frame is unvoiced            semitone
2       hnr         ratio of harmonics to noise, -20 to 30                                 dB
3       centroid    mean frequency, by power                                               Hz
4       spread      standard deviation of the frequency, by power                          Hz
5-7     rolloff_*   frequency below which 25, 50, 85 % of the energy lie                   Hz
8       flatness    geometric over arithmetic mean of the power, at most 0                 dB
9       slope       slope of the regression line of the level                              dB / kHz
10      balance     energy above ``balance_hz`` over that below                            dB
11      entropy     of the distribution of energy over the bins                            nat
12      flux        growth of the unit-energy magnitudes until the next frame, 0 to 1      1
13-20   contrast_*  peaks over valleys in bands that begin at ``contrast_hz``              dB
21-60   band_*      level of the mean power in bands of ``band_hz`` from 0 Hz on           dB
======  ==========  =====================================================================  =========

Rows 3 to 12 see the bins from ``f_min`` on. ``level`` and ``band_*`` follow the track's gain, the
other rows do not (above the floor). No row depends on anything but its own frame, ``flux`` on the
next one too; it is 0 in the track's last frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp import blocks, checks, periodicity, spectral_shape, spectrogram
from pipeline.dsp.signal import Signal

A1_HZ = 55.0
SEMITONES = 12
# Beyond this share of the window's length its autocorrelation is too small to divide by.
MOST_OF_WINDOW = 0.9
# Smallest share of the energy on either side of ``balance_hz``: the balance stays within 90 dB.
LEAST_SHARE = 1e-9


@dataclass(frozen=True)
class Config(spectrogram.Config):
    """Parameters of the voice feature; see also :class:`pipeline.dsp.spectrogram.Config`.

    Attributes
    ----------
    f_min
        Lowest frequency of level and spectral descriptors, Hz: keeps out offset and rumble.
    f0_min, f0_max
        Range of the fundamental, Hz.
    octave_cost
        What a candidate loses for each octave below ``f0_max``: of equal ones the highest wins.
    voicing
        Share of harmonics in the power above which a frame is voiced.
    rolloffs
        Shares of the energy whose rolloff is taken.
    balance_hz
        Border of the balance.
    contrast_hz
        Lower ends of the contrast's bands; the last one ends with ``f_max``.
    band_hz
        Width of the coarse bands.
    """

    window_seconds: float = 0.025
    f_min: float = 40.0
    f0_min: float = 60.0
    f0_max: float = 500.0
    octave_cost: float = 0.05
    voicing: float = 0.6
    rolloffs: tuple[float, ...] = (0.25, 0.5, 0.85)
    balance_hz: float = 1000.0
    contrast_hz: tuple[float, ...] = (50.0, 200.0, 400.0, 800.0, 1200.0, 1600.0, 2200.0, 3000.0)
    band_hz: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.require_positive(self, "f0_min", "band_hz")
        checks.require_band(self.f_min, self.f_max)
        self._require_periods()
        if self.octave_cost < 0:
            raise ValueError(f"octave_cost {self.octave_cost} must not be negative")
        for name in ("voicing", "rolloffs"):
            value = getattr(self, name)
            if not all(0 < share < 1 for share in np.atleast_1d(value)):
                raise ValueError(f"{name} {value} must lie between 0 and 1")
        if not self.f_min < self.balance_hz < self.f_max:
            raise ValueError(
                f"balance_hz {self.balance_hz} must lie between f_min {self.f_min} Hz and f_max "
                f"{self.f_max} Hz"
            )
        bounds = _contrast_bounds(self)
        if not all(start < stop for start, stop in pairwise(bounds)):
            raise ValueError(
                f"contrast_hz {self.contrast_hz} must rise, by bin_hz {self.bin_hz} at least, and "
                f"not above f_max {self.f_max} Hz"
            )
        if not self.bin_hz <= self.band_hz <= self.f_max:
            raise ValueError(
                f"band_hz {self.band_hz} must lie between bin_hz {self.bin_hz} and f_max "
                f"{self.f_max} Hz"
            )

    def _require_periods(self) -> None:
        if not self.f0_min < self.f0_max <= self.f_max / 2:
            raise ValueError(
                f"f0_max {self.f0_max} Hz must be above f0_min {self.f0_min} Hz and at most half "
                f"of f_max {self.f_max} Hz"
            )
        if not 1 / self.f0_min < MOST_OF_WINDOW * min(self.window_seconds, 0.5 / self.bin_hz):
            raise ValueError(
                f"f0_min {self.f0_min} Hz must have a period below {MOST_OF_WINDOW} times "
                f"window_seconds {self.window_seconds} and 1 / (2 bin_hz), bin_hz {self.bin_hz}"
            )


def _contrast_bounds(config: Config) -> list[int]:
    bins = spectrogram.shape(config)["bin"]
    return [*(math.ceil(edge / config.bin_hz) for edge in config.contrast_hz), bins]


def rows(config: Config) -> tuple[str, ...]:
    """Return the names of the rows.

    Examples
    --------
    >>> rows(Config())[:6], len(rows(Config()))
    (('level', 'f0', 'hnr', 'centroid', 'spread', 'rolloff_25'), 61)
    """
    bands = (spectrogram.shape(config)["bin"]) // round(config.band_hz / config.bin_hz)
    return (
        *("level", "f0", "hnr", "centroid", "spread"),
        *(f"rolloff_{100 * share:g}" for share in config.rolloffs),
        *("flatness", "slope", "balance", "entropy", "flux"),
        *(f"contrast_{edge:g}" for edge in config.contrast_hz),
        *(f"band_{band * config.band_hz:g}" for band in range(bands)),
    )


ROWS = rows(Config())


def shape(config: Config) -> dict[str, int]:
    """Return the axes of one second.

    Examples
    --------
    >>> shape(Config())
    {'row': 61, 'frame': 101}
    """
    return {"row": len(rows(config)), "frame": blocks.frames_per_block(config.hop_seconds)}


def extract(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.float32]:
    """Compute voice and spectral shape of a track.

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
    ndarray [shape=(second, row, frame)], float32

    Raises
    ------
    ValueError
        As :func:`pipeline.dsp.spectrogram.extract`.
    """
    return from_signal(Signal(samples, sample_rate), config)


def from_signal(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Compute the feature of a track; parameters and errors as :func:`extract`."""
    levels = spectrogram.levels(signal, config)
    values = np.empty((len(levels), *shape(config).values()), np.float32)
    for first in range(0, len(levels), blocks.CHUNK_SECONDS):
        part = slice(first, first + blocks.CHUNK_SECONDS)
        values[part] = _describe(levels[part], config)
    # A second's last frame is the first of the next: what follows it stands there.
    flux = rows(config).index("flux")
    values[:-1, flux, -1] = values[1:, flux, 0]
    return values


def _describe(levels: NDArray[np.float32], config: Config) -> blocks.Array:
    """Return all rows of some seconds [shape=(second, row, frame)]."""
    power = spectral_shape.power_of(levels)
    low = math.ceil(config.f_min / config.bin_hz)
    frequency: blocks.Array = np.arange(low, power.shape[1], dtype=np.float64) * config.bin_hz
    level = levels[:, low:].astype(np.float64)
    total = power[:, low:].sum(axis=1)
    share = power[:, low:] / total[:, None]
    f0, harmonicity = periodicity.fundamental(
        power,
        config.window_seconds,
        config.f_max,
        config.f0_min,
        config.f0_max,
        config.octave_cost,
    )
    pitch = np.where(harmonicity > config.voicing, SEMITONES * np.log2(f0 / A1_HZ), 0.0)
    single = [
        10 * np.log10(total),
        pitch,
        periodicity.harmonics_to_noise(harmonicity),
        *spectral_shape.centroid_spread(share, frequency),
        *spectral_shape.rolloffs(share, frequency, config.rolloffs),
        spectral_shape.flatness(total, level),
        spectral_shape.slope(level, frequency),
        spectral_shape.balance(share, frequency, config.balance_hz, LEAST_SHARE),
        spectral_shape.entropy(share, total, level),
        spectral_shape.flux(share),
    ]
    contrast = spectral_shape.contrast(levels, _contrast_bounds(config))
    bands = spectral_shape.band_levels(power, round(config.band_hz / config.bin_hz))
    return np.concatenate([np.stack(single, axis=1), contrast, bands], axis=1)
