"""A sound file of any length as windows of a few seconds, in bounded memory.

Conventions
-----------
Window k holds the seconds k * W to (k + 1) * W of the file, decoded, down-mixed, checked and
resampled as a track of its own, by the code that does it for training: the first window of a file
is what training keeps of it, bit for bit. The whole file is judged first, by the rules of the
index; a file that fails them is a single window that cannot be used. A silent window says so and
leaves the others alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import audio, decoder
from pipeline.audio import AudioConfig, Reject, Sound

#: Refusals that are about the first window: the others stand for the whole file.
PARTIAL = ("silent",)
#: s; what is left of a file after its last whole window and shorter than a block is left out.
SHORTEST_TAIL = 1.0


@dataclass(frozen=True)
class Window:
    """Part of a file.

    Attributes
    ----------
    start, seconds
        Where it begins in the file and how long it is, s.
    sound
        Its samples, or why it cannot be used.
    """

    start: float
    seconds: float
    sound: Sound | Reject


def windows(path: Path, config: AudioConfig, seconds: int) -> Iterator[Window]:
    """Yield the windows of a file, in order; at least one.

    Parameters
    ----------
    path
        Any file.
    seconds
        Length W of a window, at least 1, s.
    """
    first = audio.decode(path, config, seconds)
    if isinstance(first, Sound):
        yield Window(0.0, min(first.duration_seconds, float(seconds)), first)
        if first.duration_seconds >= seconds + _tail(config):
            yield from _stream(path, config, seconds, 1)
    elif first.code in PARTIAL:
        yield from _stream(path, config, seconds, 0)
    else:
        yield Window(0.0, 0.0, first)


def _tail(config: AudioConfig) -> float:
    """Return how long the last, shorter window must be, s."""
    return max(SHORTEST_TAIL, config.min_seconds)


def _stream(path: Path, config: AudioConfig, seconds: int, skip: int) -> Iterator[Window]:
    """Yield the windows from number ``skip`` on of a file that has been decoded once."""
    number = 0
    with decoder.Stream(os.fsencode(path)) as file:
        rate = file.samplerate
        while True:
            with decoder.quiet_decoder():  # not across a yield: the caller has messages too
                mono, finite = _take(file, seconds * rate)
            if number and len(mono) < _tail(config) * rate:
                return
            if number >= skip:
                sound = audio._judge(mono, len(mono), finite, rate, config)
                yield Window(float(number * seconds), len(mono) / rate, sound)
            number += 1


def _take(file: decoder.Stream, keep: int) -> tuple[decoder.Wave, bool]:
    """Return the down-mix of the next ``keep`` frames, and whether all are finite."""
    blocks: list[decoder.Wave] = [np.zeros(0, np.float32)]
    finite = True
    for block, sound in decoder.down_mix(file, keep):
        blocks.append(block)
        finite = finite and sound
    return np.concatenate(blocks), finite
