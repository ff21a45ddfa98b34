"""Multinomial logistic regression on time statistics (and the chord vector).

Conventions
-----------
Rows [shape=(track, column)] come from :mod:`models.parts.floor`; the fit is scikit-learn's (L-BFGS,
L2 penalty 1 / C), the state its coefficients [shape=(class, column)] and intercepts
[shape=(class,)]. A class that the fitted tracks lack has probability 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from models.parts.classifier import Classifier, softmax
from models.parts.floor import FloorClassifier, present
from models.parts.statistics import Statistic

INPUTS = ("gtf", "mf_rp", "chords")


@dataclass(frozen=True)
class Config:
    """What is tried.

    Attributes
    ----------
    statistics
        Time statistics of every row of every feature.
    c
        Inverse penalties to choose from, each above 0, the smallest (simplest) first.
    max_iterations
        Most iterations of L-BFGS.
    """

    statistics: tuple[Statistic, ...]
    c: tuple[float, ...]
    max_iterations: int

    def __post_init__(self) -> None:
        if not self.statistics:
            raise ValueError("statistics: () must name at least one")
        if not self.c or min(self.c) <= 0:
            raise ValueError(f"c: {self.c} must be one or more numbers above 0")
        if self.max_iterations < 1:
            raise ValueError(f"max_iterations: {self.max_iterations} must be at least 1")


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for the inputs named in ``shapes``."""
    inputs = present(INPUTS, shapes)
    return FloorClassifier(Logistic(config), inputs, config.statistics, n_classes)


class Logistic:
    """The :class:`models.parts.floor.Estimator`; candidates are ``(C,)``."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def candidates(self) -> list[tuple[float, ...]]:
        """Return every C."""
        return [(c,) for c in self.config.c]

    def fit(
        self, rows: np.ndarray, labels: np.ndarray, n_classes: int, candidate: tuple[float, ...]
    ) -> dict[str, np.ndarray]:
        """Return ``coefficients`` [shape=(class, column)] and ``intercepts`` [shape=(class,)]."""
        coefficients = np.zeros((n_classes, rows.shape[1]))
        intercepts = np.full(n_classes, -np.inf)
        known = np.unique(labels)
        intercepts[known] = 0.0
        if len(known) > 1:
            model = LogisticRegression(C=candidate[0], max_iter=self.config.max_iterations)
            model.fit(rows, labels)
            # Of two classes scikit-learn keeps the second's row alone: the first's is zero.
            fitted = known[-len(model.coef_) :]
            coefficients[fitted], intercepts[fitted] = model.coef_, model.intercept_
        return {"coefficients": coefficients, "intercepts": intercepts}

    def probabilities(self, arrays: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
        """Return the softmax of the linear scores."""
        return softmax(rows @ arrays["coefficients"].T + arrays["intercepts"])

    def parameter_count(self, arrays: Mapping[str, np.ndarray]) -> int:
        """Return coefficients and intercepts."""
        return sum(int(array.size) for array in arrays.values())
