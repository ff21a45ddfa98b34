"""Paired tests against other implementations, hand examples and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.reporting import paired

COUNTS = st.integers(0, 300)
SIMULATED = 2000


@given(COUNTS, COUNTS)
def test_mcnemar_is_the_exact_binomial_test_and_knows_no_order(first: int, second: int) -> None:
    p = paired.mcnemar(first, second)
    assert p == paired.mcnemar(second, first)
    if first + second:
        assert p == pytest.approx(stats.binomtest(first, first + second).pvalue, rel=1e-9)


def test_mcnemar_by_hand() -> None:
    # 1 of 8: (1 + 8) / 256 in one tail.
    assert paired.mcnemar(1, 7) == pytest.approx(2 * 9 / 256)
    with pytest.raises(ValueError, match="must not be negative"):
        paired.mcnemar(-1, 3)


def test_without_overlap_the_corrected_t_is_the_paired_t_of_scipy() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.random((2, 10))
    expected = stats.ttest_rel(first, second)
    found = paired.corrected_t(first - second, ratio=1e-12)
    assert (found.t, found.df) == (pytest.approx(expected.statistic), 9)
    assert found.p == pytest.approx(expected.pvalue)


def test_the_correction_divides_t_by_what_the_formula_says() -> None:
    values = [0.05, 0.0, 0.1, 0.05, -0.05, 0.1, 0.0, 0.05, 0.1, 0.1]
    plain = stats.ttest_1samp(values, 0).statistic
    found = paired.corrected_t(values, ratio=1 / 8)
    # sqrt(1 / 10) / sqrt(1 / 10 + 1 / 8): ten folds, of which eight train.
    assert found.t == pytest.approx(plain * (0.1 / 0.225) ** 0.5)
    assert found.p == pytest.approx(2 * stats.t.sf(found.t, 9))


@pytest.mark.parametrize(
    ("value", "t", "p"), [(0.0, 0.0, 1.0), (0.1, np.inf, 0.0), (-0.1, -np.inf, 0.0)]
)
def test_equal_differences_have_no_spread(value: float, t: float, p: float) -> None:
    found = paired.corrected_t([value] * 5, ratio=0.25)
    assert (found.t, found.p) == (t, p)


def test_bad_differences_are_named() -> None:
    with pytest.raises(ValueError, match="need at least 2"):
        paired.corrected_t([0.1], 0.25)
    with pytest.raises(ValueError, match=r"ratio = 0: must be positive"):
        paired.corrected_t([0.1, 0.2], 0)
    with pytest.raises(ValueError, match="not paired"):
        paired.one_sided(np.ones((1, 3), bool), np.ones((1, 4), bool))


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_swapping_the_models_turns_t_and_leaves_p(values: list[float]) -> None:
    one, other = paired.corrected_t(values, 0.2), paired.corrected_t(-np.array(values), 0.2)
    assert (one.t, one.p) == (-other.t, other.p)


def test_a_track_counts_once_over_seeds() -> None:
    first = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 0, 0]], bool)
    second = np.array([[0, 0, 1, 0], [0, 1, 0, 1], [0, 0, 0, 1]], bool)
    assert paired.one_sided(first, second) == (2, 1)  # the last track: two against two
    assert paired.one_sided(second, first) == (1, 2)


def test_holm_by_hand() -> None:
    # 4 x 0.005, 3 x 0.01, then 2 x 0.03 and 1 x 0.04 lifted to it.
    found = paired.holm([0.01, 0.04, 0.03, 0.005])
    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert paired.holm([0.6, 0.9]) == [1.0, 1.0]
    assert paired.holm([]) == []
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        paired.holm([0.1, 1.2])


@given(st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.2, 1.0]), min_size=1, max_size=5))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    """An adjusted value is the largest Bonferroni p of all intersections that hold the test."""
    numbers = range(len(p_values))
    sets = [s for size in numbers for s in itertools.combinations(numbers, size + 1)]
    for number, found in zip(numbers, paired.holm(p_values), strict=True):
        worst = max(len(s) * min(p_values[i] for i in s) for s in sets if number in s)
        assert found == pytest.approx(min(worst, 1.0))


def test_mcnemar_of_equal_models_rarely_rejects() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.random((2, SIMULATED, 1, 60)) < 0.7
    p_values = [
        paired.mcnemar(*paired.one_sided(one, other))
        for one, other in zip(first, second, strict=True)
    ]
    # Exact: at most 5 %; three standard errors of the simulation on top.
    assert np.mean(np.array(p_values) < 0.05) < 0.05 + 3 * (0.05 * 0.95 / SIMULATED) ** 0.5


def test_on_folds_that_correlate_the_correction_keeps_the_level_and_the_plain_test_does_not() -> (
    None
):
    # Nadeau & Bengio: differences of folds correlate by n_test / (n_test + n_train) = 0.1 or so.
    folds, ratio = 10, 1 / 8
    rho = ratio / (1 + ratio)
    generator = np.random.default_rng(3)
    common = generator.standard_normal((SIMULATED, 1))
    own = generator.standard_normal((SIMULATED, folds))
    differences = rho**0.5 * common + (1 - rho) ** 0.5 * own
    corrected = [paired.corrected_t(row, ratio).p < 0.05 for row in differences]
    plain = [paired.corrected_t(row, 1e-12).p < 0.05 for row in differences]
    allowed = 0.05 + 3 * (0.05 * 0.95 / SIMULATED) ** 0.5
    assert 0.03 < np.mean(corrected) < allowed
    assert np.mean(plain) > 2 * 0.05
