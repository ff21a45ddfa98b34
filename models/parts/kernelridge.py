"""Kernel ridge regression on classes, with a mean of Gaussian kernels that is honest about absence.

Conventions
-----------
Columns belong to groups, groups to families. With d_c = |x_c - x'_c|^2 / columns of group c, the
kernel of a family is k_f = mean over its groups c of exp(-gamma d_c), and the kernel of two tracks
is the mean over families of K_f = m m' k_f + (1 - m)(1 - m'), where m is 1 if the track has the
family and 0 if not: two tracks without it are alike in that, one with and one without have nothing
in common. K_f is block-diagonal (a Gaussian block and a block of ones), hence positive
semidefinite, and so is the mean. Every diagonal entry is 1.

Regression is on one-hot classes Y with their means taken off (an offset without penalty):
coefficients = (K + ridge I)^-1 (Y - mean Y), scores = K* coefficients + mean Y (Saunders, Gammerman
& Vovk 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.model_selection import StratifiedGroupKFold

# A score below this counts as this, so that no class is impossible and every row has a sum.
LEAST_SCORE = 1e-6


@dataclass(frozen=True)
class Layout:
    """Which columns make a group, and which groups a family.

    Attributes
    ----------
    group
        Group of every column [shape=(column,), int], from 0.
    family
        Family of every group [shape=(group,), int].
    """

    group: np.ndarray
    family: np.ndarray


def kernel(
    left: tuple[np.ndarray, np.ndarray],
    right: tuple[np.ndarray, np.ndarray],
    layout: Layout,
    gamma: float,
) -> np.ndarray:
    """Return the kernel of the module between two sets of tracks.

    Parameters
    ----------
    left, right
        Scaled columns [shape=(track, column)] and presence [shape=(track, family), bool].
    layout
        Groups and families.
    gamma
        Width, per mean squared difference of a group's columns.

    Returns
    -------
    np.ndarray
        float64 [shape=(left track, right track)], in [0, 1].
    """
    (rows, present), (others, theirs) = left, right
    total = np.zeros((len(rows), len(others)))
    n_families = present.shape[1]
    for family in range(n_families):
        mine, yours = present[:, family], theirs[:, family]
        total[np.ix_(~mine, ~yours)] += 1.0
        groups = np.flatnonzero(layout.family == family)
        within = np.zeros((int(mine.sum()), int(yours.sum())))
        for group in groups:
            columns = np.flatnonzero(layout.group == group)
            own, other = rows[np.ix_(mine, columns)], others[np.ix_(yours, columns)]
            within += np.exp(-gamma / len(columns) * cdist(own, other, "sqeuclidean"))
        total[np.ix_(mine, yours)] += within / max(len(groups), 1)
    return np.asarray(total / n_families)


class Ridge:
    """One training kernel solved for every ridge by a single eigendecomposition.

    Parameters
    ----------
    gram
        Kernel of the training tracks with themselves [shape=(track, track)].
    labels
        Their classes [shape=(track,), int].
    n_classes
        Number of classes.
    """

    def __init__(self, gram: np.ndarray, labels: np.ndarray, n_classes: int) -> None:
        targets = np.eye(n_classes)[labels]
        self.offset = targets.mean(axis=0)
        values, self._vectors = np.linalg.eigh(gram)
        self._values = np.maximum(values, 0.0)  # rounding may leave a zero just below it
        self._projected = self._vectors.T @ (targets - self.offset)

    def coefficients(self, ridge: float) -> np.ndarray:
        """Return (K + ridge I)^-1 (Y - mean Y) [shape=(track, class)]."""
        return np.asarray(self._vectors @ (self._projected / (self._values + ridge)[:, None]))

    def scores(self, cross: np.ndarray, ridge: float) -> np.ndarray:
        """Return scores of tracks from their kernel with the training tracks."""
        return np.asarray(cross @ self.coefficients(ridge) + self.offset)


def inner_folds(
    labels: np.ndarray, groups: np.ndarray, most: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return splits that keep groups whole and classes in proportion.

    Parameters
    ----------
    labels, groups
        Class and group of every track [shape=(track,), int].
    most
        Number of folds; fewer where there are fewer groups, or where no class has as many tracks.
    seed
        Seed of the shuffle.

    Returns
    -------
    list
        Pairs of indices (fitted on, judged on); empty where fewer than two folds can be made.
    """
    count = min(most, len(np.unique(groups)), int(np.bincount(labels).max()))
    if count < 2:
        return []
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return [(fit, judge) for fit, judge in splitter.split(labels, labels, groups) if len(fit)]


def choose_ridge(
    gram: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    ridges: Sequence[float],
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
) -> float:
    """Return the ridge with the least squared error on the judged tracks, the first of equals.

    Parameters
    ----------
    gram, labels, n_classes
        As in :class:`Ridge`; no other track is read.
    ridges
        What to choose from, the strongest (simplest) first.
    folds
        From :func:`inner_folds`; without any, the strongest ridge is taken.
    """
    targets = np.eye(n_classes)[labels]
    errors = np.zeros(len(ridges))
    for fit, judge in folds:
        solved = Ridge(gram[np.ix_(fit, fit)], labels[fit], n_classes)
        cross = gram[np.ix_(judge, fit)]
        errors += [((solved.scores(cross, r) - targets[judge]) ** 2).sum() for r in ridges]
    return ridges[int(errors.argmin())]


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Return scores cut off at ``LEAST_SCORE`` and divided by their sum [shape=(track, class)].

    Examples
    --------
    >>> probabilities(np.array([[0.6, 0.2, -0.3]])).round(2).tolist()
    [[0.75, 0.25, 0.0]]
    """
    cut = np.maximum(scores, LEAST_SCORE)
    return np.asarray(cut / cut.sum(axis=1, keepdims=True))
