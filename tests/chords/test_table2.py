"""Tables I and II of the paper, from the printed numbers and through a real MIDI file."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from pipeline.chords import dump, intervals, note_name, pitch_number, segments
from pipeline.midi import read_notes
from pipeline.tokenizers import load

# Table I. The last interval of a piece is its last note's duration.
TABLE_1 = {
    "Kiss The Rain": (
        "D4, G4, E4, D4, C4, D4, E4, F4, E4, D4, C4, D4",
        "0.13, 0.12, 0.12, 0.13, 0.13, 0.24, 0.14, 0.13, 0.13, 0.12, 0.52, 0.05",
    ),
    "Canon": (
        "D5, D5, F5, F#5, E5, D5, B4, G4, G4, A4, B4",
        "0.22, 0.02, 0.09, 0.13, 0.04, 0.33, 0.03, 0.14, 0.63, 0.09, 0.08",
    ),
    "Victory": (
        "A4, E4, E4, G4, A4, B4, A4, A4, F4, E4",
        "0.13, 0.26, 0.06, 0.13, 0.63, 0.13, 0.13, 0.13, 0.13, 0.06",
    ),
    "Dust": (
        "D4, A4, G4, G4, D4, F4, G4, G4, G4, A4",
        "0.12, 0.79, 0.12, 0.11, 0.03, 0.22, 0.11, 0.25, 0.12, 0.25",
    ),
}
# Table II, with F#5 for the misprinted "F#4" of its first row.
TABLE_2 = {
    4: ["D5 D5 F5 F#5 E5 D5", "B4 G4 G4", "A4 B4"],
    3: ["D5 D5 F5 F#5 E5 D5 B4 G4 G4", "A4 B4"],
    2: ["D5 D5 F5 F#5 E5 D5 B4 G4 G4", "A4 B4"],
    6: ["D5", "D5 F5 F#5 E5 D5", "B4 G4 G4", "A4 B4"],
}
#: 96 ticks are a hundredth of a measure, so the printed intervals are whole ticks.
TICKS_PER_BEAT = 2400
TICKS_PER_MEASURE = 4 * TICKS_PER_BEAT


def numbers(piece: str) -> tuple[list[str], np.ndarray]:
    names, times = TABLE_1[piece]
    return names.split(", "), np.array([float(time) for time in times.split(", ")])


def write(path: Path, piece: str, rest: float = 0.0) -> Path:
    """Each note lasts until the next begins, as in a melody; the file starts with a rest."""
    names, times = numbers(piece)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(100))])
    delta = round(rest * TICKS_PER_MEASURE)
    for name, time in zip(names, times, strict=True):
        pitch, ticks = pitch_number(name), round(time * TICKS_PER_MEASURE)
        track.append(mido.Message("note_on", note=pitch, velocity=70, time=delta))
        track.append(mido.Message("note_off", note=pitch, time=ticks))
        delta = 0
    mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(path)
    return path


@pytest.mark.parametrize("beats", TABLE_2)
def test_table_2_from_the_numbers_of_table_1(beats: int) -> None:
    names, times = numbers("Canon")
    assert [" ".join(names[part]) for part in segments(times, beats)] == TABLE_2[beats]


@pytest.mark.parametrize("beats", TABLE_2)
def test_table_2_through_a_midi_file(tmp_path: Path, beats: int) -> None:
    notes = read_notes(write(tmp_path / "canon.mid", "Canon"), 60.0)
    paper = load("paper")
    assert paper.tokenize(notes, paper.Config(beats_per_measure=beats)) == TABLE_2[beats]


@pytest.mark.parametrize("piece", TABLE_1)
def test_table_1_through_a_midi_file(tmp_path: Path, piece: str) -> None:
    notes = read_notes(write(tmp_path / "piece.mid", piece, rest=0.5), 60.0)
    assert dump(notes) == TABLE_1[piece]
    assert notes.onset[0] == 0.5
    assert notes.bpm == pytest.approx(100.0)
    assert intervals(notes).sum() == pytest.approx(numbers(piece)[1].sum(), abs=1e-9)


def test_the_dump_of_a_part_begins_and_ends_where_asked(tmp_path: Path) -> None:
    notes = read_notes(write(tmp_path / "canon.mid", "Canon"), 60.0)
    # At 100 bpm a measure is 2.4 s: the first notes begin at 0, 0.528 and 0.576 s.
    assert dump(notes, 0.5, 0.57) == ("D5", "0.02")


@pytest.mark.parametrize("pitch", range(128))
def test_names_and_numbers_are_inverse(pitch: int) -> None:
    assert pitch_number(note_name(pitch)) == pitch
