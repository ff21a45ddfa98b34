"""Ridge and its growth against scikit-learn and against solving anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from models.parts.bls import GrowingRidge, enhance, enhancement_weights, solve
from models.parts.broad import BlsConfig, BroadHead
from models.parts.ridgepath import RidgePath


def system(n_tracks=60, nodes=20, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_tracks, nodes)), np.eye(3)[rng.integers(0, 3, n_tracks)]


@pytest.mark.parametrize("ridge", [1e-3, 1.0, 100.0])
def test_solve_is_ridge_with_free_intercept(ridge):
    Z, Y = system()
    A = np.concatenate([Z, np.ones((60, 1))], axis=1)
    penalty = np.append(np.full(20, ridge), 0.0)
    oracle = Ridge(alpha=ridge, solver="svd").fit(Z, Y)
    B = solve(A, Y, penalty)
    np.testing.assert_allclose(B[:-1], oracle.coef_.T, atol=1e-10)
    np.testing.assert_allclose(B[-1], oracle.intercept_, atol=1e-10)
    np.testing.assert_allclose((A @ B).sum(axis=1), 1.0, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    start=st.integers(1, 50),
    old=st.integers(1, 15),
    ridge=st.sampled_from([1e-2, 1.0, 30.0]),
)
def test_growth_equals_solving_anew(start, old, ridge):
    A, Y = system()
    penalty = np.full(20, ridge)
    grown = GrowingRidge(A[:start, :old], Y[:start], penalty[:old])
    grown.add_nodes(A[:start, old:17], penalty[old:17])
    grown.add_tracks(A[start:55, :17], Y[start:55])
    grown.add_nodes(A[:55, 17:], penalty[17:])
    grown.add_tracks(A[55:], Y[55:])
    np.testing.assert_allclose(grown.weights, solve(A, Y, penalty), atol=1e-10, rtol=0)
    inverse = np.linalg.inv(A.T @ A + np.diag(penalty))
    np.testing.assert_allclose(grown.inverse, inverse, atol=1e-10 / ridge, rtol=0)


@pytest.mark.parametrize(("width", "nodes"), [(10, 4), (10, 11), (3, 20)])
def test_enhancement_weights_are_orthonormal(width, nodes):
    W = enhancement_weights(width, nodes, seed=3)
    assert W.shape == (width + 1, nodes)
    gram = W.T @ W if nodes <= width + 1 else W @ W.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)
    assert not np.array_equal(W, enhancement_weights(width, nodes, seed=4))


def test_enhance_by_hand():
    W = np.array([[1.0], [0.5]])
    np.testing.assert_allclose(enhance(np.array([[2.0]]), W, 0.1), [[np.tanh(0.25)]])


def test_head_is_the_solution_on_both_parts():
    rng = np.random.default_rng(1)
    Z, labels = rng.standard_normal((50, 6)), rng.integers(0, 3, 50)
    head = BroadHead(BlsConfig(groups=3, group_nodes=4, shrink=0.7, ridge=(0.5, 5.0)), 3)
    head.fit(Z[:40], labels[:40], Z[40:], labels[40:], seed=0)
    state = head.state()
    scaled = (Z - Z[:40].mean(axis=0)) / Z[:40].std(axis=0)
    H = enhance(scaled, state["enhancement"], 0.7)
    oracle = Ridge(alpha=float(state["ridge"]), solver="svd")
    outputs = oracle.fit(np.concatenate([scaled, H], axis=1), np.eye(3)[labels]).predict(
        np.concatenate([scaled, H], axis=1)
    )
    clipped = np.maximum(outputs, 0)
    expected = clipped / clipped.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(head.predict_proba(Z), expected, atol=1e-10)


def test_head_chooses_ridge_by_validation_error():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 80)
    noise = rng.standard_normal((80, 30))
    config = BlsConfig(groups=1, group_nodes=2, shrink=0.1, ridge=(1e-6, 1e6))
    chosen = {}
    for name, Z in {"noise": noise, "signal": noise * 1e-3 + labels[:, None]}.items():
        head = BroadHead(config, 2)
        head.fit(Z[:50], labels[:50], Z[50:], labels[50:], seed=0)
        chosen[name] = float(head.state()["ridge"])
    assert chosen == {"noise": 1e6, "signal": 1e-6}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": 0}, "groups: 0"),
        ({"group_nodes": 0}, "group_nodes: 0"),
        ({"shrink": 0.0}, "shrink: 0.0"),
        ({"ridge": ()}, "ridge"),
        ({"ridge": (1.0, -1.0)}, "ridge"),
    ],
)
def test_config_refuses(change, message):
    good = {"groups": 1, "group_nodes": 2, "shrink": 0.8, "ridge": (1.0,)}
    with pytest.raises(ValueError, match=message):
        BlsConfig(**(good | change))


@pytest.mark.parametrize("tracks", [12, 60])  # fewer and more tracks than columns
@pytest.mark.parametrize("ridge", [1e-3, 1.0, 1e3])
def test_path_is_the_solution_with_free_offset(tracks, ridge):
    X, Y = system(tracks)
    weights, offset = RidgePath(X, Y).solve(ridge)
    A = np.concatenate([X, np.ones((tracks, 1))], axis=1)
    expected = solve(A, Y, np.append(np.full(20, ridge), 0.0))
    np.testing.assert_allclose(weights, expected[:-1], atol=1e-9)
    np.testing.assert_allclose(offset, expected[-1], atol=1e-9)
