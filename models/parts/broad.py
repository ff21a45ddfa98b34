"""The broad head: a Broad Learning System that grows on top of a network's output.

Conventions
-----------
Feature nodes [shape=(track, node)] are what the network gives (paper, section V: the BiLSTM's
output fused with the chord vector), standardised with training tracks. Outputs estimate E[one-hot |
nodes], the posterior, by least squares and sum to 1; probabilities are these outputs clipped at 0
and normalised, which keeps the largest one largest. Enhancement nodes come in groups. Every number
of groups is solved for all candidates of the ridge at once (:mod:`models.parts.ridgepath`, faster
than growing, :mod:`models.parts.growth`, where the candidates are known beforehand); ridge and
number of groups with the least squared error on the validation part are kept, and the system is
solved once more with the validation tracks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.parts.bls import enhance, enhancement_weights
from models.parts.classifier import positive, score
from models.parts.ridgepath import RidgePath
from models.parts.standardise import safe_deviation

ARRAYS = ("mean", "deviation", "enhancement", "weights", "ridge")


@dataclass(frozen=True)
class BlsConfig:
    """A Broad Learning System's size and its candidates for the ridge.

    Attributes
    ----------
    groups
        Most groups of enhancement nodes; 1 to this many are tried.
    group_nodes
        Enhancement nodes in a group.
    shrink
        Factor on the input of tanh, above 0: small is nearly linear, large is nearly binary.
    ridge
        Penalties to choose from, each above 0.
    """

    groups: int
    group_nodes: int
    shrink: float
    ridge: tuple[float, ...]

    def __post_init__(self) -> None:
        positive("groups", self.groups)
        positive("group_nodes", self.group_nodes)
        if not self.shrink > 0:
            raise ValueError(f"shrink: {self.shrink} must be above 0")
        if not self.ridge or min(self.ridge) <= 0:
            raise ValueError(f"ridge: {self.ridge} must be one or more numbers above 0")


class BroadHead:
    """A fitted, or yet unfitted, Broad Learning System.

    Parameters
    ----------
    config
        Size and candidates.
    n_classes
        Number of classes.
    """

    def __init__(self, config: BlsConfig, n_classes: int) -> None:
        self.config = config
        self.n_classes = n_classes
        self.arrays: dict[str, np.ndarray] = {}

    def fit(
        self,
        train: np.ndarray,
        train_labels: np.ndarray,
        validation: np.ndarray,
        validation_labels: np.ndarray,
        seed: int,
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Choose ridge and groups on the validation part, then solve on both parts together.

        Parameters
        ----------
        train, validation
            Feature nodes [shape=(track, node)].
        train_labels, validation_labels
            Classes [shape=(track,), int].
        seed
            Draws the enhancement weights.

        Returns
        -------
        train, validation
            Cross-entropy in nats and accuracy of each part under what was chosen, solved on the
            training part alone: the validation tracks have not been added yet.
        """
        train64 = np.asarray(train, dtype=np.float64)
        mean = train64.mean(axis=0)
        draws = np.random.SeedSequence(seed).generate_state(self.config.groups).tolist()
        weights = [
            enhancement_weights(train.shape[1], self.config.group_nodes, draw) for draw in draws
        ]
        self.arrays = {
            "mean": mean,
            "deviation": safe_deviation(mean, train64.var(axis=0)),
            "enhancement": np.concatenate(weights, axis=1),
        }
        A, A_val = self._nodes(train), self._nodes(validation)
        one_hot = np.eye(self.n_classes)
        Y, Y_val = one_hot[train_labels], one_hot[validation_labels]
        ridge, kept = self._choose(A, Y, A_val, Y_val)
        alone = self._solve(A, Y, kept, ridge)
        on_train = score(_probabilities(A[:, :kept] @ alone), train_labels)
        on_validation = score(_probabilities(A_val[:, :kept] @ alone), validation_labels)
        everyone = np.concatenate([A, A_val]), np.concatenate([Y, Y_val])
        self.arrays["enhancement"] = self.arrays["enhancement"][:, : kept - train.shape[1] - 1]
        self.arrays["weights"] = self._solve(*everyone, kept, ridge)
        self.arrays["ridge"] = np.asarray(ridge)
        return on_train, on_validation

    def _choose(
        self, A: np.ndarray, Y: np.ndarray, A_val: np.ndarray, Y_val: np.ndarray
    ) -> tuple[float, int]:
        first = A.shape[1] - self.config.groups * self.config.group_nodes
        tried = []
        for stop in range(first + self.config.group_nodes, A.shape[1] + 1, self.config.group_nodes):
            path = self._path(A, Y, stop)
            for ridge in self.config.ridge:
                outputs = A_val[:, :stop] @ self._with_ones(path, ridge)
                tried.append((float(np.square(outputs - Y_val).mean()), ridge, stop))
        _, ridge, stop = min(tried)
        return ridge, stop

    def _solve(self, A: np.ndarray, Y: np.ndarray, kept: int, ridge: float) -> np.ndarray:
        return self._with_ones(self._path(A, Y, kept), ridge)

    def _path(self, A: np.ndarray, Y: np.ndarray, kept: int) -> RidgePath:
        """Return the solutions for the first ``kept`` nodes; the column of ones is the offset."""
        return RidgePath(np.delete(A[:, :kept], self._ones, axis=1), Y)

    def _with_ones(self, path: RidgePath, ridge: float) -> np.ndarray:
        weights, offset = path.solve(ridge)
        return np.insert(weights, self._ones, offset, axis=0)

    @property
    def _ones(self) -> int:
        """Place of the column of ones: behind the feature nodes."""
        return len(self.arrays["mean"])

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """Return probabilities [shape=(track, class)] from feature nodes [shape=(track, node)]."""
        return _probabilities(self._nodes(features) @ self.arrays["weights"])

    def state(self) -> dict[str, np.ndarray]:
        """Return all arrays by name."""
        return dict(self.arrays)

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over arrays by name."""
        self.arrays = {name: np.asarray(state[name]) for name in ARRAYS}

    def parameter_count(self) -> int:
        """Return how many output weights were solved for (enhancement weights are drawn)."""
        return int(self.arrays["weights"].size) if self.arrays else 0

    def _nodes(self, features: np.ndarray) -> np.ndarray:
        Z = (np.asarray(features, dtype=np.float64) - self.arrays["mean"]) / self.arrays[
            "deviation"
        ]
        H = enhance(Z, self.arrays["enhancement"], self.config.shrink)
        return np.concatenate([Z, np.ones((len(Z), 1)), H], axis=1)


def _probabilities(outputs: np.ndarray) -> np.ndarray:
    clipped = np.maximum(outputs, 0.0)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))
