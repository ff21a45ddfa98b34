"""What a corpus will cost: bytes on disk, and seconds of extraction by a measured rate.

Conventions
-----------
Bytes are those of float32 rows of the valid seconds, before compression, which saves some 15 to
25 %. A rate is seconds of computing per second of sound in one process, measured on one file of
the corpus after a first second that loads and compiles. Training is :mod:`.training`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline import features, params
from pipeline.adding.look import Sound
from pipeline.audio import AudioConfig, Reject, decode

FLOAT_BYTES = 4
#: Seconds of sound on which the rate is measured: long enough for a ratio, short enough to wait.
PROBE_SECONDS = 10
#: The quickest of so many runs counts: the others waited for something else.
REPEATS = 3


@dataclass(frozen=True)
class Rate:
    """Seconds of computing per second of sound, measured on one file, all features together."""

    file: str
    sound_seconds: float
    taken_seconds: float

    @property
    def ratio(self) -> float:
        """Computing over sound."""
        return self.taken_seconds / self.sound_seconds


def valid_seconds(sounds: Mapping[str, Sound], crop_seconds: int) -> int:
    """Return the one-second blocks of all tracks within the crop.

    Examples
    --------
    >>> valid_seconds({"a": Sound(2.5, 16000), "b": Sound(90.0, 16000)}, 30)
    33
    """
    return sum(min(crop_seconds, math.ceil(sound.seconds)) for sound in sounds.values())


def bytes_per_second(all_params: Mapping[str, Any]) -> dict[str, int]:
    """Return feature -> bytes of one second."""
    return {
        name: FLOAT_BYTES * math.prod(features.load(name).shape(config).values())
        for name, config in _configs(all_params).items()
    }


def _configs(all_params: Mapping[str, Any]) -> dict[str, Any]:
    section = params.section(all_params, "features")
    return {
        name: params.build(features.load(name).Config, section[name], f"features.{name}")
        for name in section
    }


def measure(
    all_params: Mapping[str, Any],
    root: Path,
    files: Sequence[str],
    clock: Callable[[], float] = time.perf_counter,
) -> Rate | None:
    """Decode and extract the first usable of some files; ``None`` where none is."""
    audio = params.build(AudioConfig, params.section(all_params, "audio"), "audio")
    for file in files:
        start = clock()
        sound = decode(root / file, audio, PROBE_SECONDS)
        if isinstance(sound, Reject):
            continue
        decoding = clock() - start
        rate = sound.sample_rate
        samples = np.pad(sound.samples, (0, -len(sound.samples) % rate), mode="symmetric")
        with threadpool_limits(limits=1):
            _extract(all_params, samples[:rate], rate)
            taken = []
            for _ in range(REPEATS):
                start = clock()
                _extract(all_params, samples, rate)
                taken.append(clock() - start)
        # Decoding went through the whole file, extraction through the part that was kept.
        kept = len(samples) / rate
        whole = max(kept, sound.duration_seconds)
        return Rate(file, kept, min(taken) + decoding * kept / whole)
    return None


def _extract(all_params: Mapping[str, Any], samples: np.ndarray, rate: int) -> None:
    for name, config in _configs(all_params).items():
        features.load(name).extract(samples, rate, config)
