"""Pitch-class sets: which of the twelve tones begin together, whatever the octave.

A word is the sorted pitch classes (0 = C) of one group, ``0.4.7`` for any C major triad.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.chords import groups, note_name
from pipeline.notes import Notes


@dataclass(frozen=True)
class Config:
    """Settings of pitch-class words.

    Parameters
    ----------
    window_seconds : float > 0
        Notes that begin within this time of a group's first note are one chord.
    """

    window_seconds: float = 0.03

    def __post_init__(self) -> None:
        if not self.window_seconds > 0:
            raise ValueError(f"window_seconds: {self.window_seconds} must be positive")


def tokenize(notes: Notes, config: Config) -> list[str]:
    """Return one word per group, in the order of time."""
    return [
        ".".join(map(str, np.unique(notes.pitch[group] % 12)))
        for group in groups(notes, config.window_seconds)
    ]


def spell(word: str, _config: Config) -> tuple[str, str]:
    """Return ``chord`` and the names of its tones.

    Examples
    --------
    >>> spell("0.4.7", Config())
    ('chord', 'C E G')
    """
    octave = 60  # any whose number has one digit, which is cut off
    return "chord", " ".join(note_name(octave + int(tone))[:-1] for tone in word.split("."))
