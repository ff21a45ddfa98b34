"""Notes of plain MIDI files by symusic, some hundred times faster than musicpy; odd files are left.

Conventions
-----------
Columns are those of :mod:`pipeline.midi`: pitch, onset and duration in measures of four quarter
notes, velocity; percussion (channel 10) is left out. A file is *plain* if symusic's answer is the
only one there is: every note-on of the file has become a note (symusic drops a note that never
ends, musicpy keeps it with duration 0), no note begins while another of its pitch sounds on its
channel (the two end such notes differently; symusic parts a channel where its program changes, so
that may not happen after the first note), and there is at most one tempo. :func:`columns` returns
``None`` for all others, and musicpy reads them.

References
----------
Standard MIDI Files 1.0: delta times are variable-length quantities; a status byte may be left out
where it repeats the last one of its track.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import symusic

from pipeline.notes import BEATS_PER_MEASURE

DEFAULT_BPM = 120.0
_CHUNK = struct.Struct(">4sI")
_NOTE_ON, _PROGRAM, _SYSEX, _SYSEX_MORE, _META = 0x90, 0xC0, 0xF0, 0xF7, 0xFF
#: Data bytes of a channel message, by the upper half of its status byte.
_DATA = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}


def columns(content: bytes) -> tuple[np.ndarray, float] | None:
    """Return notes and tempo of a plain file, or ``None`` for any other.

    Parameters
    ----------
    content
        The file, whose header :func:`pipeline.midi.header_fault` found sound.

    Returns
    -------
    (numpy.ndarray [shape=(4, note)], float) or None
        Pitch, onset, duration, velocity of each note; quarter notes a minute.
    """
    try:
        score: Any = symusic.Score.from_midi(content)  # its stub knows one of the three kinds
        begun = note_ons(content)
    except (RuntimeError, ValueError, IndexError, KeyError):
        return None  # bytes that symusic or the count cannot make sense of
    tracks = [track.notes.numpy() for track in score.tracks]
    if sum(len(notes["time"]) for notes in tracks) != begun or len(score.tempos) > 1:
        return None
    if any(_overlap(notes) for notes in tracks):
        return None
    found = [np.zeros((4, 0))]
    for track, notes in zip(score.tracks, tracks, strict=True):
        if not track.is_drum:
            named = [notes[name] for name in ("pitch", "time", "duration", "velocity")]
            found.append(np.array(named, np.float64))
    every = np.concatenate(found, axis=1)
    every[1:3] /= BEATS_PER_MEASURE * score.ticks_per_quarter
    return every, score.tempos[0].qpm if score.tempos else DEFAULT_BPM


def _overlap(notes: dict[str, np.ndarray]) -> bool:
    """Whether a note of one pitch begins before the last one of that pitch has ended."""
    order = np.lexsort((notes["time"], notes["pitch"]))
    pitch, start = notes["pitch"][order], notes["time"][order]
    end = start + notes["duration"][order]
    return bool(np.any((pitch[1:] == pitch[:-1]) & (start[1:] < end[:-1])))


def note_ons(content: bytes) -> int | None:
    """Return how many notes begin in a file; ``None`` if a program changes after a first note.

    Raises
    ------
    IndexError, KeyError
        If the bytes are no messages.
    """
    at, begun = 8 + _CHUNK.unpack_from(content)[1], 0
    while at + _CHUNK.size <= len(content):
        kind, length = _CHUNK.unpack_from(content, at)
        at += _CHUNK.size
        if kind == b"MTrk":
            count = _count(content[at : at + length])
            if count is None:
                return None
            begun += count
        at += length
    return begun


def _count(track: bytes) -> int | None:
    at, status, begun, end = 0, 0, 0, len(track)
    while at < end:
        while track[at] & 0x80:  # the delta time, of which the last byte is below
            at += 1
        at += 1
        if track[at] & 0x80:
            status, at = track[at], at + 1
        kind = status & 0xF0
        if kind == _NOTE_ON:  # of velocity 0 it is a note-off
            begun += track[at + 1] > 0
        elif status in (_META, _SYSEX, _SYSEX_MORE):
            length, at = _quantity(track, at + (status == _META))
            at += length
            continue
        elif kind == _PROGRAM and begun:
            return None
        at += _DATA[kind]
    return begun


def _quantity(track: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length quantity and the place after it."""
    value = 0
    while True:
        byte, at = track[at], at + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
