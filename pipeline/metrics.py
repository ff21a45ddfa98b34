"""Classification metrics, computed from counts alone.

Conventions
-----------
The unit is the count matrix: how many predictions with true class ``i`` say class ``j``, axes
(..., class [true], class [predicted]). Every metric maps the last two axes to a number in [0, 1]
and keeps the leading axes, so that thousands of resamples are one call.

A class that is neither true nor predicted in a matrix does not take part in that matrix's macro
averages, and a ratio 0 / 0 within a class that does is 0; both are scikit-learn's rules.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Metric = Callable[[NDArray[np.generic]], Floats]


def confusion(true: NDArray[np.integer], predicted: NDArray[np.integer], classes: int) -> Counts:
    """Count predictions by true and predicted class.

    Parameters
    ----------
    true, predicted
        Class indices in 0..classes-1 [shape=(n,)].
    classes
        Number of classes.

    Returns
    -------
    ndarray [shape=(class [true], class [predicted])]
        Counts.

    Raises
    ------
    ValueError
        If the shapes differ or an index is out of range.

    Examples
    --------
    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    groups = np.zeros(len(true), np.int64)
    counts: Counts = grouped_confusion(true, predicted, groups, classes, 1)[0]
    return counts


def grouped_confusion(
    true: NDArray[np.integer],
    predicted: NDArray[np.integer],
    groups: NDArray[np.integer],
    classes: int,
    group_count: int,
) -> Counts:
    """Count predictions by group, true class and predicted class.

    Parameters
    ----------
    true, predicted
        Class indices in 0..classes-1 [shape=(n,)].
    groups
        Group indices in 0..group_count-1 [shape=(n,)].
    classes, group_count
        Sizes of the axes.

    Returns
    -------
    ndarray [shape=(group, class [true], class [predicted])]
        Counts; their sum over the groups is :func:`confusion`.
    """
    for name, values, size in (
        ("true", true, classes),
        ("predicted", predicted, classes),
        ("groups", groups, group_count),
    ):
        if values.shape != true.shape:
            raise ValueError(f"{name} has shape {values.shape}, true has {true.shape}")
        if values.size and not (values.min() >= 0 and values.max() < size):
            raise ValueError(f"{name} has an index outside 0..{size - 1}")
    flat = (groups.astype(np.int64) * classes + true) * classes + predicted
    counts = np.bincount(flat, minlength=group_count * classes * classes)
    return counts.reshape(group_count, classes, classes).astype(np.int64)


def _ratio(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Floats:
    """Divide, with 0 / 0 = 0."""
    top, bottom = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)


def accuracy(counts: NDArray[np.generic]) -> Floats:
    """Share of right predictions [shape=(...)] of count matrices [shape=(..., class, class)]."""
    matrix = np.asarray(counts, np.float64)
    return _ratio(np.trace(matrix, axis1=-2, axis2=-1), matrix.sum((-2, -1)))


def class_scores(counts: NDArray[np.generic]) -> dict[str, Floats]:
    """Return precision, recall and F1 of every class.

    Parameters
    ----------
    counts
        Count matrices [shape=(..., class [true], class [predicted])].

    Returns
    -------
    dict
        ``precision`` = right / predicted, ``recall`` = right / true, ``f1`` = 2 right / (true +
        predicted), each in [0, 1] [shape=(..., class)]; ``support`` = true, a count.

    Examples
    --------
    >>> class_scores(np.array([[1, 1], [0, 2]]))["f1"].round(3).tolist()
    [0.667, 0.8]
    """
    matrix = np.asarray(counts, np.float64)
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    actual, claimed = matrix.sum(-1), matrix.sum(-2)
    return {
        "precision": _ratio(right, claimed),
        "recall": _ratio(right, actual),
        "f1": _ratio(2 * right, actual + claimed),
        "support": actual,
    }


def _macro(counts: NDArray[np.generic], score: str) -> Floats:
    matrix = np.asarray(counts, np.float64)
    present = (matrix.sum(-1) + matrix.sum(-2)) > 0
    return _ratio((class_scores(matrix)[score] * present).sum(-1), present.sum(-1))


def macro_precision(counts: NDArray[np.generic]) -> Floats:
    """Mean precision of the classes [shape=(...)] of count matrices [shape=(..., class, class)]."""
    return _macro(counts, "precision")


def macro_recall(counts: NDArray[np.generic]) -> Floats:
    """Mean recall of the classes [shape=(...)] of count matrices [shape=(..., class, class)]."""
    return _macro(counts, "recall")


def macro_f1(counts: NDArray[np.generic]) -> Floats:
    """Mean F1 of the classes [shape=(...)] of count matrices [shape=(..., class, class)]."""
    return _macro(counts, "f1")


def paper_f1(counts: NDArray[np.generic]) -> Floats:
    """Harmonic mean of macro precision P and macro recall R, 2PR / (P + R) [shape=(...)].

    The paper's F1 (its Tables VII to IX satisfy this formula to within 0.002). It is not the
    mean of the class F1, and never smaller (Opitz & Burst, Macro F1 and Macro F1, 2019).
    """
    precision, recall = macro_precision(counts), macro_recall(counts)
    return _ratio(2 * precision * recall, precision + recall)
