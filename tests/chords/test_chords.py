from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import tokenizers
from pipeline.chords import groups, intervals, pitch_number, segments
from pipeline.notes import Notes, measure_seconds, ordered
from pipeline.tokenizers import load


def piece(rows: list[tuple[int, float]], bpm: float = 120.0) -> Notes:
    """Notes of an eighth at velocity 80 from (pitch, onset in measures)."""
    pitch, onset = np.array(rows, dtype=float).T
    return ordered(pitch, onset, np.full(len(rows), 0.125), np.full(len(rows), 80), bpm)


times = st.lists(st.floats(0.0, 2.0), min_size=1, max_size=30)
pieces = st.lists(
    st.tuples(st.integers(0, 127), st.integers(0, 4000)), min_size=1, max_size=40
).map(lambda rows: piece([(pitch, tick / 1920) for pitch, tick in rows]))


@pytest.mark.parametrize(("bpm", "beats", "seconds"), [(60, 4, 4), (120, 4, 2), (90, 3, 2)])
def test_equation_1(bpm: float, beats: int, seconds: float) -> None:
    assert measure_seconds(bpm, beats) == pytest.approx(seconds)


@given(times, st.integers(1, 12))
def test_segments_are_cut_exactly_at_gaps_of_a_beat(gaps: list[float], beats: int) -> None:
    values = np.array(gaps)
    found = list(segments(values, beats))
    assert np.array_equal(
        np.concatenate([np.arange(len(gaps))[part] for part in found]), range(len(gaps))
    )
    cuts = {part.start for part in found} - {0}
    assert cuts == {i + 1 for i, gap in enumerate(gaps[:-1]) if gap >= 1 / beats - 1e-6}


def test_a_gap_of_exactly_one_beat_cuts_whatever_its_rounding() -> None:
    notes = piece([(60, 1 / 3), (62, 1 / 3 + 0.25), (64, 1 / 3 + 0.25 + 0.2499)])
    assert list(segments(intervals(notes))) == [slice(0, 1), slice(1, 3)]


@given(pieces, st.floats(0.001, 0.5))
def test_groups_partition_the_notes_and_none_is_longer_than_the_window(
    notes: Notes, window: float
) -> None:
    found = list(groups(notes, window))
    assert [i for part in found for i in range(part.start, part.stop)] == list(range(len(notes)))
    firsts = notes.onset_seconds[[part.start for part in found]]
    lasts = notes.onset_seconds[[part.stop - 1 for part in found]]
    assert np.all(lasts - firsts < window)
    assert np.all(np.diff(firsts) >= window - 1e-4)


def test_the_window_is_in_seconds_so_the_tempo_counts() -> None:
    # 0.02 measure is 40 ms at 120 bpm, 20 ms at 240 bpm.
    rows = [(60, 0.0), (64, 0.02)]
    assert len(list(groups(piece(rows, bpm=120.0), 0.03))) == 2
    assert len(list(groups(piece(rows, bpm=240.0), 0.03))) == 1


@pytest.mark.parametrize("name", tokenizers.names())
def test_every_tokenizer_gives_words_in_the_order_of_time(name: str) -> None:
    module = load(name)
    first, second = [(48, 0.0), (55, 0.0), (64, 0.0)], [(50, 1.0), (57, 1.0)]
    words = module.tokenize(piece(first + second), module.Config())
    assert words
    assert all(isinstance(word, str) and word for word in words)
    assert words == module.tokenize(piece(second + first), module.Config())
    assert module.tokenize(piece(first), module.Config())[0] == words[0]


@pytest.mark.parametrize("name", sorted({*tokenizers.names()} - {"paper"}))
def test_every_tokenizer_but_the_papers_refuses_a_window_of_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="window_seconds: 0"):
        load(name).Config(window_seconds=0.0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("paper", ["C3 E3 G3", "D3"]),
        ("pitch_class", ["0.4.7", "2"]),
        ("vertical", ["3:0.4.7", "3:0"]),
    ],
)
def test_known_words(name: str, words: list[str]) -> None:
    notes = piece([(48, 0.0), (52, 0.0), (55, 0.0), (50, 1.0)])
    assert load(name).tokenize(notes, load(name).Config()) == words


@given(pieces, st.integers(-12, 12).filter(bool))
def test_pitch_classes_ignore_octaves_and_turn_with_transposition(notes: Notes, by: int) -> None:
    module = load("pitch_class")
    up = Notes((notes.pitch + 12) % 120, notes.onset, notes.duration, notes.velocity, notes.bpm)
    down = Notes(notes.pitch % 120, notes.onset, notes.duration, notes.velocity, notes.bpm)
    assert module.tokenize(up, module.Config()) == module.tokenize(down, module.Config())
    turned = Notes(
        (notes.pitch + by) % 12 + 60, notes.onset, notes.duration, notes.velocity, notes.bpm
    )
    for before, after in zip(
        module.tokenize(notes, module.Config()),
        module.tokenize(turned, module.Config()),
        strict=True,
    ):
        moved = sorted((int(tone) + by) % 12 for tone in before.split("."))
        assert after == ".".join(map(str, moved))


def test_an_unknown_tokenizer_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"'papr' is not one of .*paper.*vertical"):
        load("papr")


def test_a_note_name_without_an_octave_is_refused() -> None:
    with pytest.raises(ValueError, match="'F#' must be a letter"):
        pitch_number("F#")


def test_notes_out_of_range_or_order_are_refused() -> None:
    one = np.ones(2)
    with pytest.raises(ValueError, match="pitch: values from 1 to 128"):
        ordered(np.array([1, 128]), one, one, one, 120.0)
    with pytest.raises(ValueError, match="onset: must not decrease"):
        Notes(one, np.array([1.0, 0.0]), one, one, 120.0)
    with pytest.raises(ValueError, match=r"bpm: 0\.0 must be a positive"):
        ordered(one, one, one, one, 0.0)


def test_expressive_words_of_a_phrase() -> None:
    module = load("expressive")
    rows = [(48, 0.0), (55, 0.0), (64, 0.0), (50, 0.25), (62, 0.25), (90, 1.0)]
    assert module.tokenize(piece(rows), module.Config()) == [
        *("3:0.7.16", "i6", "v10"),  # 0.5 s to the next: on the edge, so above it
        *("3:0.12", "i9", "v10", "m-2"),
        *("6:0", "i4", "v10", "m+13"),  # a leap of 28 counts as 13; 0.25 s long
    ]


@given(pieces, st.integers(1, 3))
def test_an_octave_up_changes_only_the_octave_of_expressive_words(notes: Notes, by: int) -> None:
    module = load("expressive")
    low = Notes(notes.pitch % 84, notes.onset, notes.duration, notes.velocity, notes.bpm)
    up = Notes(low.pitch + 12 * by, low.onset, low.duration, low.velocity, low.bpm)
    for one, other in zip(
        module.tokenize(low, module.Config()), module.tokenize(up, module.Config()), strict=True
    ):
        octave, colon, rest = one.partition(":")
        assert other == (f"{int(octave) + by}:{rest}" if colon else one)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"onset_edges_seconds": (0.2, 0.1)}, r"onset_edges_seconds: \(0.2, 0.1\) must increase"),
        ({"velocity_step": 0}, "velocity_step: 0 must be in 1 to 127"),
        ({"motion_limit_semitones": 0}, "motion_limit_semitones: 0 must be at least 1"),
    ],
)
def test_expressive_settings_that_cannot_be_are_refused(
    setting: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load("expressive").Config(**setting)
