"""Vertical words: the octave of the lowest note and the intervals above it.

A word is ``octave:semitones``, ``3:0.4.7`` for a major triad in close position on any note of the
octave C3-B3. It forgets the key, keeps the voicing and the register.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.chords import groups
from pipeline.notes import Notes

#: Pitch classes above the bass, in semitones -> what musicians call it.
SHAPES = {
    (0,): "octaves",
    (0, 7): "fifth",
    (0, 5): "fourth",
    (0, 3): "minor third",
    (0, 4): "major third",
    (0, 8): "minor sixth",
    (0, 9): "major sixth",
    (0, 4, 7): "major triad",
    (0, 3, 8): "major triad, third in the bass",
    (0, 5, 9): "major triad, fifth in the bass",
    (0, 3, 7): "minor triad",
    (0, 4, 9): "minor triad, third in the bass",
    (0, 5, 8): "minor triad, fifth in the bass",
    (0, 3, 6): "diminished triad",
    (0, 4, 8): "augmented triad",
    (0, 2, 7): "suspended second",
    (0, 5, 7): "suspended fourth",
    (0, 4, 7, 10): "dominant seventh",
    (0, 4, 7, 11): "major seventh chord",
    (0, 3, 7, 10): "minor seventh chord",
}


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


def spell(word: str, _config: object) -> tuple[str, str]:
    """Return ``chord`` and the chord's name, or its intervals, with the octave of its lowest note.

    Examples
    --------
    >>> spell("4:0", None)
    ('chord', 'one note from C4 to B4')
    >>> spell("2:0.12", None), spell("3:0.1.6", None)[1]
    (('chord', 'octaves, bass from C2 to B2'), 'semitones 0 1 6, bass from C3 to B3')
    """
    octave, _, steps = word.partition(":")
    above = [int(step) for step in steps.split(".")]
    if len(above) == 1:
        return "chord", f"one note from C{octave} to B{octave}"
    listed = f"semitones {' '.join(map(str, above))}"
    name = SHAPES.get(tuple(sorted({step % 12 for step in above})), listed)
    return "chord", f"{name}, bass from C{octave} to B{octave}"
