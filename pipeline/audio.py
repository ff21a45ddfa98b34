"""Sound files to samples: decode, check, down-mix, crop, resample.

Conventions
-----------
Every track of every corpus arrives at its features as mono float64 at one rate,
``audio.sample_rate``, full scale at 1. One rate for all is deliberate: in a corpus that mixes
16 kHz and 44.1 kHz files, the empty band above 8 kHz tells where a file came from, and where a
file came from often tells its label.

libsndfile decodes (one decoder, no silent fall-back), channels are averaged, ``soxr`` resamples
(at the precision of float32, 2**-24 of full scale, also where the rate stays as it is).
Lengths are counted in decoded frames, because headers lie. A file that cannot be used is a
:class:`Reject` with a reason that names the cause and the rule, never an exception.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from pipeline.decoder import Stream, Wave, down_mix, quiet_decoder


@dataclass(frozen=True)
class AudioConfig:
    """Section ``audio`` of params.yaml.

    Attributes
    ----------
    sample_rate
        Rate at which every feature is computed, Hz.
    min_seconds
        A shorter track has not one whole analysis frame, s.
    silence_dbfs
        A track whose peak, after down-mixing, stays below this is silent, dB re full scale.
    max_peak
        A float file with a larger sample is not sound, re full scale.
    min_rate, max_rate
        Rates outside are a damaged header, Hz.
    """

    sample_rate: int
    min_seconds: float
    silence_dbfs: float
    max_peak: float
    min_rate: int
    max_rate: int

    def __post_init__(self) -> None:
        if not 0 < self.min_rate <= self.sample_rate <= self.max_rate:
            raise ValueError(
                f"sample_rate is {self.sample_rate} Hz; it must lie between min_rate "
                f"({self.min_rate}) and max_rate ({self.max_rate})"
            )
        if self.min_seconds <= 0 or self.max_peak <= 0 or self.silence_dbfs >= 0:
            raise ValueError(
                "min_seconds and max_peak must be positive and silence_dbfs negative, got "
                f"{self.min_seconds}, {self.max_peak}, {self.silence_dbfs}"
            )


@dataclass(frozen=True)
class Sound:
    """What a usable file holds.

    Attributes
    ----------
    samples
        Mono, full scale at 1, at most the crop [shape=(n,)], float64.
    sample_rate
        Rate of ``samples``, Hz.
    native_rate
        Rate of the file, Hz.
    duration_seconds
        Decoded length of the whole file, s.
    """

    samples: NDArray[np.float64]
    sample_rate: int
    native_rate: int
    duration_seconds: float


@dataclass(frozen=True)
class Reject:
    """Why a file cannot be used.

    Attributes
    ----------
    code
        ``empty``, ``unreadable``, ``not-audio``, ``decode-error``, ``absurd-rate``,
        ``too-short``, ``non-finite``, ``absurd-level`` or ``silent``; the stages add ``changed``,
        ``failed`` and ``worker-died``.
    reason
        Cause and rule, for people.
    """

    code: str
    reason: str

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


def decode(path: Path, config: AudioConfig, crop_seconds: int) -> Sound | Reject:
    """Decode a file, or say why it cannot be used.

    Parameters
    ----------
    path
        The file. libsndfile gets its name, because it recognises some MP3 by name alone.
    crop_seconds
        Samples after this are counted, not kept, s.

    Returns
    -------
    Sound or Reject
        Memory is bounded by the crop, not by the file's length.
    """
    try:
        if path.stat().st_size == 0:
            return Reject("empty", "the file has 0 bytes")
    except OSError as error:
        return Reject("unreadable", f"the file cannot be read ({error.strerror})")
    with quiet_decoder():
        return _decode(path, config, crop_seconds)


def _decode(path: Path, config: AudioConfig, crop_seconds: int) -> Sound | Reject:
    try:
        file = Stream(os.fsencode(path))
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        return Reject("not-audio", f"libsndfile cannot open it ({_text(error)})")
    with file:
        rate = file.samplerate
        if not config.min_rate <= rate <= config.max_rate:
            return Reject(
                "absurd-rate",
                f"{rate} Hz is outside {config.min_rate}-{config.max_rate} Hz "
                "(audio.min_rate, audio.max_rate); the header is probably damaged",
            )
        try:
            kept, frames, finite = _mono(file, crop_seconds * rate)
        except (soundfile.SoundFileError, RuntimeError, ValueError, MemoryError) as error:
            return Reject("decode-error", f"libsndfile stopped while decoding ({_text(error)})")
    return _judge(kept, frames, finite, rate, config)


def _mono(file: Stream, keep: int) -> tuple[Wave, int, bool]:
    """Return (first ``keep`` samples of the down-mix, decoded frames, whether all are finite)."""
    blocks: list[Wave] = [np.zeros(0, np.float32)]
    frames, finite = 0, True
    for block, sound in down_mix(file, sys.maxsize):
        if frames < keep:
            blocks.append(block[: keep - frames])
        frames += len(block)
        finite = finite and sound
    return np.concatenate(blocks), frames, finite


def _judge(mono: Wave, frames: int, finite: bool, rate: int, config: AudioConfig) -> Sound | Reject:
    seconds = frames / rate
    if seconds < config.min_seconds:
        return Reject(
            "too-short",
            f"{seconds:.4f} s decoded, shorter than one frame "
            f"(audio.min_seconds = {config.min_seconds} s)",
        )
    if not finite:
        return Reject("non-finite", "a decoded sample is NaN or infinite")
    peak = float(max(mono.max(), -mono.min()))
    if peak > config.max_peak:
        return Reject(
            "absurd-level",
            f"peak {peak:.3g} re full scale is above audio.max_peak = {config.max_peak}",
        )
    if peak < 10 ** (config.silence_dbfs / 20):
        return Reject(
            "silent",
            f"after down-mixing the peak stays below {config.silence_dbfs} dBFS "
            "(audio.silence_dbfs) within the crop",
        )
    samples = soxr.resample(mono, rate, config.sample_rate, quality="HQ")
    return Sound(samples.astype(np.float64, copy=False), config.sample_rate, rate, seconds)


def _text(error: BaseException) -> str:
    """Return libsndfile's message on one line, without the path in front of it."""
    message = getattr(error, "error_string", None) or str(error) or type(error).__name__
    if "does not exist" in message:  # its words for a known ending with nothing known inside
        message = "no audio frame found"
    return " ".join(message.split()).rstrip(".")
