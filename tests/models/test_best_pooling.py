"""Pooled statistics on signals whose statistics are known."""

from dataclasses import replace

import numpy as np
import pytest

from models.parts import pooling
from models.parts.pooling import _groups, _memo, _series, notes, spectral, tonal, voice

RATE = 43


def blocks(series, rate=RATE):
    """Cut a series [shape=(row..., time)] into seconds, with the seam frame."""
    count = series.shape[-1] // rate
    series = np.concatenate([series, series[..., -1:]], axis=-1)
    parts = [series[..., i * rate : (i + 1) * rate + 1] for i in range(count)]
    return np.stack(parts).astype(np.float32)


def level_track(level, bands=24):
    """A gammatonegram whose bands all follow one level in dB [shape=(time,)]."""
    return {"gtf": blocks(np.tile(level, (bands, 1)))}


def test_blocks_join_without_a_seam():
    series = np.arange(12.0).reshape(1, 12)
    joined, rate = _series.joined(blocks(series, 4))
    assert rate == 4
    assert np.array_equal(joined, series)


def test_moments_of_known_series():
    coin = np.array([[0.0, 1.0] * 50, [0.0] * 99 + [1.0]])
    assert _series.skewness(coin)[0] == pytest.approx(0)
    assert _series.kurtosis(coin)[0] == pytest.approx(1)
    # Bernoulli with p = 0.01.
    assert _series.skewness(coin)[1] == pytest.approx(0.98 / np.sqrt(0.01 * 0.99))


def test_seconds_apart():
    steps = np.repeat([0.0, 2.0, 0.0, 2.0], 10)
    apart, inside, uneven, between = _series.seconds_apart(steps, 10)
    assert (apart, inside, uneven, between) == (1.0, 0.0, 0.0, 2.0)
    short = _series.seconds_apart(np.arange(3.0), 10)
    assert (short[0], short[3]) == (0.0, 0.0)


@pytest.mark.parametrize(("hertz", "band"), [(0.75, 0), (1.5, 1), (3.0, 2), (6.0, 3), (11.0, 4)])
def test_a_fluctuation_lands_in_its_band(hertz, band):
    time = np.arange(30 * RATE) / RATE
    power = _series.modulation(np.sin(2 * np.pi * hertz * time), RATE)
    assert power.shape == (5,)
    assert power.argmax() == band
    groups = spectral.pool(level_track(-30 + 3 * np.sin(2 * np.pi * hertz * time)))
    assert groups["rhythm"][-5:].argmax() == band


def test_modulation_keeps_the_power_of_white_noise():
    noise = np.random.default_rng(0).standard_normal(400 * 100)
    np.testing.assert_allclose(_series.modulation(noise, 100), 1.0, rtol=0.2)


def test_bands_above_half_the_rate_are_left_out():
    # Half of 8 per second is where the fourth band begins; half of 7 lies in the third.
    assert _series.modulation(np.zeros(40), 8).shape == (4,)
    assert _series.modulation(np.zeros(40), 7).shape == (3,)


def test_onsets_twice_a_second():
    onsets = np.zeros(160)  # too short for the period of a second, which would do as well
    onsets[::50] = 1.0
    octave, strength, clarity = _series.beat(onsets, 100)
    assert octave == pytest.approx(1.0)  # log2 of 2 per second
    assert strength == pytest.approx(1.0, abs=0.1)
    assert clarity > 0.9
    many = np.tile(onsets[25:125], 20)
    assert _series.peaks_per_second(many, 100) == pytest.approx(2.0)


def test_clicks_in_a_gammatonegram_beat_at_half_a_second():
    time = np.arange(20 * RATE)
    level = np.where(time % (RATE // 2) == 0, -20.0, -50.0)
    rhythm = spectral.pool(level_track(level))["rhythm"]
    assert 2 ** -rhythm[4] == pytest.approx(0.5, abs=1 / RATE)


def test_constant_sound_has_no_variation():
    groups = spectral.pool({**level_track(np.full(86, -30.0)), "mf_rp": np.ones((2, 2, 40, 44))})
    assert all(np.isfinite(columns).all() for columns in groups.values())
    assert groups["loudness"][0] == pytest.approx(-30 + 10 * np.log10(24))
    assert groups["loudness"][2] == pytest.approx(0, abs=1e-12)
    for name in ("band_movement", "cepstral_movement", "cepstral_correlation"):
        assert not groups[name].any()


def test_shape_ignores_gain_and_pauses():
    rng = np.random.default_rng(1)
    sound = rng.normal(-30, 5, (24, 4 * RATE))
    pause = np.full((24, RATE), -120.0)
    alone = spectral.pool({"gtf": blocks(sound)})
    with_pause = spectral.pool({"gtf": blocks(np.concatenate([sound, pause], axis=-1) - 12)})
    np.testing.assert_allclose(with_pause["band_shape"], alone["band_shape"], atol=1e-4)
    assert with_pause["loudness"][8] == pytest.approx(0.8)


def test_correlations_are_numpys():
    values = np.random.default_rng(2).standard_normal((5, 60))
    expected = np.corrcoef(values)[np.triu_indices(5, 1)]
    np.testing.assert_allclose(_series.correlations(values), expected)


@pytest.mark.parametrize(("bands", "coefficients", "frames"), [(1, 1, 2), (5, 3, 1), (24, 64, 44)])
@pytest.mark.parametrize("seconds", [1, 3])
def test_any_shape_gives_finite_statistics(bands, coefficients, frames, seconds):
    rng = np.random.default_rng(3)
    gtf = rng.standard_normal((seconds, bands, frames))
    mf_rp = rng.standard_normal((seconds, 2, coefficients, frames))
    for chosen in ({"gtf": gtf, "mf_rp": mf_rp}, {"gtf": gtf}, {"mf_rp": mf_rp}):
        groups = spectral.pool(chosen)
        assert all(columns.size and np.isfinite(columns).all() for columns in groups.values())
    for family, rows in ((voice, voice.ROWS), (tonal, tonal.ROWS)):
        (name,) = family.INPUTS
        values = np.abs(rng.standard_normal((seconds, rows, frames)))
        assert all(np.isfinite(v).all() for v in family.pool({name: values}).values())
        silent = family.pool({name: np.zeros((seconds, rows, frames))})
        assert all(np.isfinite(columns).all() for columns in silent.values())


def test_widths_are_those_of_the_document():
    rng = np.random.default_rng(4)
    widths = {}
    for family, shapes in {
        spectral: {"gtf": (4, 24, 44), "mf_rp": (4, 2, 64, 44)},
        voice: {"voice": (4, 61, 101)},
        tonal: {"tonal": (4, 37, 9)},
        notes: {"notes": (131,)},
    }.items():
        groups = family.pool({n: np.abs(rng.standard_normal(shape)) for n, shape in shapes.items()})
        widths[family.__name__.rsplit(".", 1)[1]] = sum(map(len, groups.values()))
    assert widths == {"spectral": 1316, "voice": 158, "tonal": 134, "notes": 131}


def singer(seconds=4):
    """A voice that glides from 24 to 28 semitones, then pauses as long, all in one second."""
    rows = np.zeros((voice.ROWS, 100 * seconds))
    sings = np.arange(100 * seconds) % 100 < 50
    rows[voice.LEVEL] = np.where(sings, -20.0, -90.0)
    rows[voice.PITCH] = np.where(sings, 24 + np.arange(100 * seconds) % 100 * 0.08, 0.0)
    rows[voice.HARMONICITY] = np.where(sings, 12.0, -20.0)
    return {"voice": blocks(rows, 100)}


def test_melody_of_a_glide():
    melody = voice.pool(singer())["melody"]
    assert melody[4] == pytest.approx(24 + 49 / 2 * 0.08, abs=0.1)  # median, semitones
    assert melody[9:12] == pytest.approx([0.08, 0.08, 1.0], abs=1e-4)  # steps: all up
    assert melody[13:16] == pytest.approx([0.5, 1.0, 12.0])  # voiced share, of sound, harmonicity
    assert melody[-4:] == pytest.approx([1.0, 0.5, 0.0, 0.5])  # runs per second, their length


def test_long_term_levels_ignore_gain():
    rows = np.random.default_rng(5).normal(-40, 9, (voice.ROWS, 300))
    here, there = (voice.pool({"voice": blocks(rows + gain, 100)}) for gain in (0.0, -25.0))
    np.testing.assert_allclose(here["long_term"], there["long_term"], atol=1e-4)
    power = (10 ** (rows[voice.BANDS] / 10)).mean(axis=-1)
    expected = 10 * np.log10(power) - (10 * np.log10(power)).mean()
    np.testing.assert_allclose(here["long_term"], expected, atol=1e-3)


def triads(tonic, minor):
    """Chords I and IV (i and iv) of a key, a second each."""
    rows = np.zeros((tonal.ROWS, 32))
    chords = ((0, 3, 7), (5, 8, 0)) if minor else ((0, 4, 7), (5, 9, 0))
    for time in range(32):
        for degree in chords[time // 8 % 2]:
            rows[(tonic + degree) % 12, time] = 1.0
    return {"tonal": blocks(rows, 8)}


@pytest.mark.parametrize("tonic", [0, 5, 11])
def test_mode_is_heard_and_the_tonic_forgotten(tonic):
    major, minor = (tonal.pool(triads(tonic, mode))["key"] for mode in (False, True))
    assert major[2] > 0.1
    assert minor[2] < -0.1
    np.testing.assert_allclose(major, tonal.pool(triads(0, False))["key"], atol=1e-12)


def test_harmonic_change_of_chords_that_last_a_second():
    change = tonal.pool(triads(0, False))["harmonic_change"]
    # Chords share one of three notes: |difference| is 4/3 after one second, 0 after two.
    assert change[4] == pytest.approx(4 / 3, abs=1e-6)
    assert change[6] == pytest.approx(0.0, abs=1e-6)


def test_filled_seconds_have_no_harmony():
    rows, _ = _series.joined(triads(0, False)["tonal"])
    filled = np.concatenate([rows, np.zeros((tonal.ROWS, 8))], axis=-1)
    whole = tonal.pool({"tonal": blocks(rows, 8)})
    for name, columns in tonal.pool({"tonal": blocks(filled, 8)}).items():
        np.testing.assert_allclose(columns, whole[name])


def test_keys_are_pearsons_correlations():
    chroma = np.random.default_rng(6).random(12)
    expected = np.corrcoef(np.roll(tonal.MINOR, 3), chroma)[0, 1]
    assert tonal.keys(chroma)[1, 3] == pytest.approx(expected)
    assert not tonal.keys(np.ones(12)).any()


@pytest.mark.parametrize(("family", "name"), [(voice, "voice"), (tonal, "tonal")])
def test_other_rows_are_refused(family, name):
    with pytest.raises(ValueError, match=f"{name}: 7 rows"):
        family.pool({name: np.zeros((1, 7, 5))})


def test_mean_level_survives_absurd_levels():
    assert _groups.mean_level(np.full(3, 1e6), 0) == 1e6


def test_memory_does_not_change_bytes(data, monkeypatch):
    inputs, tracks = ("gtf", "mf_rp", "voice", "tonal", "notes"), np.arange(24)

    def table():
        found = pooling.measured(data, tracks, inputs)
        return pooling.arrays(found, pooling.layout(found))[0].tobytes()

    monkeypatch.setattr(_memo, "_entries", type(_memo._entries)())
    first, again = table(), table()
    assert len(_memo._entries) == 3 * 23 + 23
    monkeypatch.setattr(_memo, "MOST_ENTRIES", 2)
    monkeypatch.setattr(_memo, "_entries", type(_memo._entries)())
    assert first == again == table()
    assert len(_memo._entries) == 2


def test_memory_tells_content_apart(data):
    changed = data.features["gtf"].copy()
    changed[0, 0, 0, 0] += 1
    other = replace(data, features=data.features | {"gtf": changed})
    here, there = (pooling.measured(d, np.array([0]), ("gtf",)) for d in (data, other))
    assert not np.array_equal(here["spectral"][0]["band_shape"], there["spectral"][0]["band_shape"])
