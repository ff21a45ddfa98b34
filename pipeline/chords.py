"""Chords from notes: names, intervals, segmentation by gaps, groups that sound together.

Conventions
-----------
The axis is ``note``, sorted by onset, then pitch. Times are measures of four quarter notes unless
the name ends in ``_seconds``. An *interval* is the time from a note's onset to the next note's, and
for the last note its duration, as in Table I of the paper and in musicpy.

A *segment* is a run of notes whose intervals are shorter than one beat, a beat being 1/X of a
measure of X beats (paper, III.C and Table II: 1/4 for 4/4, 1/3 for 3/4, 1/2 for 2/4, 1/6 for 6/8).
A *group* is a run of notes that begin almost together, a chord in the usual sense.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from pipeline.notes import BEATS_PER_MEASURE, ROUNDING_MEASURES, Notes, measure_seconds

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def note_name(pitch: int) -> str:
    """Return the name of a MIDI number with sharps, middle C being C4.

    Examples
    --------
    >>> note_name(60), note_name(78)
    ('C4', 'F#5')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch_number(name: str) -> int:
    """Return the MIDI number of a name, the inverse of :func:`note_name`.

    Examples
    --------
    >>> pitch_number("F#5")
    78
    """
    letters = name.rstrip("-0123456789")
    if letters not in _NAMES or letters == name:
        raise ValueError(f"note name: {name!r} must be a letter A-G, '#' or not, and an octave")
    return _NAMES.index(letters) + 12 * (int(name[len(letters) :]) + 1)


def intervals(notes: Notes) -> np.ndarray:
    """Return the time from each onset to the next in measures; the last is its note's duration.

    Returns
    -------
    np.ndarray [shape=(note,), float64]
    """
    return np.append(np.diff(notes.onset), notes.duration[-1])


def dump(notes: Notes, start_seconds: float = 0.0, stop_seconds: float = np.inf) -> tuple[str, str]:
    """Return the notes that begin in [start, stop) as the two columns of the paper's Table I.

    Parameters
    ----------
    notes : Notes
        One piece.
    start_seconds, stop_seconds : float
        Part of the piece, at its constant tempo.

    Returns
    -------
    tuple[str, str]
        Note combination (``D5, F#5``) and note intervals in measures, two decimals.
    """
    seconds = notes.onset_seconds
    inside = (seconds >= start_seconds) & (seconds < stop_seconds)
    names = ", ".join(note_name(int(pitch)) for pitch in notes.pitch[inside])
    return names, ", ".join(f"{interval:.2f}" for interval in intervals(notes)[inside])


def segments(
    interval_measures: np.ndarray, beats_per_measure: int = BEATS_PER_MEASURE
) -> Iterator[slice]:
    """Split notes wherever the interval to the next is one beat or more (paper, III.C).

    Parameters
    ----------
    interval_measures : np.ndarray [shape=(note,)]
        Intervals in measures; the last one splits nothing.
    beats_per_measure : int
        X of Eq. (1): a beat is 1/X of a measure.

    Examples
    --------
    >>> list(segments(np.array([0.1, 0.3, 0.1])))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    beat = 1.0 / beats_per_measure
    ends = np.flatnonzero(interval_measures[:-1] >= beat - ROUNDING_MEASURES) + 1
    yield from _runs(ends, len(interval_measures))


def groups(notes: Notes, window_seconds: float) -> Iterator[slice]:
    """Split notes into groups that begin less than ``window_seconds`` after the group's first note.

    Counting from the first note bounds a group's length; counting from the previous note would let
    a fast run become one chord.

    Parameters
    ----------
    notes : Notes
        One piece.
    window_seconds : float > 0
        Window in seconds at the piece's constant tempo.
    """
    window = window_seconds / measure_seconds(notes.bpm) - ROUNDING_MEASURES
    ends: list[int] = []
    first = 0
    while first < len(notes):
        first = int(np.searchsorted(notes.onset, notes.onset[first] + max(window, 0.0), "left"))
        first = max(first, ends[-1] + 1 if ends else 1)
        ends.append(first)
    yield from _runs(np.array(ends[:-1], dtype=np.int64), len(notes))


def _runs(ends: np.ndarray, size: int) -> Iterator[slice]:
    edges = [0, *ends.tolist(), size]
    for start, stop in itertools.pairwise(edges):
        yield slice(start, stop)
