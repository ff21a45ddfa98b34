"""Gammatone features against the reference implementation and against physics."""

from __future__ import annotations

import numpy as np
import pytest
from gammatone.gtgram import gtgram
from scipy.signal import freqz

from pipeline.dsp import erb
from pipeline.dsp.signal import Signal
from pipeline.features import gtf

CONFIG = gtf.Config()


def reference(samples: np.ndarray, rate: int, second: int) -> np.ndarray:
    """Energies of one block by ``gtgram``, whose columns begin on multiples of the hop.

    At least 250 ms of the track stand before the block; its window is moved by half its length.
    """
    hop, window = round(CONFIG.hop_seconds * rate), round(CONFIG.window_seconds * rate)
    lead = 12 * hop + window // 2
    start = second * rate - lead
    piece = np.concatenate([np.zeros(max(0, -start)), samples[max(0, start) :]])
    columns = gtgram(
        piece, rate, window / rate, hop / rate, CONFIG.bands, CONFIG.f_min, CONFIG.f_max
    )
    return columns[:, 12 : 12 + 44] ** 2


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_energies_equal_gtgram(rate: int) -> None:
    samples = np.random.default_rng(rate).normal(0, 0.1, 3 * rate)
    energies = gtf.energies(Signal(samples, rate), CONFIG)
    for second in (0, 1):
        np.testing.assert_allclose(energies[second], reference(samples, rate, second), rtol=1e-6)


def test_decibels_of_energies_with_floor() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 16000)
    samples[8000:] = 0
    energies = gtf.energies(Signal(samples, 16000), CONFIG)
    values = gtf.extract(samples, 16000, CONFIG)
    assert values.min() == np.float32(-100)  # silence at the floor of 1e-10
    loud = energies > CONFIG.floor
    np.testing.assert_allclose(values[loud], 10 * np.log10(energies[loud]), rtol=1e-6)
    assert (values[~loud] == np.float32(-100)).all()


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_tone_lights_its_own_channel_at_its_own_level(rate: int) -> None:
    centres = erb.centre_frequencies(CONFIG.bands, CONFIG.f_min, CONFIG.f_max)
    time = np.arange(rate) / rate
    for band, frequency in enumerate(centres):
        values = gtf.extract(np.sin(2 * np.pi * frequency * time), rate, CONFIG)
        middle = values[0, :, 22]
        assert middle.argmax() == band
        # The mean square of a full-scale sine is one half, up to the part of a period that the
        # window does not complete: at most 1 / (2 pi f T) of it.
        incomplete = 1 / (2 * np.pi * frequency * CONFIG.window_seconds)
        assert 2 * 10 ** (middle[band] / 10) == pytest.approx(1.0, abs=incomplete + 1e-3)


def test_centres_are_equally_spaced_in_erb_and_rise() -> None:
    centres = erb.centre_frequencies(24, 50.0, 7600.0)
    # Number of ERBs below a frequency (Glasberg and Moore 1990).
    rate = 21.4 * np.log10(1 + 0.00437 * np.append(centres, 7600.0))
    np.testing.assert_allclose(np.diff(rate), (rate[-1] - rate[0]) / 24, rtol=2e-4)
    assert centres[0] == pytest.approx(50.0)


def test_cascade_has_unit_gain_at_its_centre_and_its_bandwidth() -> None:
    rate, centres = 16000, np.array([1000.0])
    zeros, poles, gain = erb.sections(rate, centres)

    def magnitude(frequency: float) -> float:
        sections = [
            freqz([1, zeros[j, 0]], [1, *poles[:, 0]], worN=[frequency], fs=rate)[1][0]
            for j in range(4)
        ]
        return float(abs(np.prod(sections)) * gain[0])

    assert magnitude(1000.0) == pytest.approx(1.0, abs=1e-6)
    # A 4th-order gammatone loses 3 dB at 0.435 b from its centre, b = 1.019 ERB (Slaney 1993).
    half = 1.019 * (24.7 + 1000 / 9.26449) * np.sqrt(2**0.25 - 1)
    for frequency in (1000 - half, 1000 + half):
        assert 20 * np.log10(magnitude(frequency)) == pytest.approx(-3.01, abs=0.1)


def test_energy_grows_with_the_square_of_the_gain() -> None:
    samples = np.random.default_rng(2).normal(0, 0.1, 16000)
    quiet, loud = (gtf.energies(Signal(gain * samples, 16000), CONFIG) for gain in (1.0, 3.0))
    np.testing.assert_allclose(loud, 9 * quiet, rtol=1e-12)


def test_an_impulse_reaches_each_channel_after_its_delay() -> None:
    samples = np.zeros(16000)
    samples[8000] = 1.0
    config = gtf.Config(window_seconds=0.001, hop_seconds=0.001)
    peaks = gtf.energies(Signal(samples, 16000), config)[0].argmax(axis=1)
    # The envelope t^3 exp(-2 pi b t) peaks 3 / (2 pi b) after the impulse, b = 1.019 ERB.
    centres = erb.centre_frequencies(24, config.f_min, config.f_max)
    delay = 3 / (2 * np.pi * 1.019 * (24.7 + centres / 9.26449))
    # The square of the carrier peaks every half period. Of two peaks around the envelope's the
    # later wins even where it is somewhat farther, for the envelope falls more slowly than it
    # rises: 3/8 of a period, and one frame.
    assert (np.abs(peaks - 500 - 1000 * delay) < 1000 * 3 / (8 * centres) + 1).all()


def test_context_hides_the_start_up_of_the_filters() -> None:
    samples = np.random.default_rng(3).normal(0, 0.1, 48000)
    longer = gtf.energies(Signal(samples, 16000), gtf.Config(context_seconds=0.9))[2]
    default = gtf.energies(Signal(samples, 16000), CONFIG)[2]
    none = gtf.energies(Signal(samples, 16000), gtf.Config(context_seconds=0.0))[2]
    np.testing.assert_allclose(default, longer, rtol=1e-9)
    assert np.abs(none / longer - 1).max() > 0.1
