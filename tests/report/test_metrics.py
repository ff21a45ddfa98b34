"""Oracles are scikit-learn's metrics; intervals are checked by how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as oracle

from pipeline import metrics
from pipeline.reporting.bootstrap import Bootstrap, difference, estimate, resample_weights

SETTINGS = Bootstrap(resamples=300, confidence=0.95, seed=0)
LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
COUNTS = arrays(np.int64, (4, 4), elements=st.integers(0, 9)).filter(lambda c: c.sum() > 0)


@given(LABELS)
def test_metrics_equal_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs).T
    counts = metrics.confusion(true, predicted, 4)
    np.testing.assert_array_equal(
        counts, oracle.confusion_matrix(true, predicted, labels=[0, 1, 2, 3])
    )
    options = {"average": "macro", "zero_division": 0}
    precision = oracle.precision_score(true, predicted, **options)
    recall = oracle.recall_score(true, predicted, **options)
    assert metrics.accuracy(counts) == pytest.approx(oracle.accuracy_score(true, predicted))
    assert metrics.macro_precision(counts) == pytest.approx(precision)
    assert metrics.macro_recall(counts) == pytest.approx(recall)
    assert metrics.macro_f1(counts) == pytest.approx(oracle.f1_score(true, predicted, **options))
    harmonic = 2 * precision * recall / (precision + recall) if precision + recall else 0
    assert metrics.paper_f1(counts) == pytest.approx(harmonic)


@given(LABELS)
def test_class_scores_equal_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs).T
    scores = metrics.class_scores(metrics.confusion(true, predicted, 4))
    expected = oracle.precision_recall_fscore_support(
        true, predicted, labels=[0, 1, 2, 3], zero_division=0
    )
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(scores[name], values)


@given(COUNTS)
def test_the_papers_f1_is_never_below_macro_f1(counts: np.ndarray) -> None:
    assert metrics.paper_f1(counts) >= metrics.macro_f1(counts) - 1e-12


@given(COUNTS, st.permutations(range(4)))
def test_names_of_classes_do_not_matter(counts: np.ndarray, order: list[int]) -> None:
    shuffled = counts[np.ix_(order, order)]
    for metric in (metrics.accuracy, metrics.macro_f1, metrics.paper_f1):
        assert metric(shuffled) == pytest.approx(float(metric(counts)))


@given(arrays(np.int64, (3, 2, 4, 4), elements=st.integers(0, 9)))
def test_leading_axes_are_kept(stack: np.ndarray) -> None:
    for metric in (metrics.accuracy, metrics.macro_f1, metrics.paper_f1):
        one_by_one = [[float(metric(counts)) for counts in row] for row in stack]
        np.testing.assert_allclose(metric(stack), one_by_one)


@given(LABELS, st.integers(1, 5))
def test_groups_add_up_to_the_whole(pairs: list[tuple[int, int]], groups: int) -> None:
    true, predicted = np.array(pairs).T
    member = np.arange(len(true)) % groups
    by_group = metrics.grouped_confusion(true, predicted, member, 4, groups)
    np.testing.assert_array_equal(by_group.sum(0), metrics.confusion(true, predicted, 4))
    here = member == groups - 1
    expected = metrics.confusion(true[here], predicted[here], 4)
    np.testing.assert_array_equal(by_group[-1], expected)


def test_an_index_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"predicted has an index outside 0\.\.1"):
        metrics.confusion(np.array([0, 1]), np.array([0, 2]), 2)
    with pytest.raises(ValueError, match="predicted has shape"):
        metrics.confusion(np.array([0, 1]), np.array([0]), 2)


def _loop(by_group: np.ndarray, weights: np.ndarray) -> list[float]:
    """Resample the slow way: repeat each group's counts as often as it was drawn."""
    draws = []
    for drawn in weights:
        scores = [
            float(metrics.macro_f1(sum(n * c for n, c in zip(drawn, seed, strict=True))))
            for seed in by_group
        ]
        draws.append(float(np.mean(scores)))
    return draws


def test_the_interval_is_the_percentiles_of_a_plain_loop() -> None:
    by_group = np.random.default_rng(1).integers(0, 5, (2, 6, 3, 3))
    result = estimate(by_group, metrics.macro_f1, SETTINGS)
    draws = _loop(by_group, resample_weights(6, SETTINGS))
    assert (result.low, result.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))
    expected = np.mean([metrics.macro_f1(seed.sum(0)) for seed in by_group])
    assert result.value == pytest.approx(expected)


def test_every_resample_has_as_many_groups_as_the_corpus() -> None:
    weights = resample_weights(7, SETTINGS)
    assert weights.shape == (300, 7)
    np.testing.assert_array_equal(weights.sum(1), 7)


def test_same_seed_same_interval_and_another_seed_another() -> None:
    by_group = np.random.default_rng(1).integers(0, 5, (1, 9, 3, 3))
    first, again, other = (
        estimate(by_group, metrics.accuracy, Bootstrap(200, 0.95, seed)) for seed in (3, 3, 4)
    )
    assert first == again
    assert first.value == other.value
    assert first != other


def _clustered(generator: np.random.Generator, groups: int, size: int) -> np.ndarray:
    """Groups whose chance of being right is 0.8 for half of them and 0.4 for the rest."""
    chance = generator.choice([0.4, 0.8], groups)
    right = generator.binomial(size, chance)
    counts = np.zeros((1, groups, 2, 2), np.int64)
    counts[0, :, 0, 0], counts[0, :, 0, 1] = right, size - right
    return counts


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    settings = Bootstrap(resamples=400, confidence=0.95, seed=0)
    hits = single = 0
    trials, truth = 300, 0.6
    for _ in range(trials):
        counts = _clustered(generator, 40, 10)
        interval = estimate(counts, metrics.accuracy, settings)
        hits += interval.low <= truth <= interval.high
        # The binomial interval that takes the 400 tracks as independent, for contrast.
        half = 1.96 * np.sqrt(interval.value * (1 - interval.value) / counts.sum())
        single += abs(interval.value - truth) <= half
    # 300 trials of a 0.95 interval: 3 standard deviations are 0.038.
    assert 0.90 <= hits / trials <= 0.99
    assert single / trials < 0.88


def test_seeds_do_not_pass_for_more_data() -> None:
    counts = _clustered(np.random.default_rng(0), 30, 10)
    once = estimate(counts, metrics.accuracy, SETTINGS)
    fivefold = estimate(np.repeat(counts, 5, axis=0), metrics.accuracy, SETTINGS)
    assert fivefold == once


def test_a_paired_difference_cancels_what_is_common() -> None:
    grouped = _clustered(np.random.default_rng(0), 30, 10)
    nothing = difference(grouped, grouped, metrics.accuracy, SETTINGS)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)
    random = grouped + np.array([[1, 0], [0, 0]])  # one more right answer in every group
    gap = difference(random, grouped, metrics.accuracy, SETTINGS)
    assert gap.value == pytest.approx(
        float(metrics.accuracy(random.sum((0, 1))) - metrics.accuracy(grouped.sum((0, 1))))
    )
    assert 0 < gap.low < gap.value < gap.high
    alone = estimate(grouped, metrics.accuracy, SETTINGS)
    assert gap.high - gap.low < (alone.high - alone.low) / 5


def test_unpaired_groups_and_a_single_group_are_refused() -> None:
    counts = np.ones((1, 3, 2, 2), np.int64)
    with pytest.raises(ValueError, match="not paired"):
        difference(counts, counts[:, :2], metrics.accuracy, SETTINGS)
    with pytest.raises(ValueError, match="at least 2"):
        estimate(counts[:, :1], metrics.accuracy, SETTINGS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resamples": 1}, "resamples = 1: must be at least 2"),
        ({"confidence": 1.0}, r"confidence = 1\.0: must lie"),
        ({"seed": -1}, "seed = -1: must not"),
    ],
)
def test_settings_are_checked(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bootstrap(**{"resamples": 10, "confidence": 0.95, "seed": 0} | values)
