"""Kernel ridge regression against scikit-learn and linear algebra; the kernel's promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from models.parts.kernelridge import (
    LEAST_SCORE,
    Layout,
    Ridge,
    choose_ridge,
    inner_folds,
    kernel,
    probabilities,
)

# Family 0 has the groups of 3 and 2 columns, family 1 a single group of 4.
LAYOUT = Layout(np.array([0, 0, 0, 1, 1, 2, 2, 2, 2]), np.array([0, 0, 1]))


def tracks(count, seed=0, missing=0.4):
    rng = np.random.default_rng(seed)
    present = rng.random((count, 2)) >= missing
    rows = rng.standard_normal((count, 9)) * present[:, LAYOUT.family[LAYOUT.group]]
    return rows, present


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.8, 1.0]))
def test_kernel_is_positive_semidefinite_whoever_lacks_what(count, seed, missing):
    some = tracks(count, seed, missing)
    gram = kernel(some, some, LAYOUT, 0.5)
    assert np.array_equal(gram, gram.T)
    np.testing.assert_allclose(np.diag(gram), 1.0, atol=1e-12)
    assert np.linalg.eigvalsh(gram).min() > -1e-10


def test_kernel_by_the_formula():
    (rows, present), gamma = tracks(6, missing=0.0), 0.7
    gram = kernel((rows, present), (rows, present), LAYOUT, gamma)

    def gaussian(columns):
        apart = rows[1, columns] - rows[4, columns]
        return np.exp(-gamma * np.mean(apart**2))

    first = (gaussian(slice(0, 3)) + gaussian(slice(3, 5))) / 2
    assert gram[1, 4] == pytest.approx((first + gaussian(slice(5, 9))) / 2)


def test_tracks_are_alike_in_what_both_lack_and_unlike_in_what_one_lacks():
    rows = np.zeros((3, 9))
    present = np.array([[True, False], [True, False], [True, True]])
    gram = kernel((rows, present), (rows, present), LAYOUT, 0.5)
    assert gram[0, 1] == 1.0
    assert gram[0, 2] == 0.5


def test_a_family_that_was_never_seen_says_nothing():
    layout = Layout(np.zeros(3, dtype=int), np.array([0]))
    rows, lacks = np.zeros((1, 3)), np.array([[True, False]])
    has = np.array([[True, True]])
    assert kernel((rows, has), (rows, lacks), layout, 0.5) == 0.5


@pytest.mark.parametrize("ridge", [0.03, 1.0, 3.0])
def test_ridge_is_scikit_learns(ridge):
    fit, new = tracks(30, 1), tracks(8, 2)
    gram, cross = kernel(fit, fit, LAYOUT, 0.5), kernel(new, fit, LAYOUT, 0.5)
    labels = np.arange(30) % 3
    solved = Ridge(gram, labels, 3)
    targets = np.eye(3)[labels]
    oracle = KernelRidge(alpha=ridge, kernel="precomputed")
    oracle.fit(gram, targets - targets.mean(axis=0))
    expected = oracle.predict(cross) + targets.mean(axis=0)
    np.testing.assert_allclose(solved.scores(cross, ridge), expected, atol=1e-9)
    np.testing.assert_allclose(solved.coefficients(ridge), oracle.dual_coef_, atol=1e-9)


def test_an_endless_ridge_leaves_the_frequencies():
    some = tracks(10)
    solved = Ridge(kernel(some, some, LAYOUT, 0.5), np.array([0] * 7 + [1] * 3), 2)
    scores = solved.scores(kernel(some, some, LAYOUT, 0.5), 1e12)
    np.testing.assert_allclose(probabilities(scores), np.tile([0.7, 0.3], (10, 1)), atol=1e-9)


def test_probabilities_are_positive_and_sum_to_one():
    values = probabilities(np.array([[-1.0, 2.0, 0.5], [-1.0, -2.0, -3.0]]))
    assert (values > 0).all()
    np.testing.assert_allclose(values.sum(axis=1), 1.0)
    np.testing.assert_allclose(values[1], 1 / 3)
    assert values[0, 0] == LEAST_SCORE / (2.5 + LEAST_SCORE)


@pytest.mark.filterwarnings("ignore:The least populated class")
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=8, max_size=40), st.integers(0, 99))
def test_inner_folds_keep_groups_whole(groups, seed):
    groups = np.array(groups)
    labels = np.arange(len(groups)) % 2
    folds = inner_folds(labels, groups, 5, seed)
    assert bool(folds) == (len(set(groups.tolist())) > 1)
    for fit, judge in folds:
        assert not set(groups[fit]) & set(groups[judge])
    judged = np.concatenate([judge for _, judge in folds]) if folds else np.arange(len(groups))
    assert sorted(judged) == list(range(len(groups)))


def test_inner_folds_follow_the_seed():
    labels, groups = np.arange(40) % 2, np.arange(40) // 2
    first, same, other = (inner_folds(labels, groups, 5, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(first, other, strict=True))


def test_chosen_ridge_has_the_least_error():
    rng = np.random.default_rng(3)
    labels = np.arange(60) % 2
    rows = rng.standard_normal((60, 9)) + labels[:, None] * 0.8
    some = rows, np.ones((60, 2), dtype=bool)
    gram = kernel(some, some, LAYOUT, 0.5)
    folds = inner_folds(labels, np.arange(60), 5, 0)
    ridges = (1000.0, 1.0, 1e-6)
    errors = []
    for ridge in ridges:
        out = np.zeros((60, 2))
        for fit, judge in folds:
            targets = np.eye(2)[labels[fit]]
            system = gram[np.ix_(fit, fit)] + ridge * np.eye(len(fit))
            solution = np.linalg.solve(system, targets - targets.mean(axis=0))
            out[judge] = gram[np.ix_(judge, fit)] @ solution + targets.mean(axis=0)
        errors.append(((out - np.eye(2)[labels]) ** 2).sum())
    assert choose_ridge(gram, labels, 2, ridges, folds) == ridges[int(np.argmin(errors))] == 1.0


def test_nothing_to_choose_on_takes_the_strongest():
    assert choose_ridge(np.eye(3), np.array([0, 1, 1]), 2, (3.0, 0.1), []) == 3.0
