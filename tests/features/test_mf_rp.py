"""Cepstrum against librosa, residual phase against its equations written out literally."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from scipy.linalg import solve_toeplitz
from scipy.signal import freqz, hilbert, lfilter

from pipeline.dsp import cepstrum, linear_prediction, residual_phase
from pipeline.features import mf_rp

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


def literal_phase(samples: np.ndarray, second: int, frame: int) -> np.ndarray:
    """Residual phase of one frame, one equation after the other, with library solvers."""
    emphasised = samples - 0.97 * np.concatenate([[0.0], samples[:-1]])
    track = np.concatenate([np.zeros(1000), emphasised, np.zeros(1000)])
    hop, order = 372, 16
    window = hop + 160  # 10 ms
    start = 1000 + second * RATE + frame * hop - window // 2
    s = track[start : start + window] * np.hamming(window)
    correlation = np.array([s[: window - lag] @ s[lag:] for lag in range(order + 1)])
    column = correlation[:order].copy()
    column[0] *= 1 + 1e-9
    predictor = np.concatenate([[1.0], -solve_toeplitz(column, correlation[1:])])
    margin = 34  # 600 samples, a fast transform, hold the frame and at least 32 on either side
    r = np.array(
        [
            sum(predictor[k] * track[n - k] for k in range(order + 1))
            for n in range(start - margin, start - margin + 600)
        ]
    )
    h = np.abs(hilbert(r))
    peak = margin + int(np.argmax(h[margin : margin + window]))
    return (r / h)[peak - 32 : peak + 32]


@pytest.mark.parametrize("signal", ["noise", "glottal"])
def test_phase_equals_the_equations_written_out(signal: str, noise: np.ndarray) -> None:
    samples = noise if signal == "noise" else glottal(2)
    found = mf_rp.extract(samples, RATE, CONFIG)[:, 1]
    for second, frame in ((0, 0), (0, 7), (0, 43), (1, 0), (1, 21)):
        expected = literal_phase(samples, second, frame)
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
    plain = residual_phase.phase_at_peak(r, 34, 532, 64, 1e-6)
    scaled = residual_phase.phase_at_peak(gain * r, 34, 532, 64, 1e-6)
    np.testing.assert_allclose(scaled, np.sign(gain) * plain, atol=1e-9, rtol=0)
    samples = r.ravel()
    whole = mf_rp.extract(samples, RATE, CONFIG)[:, 1]
    # float32 storage: one unit in the last place of 1.
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
    r = np.random.default_rng(4).normal(size=600)
    plain = residual_phase.phase_at_peak(r, 34, 532, 64, 0.0)
    floored = residual_phase.phase_at_peak(r, 34, 532, 64, 0.5)
    h = np.abs(hilbert(r))
    peak = 34 + h[34:566].argmax()
    below = h[peak - 32 : peak + 32] <= 0.5 * h[peak]
    assert 0 < below.sum() < 64
    np.testing.assert_array_equal(floored, np.where(below, 0, plain))


def test_the_maximum_is_in_the_middle() -> None:
    r = np.random.default_rng(9).normal(0, 1e-3, 600)
    r[40] = 1.0  # near the frame's edge: the returned samples reach over it
    phase = residual_phase.phase_at_peak(r, 34, 532, 64, 1e-6)
    assert phase[32] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(phase[31]) < 0.1  # a pulse's neighbours are all Hilbert transform


@pytest.mark.parametrize("n", [7, 8, 600])
def test_hilbert_transform_equals_scipy(n: int) -> None:
    signal = np.random.default_rng(n).normal(1, 1, size=(3, n))
    np.testing.assert_allclose(
        residual_phase.hilbert_transform(signal), hilbert(signal).imag, atol=1e-12
    )


def test_levinson_equals_a_toeplitz_solver() -> None:
    frames = np.random.default_rng(6).normal(size=(5, 3, 400))
    correlation = linear_prediction.autocorrelation(frames, 16)
    coefficients, error = linear_prediction.levinson_durbin(correlation)
    for index in np.ndindex(5, 3):
        row = correlation[index]
        expected = -solve_toeplitz(row[:16], row[1:])
        np.testing.assert_allclose(coefficients[index][1:], expected, atol=1e-12)
        assert error[index] == pytest.approx(row[0] + expected @ row[1:])


def test_a_known_all_pole_process_is_recovered_and_whitened() -> None:
    rng = np.random.default_rng(8)
    angles = rng.uniform(0.2, 2.9, 8)
    radii = rng.uniform(0.6, 0.9, 8)
    true = np.real(
        np.poly(np.concatenate([radii * np.exp(1j * angles), radii * np.exp(-1j * angles)]))
    )
    n, burn = 200_000, 1000
    samples = lfilter([1.0], true, rng.normal(size=n + burn))[burn:]
    correlation = linear_prediction.autocorrelation(samples, 16)
    found, _ = linear_prediction.levinson_durbin(correlation)
    # Coefficients of clustered poles are ill-conditioned; the filters' responses are what matters.
    ratio = freqz([1.0], found)[1] / freqz([1.0], true)[1]
    np.testing.assert_allclose(np.abs(ratio), 1, atol=0.05)
    np.testing.assert_allclose(found, true, atol=0.05)
    r = linear_prediction.residual(found, samples)
    lags = linear_prediction.autocorrelation(r, 40)
    rho = lags[1:] / lags[0]
    # Ljung-Box over 40 lags: chi-square with 40 - 16 degrees of freedom stays below 51.2 (p 0.001).
    q = r.size * (r.size + 2) * np.sum(rho**2 / (r.size - np.arange(1, 41)))
    assert q < 51.2
    assert np.var(r) == pytest.approx(1.0, rel=0.02)
    before = linear_prediction.autocorrelation(samples, 1)
    assert abs(before[1] / before[0]) > 10 * np.abs(rho).max()


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")
def test_mel_filters_without_a_bin_are_refused(noise: np.ndarray) -> None:
    with pytest.raises(
        ValueError, match=r"mels 128 between f_min 50.0 Hz .* longer window_seconds"
    ):
        mf_rp.extract(noise, RATE, mf_rp.Config(window_seconds=0.010))


def test_mel_matrix_is_librosas() -> None:
    ours = cepstrum.mel_matrix(RATE, 1500, 128, 50.0, 7600.0).toarray()
    assert (ours.sum(axis=1) > 0).all()
    # Unit area in hertz, up to the sampling of the triangles by bins of 10.7 Hz.
    assert ours.sum(axis=1) * RATE / 1500 == pytest.approx(np.ones(128), rel=0.15)
