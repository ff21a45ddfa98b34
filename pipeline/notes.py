"""The notes of one piece as numbers, and the units of musical time.

Conventions
-----------
The axis is ``note``. A note is a pitch (MIDI number, 60 = C4), an onset and a duration in
measures, and a velocity (1-127). **A measure is four quarter notes**, whatever the time signature;
that is the unit of the musicpy library and of the paper's Table I. Seconds follow from the tempo B
in quarter notes per minute by the paper's Eq. (1), :func:`measure_seconds`.

Notes are sorted by onset, then pitch; onsets are not shifted, so a piece may begin with a rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Quarter notes in a measure of 4/4, the paper's section III.C (X of Eq. 1).
BEATS_PER_MEASURE = 4

#: Onsets are whole ticks; the finest usual grid is 1/(4 * 9600) measure. Differences smaller than
#: this are the rounding of a sum, so a comparison with a threshold allows for it.
ROUNDING_MEASURES = 1e-6


@dataclass(frozen=True, eq=False)
class Notes:
    """Notes of one piece, sorted by onset, then pitch, then duration, then velocity.

    Parameters
    ----------
    pitch : np.ndarray [shape=(note,), int64]
        MIDI number, 0-127.
    onset, duration : np.ndarray [shape=(note,), float64]
        Measures of four quarter notes, not negative.
    velocity : np.ndarray [shape=(note,), int64]
        1-127.
    bpm : float
        Quarter notes per minute, the first tempo of the file.

    Raises
    ------
    ValueError
        If the lengths differ, there is no note, or a value leaves its range.
    """

    pitch: np.ndarray
    onset: np.ndarray
    duration: np.ndarray
    velocity: np.ndarray
    bpm: float

    def __post_init__(self) -> None:
        sizes = {self.pitch.shape, self.onset.shape, self.duration.shape, self.velocity.shape}
        if len(sizes) != 1 or len(self.pitch.shape) != 1 or self.pitch.size == 0:
            raise ValueError(f"notes: shapes {sizes} must be one and the same, (note >= 1,)")
        if not (np.isfinite(self.bpm) and self.bpm > 0):
            raise ValueError(f"bpm: {self.bpm} must be a positive number of quarter notes a minute")
        _check_range("pitch", self.pitch, 0, 127)
        _check_range("velocity", self.velocity, 1, 127)
        _check_range("onset", self.onset, 0, np.inf)
        _check_range("duration", self.duration, 0, np.inf)
        if np.any(np.diff(self.onset) < 0):
            raise ValueError("onset: must not decrease; build notes with pipeline.notes.ordered")

    def __len__(self) -> int:
        return int(self.pitch.size)

    @property
    def onset_seconds(self) -> np.ndarray:
        """Onsets in seconds at the constant tempo ``bpm`` [shape=(note,)]."""
        return self.onset * measure_seconds(self.bpm)

    @property
    def duration_seconds(self) -> np.ndarray:
        """Durations in seconds at the constant tempo ``bpm`` [shape=(note,)]."""
        return self.duration * measure_seconds(self.bpm)


def ordered(
    pitch: np.ndarray, onset: np.ndarray, duration: np.ndarray, velocity: np.ndarray, bpm: float
) -> Notes:
    """Return the notes sorted by onset, pitch, duration, velocity, whatever order they come in.

    Examples
    --------
    >>> one = np.ones(2)
    >>> ordered(np.array([64, 60]), 0 * one, one, 80 * one, 120.0).pitch
    array([60, 64])
    """
    order = np.lexsort((velocity, duration, pitch, onset))
    return Notes(
        pitch=np.asarray(pitch)[order].astype(np.int64),
        onset=np.asarray(onset)[order].astype(np.float64),
        duration=np.asarray(duration)[order].astype(np.float64),
        velocity=np.asarray(velocity)[order].astype(np.int64),
        bpm=float(bpm),
    )


def measure_seconds(bpm: float, beats_per_measure: float = BEATS_PER_MEASURE) -> float:
    """Return the duration of a measure in seconds, Y = 60 / B * X (paper, Eq. 1).

    Parameters
    ----------
    bpm : float > 0
        B, beats per minute.
    beats_per_measure : float > 0
        X.

    Examples
    --------
    >>> measure_seconds(120.0)
    2.0
    """
    return 60.0 / bpm * beats_per_measure


def _check_range(name: str, values: np.ndarray, low: float, high: float) -> None:
    if not (np.all(np.isfinite(values)) and values.min() >= low and values.max() <= high):
        raise ValueError(
            f"{name}: values from {values.min()} to {values.max()} must be finite, {low} to {high}"
        )
