"""Kernels against NumPy and SciPy, with their errors as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from gammatone.filters import centre_freqs, make_erb_filters
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft as scipy_fft
from scipy.signal import get_window, hilbert

from pipeline.dsp import decibel, erb, fft, linear_prediction, residual_phase, windows
from pipeline.dsp.lanes import WIDTH, kernel, load, store
from pipeline.dsp.signal import Signal
from pipeline.features import gtf, mf_rp, narrowband, wideband
from tests.features.oracles_dsp import buffer, energies, frames_of, levels, phase, predictor

LENGTHS = [2, 6, 14, 22, 600, 800, 1500, 1536, 1600, 2048, 4410]


@kernel
def _decibels_of(values, floor, levels):  # type: ignore[no-untyped-def]
    for i in range(0, values.size, WIDTH):
        store(levels, i, decibel.decibels(load(values, i), floor))


def four(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(WIDTH, n))


def transformed(frames: np.ndarray) -> tuple[np.ndarray, fft.Plan]:
    plan, x = fft.plan(frames.shape[1]), buffer(frames)
    return fft.transform(x, np.empty_like(x), plan.radices, plan.twiddles), plan


def track(rate: int, seconds: int = 2) -> np.ndarray:
    """Loud and quiet noise, a tone and an impulse."""
    rng = np.random.default_rng(rate)
    samples = rng.normal(0, 0.2, seconds * rate)
    samples[rate // 2 : rate] *= 1e-3
    samples += 0.1 * np.sin(0.3 * np.arange(samples.size))
    samples[rate + rate // 3] += 0.5
    return np.asarray(samples)


@pytest.mark.parametrize("n", LENGTHS)
def test_transform_equals_numpy(n: int) -> None:
    frames = four(n)
    z, plan = transformed(frames)
    points = frames_of(z)[:, 0::2] + 1j * frames_of(z)[:, 1::2]
    expected = np.fft.fft(frames[:, 0::2] + 1j * frames[:, 1::2])
    np.testing.assert_allclose(points, expected, atol=1e-14 * n)
    values = np.empty((n // 2 + 1) * WIDTH)
    fft.power(z, n // 2 + 1, plan.turns, values)
    expected = np.abs(np.fft.rfft(frames)) ** 2
    np.testing.assert_allclose(frames_of(values) / 4, expected, rtol=1e-10, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 300), seed=st.integers(0, 9))
def test_transform_of_any_even_length(n: int, seed: int) -> None:
    frames = four(2 * n, seed)
    points = frames_of(transformed(frames)[0])
    expected = np.fft.fft(frames[:, 0::2] + 1j * frames[:, 1::2])
    np.testing.assert_allclose(points[:, 0::2] + 1j * points[:, 1::2], expected, atol=1e-10)


@given(n=st.integers(1, 20000))
def test_fast_length_is_that_of_scipy_for_half(n: int) -> None:
    assert fft.fast_length(n) == 2 * scipy_fft.next_fast_len(-(-n // 2), real=True)


def test_a_frame_does_not_know_the_other_lanes() -> None:
    frames = four(1600)
    alone = frames_of(transformed(frames)[0])[2]
    frames[[0, 1, 3]] = 1e6 * four(1600, 1)[:3]
    frames[0] = np.inf
    np.testing.assert_array_equal(frames_of(transformed(frames)[0])[2], alone)


@pytest.mark.parametrize("n", [6, 600, 1536])
def test_hilbert_transform_equals_scipy(n: int) -> None:
    frames = four(n) + 1
    r, plan = buffer(frames), fft.plan(n)
    envelope = np.empty_like(r)
    residual_phase.squared_envelope(r, np.empty_like(r), np.empty_like(r), plan, envelope)
    expected = np.abs(hilbert(frames)) ** 2
    np.testing.assert_allclose(frames_of(envelope), expected, rtol=1e-10, atol=1e-12)


def test_decibels_equal_log10() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([10 ** rng.uniform(-300, 300, 4000), 1 + rng.normal(0, 1e-6, 996)])
    values[:4] = 0.0, 1.0, 1e-12, np.nextafter(1, 0)
    found = np.empty_like(values)
    for floor in (1e-10, 1e-299):
        _decibels_of(values, floor, found)
        expected = 10 * np.log10(np.maximum(values, floor))
        np.testing.assert_allclose(found, expected, rtol=4e-16, atol=2e-14)


@pytest.mark.parametrize("length", [1, 2, 5, 48, 133])
def test_windows_equal_scipy(length: int) -> None:
    np.testing.assert_allclose(
        windows.hamming(length), get_window("hamming", length, fftbins=False), atol=1e-15
    )
    if length > 1:
        np.testing.assert_allclose(windows.hann(length), get_window("hann", length), atol=1e-15)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_filters_equal_those_of_the_gammatone_package(rate: int) -> None:
    centres = erb.centre_frequencies(24, 50.0, 7300.0)
    np.testing.assert_allclose(centres, centre_freqs(rate, 24, 50.0, 7300.0)[::-1], rtol=1e-12)
    zeros, poles, gain = erb.sections(rate, centres)
    table = make_erb_filters(rate, centres)
    np.testing.assert_allclose(zeros, (table[:, 1:5] / table[:, :1]).T, rtol=1e-12)
    np.testing.assert_allclose(poles, table[:, 7:9].T, rtol=1e-12)
    np.testing.assert_allclose(gain, table[:, 0] ** 4 / table[:, 9], rtol=1e-8)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_zeros_in_pairs_are_the_denominator_but_for_one_term(rate: int) -> None:
    centres = erb.centre_frequencies(24, 50.0, 7300.0)
    zeros, poles, _ = erb.sections(rate, centres)
    wide, narrow = zeros[:2], zeros[2:]  # rho = +-(sqrt 2 + 1), then +-(sqrt 2 - 1)
    for pair, g in zip((narrow, wide), erb.couplings(rate, centres), strict=True):
        np.testing.assert_allclose(pair.sum(axis=0), poles[0], rtol=1e-12)
        np.testing.assert_allclose(pair.prod(axis=0), poles[1] * (1 - g), atol=1e-15)


@pytest.mark.parametrize("bands", [1, 4, 5])
@pytest.mark.parametrize(
    "lengths", [{}, {"window_seconds": 0.003}, {"window_seconds": 0.1, "hop_seconds": 0.03}]
)
def test_energies_equal_lfilter(bands: int, lengths: dict[str, float]) -> None:
    config = gtf.Config(bands=bands, **lengths)
    found = gtf.energies(Signal(track(16000), 16000), config)
    for second in (0, 1):
        expected = energies(track(16000), 16000, config, second)
        np.testing.assert_allclose(found[second], expected, rtol=1e-9)


def test_energies_equal_lfilter_at_the_rate_of_music() -> None:
    found = gtf.energies(Signal(track(44100), 44100), gtf.Config())
    expected = energies(track(44100), 44100, gtf.Config(), 1)
    np.testing.assert_allclose(found[1], expected, rtol=1e-9)


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
@pytest.mark.parametrize("feature", [wideband, narrowband])
def test_levels_equal_numpy(rate: int, feature: object) -> None:
    config = feature.Config()  # type: ignore[attr-defined]
    found = feature.extract(track(rate), rate, config)  # type: ignore[attr-defined]
    for second, frame in ((0, 0), (0, 61), (1, 33), (1, 97), (1, 100)):
        expected = levels(track(rate), rate, config.window_seconds, second, frame)
        # float32: half a unit in the last place of 100 dB.
        np.testing.assert_allclose(found[second, :, frame], expected, rtol=1e-7, atol=4e-6)


@pytest.mark.parametrize("order", [1, 8, 16])
def test_predictors_and_residuals_equal_a_toeplitz_solver(order: int) -> None:
    length, total = 532, 602
    signal = np.cumsum(four(order + total), axis=1)
    inside = slice(order + 34, order + 34 + length)
    frames = signal[:, inside] * np.hamming(length)
    lags, found = np.empty((order + WIDTH) * WIDTH), np.empty((order + 1) * WIDTH)
    padded = buffer(frames, zeros=order + WIDTH)
    linear_prediction.autocorrelate(padded, length, order, lags)
    linear_prediction.levinson_durbin(lags, order, found)
    r = np.empty(total * WIDTH)
    linear_prediction.residual(buffer(signal), found, order, total, r)
    for lane in range(WIDTH):
        expected = predictor(frames[lane], order, 0.0)
        np.testing.assert_allclose(frames_of(found)[lane], expected, atol=1e-9)
        whitened = np.convolve(signal[lane], expected, mode="valid")
        np.testing.assert_allclose(frames_of(r)[lane], whitened, atol=1e-9)


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_phases_equal_the_equations_written_out(rate: int) -> None:
    config = mf_rp.Config()
    found = mf_rp.extract(track(rate), rate, config)[:, 1]
    for second, frame in ((0, 0), (0, 30), (0, 43), (1, 0), (1, 14), (1, 21)):
        expected = phase(track(rate), rate, config, second, frame)
        np.testing.assert_allclose(found[second, :, frame], expected, atol=1e-6)
