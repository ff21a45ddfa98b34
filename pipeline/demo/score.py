"""From notes to a standard MIDI file (type 1): a tempo track and one track per voice.

Conventions
-----------
``TICKS`` ticks to the quarter note, one channel and one General MIDI programme per voice. The bytes
depend on the piece alone.
"""

from __future__ import annotations

import io

import mido

from pipeline.demo.compose import BASS, CHORDS, MELODY, TICKS, Piece

VOICES = {MELODY: "melody", CHORDS: "chords", BASS: "bass"}


def midi_bytes(piece: Piece, programs: tuple[int, int, int]) -> bytes:
    """Return the bytes of the MIDI file of a piece.

    Parameters
    ----------
    piece
        The notes.
    programs
        General MIDI programme (0 to 127) of melody, chords and bass.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    head = mido.MidiTrack()
    numerator, denominator = piece.metre
    head.append(mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))
    head.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / piece.tempo)))
    file.tracks.append(head)
    for voice, name in VOICES.items():
        file.tracks.append(_track(piece, voice, name, programs[voice]))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _track(piece: Piece, voice: int, name: str, program: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=name))
    track.append(mido.Message("program_change", channel=voice, program=program))
    events = []
    for note in piece.notes:
        if note.voice == voice:
            # 0 sorts a note's end before the next one's start on the same tick.
            events += [(note.end, 0, note.pitch, 0), (note.start, 1, note.pitch, note.velocity)]
    now = 0
    for tick, is_on, pitch, velocity in sorted(events):
        kind = "note_on" if is_on else "note_off"
        message = mido.Message(kind, channel=voice, note=pitch, velocity=velocity, time=tick - now)
        track.append(message)
        now = tick
    return track
