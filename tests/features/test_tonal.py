"""Pitch classes, tuning, peaks and roughness of sounds whose pitches are known."""

from __future__ import annotations

from typing import Literal

import librosa
import numpy as np
import pytest
from scipy.signal import find_peaks

from pipeline.dsp import chroma, peaks
from pipeline.features import tonal

RATE = 16000
BIN_HZ = 3.90625
TREBLE, BASS, ROUGHNESS = slice(0, 12), slice(12, 24), slice(28, 37)
SHARE, COUNT, MEAN, STD = 24, 25, 26, 27


def tone(frequency: float, seconds: float = 2.0) -> np.ndarray:
    return np.asarray(0.2 * np.sin(2 * np.pi * frequency * np.arange(seconds * RATE) / RATE))


def note(pitch: float) -> np.ndarray:
    return tone(440.0 * 2 ** ((pitch - 69) / 12))


def chord(*pitches: float) -> np.ndarray:
    return np.asarray(np.sum([note(pitch) for pitch in pitches], axis=0))


def middle(samples: np.ndarray, tuning: Literal["track", "concert"] = "track") -> np.ndarray:
    """Rows of a frame in the middle of the track: its window sees no edge."""
    values = tonal.extract(samples, RATE, tonal.Config(tuning=tuning))
    return values[0, :, 6].astype(float)


def listed(frequencies: np.ndarray) -> peaks.Peaks:
    """Peaks of one frame, at the given frequencies."""
    n = frequencies.size
    zero = np.zeros(n, np.intp)
    return peaks.Peaks((1, 1, 2000), zero, np.arange(n), frequencies, np.ones(n))


def test_rows_have_names() -> None:
    names = tonal.rows(tonal.Config())
    assert len(set(names)) == len(names) == 37
    assert names[SHARE:28] == ("peak_share", "peak_count", "pitch_mean", "pitch_std")


@pytest.mark.parametrize("pitch", range(57, 70))
def test_a_tone_lights_its_pitch_class_alone(pitch: int) -> None:
    values = middle(note(pitch))[TREBLE]
    assert np.flatnonzero(values).tolist() == [pitch % 12]
    # Amplitude 0.2, to the power of 1/2; at worst half a bin away from a bin, 1.4 dB lower.
    assert 0.2**0.5 * 0.85 < values.max() <= 0.2**0.5 * 1.001


@pytest.mark.parametrize("cents", [-30, 0, 30])
def test_a_triad_is_found_in_any_tuning(cents: float) -> None:
    triad = chord(*(pitch + cents / 100 for pitch in (60, 64, 67)))
    assert np.flatnonzero(middle(triad)[TREBLE]).tolist() == [0, 4, 7]


def test_tuning_of_the_track_decides_what_concert_pitch_gets_wrong() -> None:
    triad = chord(60.40, 64.55, 67.45)
    assert np.flatnonzero(middle(triad)[TREBLE]).tolist() == [0, 4, 7]
    assert np.flatnonzero(middle(triad, tuning="concert")[TREBLE]).tolist() == [0, 5, 7]


def test_tuning_is_that_of_the_whole_track() -> None:
    # The lone note of the second half would be a C sharp by itself.
    first = chord(60.4, 64.4, 67.4)
    values = tonal.extract(np.concatenate([first, note(60.55)]), RATE, tonal.Config())
    assert np.flatnonzero(values[3, TREBLE, 2]).tolist() == [0]
    assert np.flatnonzero(middle(note(60.55))[TREBLE]).tolist() == [1]


@pytest.mark.parametrize("deviation", [-0.4, -0.1, 0.0, 0.25, 0.45])
def test_tuning_equals_that_of_librosa(deviation: float) -> None:
    rng = np.random.default_rng(3)
    pitches = rng.integers(45, 90, 60) + deviation + rng.normal(0, 0.03, 60)
    frequencies = 440.0 * 2 ** ((pitches - 69) / 12)
    found = chroma.tuning(chroma.phasors(listed(frequencies), np.ones(60)))
    assert found == pytest.approx(deviation, abs=0.015)
    assert found == pytest.approx(librosa.pitch_tuning(frequencies), abs=0.025)
    np.testing.assert_allclose(chroma.pitch(frequencies), librosa.hz_to_midi(frequencies))


def test_octaves_are_one_pitch_class() -> None:
    classes = [middle(note(pitch))[TREBLE].argmax() for pitch in (45, 57, 69, 81, 93)]
    assert classes == [9] * 5


@pytest.mark.parametrize(
    ("frequency", "bass", "treble"), [(80, 1, 0), (170, 1, 1), (1000, 0, 1), (3000, 0, 0)]
)
def test_bass_and_treble_have_their_ranges(frequency: float, bass: int, treble: int) -> None:
    values = middle(tone(frequency))
    assert np.count_nonzero(values[BASS]) == bass
    assert np.count_nonzero(values[TREBLE]) == treble
    assert values[COUNT] == 1


def test_peaks_are_counted_and_placed() -> None:
    values = middle(chord(50, 60, 70, 80, 90))
    assert values[COUNT] == 5
    assert values[MEAN] == pytest.approx(70, abs=0.5)
    assert values[STD] == pytest.approx(np.sqrt(200), abs=0.5)


def test_share_of_energy_in_peaks() -> None:
    # A Hann window spreads a tone over three bins, with powers 1/4, 1, 1/4.
    assert middle(tone(256 * BIN_HZ))[SHARE] == pytest.approx(2 / 3, abs=1e-3)
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
    assert middle(noise)[SHARE] < 0.5


@pytest.mark.parametrize("row", range(9))
def test_roughness_tells_how_far_two_tones_lie_apart(row: int) -> None:
    first, distance = 256 * BIN_HZ, (5 + 3 * row) * BIN_HZ
    values = middle(tone(first) + tone(first + distance))[ROUGHNESS]
    assert values[row] == pytest.approx(0.5, abs=0.01)  # one pair, over the energy of two
    assert np.delete(values, row).max() < 1e-3


def test_a_semitone_is_rougher_than_a_fifth() -> None:
    semitone, fifth = (middle(chord(72, 72 + n))[ROUGHNESS].sum() for n in (1, 7))
    assert semitone > 0.3
    assert fifth < 1e-3


def test_peaks_equal_those_of_scipy() -> None:
    amplitude = np.random.default_rng(5).rayleigh(1.0, (2, 3, 400))
    found = peaks.find(amplitude, 4.0, 250.0, 6.0, 1e-18)
    level = 20 * np.log10(amplitude)
    for frame in range(6):
        row = level.reshape(6, 400)[frame]
        near = np.convolve(np.pad(row, 31, mode="symmetric"), np.full(63, 1 / 63), mode="valid")
        expected = [k for k in find_peaks(row)[0] if row[k] - near[k] > 6]
        assert found.bin[found.frame == frame].tolist() == expected
    assert np.abs(found.frequency / 4.0 - found.bin).max() <= 0.5


@pytest.mark.parametrize("offset", [0.0, 0.2, 0.5, 0.8])
def test_frequency_is_found_between_the_bins(offset: float) -> None:
    frequency = (300 + offset) * BIN_HZ
    values = middle(tone(frequency))
    # Hann: the parabola through levels errs by at most 0.016 bins.
    expected = 69 + 12 * np.log2(frequency / 440)
    assert values[MEAN] == pytest.approx(expected, abs=12 * np.log2(1 + 0.02 / 300))


def test_gain_reaches_the_chroma_alone() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * RATE)
    loud = tonal.extract(noise, RATE, tonal.Config())
    quiet = tonal.extract(0.01 * noise, RATE, tonal.Config())
    np.testing.assert_allclose(quiet[:, :24], 0.1 * loud[:, :24], rtol=1e-5)
    np.testing.assert_allclose(quiet[:, 24:], loud[:, 24:], rtol=1e-4, atol=1e-5)


def test_last_frame_is_the_first_of_the_next_second() -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, 3 * RATE)
    values = tonal.extract(noise, RATE, tonal.Config())
    np.testing.assert_array_equal(values[:-1, :, -1], values[1:, :, 0])


def test_silence_has_no_tones() -> None:
    assert not tonal.extract(np.zeros(RATE), RATE, tonal.Config()).any()


def test_a_clip_shorter_than_the_window_is_finite() -> None:
    values = tonal.extract(tone(440.0, 0.05), RATE, tonal.Config())
    assert values.shape == (1, 37, 9)
    assert np.isfinite(values).all()
    assert values[0, TREBLE, 0].argmax() == 9
    assert not values[0, :, 5:].any()
