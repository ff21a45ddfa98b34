"""Vertical words: the octave of the lowest note and the intervals above it.

A word is ``octave:semitones``, ``3:0.4.7`` for a major triad in close position on any note of the
octave C3-B3. It forgets the key, keeps the voicing and the register.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.chords import groups
from pipeline.notes import Notes


@dataclass(frozen=True)
class Config:
    """Settings of vertical words.

    Parameters
    ----------
    window_seconds : float > 0
        Notes that begin within this time of a group's first note are one chord.
    """

    window_seconds: float = 0.03

    def __post_init__(self) -> None:
        if not self.window_seconds > 0:
            raise ValueError(f"window_seconds: {self.window_seconds} must be positive")


def word(pitch: np.ndarray) -> str:
    """Return the word of the pitches of one group.

    Parameters
    ----------
    pitch : np.ndarray [shape=(note,), int]
        MIDI numbers in any order; a pitch struck twice counts once.

    Examples
    --------
    >>> word(np.array([55, 48, 52]))
    '3:0.4.7'
    """
    tones = np.unique(pitch)
    return f"{tones[0] // 12 - 1}:{'.'.join(map(str, tones - tones[0]))}"


def tokenize(notes: Notes, config: Config) -> list[str]:
    """Return one word per group, in the order of time."""
    return [word(notes.pitch[group]) for group in groups(notes, config.window_seconds)]
