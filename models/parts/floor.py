"""The floor: ordinary classifiers on time statistics, which every network must beat.

Conventions
-----------
A track is one row [shape=(column,)]: time statistics of its audio features and a flag, its chord
vector, the statistics of its notes and a flag of both; a modality that the corpus lacks has no
columns, one that a track lacks is zero.
Columns are standardised with training tracks. Every candidate of a hyper-parameter is fitted on the
training part and judged by accuracy on the validation part (the first of equals wins), then the
best is fitted on both. Fits are deterministic; the seed, the device, the checkpoint and the
settings of networks have nothing to decide here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from models.parts.classifier import Checkpoint, History, NoInputError, TrainConfig, score
from models.parts.data import Data, Split
from models.parts.standardise import safe_deviation
from models.parts.statistics import table

#: Inputs that come from notes; ``has_chords`` says which tracks have them.
SYMBOLIC = ("chords", "notes")


class Estimator(Protocol):
    """What differs between the floor's models: pure functions from arrays to arrays."""

    def candidates(self) -> list[tuple[float, ...]]:
        """Return the hyper-parameters to try, the simplest first."""

    def fit(
        self, rows: np.ndarray, labels: np.ndarray, n_classes: int, candidate: tuple[float, ...]
    ) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""

    def probabilities(self, arrays: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
        """Return probabilities [shape=(track, class)]."""

    def parameter_count(self, arrays: Mapping[str, np.ndarray]) -> int:
        """Return how many numbers were fitted."""


class FloorClassifier:
    """A :class:`models.parts.classifier.Classifier` around an :class:`Estimator`.

    Parameters
    ----------
    estimator
        The model.
    inputs
        Names of the inputs the corpus has; ``"chords"`` and ``"notes"`` may be among them.
    statistics
        Which time statistics.
    n_classes
        Number of classes.
    """

    def __init__(
        self,
        estimator: Estimator,
        inputs: tuple[str, ...],
        statistics: tuple[str, ...],
        n_classes: int,
    ) -> None:
        self.estimator = estimator
        self.audio = tuple(name for name in inputs if name not in SYMBOLIC)
        self.symbolic = tuple(name for name in SYMBOLIC if name in inputs)
        self.statistics = statistics
        self.n_classes = n_classes
        self.arrays: dict[str, np.ndarray] = {}
        self.scaler: dict[str, np.ndarray] = {}

    def fit(
        self,
        data: Data,
        split: Split,
        settings: TrainConfig,
        seed: int,
        device: str,
        checkpoint: Checkpoint | None,
    ) -> History:
        """Choose and fit; see the module. The history has a single epoch, 0."""
        del settings, seed, device, checkpoint  # the contract's; see the module
        raw = self._rows(data, split.train)
        mean = raw.mean(axis=0)
        self.scaler = {"mean": mean, "deviation": safe_deviation(mean, raw.var(axis=0))}
        rows, validation = self._scaled(raw), self._scaled(self._rows(data, split.validation))
        labels, labels_val = data.labels[split.train], data.labels[split.validation]
        tried = []
        for candidate in self.estimator.candidates():
            arrays = self.estimator.fit(rows, labels, self.n_classes, candidate)
            on_validation = score(self.estimator.probabilities(arrays, validation), labels_val)
            on_train = score(self.estimator.probabilities(arrays, rows), labels)
            tried.append((candidate, on_train, on_validation))
        candidate, on_train, on_validation = max(tried, key=lambda trial: trial[2][1])
        both = np.concatenate([rows, validation])
        everyone = np.concatenate([labels, labels_val])
        self.arrays = self.estimator.fit(both, everyone, self.n_classes, candidate)
        history = History()
        history.add(0, "train", *on_train)
        history.add(0, "validation", *on_validation)
        return history

    def predict_proba(self, data: Data, tracks: np.ndarray) -> np.ndarray:
        """Return class probabilities [shape=(len(tracks), class), float64]."""
        rows = self._scaled(self._rows(data, np.asarray(tracks)))
        return self.estimator.probabilities(self.arrays, rows)

    def state(self) -> dict[str, np.ndarray]:
        """Return scaler and fitted arrays."""
        state = {f"scaler.{name}": value for name, value in self.scaler.items()}
        return state | {f"model.{name}": value for name, value in self.arrays.items()}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what :meth:`state` returned."""
        named = {name: np.asarray(value) for name, value in state.items()}
        self.scaler = {n.removeprefix("scaler."): v for n, v in named.items() if n[:2] == "sc"}
        self.arrays = {n.removeprefix("model."): v for n, v in named.items() if n[:2] == "mo"}

    def parameter_count(self) -> int:
        """Return how many numbers were fitted, the scaler apart."""
        return self.estimator.parameter_count(self.arrays)

    def _rows(self, data: Data, tracks: np.ndarray) -> np.ndarray:
        columns = [table(data, tracks, self.audio, self.statistics)] if self.audio else []
        if self.symbolic:
            present = np.asarray(data.has_chords[tracks], dtype=bool)[:, None]
            for name in self.symbolic:
                values = getattr(data, name)[tracks]
                columns.append(np.where(present, values, 0.0).astype(np.float64))
            columns.append(present.astype(np.float64))
        return np.concatenate(columns, axis=1)

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray((rows - self.scaler["mean"]) / self.scaler["deviation"])


def present(inputs: tuple[str, ...], shapes: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """Return those inputs the corpus has, in the model's order.

    Raises
    ------
    NoInputError
        If it has none of them.
    """
    found = tuple(name for name in inputs if name in shapes)
    if not found:
        raise NoInputError(f"inputs: the corpus has none of {', '.join(inputs)}")
    return found
