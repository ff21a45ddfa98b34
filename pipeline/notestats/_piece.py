"""One piece as all families of note statistics read it: seconds, groups of notes, sounding pitches.

Conventions
-----------
Time is in seconds from the first onset, at the constant first tempo of the file. A *group* is what
sounds as struck together: the notes that begin less than ``group_seconds`` after its first one. A
*frame* is :data:`FRAME_SECONDS` of the piece. Notes that begin later than ``longest_seconds`` are
left out and longer ones end there, so that no piece needs more than a known time and memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.notes import Notes

#: s, one frame of the grid of sounding pitches: shorter than a sixteenth note at 240 bpm.
FRAME_SECONDS = 0.05

#: s, span that a shorter piece counts as, so that one short note is no burst.
SHORTEST_SPAN = 1.0

PITCHES = 128


@dataclass(frozen=True)
class Config:
    """Section ``chord2vec.notes`` of params.yaml.

    Parameters
    ----------
    group_seconds : float > 0
        Notes that begin within this time of a group's first note belong to it, s.
    floor_seconds : float > 0
        Shorter durations and intervals count as this long where their logarithm is taken, s.
    longest_seconds : float >= 1
        How much of a piece is read, from its first onset, s.
    """

    group_seconds: float = 0.03
    floor_seconds: float = 0.02
    longest_seconds: float = 3600.0

    def __post_init__(self) -> None:
        for name in ("group_seconds", "floor_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be positive")
        if not self.longest_seconds >= SHORTEST_SPAN:
            raise ValueError(
                f"longest_seconds: {self.longest_seconds} must be at least {SHORTEST_SPAN}"
            )


@dataclass(frozen=True, eq=False)
class Piece:
    """Notes in order of time, in seconds from the first onset.

    Attributes
    ----------
    pitch, onset, duration, velocity
        MIDI numbers, s, s, 1-127 [shape=(note,), float64].
    starts
        Index of the first note of every group [shape=(group,), int].
    floor_seconds
        Of :class:`Config`.
    """

    pitch: np.ndarray
    onset: np.ndarray
    duration: np.ndarray
    velocity: np.ndarray
    starts: np.ndarray
    floor_seconds: float

    @cached_property
    def span(self) -> float:
        """Seconds from the first onset to the last end, :data:`SHORTEST_SPAN` at least."""
        return max(float((self.onset + self.duration).max()), SHORTEST_SPAN)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Notes in every group [shape=(group,), float64]."""
        return np.diff(np.append(self.starts, len(self.onset))).astype(np.float64)

    @cached_property
    def top(self) -> np.ndarray:
        """Highest pitch of every group [shape=(group,)]."""
        return np.maximum.reduceat(self.pitch, self.starts)

    @cached_property
    def bass(self) -> np.ndarray:
        """Lowest pitch of every group [shape=(group,)]."""
        return np.minimum.reduceat(self.pitch, self.starts)

    @cached_property
    def intervals(self) -> np.ndarray:
        """Seconds between onsets of groups that follow each other; of a single group its span."""
        steps = np.diff(self.onset[self.starts])
        return steps if len(steps) else np.array([self.span])

    @cached_property
    def sounding(self) -> np.ndarray:
        """Whether a pitch sounds in a frame [shape=(frame, pitch), bool].

        A note sounds from the frame of its onset until before that of its end, in one at least.
        """
        frames = int(np.ceil(self.span / FRAME_SECONDS))
        first = np.minimum((self.onset / FRAME_SECONDS).astype(int), frames)
        last = ((self.onset + self.duration) / FRAME_SECONDS).astype(int)
        last = np.minimum(np.maximum(last, first + 1), frames)
        pitch = self.pitch.astype(int)
        struck = np.zeros((frames + 1, PITCHES), np.int32)
        np.add.at(struck, (first, pitch), 1)
        np.add.at(struck, (last, pitch), -1)
        return np.asarray(np.cumsum(struck, axis=0, dtype=np.int32)[:-1] > 0)

    def log2(self, seconds: np.ndarray) -> np.ndarray:
        """Return log2 of seconds, ``floor_seconds`` at least."""
        return np.asarray(np.log2(np.maximum(seconds, self.floor_seconds)))


def read(notes: Notes, config: Config) -> Piece:
    """Return the piece of some notes.

    Examples
    --------
    >>> one = np.ones(3)
    >>> notes = Notes(np.array([60, 64, 67]), np.array([2.0, 2.0, 2.5]), one, 80 * one, 120.0)
    >>> piece = read(notes, Config())
    >>> piece.onset.tolist(), piece.sizes.tolist(), piece.span
    ([0.0, 0.0, 1.0], [2.0, 1.0], 3.0)
    """
    onset = notes.onset_seconds
    onset = onset - onset[0]
    heard = onset < config.longest_seconds
    onset = onset[heard]
    return Piece(
        pitch=notes.pitch[heard].astype(np.float64),
        onset=onset,
        duration=np.minimum(notes.duration_seconds[heard], config.longest_seconds - onset),
        velocity=notes.velocity[heard].astype(np.float64),
        starts=_starts(onset, config.group_seconds),
        floor_seconds=config.floor_seconds,
    )


def _starts(onset: np.ndarray, width: float) -> np.ndarray:
    starts = [0]
    begin = float(onset[0])
    for index, time in enumerate(onset.tolist()):
        if time - begin >= width:
            starts.append(index)
            begin = time
    return np.array(starts)
