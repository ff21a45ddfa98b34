"""The fast reader: the notes of musicpy wherever it answers, and silence wherever it might not."""

from __future__ import annotations

import os
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import midi_plain
from pipeline.midi import _columns, header_fault

CORPORA = os.environ.get("MULTISPEC_CORPORA")
TICKS = 480


def content(*tracks: list[mido.Message], form: int = 1) -> bytes:
    file = mido.MidiFile(type=form, ticks_per_beat=TICKS)
    for messages in tracks:
        file.tracks.append(mido.MidiTrack(messages))
    from io import BytesIO

    buffer = BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def on(pitch: int, velocity: int = 64, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=pitch, velocity=velocity, time=time, channel=channel)


def off(pitch: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=pitch, time=time, channel=channel)


def told(answer: tuple[np.ndarray, float]) -> tuple[list[tuple[float, ...]], float]:
    """Return notes in one order, to compare two answers to the last bit."""
    return sorted(map(tuple, answer[0].T.tolist())), answer[1]


def by_musicpy(path: Path) -> tuple[list[tuple[float, ...]], float]:
    os.environ |= {"SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    import musicpy

    return told(_columns(musicpy.read(str(path), split_channels=False)))


def agree(path: Path) -> bool:
    """Compare the two readers on a file; return whether it is plain."""
    answer = midi_plain.columns(path.read_bytes())
    if answer is not None:
        assert told(answer) == by_musicpy(path), path.name
    return answer is not None


PLAIN = {
    "chord": [on(60), on(64), on(67), off(60, 480), off(64), off(67)],
    "velocity 0 ends": [on(60), on(60, 0, 240)],
    "no length": [on(60), off(60), on(62, time=3), off(62, 5)],
    "restart on the last tick": [on(60), off(60, 10), on(60), off(60, 10)],
    "off twice": [on(60), off(60, 10), off(60, 10)],
    "drums beside": [on(36, channel=9), off(36, 10, 9), on(60), off(60, 5)],
    "two channels": [on(60), on(60, 65, 3, 1), off(60, 5), off(60, 5, 1)],
    "tempo": [mido.MetaMessage("set_tempo", tempo=517_241), on(60), off(60, 7)],
    "program first": [mido.Message("program_change", program=9), on(60), off(60, 7)],
    "system exclusive": [mido.Message("sysex", data=[1, 2, 3]), on(60, time=2), off(60, 7)],
}
ODD = {
    "never ends": [on(60), on(62), off(62, 10)],
    "overlap": [on(60), on(60, 70, 10), off(60, 10), off(60, 10)],
    "overlap, one end": [on(60), on(60, 70, 10), off(60, 10)],
    "two tempos": [
        mido.MetaMessage("set_tempo", tempo=500_000),
        on(60),
        off(60, 7),
        mido.MetaMessage("set_tempo", tempo=600_000),
    ],
    "program changes": [on(60), mido.Message("program_change", program=9, time=3), off(60, 7)],
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(("form", "copies"), [(0, 1), (1, 1), (1, 2)])
def test_plain_files_have_the_notes_that_musicpy_finds(
    tmp_path: Path, name: str, form: int, copies: int
) -> None:
    path = tmp_path / "a.mid"
    tracks = [PLAIN[name], *[[on(72), off(72, 9)]] * (copies - 1)]
    path.write_bytes(content(*tracks, form=form))
    assert agree(path)


@pytest.mark.parametrize("name", ODD)
def test_what_the_two_read_differently_is_left_to_musicpy(name: str) -> None:
    assert midi_plain.columns(content(ODD[name])) is None


events = st.lists(
    st.tuples(
        st.integers(60, 63), st.integers(0, 2), st.integers(0, 5), st.sampled_from([0, 1, 9])
    ),
    max_size=30,
)


@given(events)
def test_every_note_on_is_counted(script: list[tuple[int, int, int, int]]) -> None:
    messages = [on(pitch, velocity, time, channel) for pitch, velocity, time, channel in script]
    begun = sum(message.velocity > 0 for message in messages)
    assert midi_plain.note_ons(content(messages, messages)) == 2 * begun


@given(events)
def test_an_answer_accounts_for_every_pitched_note(
    script: list[tuple[int, int, int, int]],
) -> None:
    messages = [on(pitch, velocity, time, channel) for pitch, velocity, time, channel in script]
    answer = midi_plain.columns(content(messages))
    if answer is not None:
        begun = [item for item in messages if item.velocity and item.channel != 9]
        assert sorted(answer[0][0]) == sorted(item.note for item in begun)


@given(st.binary(max_size=120))
def test_no_bytes_behind_a_sound_header_raise(tail: bytes) -> None:
    whole = content([on(60), off(60, 7)])
    broken = whole[:22] + tail
    if header_fault(broken) is None:
        midi_plain.columns(broken)


@pytest.mark.skipif(not CORPORA, reason="MULTISPEC_CORPORA is not set")
def test_real_clips_are_plain_and_read_as_musicpy_reads_them() -> None:
    paths = sorted(Path(CORPORA or "", "emopia", "midis").glob("*.mid"))[::25]
    if not paths:
        pytest.skip("no emopia/midis under MULTISPEC_CORPORA")
    plain = [agree(path) for path in paths]
    assert all(plain)
