"""Long files in windows: the first is that of training, and nothing is heard twice or left out."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio import AudioConfig, Reject, decode
from pipeline.prediction.sliding import Sliding
from pipeline.prediction.windows import windows

AUDIO = AudioConfig(16000, 0.05, -80.0, 16.0, 4000, 384000)


@pytest.fixture
def write(tmp_path):
    def make(samples, rate=16000, suffix=".wav", **options):
        path = tmp_path / f"x{suffix}"
        soundfile.write(path, samples, rate, **options)
        return path

    return make


def noise(seconds: float, rate: int = 16000) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((round(seconds * rate), 2))


@pytest.mark.parametrize(("suffix", "rate"), [(".wav", 22050), (".mp3", 44100), (".flac", 16000)])
def test_the_first_window_is_what_training_keeps(write, suffix, rate):
    path = write(noise(5.5, rate), rate, suffix)
    first, *_, last = windows(path, AUDIO, 2)
    assert (first.start, first.seconds) == (0.0, 2.0)
    np.testing.assert_array_equal(first.sound.samples, decode(path, AUDIO, 2).samples)
    assert last.start == 4.0
    assert last.seconds == pytest.approx(1.5, abs=0.1)  # an MP3 has padding


def test_the_windows_hold_the_whole_file(write):
    samples = noise(7.25)
    found = list(windows(write(samples, subtype="DOUBLE"), AUDIO, 3))
    assert [window.seconds for window in found] == [3.0, 3.0, 1.25]
    joined = np.concatenate([window.sound.samples for window in found])
    np.testing.assert_allclose(joined, samples.mean(axis=1), atol=1e-6)


def test_a_tail_shorter_than_a_block_is_left_out_unless_it_is_all(write):
    assert [w.seconds for w in windows(write(noise(3.9)), AUDIO, 3)] == [3.0]
    assert [w.seconds for w in windows(write(noise(0.4)), AUDIO, 3)] == [0.4]


def test_silence_in_the_middle_or_at_the_front_spoils_nothing_else(write):
    samples = noise(6)
    samples[:32000] = 0
    assert [isinstance(w.sound, Reject) for w in windows(write(samples), AUDIO, 2)] == [1, 0, 0]
    samples[64000:] = 0
    assert [isinstance(w.sound, Reject) for w in windows(write(samples), AUDIO, 2)] == [1, 0, 1]


def test_a_file_that_the_index_would_refuse_is_refused_whole(write):
    samples = noise(6)
    samples[-1] = np.nan
    (only,) = windows(write(samples, subtype="FLOAT"), AUDIO, 2)
    assert only.sound.code == "non-finite"


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(1, 9))
def test_sliding_over_blocks_is_sliding_over_their_sum(lengths, window):
    values = np.arange(sum(lengths), dtype=np.float32)[:, None]
    sliding, found, start = Sliding(window), [], 0
    for length in lengths:
        found += list(sliding.add(start, {"x": values[start : start + length]}))
        start += length
    found += list(sliding.rest())
    expected = [(s, values[s : s + window]) for s in range(max(len(values) - window, 0) + 1)]
    assert [begin for begin, _ in found] == [begin for begin, _ in expected]
    for (_, rows), (_, own) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(rows["x"], own)


def test_no_window_reaches_across_a_gap():
    sliding, block = Sliding(2), {"x": np.ones((3, 1), np.float32)}
    assert [s for s, _ in sliding.add(0, block)] == [0, 1]
    assert [s for s, _ in sliding.add(6, block)] == [6, 7]
    assert list(sliding.rest()) == []
