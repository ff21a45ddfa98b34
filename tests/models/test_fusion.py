"""The fusion of MFCC and residual phase against NumPy, SciPy and librosa."""

import librosa
import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter

from models.parts.fusion import Fusion, MfRpConfig, delta_matrix
from models.parts.standardise import Standardise, moments


def test_delta_is_a_linear_savitzky_golay_slope():
    values = np.random.default_rng(0).standard_normal((64, 44))
    slopes = values @ delta_matrix(44)
    oracle = savgol_filter(values, 9, polyorder=1, deriv=1, axis=1, mode="interp")
    np.testing.assert_allclose(slopes, oracle, atol=1e-12)
    np.testing.assert_allclose(slopes, librosa.feature.delta(values, width=9), atol=1e-12)


def test_delta_needs_a_window():
    with pytest.raises(ValueError, match="8 frames in a block; derivatives need 9"):
        delta_matrix(8)


@pytest.mark.parametrize(("mode", "height"), [("sum", 192), ("concat", 384), ("outer", 192)])
def test_modes_against_numpy(mode, height):
    rng = np.random.default_rng(1)
    values = rng.standard_normal((3, 2, 64, 44)) * 5 + 2
    mean, deviation = rng.standard_normal((2, 64)), rng.uniform(1, 2, (2, 64))
    fusion = Fusion(MfRpConfig(0.3, mode), 64, 44)
    fusion.standardise.set(mean, deviation)
    scaled = (values - mean[None, ..., None]) / deviation[None, ..., None]
    mfcc, phase = 0.3 * scaled[:, 0], 0.7 * scaled[:, 1]
    if mode == "sum":
        fused = mfcc + phase
    elif mode == "concat":
        fused = np.concatenate([mfcc, phase], axis=1)
    else:
        left, right = (x.reshape(3, 8, 8, 44).mean(axis=2) for x in (mfcc, phase))
        fused = np.einsum("bif,bjf->bijf", left, right).reshape(3, 64, 44)
    delta = savgol_filter(fused, 9, 1, deriv=1, axis=2, mode="interp")
    again = savgol_filter(delta, 9, 1, deriv=1, axis=2, mode="interp")
    expected = np.concatenate([fused, delta, again], axis=1)
    result = fusion(torch.from_numpy(values.astype(np.float32)))
    assert fusion.height == height
    assert result.shape == (3, height, 44)
    np.testing.assert_allclose(result.numpy(), expected, atol=2e-5)


def test_alpha_one_is_mfcc_alone():
    rng = np.random.default_rng(2)
    values = torch.from_numpy(rng.standard_normal((2, 2, 4, 12)).astype(np.float32))
    other = values.clone()
    other[:, 1] = 99.0
    fusion = Fusion(MfRpConfig(1.0, "sum"), 4, 12)
    assert torch.equal(fusion(values), fusion(other))


@pytest.mark.parametrize(
    ("alpha", "mode", "message"),
    [(1.5, "sum", "alpha: 1.5"), (0.5, "mean", "mode: 'mean'"), (0.0, "outer", "product")],
)
def test_config_refuses(alpha, mode, message):
    with pytest.raises(ValueError, match=message):
        MfRpConfig(alpha, mode)


def test_outer_needs_a_square():
    with pytest.raises(ValueError, match="60 is no square"):
        Fusion(MfRpConfig(0.5, "outer"), 60, 44)


def test_moments_read_valid_seconds_of_the_given_tracks():
    rng = np.random.default_rng(3)
    values = rng.standard_normal((4, 3, 2, 5, 7)).astype(np.float32) * 3 - 50
    values[:, :, 0, 2] = -50.0
    valid = np.array([3, 0, 2, 1])
    heard = np.concatenate([values[0], values[2, :2]]).astype(np.float64)
    values[3], values[1], values[2, 2] = np.nan, np.nan, np.nan
    mean, deviation = moments(values, valid, np.array([0, 1, 2]))
    np.testing.assert_allclose(mean, heard.mean(axis=(0, -1)), atol=1e-10)
    expected = heard.std(axis=(0, -1))
    assert expected[0, 2] == 0
    expected[0, 2] = 1.0
    np.testing.assert_allclose(deviation, expected, atol=1e-10)


def test_statistics_are_saved_with_the_weights():
    layer = Standardise((2,))
    layer.set(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    other = Standardise((2,))
    other.load_state_dict(layer.state_dict())
    assert other(torch.tensor([[[3.0], [10.0]]])).flatten().tolist() == [1.0, 2.0]
    assert list(layer.parameters()) == []
