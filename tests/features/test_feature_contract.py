"""What every feature file promises, whichever files the folder holds."""

from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import features
from pipeline.dsp import blocks

RATE = 16000
FEATURES = features.names()

# Another valid value for every parameter of every feature. A parameter without one fails below.
OTHER: dict[str, dict[str, Any]] = {
    "gtf": {
        "bands": 20,
        "f_min": 80.0,
        "f_max": 6000.0,
        "window_seconds": 0.020,
        "hop_seconds": 0.020,
        "context_seconds": 0.0,
        "floor": 1e-2,
    },
    "mf_rp": {
        "coefficients": 32,
        "hop_seconds": 0.020,
        "window_seconds": 0.080,
        "mels": 100,
        "f_min": 0.0,
        "f_max": 6000.0,
        "floor": 1.0,
        "pre_emphasis": 0.5,
        "overlap_seconds": 0.020,
        "lp_order": 8,
        "white_noise": 1e-3,
        "rp_floor": 0.9,
        "rp_mode": "scalar",
    },
    "narrowband": {
        "window_seconds": 0.020,
        "hop_seconds": 0.020,
        "bin_hz": 20.0,
        "f_max": 3000.0,
        "floor": 1e-4,
    },
    "tonal": {
        "window_seconds": 0.200,
        "hop_seconds": 0.100,
        "f_min": 80.0,
        "f_max": 3000.0,
        "treble_min": 150.0,
        "treble_max": 2000.0,
        "bass_max": 200.0,
        "neighbourhood_hz": 100.0,
        "prominence_db": 9.0,
        "floor": 1e-7,
        "compression": 1.0,
        "tuning": "concert",
        "beats_hz": (25.0, 50.0),
    },
    "voice": {
        "window_seconds": 0.020,
        "hop_seconds": 0.020,
        "bin_hz": 20.0,
        "f_max": 3000.0,
        "floor": 1e-4,
        "f_min": 100.0,
        "f0_min": 80.0,
        "f0_max": 400.0,
        "octave_cost": 0.3,
        "voicing": 0.3,
        "rolloffs": (0.1, 0.5),
        "balance_hz": 2000.0,
        "contrast_hz": (0.0, 500.0, 2000.0),
        "band_hz": 200.0,
    },
    "wideband": {
        "window_seconds": 0.005,
        "hop_seconds": 0.020,
        "bin_hz": 20.0,
        "f_max": 3000.0,
        "floor": 1e-4,
    },
}
# What makes a feature that looks at the whole track, on purpose, look at a frame alone.
LOCAL: dict[str, dict[str, Any]] = {"tonal": {"tuning": "concert"}}
FIELDS = [
    (name, field.name)
    for name in FEATURES
    for field in dataclasses.fields(features.load(name).Config)
]
# Values that the configuration must refuse, with the words of the refusal.
REFUSED = [
    ("gtf", {"bands": 0}, "bands 0 must be positive"),
    ("gtf", {"f_min": 8000.0}, r"f_min 8000.0 Hz .* f_max 7300.0 Hz"),
    ("gtf", {"context_seconds": -0.1}, "context_seconds -0.1 must not be negative"),
    ("gtf", {"hop_seconds": 0.0}, "hop_seconds 0.0 must be above 0"),
    ("mf_rp", {"coefficients": 129}, "coefficients 129 must not exceed mels 128"),
    ("mf_rp", {"rp_floor": 1.0}, "rp_floor 1.0 must be at least 0 and below 1"),
    ("mf_rp", {"overlap_seconds": -1.0}, "overlap_seconds -1.0 must not be negative"),
    ("mf_rp", {"rp_mode": "both"}, "rp_mode 'both' must be 'vector' or 'scalar'"),
    ("tonal", {"treble_min": 2500.0}, "treble_min 2500.0 Hz .* below treble_max 2500.0 Hz"),
    ("tonal", {"bass_max": 60.0}, "bass_max 60.0 Hz must be above f_min 60.0 Hz"),
    ("tonal", {"f_min": 0.0}, "f_min 0.0 must be positive"),
    ("tonal", {"compression": 0.0}, "compression 0.0 must be positive"),
    ("tonal", {"tuning": "piano"}, "tuning 'piano' must be 'track' or 'concert'"),
    ("tonal", {"beats_hz": (1.0,)}, "beats_hz 1.0 is less than half a bin .* 3.9 Hz"),
    ("voice", {"f0_max": 60.0}, "f0_max 60.0 Hz must be above f0_min 60.0 Hz"),
    ("voice", {"f0_min": 40.0}, r"f0_min 40.0 Hz .* window_seconds 0\.025"),
    ("voice", {"octave_cost": -0.1}, "octave_cost -0.1 must not be negative"),
    ("voice", {"voicing": 1.0}, "voicing 1.0 must lie between 0 and 1"),
    ("voice", {"rolloffs": (0.5, 1.0)}, r"rolloffs \(0.5, 1.0\) must lie between 0 and 1"),
    ("voice", {"balance_hz": 4000.0}, "balance_hz 4000.0 must lie between f_min 40.0 Hz"),
    ("voice", {"contrast_hz": (50.0, 50.0)}, r"contrast_hz \(50.0, 50.0\) must rise"),
    ("voice", {"band_hz": 5.0}, "band_hz 5.0 must lie between bin_hz 10.0 and f_max 4000.0"),
    ("wideband", {"floor": 0.0}, "floor 0.0 must be positive"),
    ("narrowband", {"hop_seconds": 1.5}, "hop_seconds 1.5 .* at most 1 second"),
]


@pytest.fixture(params=FEATURES)
def feature(request: pytest.FixtureRequest) -> ModuleType:
    return features.load(request.param)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    """3.3 s of noise with a quiet second, at 16 kHz."""
    samples = np.random.default_rng(7).normal(0, 0.1, round(3.3 * RATE))
    samples[RATE : 2 * RATE] *= 1e-3
    return samples


def test_folder_holds_the_features() -> None:
    assert {"gtf", "mf_rp", "narrowband", "tonal", "voice", "wideband"} <= set(FEATURES)


def test_unknown_feature_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="no feature 'mfrp'; did you mean 'mf_rp'"):
        features.load("mfrp")
    with pytest.raises(ValueError, match="no feature 'xyz'; there are gtf, mf_rp"):
        features.load("xyz")


def test_sizes_of_the_paper_and_the_contract() -> None:
    sizes = {name: features.load(name).shape(features.load(name).Config()) for name in FEATURES}
    assert sizes["gtf"] == {"band": 24, "frame": 44}
    assert sizes["mf_rp"] == {"part": 2, "coefficient": 64, "frame": 44}
    assert sizes["wideband"] == sizes["narrowband"] == {"bin": 401, "frame": 101}
    assert sizes["tonal"] == {"row": 37, "frame": 9}
    assert sizes["voice"] == {"row": 61, "frame": 101}


def test_shape_type_and_determinism(feature: ModuleType, noise: np.ndarray) -> None:
    config = feature.Config()
    values = feature.extract(noise, RATE, config)
    assert values.dtype == np.float32
    assert values.shape == (4, *feature.shape(config).values())
    assert np.isfinite(values).all()
    assert values.std() > 0
    np.testing.assert_array_equal(values, feature.extract(noise.copy(), RATE, config))


def test_config_is_frozen_with_a_default_for_every_field(feature: ModuleType) -> None:
    config = feature.Config()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.hop_seconds = 0.5


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_chunks_do_not_show(
    feature: ModuleType, noise: np.ndarray, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = feature.extract(noise, RATE, feature.Config())
    monkeypatch.setattr(blocks, "CHUNK_SECONDS", chunk)
    np.testing.assert_array_equal(feature.extract(noise, RATE, feature.Config()), whole)


def test_a_block_sees_its_neighbours_and_no_more(feature: ModuleType, noise: np.ndarray) -> None:
    config = feature.Config(**LOCAL.get(feature.__name__.rpartition(".")[-1], {}))
    whole = feature.extract(noise, RATE, config)
    cropped = feature.extract(noise[RATE:], RATE, config)
    np.testing.assert_array_equal(cropped[1:], whole[2:])  # one second of context on the left
    assert not np.array_equal(cropped[0], whole[1])  # the context is real samples, not zeros
    ended = feature.extract(noise[: 3 * RATE], RATE, config)
    np.testing.assert_array_equal(ended[:2], whole[:2])
    assert not np.array_equal(ended[2], whole[2])


def test_last_second_is_padded_with_zeros(feature: ModuleType, noise: np.ndarray) -> None:
    padded = np.concatenate([noise, np.zeros(4 * RATE - noise.size)])
    config = feature.Config()
    np.testing.assert_array_equal(
        feature.extract(noise, RATE, config), feature.extract(padded, RATE, config)
    )


@pytest.mark.parametrize(
    "samples",
    [np.zeros(RATE), np.full(RATE, 0.5), np.ones(1), np.full(RATE, 1e-200), np.eye(1, RATE)[0]],
    ids=["silence", "constant", "one sample", "denormal power", "impulse"],
)
@pytest.mark.filterwarnings("error")
def test_degenerate_tracks_are_finite(feature: ModuleType, samples: np.ndarray) -> None:
    values = feature.extract(samples, RATE, feature.Config())
    assert values.shape[0] == 1
    assert np.isfinite(values).all()


def test_single_precision_input_is_computed_in_double(
    feature: ModuleType, noise: np.ndarray
) -> None:
    single = noise.astype(np.float32)
    np.testing.assert_array_equal(
        feature.extract(single, RATE, feature.Config()),
        feature.extract(single.astype(np.float64), RATE, feature.Config()),
    )


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((RATE, 2)), r"mono with shape \(n,\), got shape \(16000, 2\)"),
        (np.zeros(0), "must not be empty"),
        (np.array([0.0, np.nan, 1.0]), "must be finite"),
        (np.array([0.0, -np.inf]), "must be finite"),
        (np.zeros(9, dtype=np.int16), r"floating point in \[-1, 1\], got int16"),
    ],
)
def test_bad_samples_are_refused(feature: ModuleType, samples: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        feature.extract(samples, RATE, feature.Config())


def test_bad_rates_are_refused(feature: ModuleType) -> None:
    with pytest.raises(ValueError, match="sample_rate 0 Hz must be positive"):
        feature.extract(np.zeros(9), 0, feature.Config())
    limit = feature.Config().f_max
    with pytest.raises(ValueError, match=f"f_max {limit} Hz .* sample_rate {int(2 * limit)} Hz"):
        feature.extract(np.zeros(9), int(2 * limit), feature.Config())


@pytest.mark.parametrize(("name", "values", "message"), REFUSED)
def test_bad_values_are_refused(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        features.load(name).Config(**values)


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_every_parameter_matters(name: str, field: str, noise: np.ndarray) -> None:
    feature = features.load(name)
    assert field in OTHER.get(name, {}), f"add another value for {name}.{field} to OTHER"
    changed = dataclasses.replace(feature.Config(), **{field: OTHER[name][field]})
    values = feature.extract(noise, RATE, changed)
    assert values.shape[1:] == tuple(feature.shape(changed).values())
    assert not np.array_equal(values, feature.extract(noise, RATE, feature.Config()))


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(FEATURES), rate=st.integers(8000, 48000), n=st.integers(1, 100_000))
@example(name="gtf", rate=44100, n=44100)
@example(name="mf_rp", rate=22050, n=22051)
@example(name="wideband", rate=8051, n=1)  # 10 ms rounds to 81 samples: 100 frames, not 101
def test_frame_law(name: str, rate: int, n: int) -> None:
    feature = features.load(name)
    config = dataclasses.replace(feature.Config(), f_max=3000.0)
    samples = np.random.default_rng(n).normal(0, 0.1, n)
    expected = 1 + int(np.floor(1 / config.hop_seconds))
    assert feature.shape(config)["frame"] == expected
    hop = round(config.hop_seconds * rate)
    if 1 + rate // hop == expected:
        values = feature.extract(samples, rate, config)
        assert values.shape == (int(np.ceil(n / rate)), *feature.shape(config).values())
    else:
        with pytest.raises(
            ValueError, match=f"hop_seconds .* {rate} Hz and gives {1 + rate // hop} "
        ):
            feature.extract(samples, rate, config)


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_common_rates_fit_every_feature(feature: ModuleType, rate: int) -> None:
    samples = np.random.default_rng(rate).normal(0, 0.1, rate + 1)
    values = feature.extract(samples, rate, feature.Config())
    assert values.shape == (2, *feature.shape(feature.Config()).values())
