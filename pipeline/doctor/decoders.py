"""Decoders: a sound written and read as WAV, FLAC and MP3, and the process that reads MIDI."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from pipeline import audio, midi, params
from pipeline.doctor import Finding, Patient

FORMATS = ("wav", "flac", "mp3")
RATE = 16000
SECONDS = 1.0
#: For one MIDI file of one note, s; the start of the process comes before.
MIDI_SECONDS = 5.0
REINSTALL = "install the locked version: `make env`"


def check(patient: Patient) -> Iterator[Finding]:
    """Decode one second of each format, and one note."""
    section = params.section(patient.needed(), "audio")
    config = params.build(audio.AudioConfig, section, "audio")
    with TemporaryDirectory() as folder:
        good = []
        for name in FORMATS:
            trouble = _sound(Path(folder) / f"tone.{name}", config)
            if trouble is None:
                good.append(name.upper())
            else:
                yield Finding("fail", f"{name.upper()} cannot be read: {trouble}", REINSTALL)
        if good:
            version = soundfile.__libsndfile_version__
            yield Finding("ok", f"libsndfile {version} writes and reads {', '.join(good)}")
        yield _midi(Path(folder) / "note.mid")


def _sound(path: Path, config: audio.AudioConfig) -> str | None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(SECONDS * RATE)) / RATE)
    try:
        soundfile.write(path, tone, RATE)
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        return f"it cannot be written ({error})"
    found = audio.decode(path, config, 1)
    return str(found) if isinstance(found, audio.Reject) else None


def _midi(path: Path) -> Finding:
    events = bytes([0, 0x90, 60, 64, 96, 0x80, 60, 0, 0, 0xFF, 0x2F, 0])
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, 96)
    path.write_bytes(header + struct.pack(">4sI", b"MTrk", len(events)) + events)
    try:
        notes = midi.read_notes(path, MIDI_SECONDS)
    except (midi.MidiError, RuntimeError, OSError) as error:
        return Finding("fail", f"MIDI cannot be read: {error}", REINSTALL)
    return Finding("ok", f"the process that reads MIDI starts, and reads {len(notes.pitch)} note")
