"""Cepstrum against librosa, residual phase against its equations written out literally."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from scipy.signal import freqz, hilbert, lfilter

from pipeline.dsp import cepstrum, fft, linear_prediction, residual_phase
from pipeline.features import mf_rp
from tests.features.oracles_dsp import buffer, frames_of, phase

CONFIG = mf_rp.Config()
RATE = 16000


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(11).normal(0, 0.1, 2 * RATE)


def glottal(seconds: int) -> np.ndarray:
    """Pulses at 110 Hz through two resonances, with a little noise: voiced excitation."""
    rng = np.random.default_rng(5)
    pulses = np.zeros(seconds * RATE)
    pulses[:: RATE // 110] = 1.0
    pulses += rng.normal(0, 1e-3, pulses.size)
    for frequency, radius in ((600.0, 0.97), (1700.0, 0.95)):
        pulses = lfilter(
            [1.0], [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2], pulses
        )
    return 0.1 * pulses


@pytest.mark.parametrize(("rate", "n_fft"), [(16000, 1500), (22050, 2048), (44100, 4096)])
def test_cepstrum_equals_librosa(rate: int, n_fft: int) -> None:
    samples = np.random.default_rng(rate).normal(0, 0.1, rate)
    mel = librosa.feature.melspectrogram(
        y=samples,
        sr=rate,
        n_fft=n_fft,
        win_length=round(CONFIG.window_seconds * rate),
        hop_length=round(CONFIG.hop_seconds * rate),
        pad_mode="constant",
        n_mels=CONFIG.mels,
        fmin=CONFIG.f_min,
        fmax=CONFIG.f_max,
    )
    level = librosa.power_to_db(mel, ref=1.0, amin=CONFIG.floor, top_db=None)
    expected = librosa.feature.mfcc(S=level, n_mfcc=CONFIG.coefficients)[:, :44]
    # librosa's mel matrix is float32 here, 1e-7 of each filter: a few 1e-6 dB after the sums.
    found = mf_rp.extract(samples, rate, CONFIG)[0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-5)


def phases_at_peak(r: np.ndarray, floor: float) -> np.ndarray:
    """Residual phase of four residuals of 600 samples, whose frames begin with sample 34."""
    frames, plan = buffer(r), fft.plan(600)
    envelope, values = np.empty_like(frames), np.empty((4, 64), np.float32)
    best, places = np.empty(4), np.empty(4)
    work = np.empty_like(frames), np.empty_like(frames)
    residual_phase.squared_envelope(frames, *work, plan, envelope)
    residual_phase.peaks(envelope, 34, 532, best, places)
    for lane in range(4):
        place = int(places[lane])
        residual_phase.phase_at_peak(frames, envelope, lane, place, floor, values[lane], 1)
    return values


@pytest.mark.parametrize("signal", ["noise", "glottal"])
def test_phase_equals_the_equations_written_out(signal: str, noise: np.ndarray) -> None:
    samples = noise if signal == "noise" else glottal(2)
    found = mf_rp.extract(samples, RATE, CONFIG)[:, 1]
    for second, frame in ((0, 0), (0, 7), (0, 43), (1, 0), (1, 21)):
        expected = phase(samples, RATE, CONFIG, second, frame)
        np.testing.assert_allclose(found[second, :, frame], expected, atol=1e-6)


def test_scalar_mode_repeats_the_value_at_the_maximum(noise: np.ndarray) -> None:
    vector = mf_rp.extract(noise, RATE, CONFIG)
    scalar = mf_rp.extract(noise, RATE, mf_rp.Config(rp_mode="scalar"))
    np.testing.assert_array_equal(scalar[:, 0], vector[:, 0])
    np.testing.assert_array_equal(
        scalar[:, 1], np.repeat(vector[:, 1, 32:33], CONFIG.coefficients, axis=1)
    )


def test_phase_is_a_cosine(noise: np.ndarray) -> None:
    for samples in (noise, glottal(2), np.sin(np.arange(RATE) * 0.3)):
        phase = mf_rp.extract(samples, RATE, CONFIG)[:, 1]
        assert np.abs(phase).max() <= 1
        assert np.abs(phase).max() > 0.99


@pytest.mark.parametrize("gain", [0.5, 2.0**-20, 4.0])
def test_phase_ignores_gains_of_two_exactly(gain: float, noise: np.ndarray) -> None:
    plain = mf_rp.extract(noise, RATE, CONFIG)[:, 1]
    np.testing.assert_array_equal(mf_rp.extract(gain * noise, RATE, CONFIG)[:, 1], plain)


@pytest.mark.parametrize("gain", [0.3, 1e-5, -7.0])
def test_phase_ignores_any_gain(gain: float) -> None:
    r = np.random.default_rng(3).normal(size=(20, 600))
    plain = phases_at_peak(r[:4], 1e-6)
    # float32 storage: one unit in the last place of 1.
    np.testing.assert_allclose(
        phases_at_peak(gain * r[:4], 1e-6), np.sign(gain) * plain, atol=6e-8, rtol=0
    )
    samples = r.ravel()
    whole = mf_rp.extract(samples, RATE, CONFIG)[:, 1]
    np.testing.assert_allclose(
        mf_rp.extract(gain * samples, RATE, CONFIG)[:, 1],
        np.sign(gain) * whole,
        atol=6e-8,
        rtol=0,
    )


def test_phase_is_zero_in_silence_and_below_the_floor(noise: np.ndarray) -> None:
    half = noise.copy()
    half[RATE // 2 :] = 0
    phase = mf_rp.extract(half, RATE, CONFIG)[:, 1]
    assert (phase[0, :, 25:] == 0).all()
    assert (phase[0, :, :20] != 0).all()
    r = np.random.default_rng(4).normal(size=(4, 600))
    plain, floored = phases_at_peak(r, 0.0), phases_at_peak(r, 0.5)
    for lane in range(4):
        h = np.abs(hilbert(r[lane]))
        peak = 34 + h[34:566].argmax()
        below = h[peak - 32 : peak + 32] <= 0.5 * h[peak]
        assert 0 < below.sum() < 64
        np.testing.assert_array_equal(floored[lane], np.where(below, 0, plain[lane]))


def test_the_maximum_is_in_the_middle() -> None:
    r = np.random.default_rng(9).normal(0, 1e-3, (4, 600))
    r[:, 40] = 1.0  # near the frame's edge: the returned samples reach over it
    for values in phases_at_peak(r, 1e-6):
        assert values[32] == pytest.approx(1.0, abs=1e-3)
        assert np.abs(values[31]) < 0.1  # a pulse's neighbours are all Hilbert transform


def autocorrelation(samples: np.ndarray, order: int) -> np.ndarray:
    lags = np.empty((order + 4) * 4)
    padded = buffer(np.tile(samples, (4, 1)), zeros=order + 4)
    linear_prediction.autocorrelate(padded, samples.size, order, lags)
    return frames_of(lags)[0, : order + 1]


def predictor_of(samples: np.ndarray) -> np.ndarray:
    found = np.empty(17 * 4)
    lags = np.repeat(autocorrelation(samples, 16), 4)
    linear_prediction.levinson_durbin(lags, 16, found)
    return frames_of(found)[0]


def residual_of(samples: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    n = samples.size - 16
    r = np.empty(n * 4)
    frames = buffer(np.tile(samples, (4, 1)))
    linear_prediction.residual(frames, np.repeat(predictor, 4), 16, n, r)
    return frames_of(r)[0]


def test_a_known_all_pole_process_is_recovered_and_whitened() -> None:
    rng = np.random.default_rng(8)
    angles = rng.uniform(0.2, 2.9, 8)
    radii = rng.uniform(0.6, 0.9, 8)
    true = np.real(
        np.poly(np.concatenate([radii * np.exp(1j * angles), radii * np.exp(-1j * angles)]))
    )
    n, burn = 200_000, 1000
    samples = lfilter([1.0], true, rng.normal(size=n + burn))[burn:]
    found = predictor_of(samples)
    # Coefficients of clustered poles are ill-conditioned; the filters' responses are what matters.
    ratio = freqz([1.0], found)[1] / freqz([1.0], true)[1]
    np.testing.assert_allclose(np.abs(ratio), 1, atol=0.05)
    np.testing.assert_allclose(found, true, atol=0.05)
    r = residual_of(samples, found)
    rho = autocorrelation(r, 40)[1:] / autocorrelation(r, 0)
    # Ljung-Box over 40 lags: chi-square with 40 - 16 degrees of freedom stays below 51.2 (p 0.001).
    q = r.size * (r.size + 2) * np.sum(rho**2 / (r.size - np.arange(1, 41)))
    assert q < 51.2
    assert np.var(r) == pytest.approx(1.0, rel=0.02)
    before = autocorrelation(samples, 1)
    assert abs(before[1] / before[0]) > 10 * np.abs(rho).max()


def test_mel_filters_without_a_bin_are_refused(noise: np.ndarray) -> None:
    with pytest.raises(
        ValueError, match=r"mels 128 between f_min 50.0 Hz .* longer window_seconds"
    ):
        mf_rp.extract(noise, RATE, mf_rp.Config(window_seconds=0.010))


@pytest.mark.parametrize(("f_min", "f_max"), [(50.0, 7600.0), (0.0, 8000.0), (1500.0, 4000.0)])
def test_mel_matrix_is_librosas(f_min: float, f_max: float) -> None:
    ours = cepstrum.mel_matrix(RATE, 1500, 64, f_min, f_max)
    expected = librosa.filters.mel(
        sr=RATE, n_fft=1500, n_mels=64, fmin=f_min, fmax=f_max, dtype=np.float64
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-15)
    # Unit area in hertz, up to the sampling of the triangles by bins of 10.7 Hz.
    assert ours.sum(axis=1) * RATE / 1500 == pytest.approx(np.ones(64), rel=0.15)


def test_mel_filters_are_the_rows_without_their_zeros() -> None:
    rows = cepstrum.mel_matrix(RATE, 1500, 128, 50.0, 7600.0)
    filters, first = cepstrum.mel_filters(RATE, 1500, 128, 50.0, 7600.0), 0
    for row, start, last in zip(rows, filters.starts, filters.ends, strict=True):
        dense = np.zeros_like(row)
        dense[start : start + last - first] = filters.weights[first:last]
        np.testing.assert_array_equal(dense, row)
        first = last
