"""Measures that several families take: distribution, correlation, entropy.

Conventions
-----------
Values are one-dimensional [shape=(item,)] and at least one. Every measure is finite: where a value
is not defined (the correlation with a constant) it is 0.
"""

from __future__ import annotations

import numpy as np

#: Of a sum of probabilities; below it there is nothing.
TINY = 1e-12


def distribution(
    name: str, values: np.ndarray, percentiles: tuple[int, ...] = (10, 50, 90)
) -> dict[str, float]:
    """Return mean, standard deviation and percentiles, linearly interpolated.

    Examples
    --------
    >>> distribution("x", np.array([1.0, 3.0]), (50,))
    {'x.mean': 2.0, 'x.std': 1.0, 'x.p50': 2.0}
    """
    found = {f"{name}.mean": float(values.mean()), f"{name}.std": float(values.std())}
    heights = np.percentile(values, percentiles).tolist()
    return found | {f"{name}.p{p}": h for p, h in zip(percentiles, heights, strict=True)}


def pearson(left: np.ndarray, right: np.ndarray) -> float:
    """Return the correlation, -1 to 1; 0 for fewer than three items or a constant side.

    Examples
    --------
    >>> pearson(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, -1.0])), pearson(*[np.ones(3)] * 2)
    (-1.0, 0.0)
    """
    if len(left) < 3:
        return 0.0
    sides = []
    for side in (left, right):
        centred = side - side.mean()
        largest = np.abs(centred).max()
        # What is constant but for the rounding of its mean has no direction.
        if largest <= TINY * np.abs(side).max():
            return 0.0
        sides.append(centred / largest)
    product, first, second = (sides[0] @ sides[1], sides[0] @ sides[0], sides[1] @ sides[1])
    return float(np.clip(product / np.sqrt(first * second), -1.0, 1.0))


def entropy(weights: np.ndarray) -> float:
    """Return the entropy of weights as probabilities, bits; 0 where all are 0.

    Parameters
    ----------
    weights
        Not negative.

    Examples
    --------
    >>> entropy(np.array([1.0, 1.0, 0.0])), entropy(np.zeros(3))
    (1.0, 0.0)
    """
    chances = weights / max(float(weights.sum()), TINY)
    chances = chances[chances > 0]
    return float(-(chances * np.log2(chances)).sum()) + 0.0
