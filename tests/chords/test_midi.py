"""Reading MIDI: against mido as an independent reader, and against files that mean harm."""

from __future__ import annotations

import os
import struct
from collections import Counter, defaultdict
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.midi import MidiError, clean, header_fault, read_notes
from pipeline.notes import Notes

LIMIT_SECONDS = 60.0
CORPORA = os.environ.get("MULTISPEC_CORPORA")
needs_corpora = pytest.mark.skipif(not CORPORA, reason="MULTISPEC_CORPORA is not set")


def save(path: Path, messages: list[mido.Message], form: int = 1, copies: int = 1) -> Path:
    tracks = [mido.MidiTrack(messages) for _ in range(copies)]
    mido.MidiFile(type=1, ticks_per_beat=480, tracks=tracks).save(path)
    content = bytearray(path.read_bytes())
    content[9] = form  # mido refuses to write format 0 with two tracks, which exists in the wild
    path.write_bytes(content)
    return path


def note(pitch: int, ticks: int, channel: int = 0, velocity: int = 64) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=pitch, velocity=velocity, channel=channel),
        mido.Message("note_off", note=pitch, channel=channel, time=ticks),
    ]


def oracle(path: Path) -> Counter[tuple[int, int, int, int]]:
    """(pitch, onset, duration, velocity) in ticks; a note-off ends all notes of its pitch."""
    found = []
    for track in mido.MidiFile(path, clip=True).tracks:
        now, open_notes = 0, defaultdict(list)
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off") or message.channel == 9:
                continue
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity > 0:
                found.append([message.note, now, 0, message.velocity])
                open_notes[key].append(found[-1])
            else:
                for row in open_notes.pop(key, []):
                    row[2] = now - row[1]
    return Counter(tuple(row) for row in found)


def in_ticks(notes: Notes, path: Path) -> Counter[tuple[int, int, int, int]]:
    ticks = 4 * mido.MidiFile(path, clip=True).ticks_per_beat
    times = np.rint(np.stack([notes.onset, notes.duration]) * ticks).astype(int)
    return Counter(zip(notes.pitch.tolist(), *times.tolist(), notes.velocity.tolist(), strict=True))


@pytest.mark.parametrize(("form", "copies"), [(0, 1), (0, 2), (1, 1), (1, 3)])
def test_notes_times_and_velocities_of_every_format(tmp_path: Path, form: int, copies: int) -> None:
    messages = [
        mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90)),
        mido.Message("program_change", program=3, time=960),
        *note(60, 240),
        *note(64, 7, channel=1, velocity=101),
        mido.Message("note_on", note=67, velocity=1, time=13),
        mido.Message("note_on", note=67, velocity=2, time=5),
        mido.Message("note_on", note=67, velocity=0, time=5),
        mido.Message("note_on", note=70, velocity=127, time=480),
    ]
    path = save(tmp_path / "a.mid", messages, form, copies)
    notes = read_notes(path, LIMIT_SECONDS)
    assert in_ticks(notes, path) == oracle(path)
    assert len(notes) == 5 * copies
    assert notes.onset[0] == pytest.approx(0.5)
    assert notes.bpm == pytest.approx(90, abs=1e-3)
    assert notes.duration[notes.pitch == 70].max() == 0.0


def test_percussion_is_left_out(tmp_path: Path) -> None:
    mixed = save(tmp_path / "mixed.mid", [*note(36, 10, channel=9), *note(60, 480)], form=0)
    assert read_notes(mixed, LIMIT_SECONDS).pitch.tolist() == [60]
    drums = save(tmp_path / "drums.mid", note(36, 10, channel=9))
    with pytest.raises(MidiError, match=r"no-notes: drums\.mid: no note outside percussion"):
        read_notes(drums, LIMIT_SECONDS)


def header(form: int = 1, tracks: int = 1, division: int = 480, length: int = 6) -> bytes:
    return struct.pack(">4sIHHH", b"MThd", length, form, tracks, division)


END = b"MTrk" + struct.pack(">I", 4) + b"\x00\xff\x2f\x00"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-midi"),
        (b"RIFF" + bytes(40), "not-midi"),
        (header(form=3) + END, "not-midi"),
        (header(length=2) + END, "not-midi"),
        (header(division=0) + END, "not-midi"),
        (header(form=2) + END, "asynchronous"),
        (header(division=0xE728) + END, "smpte"),
        (header(tracks=2) + END, "truncated"),
        (header() + END[:-1], "truncated"),
        (header() + b"MTrk\xff\xff\xff\xff", "truncated"),
    ],
)
def test_a_header_that_cannot_be_trusted_is_refused(content: bytes, code: str) -> None:
    fault = header_fault(content)
    assert fault is not None
    assert fault[0] == code


@pytest.mark.parametrize("extra", [b"", b"junk after the end", b"XFIH" + bytes(4)])
def test_a_sound_header_passes_with_unknown_chunks_and_trailing_bytes(extra: bytes) -> None:
    assert header_fault(header() + END + extra) is None
    assert header_fault(header() + b"XFIH" + struct.pack(">I", 3) + b"abc" + END) is None


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_make_the_header_check_raise(content: bytes, headed: bool) -> None:
    fault = header_fault(header() * headed + content)
    assert fault is None or fault[0] in {"not-midi", "truncated", "smpte", "asynchronous"}


def test_every_cut_of_a_file_is_refused_as_truncated(tmp_path: Path) -> None:
    content = save(tmp_path / "whole.mid", [*note(60, 480), *note(62, 480)]).read_bytes()
    for size in range(14, len(content), 5):
        cut = tmp_path / "cut.mid"
        cut.write_bytes(content[:size])
        with pytest.raises(MidiError, match=r"truncated: cut\.mid"):
            read_notes(cut, LIMIT_SECONDS)


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mid", tmp_path):
        with pytest.raises(MidiError, match="unreadable") as caught:
            read_notes(path, LIMIT_SECONDS)
        assert caught.value.code in MidiError.TRANSIENT


def test_bytes_that_are_no_messages_are_a_decode_error(tmp_path: Path) -> None:
    path = tmp_path / "odd.mid"
    path.write_bytes(header() + b"MTrk" + struct.pack(">I", 6) + b"\x00\xf4\x01\x00\xf4\x01")
    with pytest.raises(MidiError, match=r"decode-error: odd\.mid: musicpy cannot read it"):
        read_notes(path, LIMIT_SECONDS)


def test_impossible_times_and_tempos() -> None:
    good, late = [60.0, 0.0, 0.25, 80.0], [60.0, 1e9, 0.25, 80.0]
    negative, endless = [60.0, -1.0, 0.25, 80.0], [60.0, 0.0, np.inf, 80.0]
    assert len(clean(np.array([good, late]).T, 120.0, "a")) == 1
    with pytest.raises(MidiError, match="absurd-times: a: 3 of 4 notes outside 0 to 20000"):
        clean(np.array([good, late, negative, endless]).T, 120.0, "a")
    with pytest.raises(MidiError, match="absurd-tempo: a: tempo 1001 bpm"):
        clean(np.array([good]).T, 1001, "a")


@needs_corpora
def test_real_clips_read_as_mido_reads_them() -> None:
    paths = sorted(Path(CORPORA or "", "emopia", "midis").glob("*.mid"))[::15]
    if not paths:
        pytest.skip("no emopia/midis under MULTISPEC_CORPORA")
    assert len(paths) >= 50
    for path in paths:
        assert in_ticks(read_notes(path, LIMIT_SECONDS), path) == oracle(path), path.name


@needs_corpora
def test_hostile_files_give_notes_or_a_reason() -> None:
    paths = sorted(Path(CORPORA or "").parent.glob("hostile/midi/*"))
    if not paths:
        pytest.skip("no ../hostile/midi beside MULTISPEC_CORPORA")
    outcomes = {path: outcome(path) for path in paths}
    refused = {path: found for path, found in outcomes.items() if isinstance(found, MidiError)}
    assert 0 < len(refused) < len(paths)
    for path, error in refused.items():
        assert error.reason.startswith(path.name)
        assert error.code not in MidiError.TRANSIENT, path.name
    for path, notes in outcomes.items():
        if isinstance(notes, Notes):
            assert in_ticks(notes, path) == oracle(path), path.name


def outcome(path: Path) -> Notes | MidiError:
    try:
        return read_notes(path, LIMIT_SECONDS)
    except MidiError as error:
        return error
