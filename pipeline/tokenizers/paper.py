"""The paper's chord words: the exact names of the notes between two gaps of a beat or more.

A word is the note names of one segment joined by spaces, ``D5 D5 F5 F#5 E5 D5`` (paper, III.C and
Table II). Most such words occur once, so most pieces keep none of them after ``min_count``; this
tokeniser is for the reproduction.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.chords import intervals, note_name, segments
from pipeline.notes import Notes

#: Notes of a long word that are named.
NAMED = 12


@dataclass(frozen=True)
class Config:
    """Settings of the paper's chord words.

    Parameters
    ----------
    beats_per_measure : int
        A gap of 1 / beats_per_measure measure ends a chord; the paper uses 4 for all music.
    """

    beats_per_measure: int = 4

    def __post_init__(self) -> None:
        if self.beats_per_measure < 1:
            raise ValueError(f"beats_per_measure: {self.beats_per_measure} must be at least 1")


def tokenize(notes: Notes, config: Config) -> list[str]:
    """Return one word per segment, in the order of time."""
    names = [note_name(int(pitch)) for pitch in notes.pitch]
    return [" ".join(names[part]) for part in segments(intervals(notes), config.beats_per_measure)]


def spell(word: str, _config: Config) -> tuple[str, str]:
    """Return ``segment`` and its notes, the first :data:`NAMED` of a long one.

    Examples
    --------
    >>> spell("D5 F#5", Config())
    ('segment', '2 notes: D5 F#5')
    """
    names = word.split()
    if len(names) == 1:
        return "segment", f"one note: {word}"
    more = " ..." if len(names) > NAMED else ""
    return "segment", f"{len(names)} notes: {' '.join(names[:NAMED])}{more}"
