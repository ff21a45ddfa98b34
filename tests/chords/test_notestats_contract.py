"""What holds for the statistics of every piece: names, finiteness, invariance, bounds, registry."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import notestats, params
from pipeline.notes import Notes, ordered
from pipeline.notestats import Config, families, names, read, statistics

BPM = 240.0  # a measure lasts 1 s
#: What moves with the pitch by its nature.
ABSOLUTE = {*(f"pitch.p{p}" for p in (0, 10, 25, 50, 75, 90, 100)), "pitch.mean", "pitch.weighted"}
ABSOLUTE |= {"top.mean", "bass.mean"}

ANY_NOTES = st.lists(
    st.tuples(
        st.integers(0, 127),
        st.one_of(st.integers(0, 60).map(lambda n: n / 16), st.floats(0, 1e12)),
        st.one_of(st.just(0.0), st.floats(0, 1e12)),
        st.integers(1, 127),
    ),
    min_size=1,
    max_size=12,
)


def improvisation(seed: int, count: int = 80, **changes: float) -> Notes:
    """Return notes at random on a grid of 1/64 s: ``up`` semitones, s ``later``, ``louder``."""
    rng = np.random.default_rng(seed)
    onset, duration = np.cumsum(rng.integers(0, 40, count)) / 64, rng.integers(1, 90, count) / 64
    pitch, velocity = rng.integers(40, 80, count), rng.integers(20, 60, count)
    return ordered(
        pitch + round(changes.get("up", 0)),
        onset + changes.get("later", 0),
        duration,
        velocity * changes.get("louder", 1),
        BPM,
    )


def of(notes: Notes) -> dict[str, float]:
    return dict(zip(names(), statistics(notes, Config()).tolist(), strict=True))


def differing(left: dict[str, float], right: dict[str, float]) -> set[str]:
    return {name for name in left if abs(left[name] - right[name]) > 1e-9}


@settings(deadline=None, max_examples=60)
@given(ANY_NOTES, st.sampled_from([1e-3, 120.0, 1e6]))
def test_every_value_of_every_piece_is_finite(
    rows: list[tuple[int, float, float, int]], bpm: float
) -> None:
    pitch, onset, duration, velocity = np.array(rows, dtype=float).T
    values = statistics(ordered(pitch, onset, duration, velocity, bpm), Config(longest_seconds=30))
    assert values.shape == (len(names()),)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()
    assert np.isfinite(values.astype(np.float32)).all()


@pytest.mark.parametrize("family", families())
def test_a_family_names_the_same_values_for_every_piece(family: str) -> None:
    module = importlib.import_module(f"pipeline.notestats.{family}")
    one = ordered(np.array([60]), np.zeros(1), np.zeros(1), np.array([1]), BPM)
    keys = {tuple(module.statistics(read(n, Config()))) for n in (one, improvisation(1))}
    assert len(keys) == 1
    assert set(keys.pop()) <= set(names())


def test_names_are_unique_and_as_many_as_the_guide_says() -> None:
    assert len(set(names())) == len(names())
    guide = (Path(__file__).resolve().parents[2] / "docs/notes.md").read_text(encoding="utf-8")
    assert f"{len(names())} statistics" in guide
    for family in families():
        assert f"pipeline/notestats/{family}.py" in guide


@pytest.mark.parametrize("up", [-7, 1, 12])
@pytest.mark.parametrize("seed", range(3))
def test_transposition_moves_nothing_but_the_register(seed: int, up: int) -> None:
    before, after = of(improvisation(seed)), of(improvisation(seed, up=up))
    moved = differing(before, after)
    # Where two triads fit equally, the lower root wins, and which it is depends on the register.
    assert ABSOLUTE <= moved <= ABSOLUTE | {"triad.change"}
    assert all(after[name] - before[name] == pytest.approx(up) for name in ABSOLUTE)


@pytest.mark.parametrize("seed", range(3))
def test_half_the_tempo_is_one_octave_of_time(seed: int) -> None:
    # Of intervals of 1/32 s and more, nothing lies below the floor or within a group.
    rng = np.random.default_rng(seed)
    onset = np.cumsum(rng.integers(2, 60, 50)) / 64
    like = np.zeros(50)
    quick, slow = (of(ordered(60 + like, onset * s, like + s, like + 64, BPM)) for s in (1, 2))
    for name in ("ioi.mean", "ioi.p10", "ioi.p50", "ioi.p90", "dur.mean"):
        assert slow[name] - quick[name] == pytest.approx(1.0, abs=1e-12)
    same = {name for name in names() if name.startswith("legato") or name == "ioi.npvi"}
    assert not same & differing(quick, slow)
    for number in range(1, 7):  # the classes are half octaves
        assert slow[f"ioi.h{number + 2}"] == quick[f"ioi.h{number}"]


@pytest.mark.parametrize("changes", [{"later": 16.0}, {"later": 0.25}])
def test_a_rest_before_the_first_note_is_nothing(changes: dict[str, float]) -> None:
    assert of(improvisation(2)) == of(improvisation(2, **changes))


def test_twice_the_velocity_moves_the_loudness_alone() -> None:
    moved = differing(of(improvisation(4)), of(improvisation(4, louder=2)))
    scaled = {"mean", "std", "p10", "p50", "p90", "change"}
    assert moved == {f"vel.{name}" for name in scaled}


def test_measures_and_tempo_matter_through_seconds_alone() -> None:
    piece = improvisation(5)
    halved = Notes(piece.pitch, piece.onset / 2, piece.duration / 2, piece.velocity, BPM / 2)
    assert of(piece) == of(halved)


def test_a_piece_is_read_up_to_its_limit() -> None:
    piece, limit = improvisation(6), 8.0
    heard = piece.onset_seconds - piece.onset_seconds[0] < limit
    left = limit - (piece.onset_seconds - piece.onset_seconds[0])
    assert 0 < heard.sum() < len(piece)
    cut = ordered(
        piece.pitch[heard],
        piece.onset[heard],
        np.minimum(piece.duration, left)[heard],
        piece.velocity[heard],
        BPM,
    )
    expected = statistics(cut, Config())
    assert statistics(piece, Config(longest_seconds=limit)).tolist() == expected.tolist()


def test_hours_of_music_need_no_more_than_the_limit() -> None:
    rng = np.random.default_rng(0)
    count, seconds = 100_000, 3 * 3600.0
    onset = np.sort(rng.uniform(0, seconds, count))
    like = np.zeros(count)
    notes = ordered(rng.integers(21, 109, count), onset, like + 1e9, like + 64, BPM)
    config = Config(longest_seconds=600.0)
    assert read(notes, config).sounding.shape == (12_000, 128)
    assert np.isfinite(statistics(notes, config)).all()


def test_a_batch_is_its_pieces_to_the_byte() -> None:
    pieces = [improvisation(seed) for seed in range(4)]
    whole = notestats.table(notestats.Work(pieces, Config()))
    parts = [notestats.table(notestats.Work(part, Config())) for part in (pieces[:1], pieces[1:])]
    assert whole.tobytes() == np.concatenate(parts).tobytes()


def test_a_new_file_is_a_new_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zest.py").write_text("def statistics(piece):\n    return {'zest': piece.span}\n")
    (tmp_path / "_shared.py").write_text("")
    monkeypatch.setattr(notestats, "__path__", [*notestats.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    before = names()
    names.cache_clear()
    try:
        assert names() == (*before, "zest")
        assert of(improvisation(1))["zest"] == read(improvisation(1), Config()).span
    finally:
        names.cache_clear()
        monkeypatch.delitem(importlib.sys.modules, "pipeline.notestats.zest")
        monkeypatch.delattr(notestats, "zest")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"group_seconds": 0.0}, r"group_seconds: 0\.0 must be positive"),
        ({"floor_seconds": -1.0}, r"floor_seconds: -1\.0 must be positive"),
        ({"longest_seconds": 0.5}, r"longest_seconds: 0\.5 must be at least 1\.0"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, float], message: str) -> None:
    section = {"group_seconds": 0.03, "floor_seconds": 0.02, "longest_seconds": 3600.0} | changes
    with pytest.raises(params.ParamsError, match=message):
        params.build(Config, section, "chord2vec.notes")


def test_the_groups_width_and_the_floor_are_the_configs() -> None:
    notes = ordered(np.array([60, 64]), np.array([0, 0.1]), np.array([0.001, 1]), np.ones(2), BPM)
    assert read(notes, Config(group_seconds=0.2)).sizes.tolist() == [2.0]
    assert read(notes, Config()).sizes.tolist() == [1.0, 1.0]
    assert read(notes, Config(floor_seconds=0.5)).log2(np.array([0.1])).tolist() == [-1.0]
