"""Wideband and narrowband pictures: the uncertainty relation, scale and grid."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import get_window

from pipeline.dsp import spectrogram
from pipeline.features import narrowband, wideband

RATE = 16000


def power(level: np.ndarray) -> np.ndarray:
    return np.asarray(10 ** (level.astype(np.float64) / 10))


def tone(frequency: float) -> np.ndarray:
    return np.asarray(np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE))


@pytest.mark.parametrize("config", [wideband.Config(), narrowband.Config()], ids=["wide", "narrow"])
def test_equals_the_discrete_fourier_sum(config: spectrogram.Config) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
    values = spectrogram.extract(samples, RATE, config)
    length = round(config.window_seconds * RATE)
    window = get_window("hann", length)
    for second, frame, k in ((0, 3, 0), (0, 50, 100), (1, 0, 400), (1, 98, 37)):
        start = second * RATE + frame * 160 - length // 2
        turn = np.exp(-2j * np.pi * 10.0 * k * np.arange(length) / RATE)
        amplitude = 2 * abs(np.sum(samples[start : start + length] * window * turn)) / window.sum()
        assert values[second, k, frame] == pytest.approx(20 * np.log10(amplitude), abs=1e-4)


def test_full_scale_sine_reads_zero_decibels_at_its_bin() -> None:
    for frequency in (500.0, 1000.0, 3500.0):
        column = narrowband.extract(tone(frequency), RATE, narrowband.Config())[0, :, 50]
        assert column.argmax() == frequency / 10
        assert column.max() == pytest.approx(0.0, abs=0.01)


def test_wideband_places_an_impulse_in_its_frame_and_narrowband_smears_it() -> None:
    samples = np.zeros(RATE)
    samples[160 * 37] = 1.0
    wide = wideband.extract(samples, RATE, wideband.Config())[0]
    lit = np.flatnonzero((wide > -100).any(axis=0))
    assert lit.tolist() == [37]
    assert np.ptp(wide[:, 37]) == pytest.approx(0, abs=1e-4)  # an impulse holds every frequency
    narrow = narrowband.extract(samples, RATE, narrowband.Config())[0]
    assert np.flatnonzero((narrow > -100).any(axis=0)).tolist() == [36, 37, 38]


def test_narrowband_separates_close_tones_and_wideband_does_not() -> None:
    samples = 0.4 * (tone(1000.0) + tone(1100.0))

    def mean_spectrum(values: np.ndarray) -> np.ndarray:
        return np.asarray(power(values[0, :, 5:95]).mean(axis=1))

    narrow = mean_spectrum(narrowband.extract(samples, RATE, narrowband.Config()))
    wide = mean_spectrum(wideband.extract(samples, RATE, wideband.Config()))
    valley = slice(104, 107)  # 1040 to 1060 Hz
    assert narrow[valley].min() < 0.5 * min(narrow[100], narrow[110])
    assert wide[valley].min() > 0.9 * max(wide[100], wide[110])


def test_wideband_follows_pulses_that_narrowband_resolves_into_harmonics() -> None:
    # 50 pulses per second: one in every second frame; harmonics every fifth bin.
    samples = np.zeros(RATE)
    samples[::320] = 0.5
    wide = wideband.extract(samples, RATE, wideband.Config())[0]
    assert (wide[200, 10:90:2] - wide[200, 11:91:2] > 40).all()
    config = dataclasses.replace(narrowband.Config(), window_seconds=0.08)
    narrow = spectrogram.extract(samples, RATE, config)[0]
    assert (narrow[200:300:5, 50] - narrow[202:302:5, 50] > 20).all()


def test_levels_do_not_follow_the_rest_of_the_track() -> None:
    quiet = 0.01 * tone(440.0)
    alone = narrowband.extract(quiet, RATE, narrowband.Config())[0]
    loud = np.concatenate([quiet, np.zeros(RATE), tone(440.0)])
    together = narrowband.extract(loud, RATE, narrowband.Config())[0]
    np.testing.assert_array_equal(together, alone)


def test_both_pictures_share_one_grid() -> None:
    differing = [
        field.name
        for field in dataclasses.fields(spectrogram.Config)
        if getattr(wideband.Config(), field.name) != getattr(narrowband.Config(), field.name)
    ]
    assert differing == ["window_seconds"]


def test_window_longer_than_the_transform_is_refused() -> None:
    config = dataclasses.replace(narrowband.Config(), window_seconds=0.2)
    with pytest.raises(ValueError, match=r"window_seconds 0\.2 is longer than 1 / bin_hz"):
        spectrogram.extract(np.zeros(RATE), RATE, config)
