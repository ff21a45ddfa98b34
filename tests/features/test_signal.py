"""Features of one track together: the same bytes as each of them alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline import features
from pipeline.dsp import blocks
from pipeline.dsp.signal import Signal

RATE = 16000
FEATURES = features.names()


@pytest.fixture(scope="module")
def track() -> np.ndarray:
    """2.4 s: noise, near silence, silence, a tone."""
    samples = np.random.default_rng(17).normal(0, 0.1, round(2.4 * RATE))
    samples[RATE : 3 * RATE // 2] *= 1e-5
    samples[3 * RATE // 2 : 2 * RATE] = 0
    samples[2 * RATE :] = np.sin(0.2 * np.arange(samples.size - 2 * RATE))
    return samples


@pytest.fixture(scope="module")
def alone(track: np.ndarray) -> dict[str, np.ndarray]:
    modules = {name: features.load(name) for name in FEATURES}
    return {name: m.extract(track, RATE, m.Config()) for name, m in modules.items()}


@pytest.mark.parametrize("turn", range(len(FEATURES)))
@pytest.mark.parametrize("step", [1, -1])
def test_a_shared_signal_gives_the_bytes_of_extract(
    turn: int, step: int, track: np.ndarray, alone: dict[str, np.ndarray]
) -> None:
    order = FEATURES[turn:] + FEATURES[:turn]
    signal = Signal(track, RATE)
    for name in order[::step]:
        module = features.load(name)
        values = module.from_signal(signal, module.Config())
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, alone[name], err_msg=name)
        if values.flags.writeable:  # the caller's own: the next feature must not see it
            values[...] = np.nan


def test_what_extract_returns_is_the_callers_own(alone: dict[str, np.ndarray]) -> None:
    assert all(values.flags.writeable for values in alone.values())


def test_configurations_do_not_mix(track: np.ndarray) -> None:
    voice, narrowband = features.load("voice"), features.load("narrowband")
    signal = Signal(track, RATE)
    for module, floor in itertools.product((narrowband, voice), (1e-10, 1e-4)):
        config = module.Config(floor=floor)
        expected = module.extract(track, RATE, config)
        np.testing.assert_array_equal(module.from_signal(signal, config), expected)


@pytest.mark.parametrize("chunk", [1, 3])
def test_chunks_do_not_show(
    chunk: int,
    track: np.ndarray,
    alone: dict[str, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "CHUNK_SECONDS", chunk)
    signal = Signal(track, RATE)
    for name in FEATURES:
        module = features.load(name)
        values = module.from_signal(signal, module.Config())
        np.testing.assert_array_equal(values, alone[name], err_msg=name)


def test_what_is_derived_is_computed_once_and_read_only(track: np.ndarray) -> None:
    signal, calls = Signal(track, RATE), list[str]()

    def compute(name: str) -> np.ndarray:
        calls.append(name)
        return np.zeros(3)

    first = signal.derived(("a", 1), lambda: compute("one"))
    assert signal.derived(("a", 1), lambda: compute("two")) is first
    signal.derived(("a", 2), lambda: compute("three"))
    assert calls == ["one", "three"]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1.0


def test_features_leave_the_track_as_it_is(track: np.ndarray) -> None:
    long = np.concatenate([track] * 4)  # pieces from its inside are not copied
    signal = Signal(long.copy(), RATE)
    for name in FEATURES:
        module = features.load(name)
        module.from_signal(signal, module.Config())
    np.testing.assert_array_equal(signal.samples, long)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_pieces_equal_those_of_a_padded_track(kind: type) -> None:
    samples = np.arange(1, 9, dtype=kind)
    for start in range(-12, 12):
        for stop in range(start + 1, 13):
            piece = blocks.cut(samples, start, stop)
            assert piece.dtype == np.float64
            padded = np.pad(samples, 12)
            np.testing.assert_array_equal(piece, padded[start + 12 : stop + 12])
    np.testing.assert_array_equal(blocks.cut(samples[::2], 1, 3), [3, 5])


def test_only_what_is_not_finite_is_refused() -> None:
    samples = np.full(7, 1e308)  # their sum is not finite
    blocks.check_samples(samples, RATE)
    for bad in (np.nan, np.inf, -np.inf):
        samples[3] = bad
        with pytest.raises(ValueError, match="samples must be finite"):
            blocks.check_samples(samples, RATE)
    with pytest.raises(ValueError, match="samples must be finite"):
        blocks.check_samples(np.array([np.inf, -np.inf]), RATE)


def test_a_bad_track_is_refused() -> None:
    with pytest.raises(ValueError, match="samples must not be empty"):
        Signal(np.zeros(0), RATE)
    with pytest.raises(ValueError, match="sample_rate -1 Hz must be positive"):
        Signal(np.zeros(3), -1)


def test_memory_of_a_signal_is_what_it_says(track: np.ndarray) -> None:
    signal = Signal(track, RATE)
    for name in FEATURES:
        module = features.load(name)
        module.from_signal(signal, module.Config())
    held = sum(values.nbytes for values in signal._derived.values())
    assert held == 2 * signal.seconds * 401 * 101 * 4  # two windows, 162 kB per second each


def test_warming_up_computes_every_feature(monkeypatch):
    from pipeline import warm

    seen = []
    for name in features.names():
        module = features.load(name)
        monkeypatch.setattr(module, "extract", lambda *_, name=name: seen.append(name))
    monkeypatch.setattr(warm.reference, "names", lambda: [])
    warm.warm()
    assert seen == list(features.names())
