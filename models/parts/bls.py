"""Broad Learning System: enhancement nodes and a ridge regression that can grow.

Conventions
-----------
Chen & Liu 2018: nodes A = [Z | 1 | H] with feature nodes Z [shape=(track, node)], enhancement nodes
H = tanh(shrink * [Z | 1] W) and a column of ones; outputs are A B with the ridge solution

    B = (A^T A + diag(penalty))^-1 A^T Y,     penalty = ridge, and 0 for the column of ones.

All in float64, by Cholesky. Because the ones are not penalised, the outputs of a one-hot Y sum to
1. Growing is exact: new tracks by the identity of Woodbury (1950), new nodes by the Schur
complement of the block inverse, both equal to solving anew. The recursion of Greville (1960), usual
in the literature, holds only in the limit ridge -> 0 and drifts away from the ridge solution.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg


def enhancement_weights(width: int, nodes: int, seed: int) -> np.ndarray:
    """Return random weights W [shape=(width + 1, nodes), float64], orthonormal rows or columns.

    The last row belongs to the column of ones (the bias). Uniform draws are orthonormalised (Chen &
    Liu 2018, after Huang's extreme learning machine): columns if ``nodes <= width + 1``, otherwise
    rows, since no more than ``width + 1`` columns can be orthogonal.

    Examples
    --------
    >>> W = enhancement_weights(width=5, nodes=3, seed=0)
    >>> bool(np.allclose(W.T @ W, np.eye(3)))
    True
    """
    draws = np.random.default_rng(seed).uniform(-1.0, 1.0, size=(width + 1, nodes))
    if nodes <= width + 1:
        return np.asarray(np.linalg.qr(draws)[0])
    return np.ascontiguousarray(np.linalg.qr(draws.T)[0].T)


def enhance(features: np.ndarray, weights: np.ndarray, shrink: float) -> np.ndarray:
    """Return enhancement nodes H = tanh(shrink * [Z | 1] W) [shape=(track, nodes)]."""
    return np.asarray(np.tanh(shrink * (features @ weights[:-1] + weights[-1])))


def solve(A: np.ndarray, Y: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Return B = (A^T A + diag(penalty))^-1 A^T Y by Cholesky, in float64.

    Parameters
    ----------
    A
        Nodes [shape=(track, node)].
    Y
        Targets [shape=(track, class)].
    penalty
        Penalty per node [shape=(node,)], not negative.

    Raises
    ------
    scipy.linalg.LinAlgError
        If the penalised matrix is not positive definite.
    """
    A64, Y64 = np.asarray(A, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    gram = A64.T @ A64
    gram[np.diag_indices_from(gram)] += penalty
    return np.asarray(linalg.cho_solve(linalg.cho_factor(gram, lower=True), A64.T @ Y64))


class GrowingRidge:
    """A ridge solution to which tracks and nodes are added without solving anew.

    Parameters
    ----------
    A, Y, penalty
        As in :func:`solve`.

    Attributes
    ----------
    A, Y
        All nodes and targets so far.
    inverse
        (A^T A + diag(penalty))^-1 [shape=(node, node)].
    weights
        B [shape=(node, class)].
    """

    def __init__(self, A: np.ndarray, Y: np.ndarray, penalty: np.ndarray) -> None:
        self.A = np.asarray(A, dtype=np.float64)
        self.Y = np.asarray(Y, dtype=np.float64)
        gram = self.A.T @ self.A
        gram[np.diag_indices_from(gram)] += penalty
        factor = linalg.cho_factor(gram, lower=True)
        self.inverse = np.asarray(linalg.cho_solve(factor, np.eye(len(gram))))
        self.weights = np.asarray(linalg.cho_solve(factor, self.A.T @ self.Y))

    def add_tracks(self, A: np.ndarray, Y: np.ndarray) -> None:
        """Add rows: nodes [shape=(new, node)] and targets [shape=(new, class)] (Woodbury)."""
        new = np.asarray(A, dtype=np.float64)
        cross = self.inverse @ new.T
        inner = linalg.cho_factor(np.eye(len(new)) + new @ cross, lower=True)
        gain = np.asarray(linalg.cho_solve(inner, cross.T)).T
        self.weights = self.weights + gain @ (Y - new @ self.weights)
        self.inverse = _symmetric(self.inverse - gain @ cross.T)
        self.A = np.concatenate([self.A, new])
        self.Y = np.concatenate([self.Y, Y])

    def add_nodes(self, H: np.ndarray, penalty: np.ndarray) -> None:
        """Add columns [shape=(track, new)] with their penalties [shape=(new,)] (Schur)."""
        new = np.asarray(H, dtype=np.float64)
        cross = self.A.T @ new
        lift = self.inverse @ cross
        schur = new.T @ new + np.diag(penalty) - cross.T @ lift
        factor = linalg.cho_factor(_symmetric(schur), lower=True)
        inner = np.asarray(linalg.cho_solve(factor, np.eye(new.shape[1])))
        corner = lift @ inner
        self.inverse = _symmetric(
            np.block([[self.inverse + corner @ lift.T, -corner], [-corner.T, inner]])
        )
        residual = new.T @ (self.Y - self.A @ self.weights)
        added = np.asarray(linalg.cho_solve(factor, residual))
        self.weights = np.concatenate([self.weights - lift @ added, added])
        self.A = np.concatenate([self.A, new], axis=1)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return np.asarray((matrix + matrix.T) / 2)
