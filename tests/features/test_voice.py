"""Pitch, harmonicity and spectral shape of sounds whose spectra are known."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from scipy import stats
from scipy.signal import get_window

from pipeline.dsp import periodicity, spectral_shape
from pipeline.features import narrowband, voice

RATE = 16000
ROW = {name: row for row, name in enumerate(voice.ROWS)}
BINS = np.arange(4, 401)
HZ = BINS * 10.0
INSIDE = slice(5, 95)


def tone(frequency: float) -> np.ndarray:
    return np.asarray(0.2 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE))


def voiced(f0: float) -> np.ndarray:
    """Harmonics up to 4 kHz, 6 dB less for each octave."""
    harmonics = range(1, int(4000 / f0) + 1)
    return np.asarray(np.sum([tone(k * f0) / k for k in harmonics], axis=0))


def noise(seed: int = 0, seconds: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, seconds * RATE)


def frames(samples: np.ndarray, name: str) -> np.ndarray:
    """One row of the first second, without the edges of the track."""
    values = voice.extract(samples, RATE, voice.Config())
    return np.asarray(values[0, ROW[name], INSIDE], dtype=float)


def levels(samples: np.ndarray) -> np.ndarray:
    """Narrowband spectrogram from 40 Hz on [shape=(second, bin, frame)]."""
    whole = narrowband.extract(samples, RATE, narrowband.Config())
    return whole[:, BINS].astype(float)


def test_rows_have_names() -> None:
    assert len(ROW) == len(voice.ROWS) == 61
    order = ("level", "f0", "hnr", "centroid", "contrast_50", "band_0", "band_3900")
    assert [ROW[name] for name in order] == [0, 1, 2, 3, 13, 21, 60]


@pytest.mark.parametrize("f0", [95.0, 110.3, 130.0, 196.0, 261.63, 400.0, 490.0])
def test_fundamental_of_a_harmonic_sound(f0: float) -> None:
    expected = 12 * np.log2(f0 / 55)
    np.testing.assert_allclose(frames(voiced(f0), "f0"), expected, atol=0.2)
    assert frames(voiced(f0), "hnr").min() > 2


def test_two_periods_in_the_window_are_the_limit() -> None:
    assert np.median(frames(voiced(80.0), "f0")) == pytest.approx(12 * np.log2(80 / 55), abs=0.2)


@pytest.mark.parametrize("f0", [150.0, 300.0])
def test_fundamental_may_be_missing(f0: float) -> None:
    samples = voiced(f0) - tone(f0)
    np.testing.assert_allclose(frames(samples, "f0"), 12 * np.log2(f0 / 55), atol=0.2)


def test_noise_is_unvoiced() -> None:
    assert (frames(noise(), "f0") == 0).mean() > 0.95
    assert frames(noise(), "hnr").mean() < 0


def test_harmonics_to_noise_ratio_follows_the_mixture() -> None:
    # Equal power from 0 to 4 kHz: half of that of white noise.
    clean = voiced(200.0)
    scale = np.sqrt(2 * np.mean(clean**2) / 0.1**2)
    mixtures = [clean + scale * 10 ** (-ratio / 20) * noise(1) for ratio in (0, 10, 20)]
    medians = [float(np.median(frames(mixture, "hnr"))) for mixture in mixtures]
    # In the worst case the largest of many peaks of the noise is taken for the period.
    assert medians == pytest.approx([0, 10, 20], abs=2)
    for mixture, share in zip(mixtures[1:], (0.8, 1.0), strict=True):
        right = np.abs(frames(mixture, "f0") - 12 * np.log2(200 / 55)) < 0.5
        assert right.mean() >= share


def test_autocorrelation_of_the_window() -> None:
    window = get_window("hann", 400)
    exact = np.correlate(window, window, "full")[399:] / (window**2).sum()
    np.testing.assert_allclose(
        periodicity.hann_autocorrelation(np.arange(400) / 400), exact, atol=1e-5
    )


def test_silence_is_unvoiced_and_flat() -> None:
    values = voice.extract(np.zeros(RATE), RATE, voice.Config())[0]
    np.testing.assert_allclose(values[ROW["level"]], 10 * np.log10(397e-10), atol=1e-4)
    np.testing.assert_array_equal(values[ROW["f0"]], 0)
    assert values[ROW["hnr"]].max() < -15
    np.testing.assert_array_equal(values[ROW["flux"]], 0)
    np.testing.assert_allclose(values[ROW["band_0"] :], -100, atol=1e-4)


@pytest.mark.parametrize("frequency", [300.0, 1000.0, 3300.0])
def test_a_tone_is_its_own_centroid(frequency: float) -> None:
    samples = tone(frequency)
    np.testing.assert_allclose(frames(samples, "centroid"), frequency, atol=5)
    assert frames(samples, "spread").max() < 50
    for name in ("rolloff_25", "rolloff_50", "rolloff_85"):
        np.testing.assert_allclose(frames(samples, name), frequency, atol=40)
    assert frames(samples, "flatness").max() < -30
    assert frames(samples, "flux").max() < 0.01


def test_two_equal_tones() -> None:
    samples = tone(500.0) + tone(1500.0)
    for name, expected, error in (
        ("centroid", 1000, 2),
        ("spread", 500, 3),
        ("rolloff_25", 500, 15),
        ("rolloff_85", 1500, 30),
        ("balance", 0, 0.05),
    ):
        np.testing.assert_allclose(frames(samples, name), expected, atol=error, err_msg=name)


def test_flatness_of_noise_is_that_of_an_exponential_distribution() -> None:
    # The mean logarithm of a power with exponential distribution: Euler's constant below 0.
    expected = -10 * np.euler_gamma / np.log(10)
    assert frames(noise(2), "flatness").mean() == pytest.approx(expected, abs=0.15)


def test_an_impulse_is_flat() -> None:
    samples = np.zeros(RATE)
    samples[160 * 50] = 1.0
    values = voice.extract(samples, RATE, voice.Config())[0, :, 50]
    expected = {"flatness": 0, "slope": 0, "entropy": np.log(397), "centroid": HZ.mean()}
    for name, value in expected.items():
        assert values[ROW[name]] == pytest.approx(value, abs=1e-3), name
    np.testing.assert_allclose(values[ROW["contrast_50"] : ROW["band_0"]], 0, atol=1e-3)


def test_descriptors_equal_those_of_librosa() -> None:
    samples = noise(3) + voiced(180.0)
    level = levels(samples)[0][:, INSIDE]
    power = 10 ** (level / 10)
    spectra = {"S": power, "freq": HZ}
    expected = {
        "centroid": librosa.feature.spectral_centroid(**spectra)[0],
        "spread": librosa.feature.spectral_bandwidth(**spectra)[0],
        "rolloff_85": librosa.feature.spectral_rolloff(**spectra, roll_percent=0.85)[0],
        "flatness": 10
        * np.log10(librosa.feature.spectral_flatness(S=power, power=1.0, amin=1e-30)[0]),
        "entropy": stats.entropy(power),
        "slope": np.polyfit(HZ / 1000, level, 1)[0],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(frames(samples, name), values, rtol=1e-5, err_msg=name)


def test_contrast_equals_the_percentiles() -> None:
    whole = narrowband.extract(noise(4), RATE, narrowband.Config())[0][:, INSIDE]
    for name, band in (("contrast_50", slice(5, 20)), ("contrast_3000", slice(300, 401))):
        high, low = np.percentile(whole[band], [90, 10], axis=0)
        np.testing.assert_allclose(frames(noise(4), name), high - low, atol=1e-4)


@pytest.mark.parametrize("frequency", [50.0, 1250.0, 3950.0])
def test_a_tone_lights_its_band(frequency: float) -> None:
    values = voice.extract(tone(frequency), RATE, voice.Config())[0, ROW["band_0"] :, 50]
    assert values.argmax() == int(frequency // 100)


def test_flux_points_to_the_frame_before_an_onset() -> None:
    samples = np.where(np.arange(RATE) < RATE // 2, tone(500.0), tone(2500.0))
    flux = voice.extract(samples, RATE, voice.Config())[0, ROW["flux"]]
    assert flux[1:-1].argmax() in (48, 49)
    assert flux[5:45].max() < 0.01


def test_flux_equals_its_definition() -> None:
    power = np.random.default_rng(6).exponential(1.0, (1, 5, 4))
    share = power / power.sum(axis=1, keepdims=True)
    root = np.sqrt(share[0])
    expected = [
        sum(max(root[b, t + 1] - root[b, t], 0) ** 2 for b in range(5)) ** 0.5 for t in range(3)
    ]
    np.testing.assert_allclose(spectral_shape.flux(share), [[*expected, 0]])


def test_gain_reaches_level_and_bands_alone() -> None:
    loud = voice.extract(noise(7), RATE, voice.Config())[..., INSIDE]
    # Half, so that hardly a bin falls below the floor.
    quiet = voice.extract(0.5 * noise(7), RATE, voice.Config())[..., INSIDE]
    follow = [ROW["level"], *range(ROW["band_0"], 61)]
    rest = np.setdiff1d(np.arange(61), follow)
    np.testing.assert_allclose(quiet[:, follow], loud[:, follow] - 20 * np.log10(2), atol=0.01)
    np.testing.assert_allclose(quiet[:, rest], loud[:, rest], rtol=1e-3, atol=5e-3)


def test_last_frame_is_the_first_of_the_next_second() -> None:
    values = voice.extract(noise(8, seconds=6), RATE, voice.Config())
    np.testing.assert_array_equal(values[:-1, :, -1], values[1:, :, 0])


def test_a_clip_of_50_ms_is_finite() -> None:
    values = voice.extract(voiced(200.0)[:800], RATE, voice.Config())
    assert values.shape == (1, 61, 101)
    assert np.isfinite(values).all()
    assert values[0, ROW["f0"], 2] == pytest.approx(12 * np.log2(200 / 55), abs=0.2)
