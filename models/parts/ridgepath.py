"""Ridge regression with a free offset, solved for every penalty by one eigendecomposition.

Conventions
-----------
Columns X [shape=(track, column)] and targets Y [shape=(track, class)] are centred, so that the
offset, which is not penalised, drops out of the system. With K = X X^T = U diag(s) U^T,

    W = (X^T X + ridge I)^-1 X^T Y = X^T U diag(1 / (s + ridge)) U^T Y,

which takes a matrix of the size of the tracks; where there are fewer columns than tracks, the
left-hand form is solved in the same way, with X^T X = V diag(s) V^T. All in float64. Equal to
:func:`models.parts.bls.solve` with a column of ones that is not penalised (Hoerl & Kennard 1970;
the form in the tracks is that of Saunders, Gammerman & Vovk 1998).
"""

from __future__ import annotations

import numpy as np


class RidgePath:
    """The ridge solutions of one system for all penalties.

    Parameters
    ----------
    columns
        X [shape=(track, column)].
    targets
        Y [shape=(track, class)].

    Examples
    --------
    >>> weights, offset = RidgePath(np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])).solve(2.0)
    >>> weights.round(12).tolist(), offset.round(12).tolist()
    ([[1.0]], [2.0])
    """

    def __init__(self, columns: np.ndarray, targets: np.ndarray) -> None:
        X, Y = np.asarray(columns, dtype=np.float64), np.asarray(targets, dtype=np.float64)
        self._means = X.mean(axis=0), Y.mean(axis=0)
        X, Y = X - self._means[0], Y - self._means[1]
        if len(X) <= X.shape[1]:
            values, vectors = np.linalg.eigh(X @ X.T)
            self._basis, self._projected = X.T @ vectors, vectors.T @ Y
        else:
            values, self._basis = np.linalg.eigh(X.T @ X)
            self._projected = self._basis.T @ (X.T @ Y)
        self._values = np.maximum(values, 0.0)  # rounding may leave a zero just below it

    def solve(self, ridge: float) -> tuple[np.ndarray, np.ndarray]:
        """Return weights [shape=(column, class)] and offset [shape=(class,)] for a penalty.

        Parameters
        ----------
        ridge
            Penalty on the squared weights, above 0.
        """
        weights = self._basis @ (self._projected / (self._values + ridge)[:, None])
        return np.asarray(weights), np.asarray(self._means[1] - self._means[0] @ weights)
