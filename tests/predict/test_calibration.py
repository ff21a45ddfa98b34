"""Temperature against independent minimisers, and calibration error of known probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from pipeline.prediction import calibration


def drawn(tracks: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and labels that are calibrated at a known temperature."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (tracks, 4))
    true = softmax(logits / temperature, axis=1)
    labels = (true.cumsum(axis=1) > generator.random((tracks, 1))).argmax(axis=1)
    return softmax(logits, axis=1), labels


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(true):
    probabilities, labels = drawn(40000, true)
    assert calibration.temperature(probabilities, labels) == pytest.approx(true, rel=0.03)


@pytest.mark.parametrize("seed", range(5))
def test_the_temperature_is_that_of_an_independent_minimiser(seed):
    probabilities, labels = drawn(60, 1.7, seed)
    logits = np.log(probabilities)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(60), labels]).mean())

    oracle = np.exp(minimize_scalar(loss, bounds=np.log([0.1, 10]), method="bounded").x)
    assert calibration.temperature(probabilities, labels) == pytest.approx(oracle, rel=1e-3)


def test_what_has_no_minimum_ends_at_the_limits():
    sure = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert calibration.temperature(sure, np.array([0, 1])) == calibration.LIMITS[0]
    assert calibration.temperature(sure, np.array([1, 0])) == calibration.LIMITS[1]
    assert calibration.temperature(np.array([[1.0, 0.0]]), np.array([1])) == calibration.LIMITS[1]
    with pytest.raises(ValueError, match="no track"):
        calibration.temperature(np.zeros((0, 2)), np.zeros(0, int))


def test_scaling_keeps_the_class_and_one_changes_nothing():
    probabilities, _ = drawn(200, 1.0)
    np.testing.assert_allclose(calibration.scaled(probabilities, 1.0), probabilities, atol=1e-12)
    for temperature in (0.3, 4.0):
        scaled = calibration.scaled(probabilities, temperature)
        np.testing.assert_allclose(scaled.sum(axis=1), 1.0)
        assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_the_error_of_calibrated_probabilities_is_small_and_of_sharpened_ones_large():
    probabilities, labels = drawn(40000, 1.0)
    assert calibration.expected_error(probabilities, labels) < 0.01
    sharpened = calibration.scaled(probabilities, 0.3)
    assert calibration.expected_error(sharpened, labels) > 0.1


def test_the_table_counts_every_track_once_and_certainty_is_in_the_last_bin():
    probabilities = np.array([[1.0, 0.0], [0.5, 0.5], [0.05, 0.95]])
    rows = calibration.table(probabilities, np.array([0, 1, 0]), bins=10)
    assert [row["tracks"] for row in rows] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert (rows[-1]["accuracy"], rows[-1]["confidence"]) == (0.5, 0.975)
    assert np.isnan(rows[0]["accuracy"])


def predictions(tracks: int = 300, folds: int = 3) -> pd.DataFrame:
    probabilities, labels = drawn(tracks, 2.0, seed=4)
    names = np.array(list("abcd"))
    table = pd.DataFrame(probabilities, columns=[f"p_{name}" for name in names])
    table["true"], table["predicted"] = names[labels], names[probabilities.argmax(axis=1)]
    table["protocol"], table["seed"] = "grouped", np.repeat([0, 1], tracks // 2)
    table["fold"] = np.arange(tracks) % folds
    return table


def test_no_track_calibrates_itself():
    table = predictions()
    before = calibration.cross_fitted(table)
    own = (table["fold"] == 1) & (table["seed"] == 0)
    table.loc[own, "true"] = "a"
    after = calibration.cross_fitted(table)
    assert (before[own] == after[own]).all()
    others = ~own & (table["seed"] == 0)
    assert (before[others] != after[others]).all()
    assert (before[table["seed"] == 1] == after[table["seed"] == 1]).all()


def test_reliability_before_and_after_scaling():
    table = predictions(3000)
    found = calibration.reliability(table, bins=5)
    assert list(found) == ["scaling", "low", "high", "tracks", "confidence", "accuracy"]
    assert found.groupby("scaling")["tracks"].sum().tolist() == [3000, 3000]
    summary = calibration.errors(table, bins=5).set_index("scaling")
    assert summary.loc["temperature", "temperature"] == pytest.approx(2.0, rel=0.1)
    assert summary.loc["temperature", "ece"] < 0.5 * summary.loc["none", "ece"]
    assert summary.loc["temperature", "nll"] < summary.loc["none", "nll"]
    with pytest.raises(ValueError, match="no predictions of protocol 'random'"):
        calibration.reliability(table, "random")
