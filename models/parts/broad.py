"""The broad head: a Broad Learning System that grows on top of a network's output.

Conventions
-----------
Feature nodes [shape=(track, node)] are what the network gives (paper, section V: the BiLSTM's
output fused with the chord vector), standardised with training tracks. Outputs estimate E[one-hot |
nodes], the posterior, by least squares and sum to 1; probabilities are these outputs clipped at 0
and normalised, which keeps the largest one largest. Enhancement nodes come in groups that are added
one by one, without solving anew, for each candidate of the ridge; ridge and number of groups with
the least squared error on the validation part are kept, then the validation tracks are added as
well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.parts.bls import GrowingRidge, enhance, enhancement_weights
from models.parts.classifier import positive, score
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
        grown = GrowingRidge(A[:, :kept], Y, self._penalty(kept, ridge))
        on_train = score(_probabilities(A[:, :kept] @ grown.weights), train_labels)
        on_validation = score(_probabilities(A_val[:, :kept] @ grown.weights), validation_labels)
        grown.add_tracks(A_val[:, :kept], Y_val)
        self.arrays["enhancement"] = self.arrays["enhancement"][:, : kept - train.shape[1] - 1]
        self.arrays["weights"] = grown.weights
        self.arrays["ridge"] = np.asarray(ridge)
        return on_train, on_validation

    def _choose(
        self, A: np.ndarray, Y: np.ndarray, A_val: np.ndarray, Y_val: np.ndarray
    ) -> tuple[float, int]:
        first = A.shape[1] - self.config.groups * self.config.group_nodes
        tried = []
        for ridge in self.config.ridge:
            grown = GrowingRidge(A[:, :first], Y, self._penalty(first, ridge))
            for group in range(self.config.groups):
                start = first + group * self.config.group_nodes
                stop = start + self.config.group_nodes
                grown.add_nodes(A[:, start:stop], np.full(stop - start, ridge))
                error = float(np.square(A_val[:, :stop] @ grown.weights - Y_val).mean())
                tried.append((error, ridge, stop))
        _, ridge, stop = min(tried)
        return ridge, stop

    def _penalty(self, columns: int, ridge: float) -> np.ndarray:
        penalty = np.full(columns, ridge)
        penalty[len(self.arrays["mean"])] = 0.0
        return penalty

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
