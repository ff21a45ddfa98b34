"""Note statistics of pieces whose answers are known, family by family."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from pipeline import notestats
from pipeline.notes import Notes, ordered
from pipeline.notestats import Config, tonality
from pipeline.notestats import read as read_piece

#: Quarter notes a minute at which a measure lasts 1 s: onsets and durations are seconds.
BPM = 240.0
MAJOR_SCALE = (60, 62, 64, 65, 67, 69, 71)


def notes(
    pitch: Sequence[int] | np.ndarray,
    onset: Sequence[float] | np.ndarray,
    duration: float | np.ndarray = 0.25,
    velocity: float | np.ndarray = 64,
) -> Notes:
    """Return notes from MIDI numbers, s, s and velocities."""
    like = np.zeros(len(pitch))
    return ordered(np.array(pitch), np.array(onset), like + duration, like + velocity, BPM)


def chords(*each: Sequence[int], seconds: float = 1.0) -> Notes:
    """Return chords of this length that follow each other."""
    pitch = [tone for chord in each for tone in chord]
    onset = [number * seconds for number, chord in enumerate(each) for _ in chord]
    return notes(pitch, onset, seconds)


def of(piece: Notes, config: Config | None = None) -> dict[str, float]:
    values = notestats.statistics(piece, config or Config())
    return dict(zip(notestats.names(), values.tolist(), strict=True))


def improvisation(seed: int = 3, count: int = 60) -> Notes:
    """Return notes at random on a grid of 1/64 s, which halving and doubling keep exact."""
    rng = np.random.default_rng(seed)
    onset, duration = np.cumsum(rng.integers(0, 40, count)) / 64, rng.integers(1, 90, count) / 64
    return notes(rng.integers(40, 80, count), onset, duration, rng.integers(20, 120, count))


@pytest.mark.parametrize("tonic", range(12))
def test_a_scale_is_in_its_key(tonic: int) -> None:
    piece = notes([pitch + tonic for pitch in MAJOR_SCALE] * 3, np.arange(21) / 4)
    profile = np.bincount(piece.pitch % 12, minlength=12) / len(piece)
    assert tonality.correlations(profile).argmax() == tonic
    found = of(piece)
    assert found["diatonic"] == pytest.approx(1.0)
    assert found["key.mode"] > 0
    assert found["key.entropy"] == pytest.approx(np.log2(7))
    assert found["relative.maj"] == pytest.approx(3 / 7)
    assert found["relative.pc"] == pytest.approx(0.0)


def test_a_harmonic_minor_scale_on_its_tonic_is_minor() -> None:
    minor = (57, 59, 60, 62, 64, 65, 68, 69, 64, 60, 57)
    found = of(notes(minor, np.arange(11) / 2, 0.5))
    assert found["key.mode"] < 0
    assert found["key.parallel"] < 0


def test_keys_are_numpys_correlations() -> None:
    profile = np.random.default_rng(1).random(12)
    expected = [
        np.corrcoef(profile, np.roll(mode, tonic))[0, 1]
        for mode in (tonality.MAJOR, tonality.MINOR)
        for tonic in range(12)
    ]
    np.testing.assert_allclose(tonality.correlations(profile), expected, atol=1e-12)


def test_what_has_no_key_has_none() -> None:
    found = of(notes(np.arange(60, 72), np.arange(12) / 4))
    assert [found[f"key.{name}"] for name in ("major", "minor", "mode", "clear")] == [0.0] * 4
    assert found["key.entropy"] == pytest.approx(np.log2(12))


def test_an_organ_point_counts_two_seconds() -> None:
    piece = notes([48, 67], [0.0, 1.0], np.array([60.0, 2.0]))
    assert of(piece)["key.entropy"] == pytest.approx(1.0)


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.8])
def test_a_metronome_pulses_at_its_lag(seconds: float) -> None:
    beats = round(40 / seconds)
    found = of(notes([60] * beats, np.arange(beats) * seconds, 0.1))
    assert found["pulse.at"] == pytest.approx(np.log2(seconds))
    assert found["pulse.max"] == found[f"pulse.{seconds * 1000:.0f}"] > 0.9
    assert found["ioi.mean"] == pytest.approx(np.log2(seconds))
    assert found["ioi.std"] == pytest.approx(0.0, abs=1e-9)
    assert found["ioi.npvi"] == pytest.approx(0.0, abs=1e-9)
    assert found["ioi.entropy"] == 0.0


def test_onsets_at_random_have_less_pulse_than_a_metronome() -> None:
    onset = np.sort(np.random.default_rng(5).uniform(0, 40, 100))
    assert of(notes([60] * 100, onset))["pulse.max"] < 0.4


def test_lags_beyond_the_end_are_zero() -> None:
    found = of(notes([60, 60], [0.0, 0.5]))
    assert found["pulse.480"] > 0.3
    assert found["pulse.950"] == found["pulse.2260"] == 0.0


def test_one_loudness_has_no_spread_trend_or_change() -> None:
    found = of(notes(np.arange(60, 70), np.arange(10) / 3, velocity=80))
    assert found["vel.mean"] == found["vel.p10"] == found["vel.p90"] == 80
    assert [found[f"vel.{name}"] for name in ("std", "trend", "pitch", "change")] == [0.0] * 4


def test_louder_with_pitch_and_softer_with_time() -> None:
    step = np.arange(10)
    found = of(notes(90 - step, step / 3, velocity=100 - 5 * step))
    assert found["vel.trend"] == pytest.approx(-1.0)
    assert found["vel.pitch"] == pytest.approx(1.0)
    assert found["vel.change"] == pytest.approx(5.0)
    assert found["pitch.trend"] == pytest.approx(-1.0)


def test_change_of_loudness_follows_the_loudest_of_a_group() -> None:
    loud = np.array([20, 90, 30, 60])
    assert of(notes([60, 64, 60, 64], [0, 0.01, 1, 1.01], velocity=loud))["vel.change"] == 30.0


def test_motion_of_the_outer_voices() -> None:
    top = [72, 72, 74, 77, 84, 72]
    piece = chords(*[(48, pitch) for pitch in top])
    found = of(piece)
    kinds = ("repeat", "step", "third", "leap", "octave", "up")
    assert [found[f"top.{kind}"] for kind in kinds] == [0.2, 0.2, 0.2, 0.4, 0.2, 0.6]
    assert found["top.motion"] == pytest.approx((0 + 2 + 3 + 7 + 12) / 5)
    assert found["bass.repeat"] == 1.0
    assert (found["bass.mean"], found["bass.std"], found["bass.up"]) == (48.0, 0.0, 0.0)


def test_pitch_is_weighted_with_durations() -> None:
    found = of(notes([40, 80], [0.0, 1.0], np.array([3.0, 1.0])))
    assert found["pitch.mean"] == 60.0
    assert found["pitch.weighted"] == pytest.approx(50.0, abs=0.05)
    assert (found["pitch.p0"], found["pitch.p50"], found["pitch.p100"]) == (40.0, 60.0, 80.0)


@pytest.mark.parametrize(("share", "legato"), [(1.0, 0.0), (0.5, -1.0), (2.0, 1.0)])
def test_articulation_is_duration_over_interval(share: float, legato: float) -> None:
    found = of(notes([60] * 9, np.arange(9) / 2, share / 2))
    assert found["legato.mean"] == legato
    assert found["legato.std"] == 0.0
    assert found["dur.mean"] == legato - 1


def test_intervals_fall_into_half_octaves_of_time() -> None:
    gaps = 2.0 ** (np.arange(-4.25, 0.6, 0.5))
    found = of(notes([60] * 11, np.concatenate([[0], np.cumsum(gaps)])))
    np.testing.assert_allclose([found[f"ioi.h{number}"] for number in range(10)], 0.1)
    assert found["ioi.entropy"] == pytest.approx(np.log2(10))


def test_groups_of_notes_and_density() -> None:
    found = of(chords((60,), (60, 64), (60, 64, 67), (48, 60, 64, 67)))
    assert [found[f"size.{number}"] for number in (1, 2, 3, 4)] == [0.25] * 4
    assert found["density.notes"] == pytest.approx(np.log2(10 / 4))
    assert found["density.groups"] == 0.0
    assert (found["poly.mean"], found["poly.max"], found["poly.silence"]) == (2.5, 4.0, 0.0)


def test_a_rest_is_silence() -> None:
    assert of(notes([60, 60], [0.0, 3.0], 1.0))["poly.silence"] == 0.5


def test_intervals_of_a_triad_and_of_a_cluster() -> None:
    triad, cluster = of(chords((60, 64, 67))), of(chords((60, 61)))
    for semitones in range(12):
        expected = 1 / 3 if semitones in (3, 4, 7) else 0.0
        assert triad[f"interval.{semitones}"] == pytest.approx(expected)
    assert triad["interval.consonance"] == pytest.approx((0.594 + 0.386 + 1.240) / 3)
    assert (triad["interval.near"], triad["interval.polyphonic"]) == (0.0, 1.0)
    assert (cluster["interval.near"], cluster["interval.consonance"]) == (1.0, -1.428)


@pytest.mark.parametrize("seed", range(3))
def test_intervals_are_those_of_all_pairs(seed: int) -> None:
    piece = improvisation(seed)
    frames = read_piece(piece, Config()).sounding[::4]
    shares = []
    for frame in frames:
        apart = [high - low for low, high in combinations(np.flatnonzero(frame).tolist(), 2)]
        if apart:
            counted = np.bincount(np.array(apart) % 12, minlength=12) / len(apart)
            shares.append([*counted, np.mean(np.array(apart) <= 2)])
    found = of(piece)
    names = [*(f"interval.{semitones}" for semitones in range(12)), "interval.near"]
    np.testing.assert_allclose([found[name] for name in names], np.mean(shares, axis=0), atol=1e-12)
    assert found["interval.polyphonic"] == len(shares) / len(frames)


def test_what_sounds_is_what_lies_between_onset_and_end() -> None:
    piece = notes([60, 60, 72], [0.0, 0.1, 0.5], np.array([0.2, 0.1, 0.0]))
    sounding = read_piece(piece, Config()).sounding
    assert sounding.shape == (20, 128)
    assert np.flatnonzero(sounding[:, 60]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(sounding[:, 72]).tolist() == [10]


@pytest.mark.parametrize(
    ("kind", "chord"),
    [
        ("major", (53, 57, 60)),
        ("minor", (53, 56, 60)),
        ("dim", (53, 56, 59)),
        ("aug", (53, 57, 61)),
    ],
)
def test_triads_are_told_apart(kind: str, chord: tuple[int, ...]) -> None:
    found = of(chords(chord, seconds=4.0))
    assert found[f"triad.{kind}"] == 1.0
    assert found["triad.fit"] == pytest.approx(1.0)
    assert found["triad.change"] == 0.0


def test_triads_change_with_the_harmony() -> None:
    found = of(chords((48, 52, 55), (53, 57, 60), seconds=5.0))
    # Windows begin every 0.5 s of 10 s; the last is at 9 s, one change lies among the 18 steps.
    assert found["triad.change"] == pytest.approx(1 / 18)
    assert found["triad.contrast"] > 0
