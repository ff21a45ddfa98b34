"""Spectra of short frames by sums in two steps, against NumPy's transform."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.dsp import zoom
from pipeline.dsp.lanes import WIDTH
from tests.features.oracles_dsp import frames_of


def powers(frames: np.ndarray, n_fft: int, bins: int) -> np.ndarray:
    """Return the powers of four frames [shape=(4, n)], through kernel and plan."""
    length = frames.shape[1]
    window, plan = np.hanning(length + 2)[1:-1], zoom.plan(length, n_fft, bins)
    found = np.empty(plan.ends[-1] * zoom.BINS * WIDTH)
    samples = np.concatenate([*frames, np.zeros(WIDTH)])
    zoom.powers(samples, 0, length, window, plan, zoom.buffers(plan), found)
    return frames_of(found)[:, plan.places]


def expected(frames: np.ndarray, n_fft: int, bins: int) -> np.ndarray:
    window = np.hanning(frames.shape[1] + 2)[1:-1]
    return np.abs(np.fft.rfft(frames * window, n_fft)[:, :bins]) ** 2


@settings(max_examples=60, deadline=None)
@given(
    n_fft=st.integers(1, 400),
    length=st.integers(1, 400),
    bins=st.integers(1, 201),
    seed=st.integers(0, 9),
)
def test_powers_equal_numpy(n_fft: int, length: int, bins: int, seed: int) -> None:
    assume(length <= n_fft and bins <= n_fft // 2 + 1)
    frames = np.random.default_rng(seed).normal(size=(WIDTH, length))
    found = powers(frames, n_fft, bins)
    np.testing.assert_allclose(found, expected(frames, n_fft, bins), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("length", "n_fft"), [(400, 1600), (1102, 4410), (48, 1600), (132, 4410)])
def test_powers_of_the_spectrograms_equal_numpy(length: int, n_fft: int) -> None:
    frames = np.random.default_rng(length).normal(size=(WIDTH, length))
    found, truth = powers(frames, n_fft, 401), expected(frames, n_fft, 401)
    assert np.abs(found - truth).max() < 1e-13 * truth.max()


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8, 49])
def test_every_number_of_rows_gives_the_same(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    n_fft, length = 8 * 3 * 5 * 49, 301
    frames = np.random.default_rng(rows).normal(size=(WIDTH, length))
    zoom.plan.cache_clear()
    monkeypatch.setattr(zoom, "_cost", lambda candidate, *_: candidate != rows)
    assert zoom.plan(length, n_fft, 60).rows == rows
    found, truth = powers(frames, n_fft, 60), expected(frames, n_fft, 60)
    zoom.plan.cache_clear()
    assert np.abs(found - truth).max() < 1e-13 * truth.max()


def test_two_steps_cost_less_than_the_definition() -> None:
    for length, n_fft in ((132, 4410), (1102, 4410), (48, 1600), (400, 1600)):
        rows = zoom.plan(length, n_fft, 401).rows
        assert zoom._cost(rows, length, n_fft, 401) < 0.8 * length * 401


def test_a_frame_does_not_know_the_other_lanes() -> None:
    frames = np.random.default_rng(0).normal(size=(WIDTH, 400))
    alone = powers(frames, 1600, 401)[2]
    frames[[0, 3]] *= 1e6
    frames[1] = np.inf
    np.testing.assert_array_equal(powers(frames, 1600, 401)[2], alone)
