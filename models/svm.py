"""Support vector machines with a Gaussian kernel on time statistics (and the chord vector).

Conventions
-----------
Rows [shape=(track, column)] come from :mod:`models.parts.floor`. One machine per class, class
against the rest (scikit-learn's SVC); its decision is sum_i dual_i exp(-gamma |x - x_i|^2) +
intercept. The state is plain arrays: the tracks that support any machine [shape=(support, column)],
their duals [shape=(class, support)], intercepts [shape=(class,)] and gamma. Probabilities are the
softmax of the decisions: ordered as the decisions are, but not calibrated (Platt scaling would draw
random folds).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.svm import SVC

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
        Costs of a violated margin to choose from, each above 0, the smallest (simplest) first.
    gamma
        Kernel widths to choose from, each above 0, as multiples of 1 / number of columns.
    """

    statistics: tuple[Statistic, ...]
    c: tuple[float, ...]
    gamma: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.statistics:
            raise ValueError("statistics: () must name at least one")
        for name in ("c", "gamma"):
            values = getattr(self, name)
            if not values or min(values) <= 0:
                raise ValueError(f"{name}: {values} must be one or more numbers above 0")


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for the inputs named in ``shapes``."""
    inputs = present(INPUTS, shapes)
    return FloorClassifier(Svm(config), inputs, config.statistics, n_classes)


class Svm:
    """The :class:`models.parts.floor.Estimator`; candidates are ``(C, gamma)``."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def candidates(self) -> list[tuple[float, ...]]:
        """Return every pair of C and gamma."""
        return [(c, gamma) for c in self.config.c for gamma in self.config.gamma]

    def fit(
        self, rows: np.ndarray, labels: np.ndarray, n_classes: int, candidate: tuple[float, ...]
    ) -> dict[str, np.ndarray]:
        """Return ``support``, ``duals``, ``intercepts`` and ``gamma``."""
        gamma = candidate[1] / rows.shape[1]
        kernel = _kernel(rows, rows, gamma)
        duals = np.zeros((n_classes, len(rows)))
        intercepts = np.full(n_classes, -np.inf)
        known = np.unique(labels)
        intercepts[known] = 0.0
        for label in known if len(known) > 1 else ():
            machine = SVC(C=candidate[0], kernel="precomputed").fit(kernel, labels == label)
            duals[label, machine.support_] = machine.dual_coef_[0]
            intercepts[label] = machine.intercept_[0]
        support = np.flatnonzero(np.any(duals != 0, axis=0))
        return {
            "support": rows[support],
            # In C order, as a loaded state has it: BLAS may round another order otherwise.
            "duals": np.ascontiguousarray(duals[:, support]),
            "intercepts": intercepts,
            "gamma": np.asarray(gamma),
        }

    def probabilities(self, arrays: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
        """Return the softmax of the machines' decisions."""
        kernel = _kernel(rows, arrays["support"], float(arrays["gamma"]))
        return softmax(kernel @ arrays["duals"].T + arrays["intercepts"])

    def parameter_count(self, arrays: Mapping[str, np.ndarray]) -> int:
        """Return duals and intercepts."""
        return int(arrays["duals"].size + arrays["intercepts"].size) if arrays else 0


def _kernel(left: np.ndarray, right: np.ndarray, gamma: float) -> np.ndarray:
    return np.asarray(np.exp(-gamma * cdist(left, right, "sqeuclidean")))
