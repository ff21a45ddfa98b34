"""Notes of a MIDI file, read in a child process that may hang, swell or die.

Conventions
-----------
Times are measures of four quarter notes, musicpy's unit; see :mod:`pipeline.notes`. All tracks are
merged. Notes on channel 10 (General MIDI percussion) are left out: their numbers are instruments,
not pitches. The tempo is the first one in the file, 120 where there is none (the MIDI default);
later tempo changes are not followed.

Plain files, which are nearly all, are read by symusic, note for note as musicpy reads them
(:mod:`pipeline.midi_plain`); musicpy reads the others. It gives a start time per track and, per
note, the interval to the next; onsets are their running sum, rounded to whole ticks. A note-off
ends every note of its pitch and channel that still sounds; a note that never ends has duration 0.
What musicpy is known to get wrong is refused:
truncated files, SMPTE time and format 2 from the header, before musicpy (:func:`header_fault`).
Notes that begin or last longer than :data:`MAX_MEASURES`, or have a negative time, are dropped, and
the file is refused when they are more than half.

The child is ``python -m pipeline.midi``; see :mod:`pipeline.midi_child`.
"""

from __future__ import annotations

import os
import struct
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import midi_plain
from pipeline.midi_child import Child, serve
from pipeline.notes import BEATS_PER_MEASURE, Notes, ordered

#: A child's address space, bytes: musicpy and numpy need 0.2 GiB, large files some more.
MEMORY_BYTES = 1 << 30
#: Eleven hours at 120 bpm. Later notes come from corrupt delta times.
MAX_MEASURES = 20_000.0
#: Quarter notes a minute; 24-bit tempos reach 6e7, music does not.
MAX_BPM = 1_000.0
#: Index of MIDI channel 10.
PERCUSSION = 9
#: musicpy opens a sound device and prints when imported; a pool of threads would take memory.
_QUIET = {
    "SDL_AUDIODRIVER": "dummy",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_HEADER = struct.Struct(">4sIHHH")
_CHUNK = struct.Struct(">4sI")
_CHILD = Child("pipeline.midi", _QUIET)


class MidiError(ValueError):
    """A MIDI file that gives no notes.

    Parameters
    ----------
    code : str
        ``not-midi``, ``truncated``, ``smpte``, ``asynchronous``, ``no-notes``, ``absurd-times``,
        ``absurd-tempo``, ``decode-error``, ``unreadable``, ``timeout``, ``memory`` or ``crash``.
    reason : str
        The file, the cause and the rule, for a person.
    """

    #: Codes that say something about the machine as well as the file: never cache them.
    TRANSIENT = frozenset({"unreadable", "timeout", "memory", "crash"})

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


def read_notes(path: Path, time_limit_seconds: float) -> Notes:
    """Read all pitched notes of a MIDI file.

    Parameters
    ----------
    path : Path
        A Standard MIDI File, format 0 or 1, with time in ticks per quarter note.
    time_limit_seconds : float > 0
        Wall-clock limit for this file; the child's start is not counted.

    Returns
    -------
    pipeline.notes.Notes
        Sorted by onset, then pitch.

    Raises
    ------
    MidiError
        Whatever is wrong with the file, including a musicpy that hangs, crashes or needs more than
        :data:`MEMORY_BYTES`. Nothing else is raised for any content.
    """
    if not time_limit_seconds > 0:
        raise ValueError(f"time_limit_seconds: {time_limit_seconds} must be positive")
    answer = _CHILD.ask({"path": str(path.absolute())}, time_limit_seconds)
    if "code" in answer:
        raise MidiError(answer["code"], f"{path.name}: {answer['reason']}")
    columns = np.frombuffer(b64decode(answer["notes"]), "<f8").reshape(4, -1)
    return clean(columns, answer["bpm"], path.name)


def clean(columns: np.ndarray, bpm: float, name: str) -> Notes:
    """Drop notes with impossible times, refuse pieces that cannot be trusted.

    Parameters
    ----------
    columns : np.ndarray [shape=(4, note)]
        Pitch, onset (measures), duration (measures), velocity.
    bpm : float
        Quarter notes per minute.
    name : str
        File name for messages.

    Raises
    ------
    MidiError
        ``no-notes``, ``absurd-times`` (more than half dropped) or ``absurd-tempo``.
    """
    if columns.shape[1] == 0:
        raise MidiError("no-notes", f"{name}: no note outside percussion; a piece needs one")
    if not 0 < bpm <= MAX_BPM:
        raise MidiError("absurd-tempo", f"{name}: tempo {bpm} bpm; must be in (0, {MAX_BPM:g}]")
    times = columns[1:3]
    kept = np.all((times >= 0) & (times <= MAX_MEASURES), axis=0)
    if 2 * kept.sum() < kept.size:
        raise MidiError(
            "absurd-times",
            f"{name}: {kept.size - kept.sum()} of {kept.size} notes outside 0 to"
            f" {MAX_MEASURES:g} measures; at most half may be",
        )
    pitch, onset, duration, velocity = columns[:, kept]
    return ordered(pitch, onset, duration, velocity, bpm)


def header_fault(content: bytes) -> tuple[str, str] | None:
    """Say why bytes cannot be trusted as a MIDI file, as (code, reason), or ``None`` if they can.

    Source: Standard MIDI Files 1.0, chunks and header. Bytes after the last declared track are
    ignored; unknown chunks between tracks are skipped, as the standard asks.

    Examples
    --------
    >>> header_fault(b"RIFF....")[0]
    'not-midi'
    """
    if len(content) < _HEADER.size or content[:4] != b"MThd":
        return "not-midi", "the file does not begin with a MIDI header chunk (MThd)"
    _, length, form, tracks, division = _HEADER.unpack_from(content)
    if length < 6 or form > 2:
        return "not-midi", f"header of length {length}, format {form}; must be >= 6 and 0, 1 or 2"
    if form == 2:
        return "asynchronous", "format 2 holds independent patterns without a common time"
    if division & 0x8000:
        return "smpte", "time in SMPTE frames; must be in ticks per quarter note"
    if division == 0:
        return "not-midi", "0 ticks per quarter note; must be positive"
    at = 8 + length
    while tracks > 0:
        if at + _CHUNK.size > len(content):
            return "truncated", f"{tracks} of the tracks that the header declares are missing"
        kind, length = _CHUNK.unpack_from(content, at)
        at += _CHUNK.size + length
        if at > len(content):
            return "truncated", f"a chunk ends {at - len(content)} bytes after the file"
        tracks -= kind == b"MTrk"
    return None


def _answer(request: dict[str, str]) -> dict[str, Any]:
    """Return the notes of one file, or a code and a reason; runs in the child."""
    path = request["path"]
    try:
        content = Path(path).read_bytes()
        fault = header_fault(content)
    except OSError as error:
        return _fault("unreadable", f"{type(error).__name__}: {error.strerror}")
    except MemoryError:
        return _fault("memory", f"the file needs more than {MEMORY_BYTES >> 20} MiB")
    if fault is not None:
        return _fault(*fault)
    plain = midi_plain.columns(content)
    if plain is not None:
        return _packed(*plain)
    try:
        import musicpy  # takes half a second, which plain files need not pay

        # Splitting by channel, the default for format 0, misplaces a second track.
        return _packed(*_columns(musicpy.read(path, split_channels=False)))
    except MemoryError:
        return _fault("memory", f"musicpy needs more than {MEMORY_BYTES >> 20} MiB")
    except Exception as error:
        # musicpy refuses a file without channel messages; its other texts are often wrong.
        if "requires the MIDI file contains channel messages" in str(error):
            return _fault("no-notes", "no channel message; a piece needs notes")
        return _fault("decode-error", f"musicpy cannot read it ({type(error).__name__})")


def _packed(columns: np.ndarray, bpm: float) -> dict[str, Any]:
    """Return notes [shape=(4, note)] as an answer; numbers in print would take most of the time."""
    return {"notes": b64encode(columns.astype("<f8").tobytes()).decode(), "bpm": bpm}


def _columns(piece: Any) -> tuple[np.ndarray, float]:
    ticks = BEATS_PER_MEASURE * piece.ticks_per_beat
    rows: list[tuple[int, float, float, int]] = []
    for track, start in zip(piece.tracks, piece.start_times, strict=True):
        onset = float(start)
        for note, interval in zip(track.notes, track.interval, strict=True):
            if note.channel != PERCUSSION:
                times = (round(onset * ticks) / ticks, round(note.duration * ticks) / ticks)
                rows.append((int(note.degree), *times, int(note.volume)))
            onset += float(interval)
    return np.array(rows, np.float64).reshape(-1, 4).T, float(piece.bpm)


def _fault(code: str, reason: str) -> dict[str, str]:
    return {"code": code, "reason": reason}


if __name__ == "__main__":
    os.environ.update(_QUIET)
    serve(_answer, MEMORY_BYTES)
