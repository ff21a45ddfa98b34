"""Pitch classes, tonal peaks and roughness, from long spectra.

Conventions
-----------
Axes ``(second, row, frame)``, 37 x 9 per second: frames every 0.125 s, Hann window of 0.256 s, bins
of about 4 Hz. A peak's *weight* is ``amplitude ** compression``, amplitude re a full-scale sine.
Rows (:func:`rows` names them):

======  =======================================================================  ===============
rows    what                                                                     unit
======  =======================================================================  ===============
0-11    treble chroma, C first: weight of the peaks in a pitch class             weight, >= 0
12-23   bass chroma, likewise                                                    weight, >= 0
24      share of the frame's energy in its peaks, of all frequencies             1, in [0, 1]
25      number of peaks between ``f_min`` and ``f_max``, as in the rows below    count
26      their mean pitch, MIDI number, by weight; 0 where there is none          semitone
27      standard deviation of their pitch, by weight                             semitone
28-36   roughness: how much peaks lie ``beats_hz`` apart                         1, in [0, 1]
======  =======================================================================  ===============

The chroma follows the track's gain to the power of ``compression``, the other rows do not follow
it. See :mod:`pipeline.dsp.peaks` and :mod:`pipeline.dsp.chroma`. With ``tuning: track`` the scale
is fitted to the whole track, the only quantity here that reaches beyond a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.dsp import blocks, checks, chroma, peaks
from pipeline.dsp.signal import Signal
from pipeline.dsp.windows import hann

CLASSES = ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b")


@dataclass(frozen=True)
class Config:
    """Parameters of the tonal feature.

    Attributes
    ----------
    window_seconds
        Length of the Hann window and of the transform.
    hop_seconds
        Distance of the frames.
    f_min, f_max
        Peaks outside are left out of all rows but the share of energy, Hz.
    treble_min, treble_max
        Limits of the treble chroma, Hz.
    bass_max
        Upper limit of the bass chroma, Hz; the lower is ``f_min``.
    neighbourhood_hz
        Width of the neighbourhood over whose mean level a peak must stand out.
    prominence_db
        By how much.
    floor
        Smallest power of a bin, relative to a full-scale sine.
    compression
        Exponent that turns a peak's amplitude into its weight.
    tuning
        ``track``: the scale is moved to where the track's peaks lie; ``concert``: A is 440 Hz.
    beats_hz
        Distances of peaks at which roughness is measured, rounded to bins.
    """

    window_seconds: float = 0.256
    hop_seconds: float = 0.125
    f_min: float = 60.0
    f_max: float = 4000.0
    treble_min: float = 100.0
    treble_max: float = 2500.0
    bass_max: float = 250.0
    neighbourhood_hz: float = 250.0
    prominence_db: float = 6.0
    floor: float = 1e-18
    compression: float = 0.5
    tuning: Literal["track", "concert"] = "track"
    beats_hz: tuple[float, ...] = (20.0, 31.0, 43.0, 55.0, 66.0, 78.0, 90.0, 102.0, 113.0)

    def __post_init__(self) -> None:
        checks.require_positive(
            self, "window_seconds", "f_min", "neighbourhood_hz", "floor", "compression"
        )
        checks.require_band(self.f_min, self.f_max)
        checks.require_hop(self.hop_seconds)
        if not 0 <= self.treble_min < self.treble_max:
            raise ValueError(
                f"treble_min {self.treble_min} Hz must be at least 0 and below treble_max "
                f"{self.treble_max} Hz"
            )
        if not self.f_min < self.bass_max:
            raise ValueError(f"bass_max {self.bass_max} Hz must be above f_min {self.f_min} Hz")
        if self.tuning not in ("track", "concert"):
            raise ValueError(f"tuning {self.tuning!r} must be 'track' or 'concert'")
        for beat in self.beats_hz:
            if round(beat * self.window_seconds) < 1:
                raise ValueError(
                    f"beats_hz {beat} is less than half a bin of window_seconds "
                    f"{self.window_seconds}, {1 / self.window_seconds:.1f} Hz"
                )


def rows(config: Config) -> tuple[str, ...]:
    """Return the names of the rows.

    Examples
    --------
    >>> rows(Config())[0], rows(Config())[12], rows(Config())[-1]
    ('treble_c', 'bass_c', 'roughness_113')
    """
    pitch_classes = [f"{part}_{name}" for part in ("treble", "bass") for name in CLASSES]
    roughness = [f"roughness_{beat:g}" for beat in config.beats_hz]
    return (*pitch_classes, "peak_share", "peak_count", "pitch_mean", "pitch_std", *roughness)


def shape(config: Config) -> dict[str, int]:
    """Return the axes of one second.

    Examples
    --------
    >>> shape(Config())
    {'row': 37, 'frame': 9}
    """
    return {"row": len(rows(config)), "frame": blocks.frames_per_block(config.hop_seconds)}


def extract(samples: NDArray[np.floating], sample_rate: int, config: Config) -> NDArray[np.float32]:
    """Compute chroma, peak descriptors and roughness of a track.

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
        If ``samples`` is not mono, empty or not finite, if ``f_max`` is not below half of
        ``sample_rate``, or if the rate does not fit ``hop_seconds``.
    """
    return from_signal(Signal(samples, sample_rate), config)


def from_signal(signal: Signal, config: Config) -> NDArray[np.float32]:
    """Compute chroma, peak descriptors and roughness; parameters and errors as :func:`extract`."""
    rate = signal.sample_rate
    checks.require_below_nyquist(config.f_max, rate)
    hop = blocks.hop_length(rate, config.hop_seconds)
    count = blocks.frames_per_block(config.hop_seconds)
    length = max(1, round(config.window_seconds * rate))
    reach = (count - 1) * hop + length
    window = hann(length)
    window *= 2 / window.sum()

    found = []
    for first in range(0, signal.seconds, blocks.CHUNK_SECONDS):
        last = min(first + blocks.CHUNK_SECONDS, signal.seconds)
        start = first * rate - length // 2
        piece = blocks.cut(signal.samples, start, start + (last - first - 1) * rate + reach)
        frames = blocks.frames_of(piece, last - first, rate, length, hop, count)
        amplitude = np.abs(fft.rfft(frames * window, axis=-1, workers=1))
        energy = np.maximum((amplitude * amplitude).sum(axis=-1), config.floor)
        near, above = config.neighbourhood_hz, config.prominence_db
        found.append((peaks.find(amplitude, rate / length, near, above, config.floor), energy))
    tuning = 0.0
    if config.tuning == "track":
        phasors = np.concatenate([_phasors(part, config) for part, _ in found])
        # The last frame of a second is the first of the next.
        tuning = chroma.tuning(phasors[:, :-1])
    values = np.concatenate([_describe(part, energy, tuning, config) for part, energy in found])
    return values.astype(np.float32).transpose(0, 2, 1)


def _phasors(found: peaks.Peaks, config: Config) -> blocks.Array:
    kept = found.within(config.f_min, config.f_max)
    return chroma.phasors(kept, kept.amplitude**config.compression)


def _describe(
    found: peaks.Peaks, energy: blocks.Array, tuning: float, config: Config
) -> blocks.Array:
    """Return all rows [shape=(second, frame, row)]."""
    kept = found.within(config.f_min, config.f_max)
    treble = kept.within(config.treble_min, config.treble_max)
    bass = kept.within(config.f_min, config.bass_max)
    share = found.sums(found.amplitude**2) / energy
    mean, deviation = _pitch_moments(kept, config.compression)
    descriptors = [share, kept.sums(np.ones(kept.frame.size)), mean, deviation]
    lags = tuple(round(beat * config.window_seconds) for beat in config.beats_hz)
    return np.concatenate(
        [
            chroma.chroma(treble, treble.amplitude**config.compression, tuning),
            chroma.chroma(bass, bass.amplitude**config.compression, tuning),
            np.stack(descriptors, axis=-1),
            peaks.beating(kept, lags),
        ],
        axis=-1,
    )


def _pitch_moments(kept: peaks.Peaks, compression: float) -> tuple[blocks.Array, blocks.Array]:
    """Return mean and standard deviation of the pitch in each frame, weighted; 0 without peaks."""
    weight = kept.amplitude**compression
    total = np.maximum(kept.sums(weight), np.finfo(float).tiny)
    pitch = chroma.pitch(kept.frequency)
    mean = kept.sums(weight * pitch) / total
    variance = kept.sums(weight * (pitch - mean.ravel()[kept.frame]) ** 2) / total
    return mean, np.sqrt(variance)
