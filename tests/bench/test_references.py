"""References and definitions compute what the features compute, where they say that they do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from pipeline import features
from pipeline.bench import exact, reference
from pipeline.bench.sections.features import error
from pipeline.bench.settings import Settings
from pipeline.bench.sound import Clip

RATE = 44100
SECONDS = 2


def sound(rate: int = RATE) -> np.ndarray:
    """Return a pulse train of 110 Hz through a resonance, in noise: it has pitch and envelope."""
    n = SECONDS * rate
    pulses = np.zeros(n)
    pulses[:: rate // 110] = 1.0
    voiced = lfilter([1.0], [1.0, -1.8, 0.95], pulses)
    return 0.05 * voiced + 0.003 * np.random.default_rng(1).standard_normal(n)


def both(name: str, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the reference and ours, both with the frames of the first second."""
    module = features.load(name)
    config = module.Config()
    ours = module.extract(samples, RATE, config)[0]
    theirs = reference.load(name).extract(samples.astype(np.float32), RATE, config)
    return np.stack(theirs) if isinstance(theirs, tuple) else theirs, ours


@pytest.mark.parametrize("name", ["wideband", "narrowband"])
def test_spectrograms_agree(name):
    theirs, ours = both(name, sound())
    # librosa centres an odd window half a sample elsewhere, and computes in single precision.
    assert np.abs(theirs[:, : ours.shape[1]] - ours).mean() < 0.05
    assert np.corrcoef(theirs[:, : ours.shape[1]].ravel(), ours.ravel())[0, 1] > 0.9999


def test_gammatone_energies_agree():
    # At 16 kHz: 25 ms are a whole number of samples, and the package rounds as we do.
    rate = 16000
    module = features.load("gtf")
    config = module.Config()
    samples = sound(rate)
    # The package's windows begin on the frame's centre, ours half a window earlier.
    early = np.concatenate([np.zeros(round(config.window_seconds * rate) // 2), samples])
    theirs = reference.load("gtf").extract(early, rate, config)[:, :44]
    np.testing.assert_allclose(theirs, module.extract(samples, rate, config)[0], atol=1e-4)


def test_cepstra_agree():
    theirs, ours = both("mf_rp", sound())
    ours = ours[0]
    scale = np.abs(ours).max()
    assert np.abs(theirs[0][:, :44] - ours).max() < 1e-4 * scale


def test_residual_phases_are_alike():
    # Burg's predictor and a shorter Hilbert transform: alike, not equal. Left and right of the
    # strongest excitation both must show the same course.
    theirs, ours = both("mf_rp", sound())
    theirs, ours = theirs[1][:, 2:42], ours[1][:, 2:42]
    near = slice(28, 37)
    alike = [np.corrcoef(a[near], b[near])[0, 1] for a, b in zip(theirs.T, ours.T, strict=True)]
    assert np.median(alike) > 0.9
    assert np.abs(theirs).max() <= 1 + 1e-6


@pytest.mark.parametrize("name", reference.names())
def test_every_reference_gives_finite_numbers(name):
    config = features.load(name).Config()
    module = reference.load(name)
    assert module.DEFINITION in {"same", "nearest"}
    values = module.extract(sound(16000).astype(np.float32), 16000, config)
    for part in values if isinstance(values, tuple) else (values,):
        assert np.isfinite(part).all()


def test_silence_has_no_residual_phase():
    module = reference.load("mf_rp")
    config = features.load("mf_rp").Config()
    assert not module.phase(np.zeros(16000, np.float32), 16000, config).any()


@pytest.mark.parametrize("name", exact.names())
def test_features_meet_their_definitions(name, all_params):
    # Half a second of silence, then sound that ends inside a second: floors and edges too.
    samples = np.concatenate([np.zeros(8000), sound(16000)[:14000]])
    errors = error([Clip(samples, 16000)], name, Settings(all_params))
    assert errors
    assert max(errors.values()) < 1e-6
    assert errors.get("energy", 0.0) < 1e-9


def test_an_error_of_the_definition_would_show(all_params, monkeypatch):
    module = features.load("wideband")
    honest = module.extract
    monkeypatch.setattr(module, "extract", lambda *given: honest(*given) + np.float32(0.01))
    clip = Clip(sound(16000)[:16000], 16000)
    assert error([clip], "wideband", Settings(all_params))["level"] > 1e-5
