"""The contract between a model and whoever trains it: protocols, history, training settings.

Conventions
-----------
Probabilities are [shape=(track, class)], rows sum to 1. Losses are cross-entropies in nats, the
mean over tracks (paper, Eq. 7). Epochs count from 1; a model without epochs reports a single epoch
0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from models.parts.data import Data, Split

# The smallest probability whose logarithm is taken, so that one wrong certainty stays finite.
PROBABILITY_FLOOR = 1e-12


class NoInputError(ValueError):
    """A corpus has none of the inputs that a model reads: the model does not apply to it."""


@dataclass(frozen=True)
class History:
    """How training went.

    Attributes
    ----------
    rows
        One mapping per epoch and part: ``epoch`` (int), ``part`` ("train" or "validation"),
        ``loss`` (nats per track), ``accuracy`` (0 to 1).
    """

    rows: list[dict[str, int | float | str]] = field(default_factory=list)

    def add(self, epoch: int, part: str, loss: float, accuracy: float) -> None:
        """Append one row."""
        self.rows.append({"epoch": epoch, "part": part, "loss": loss, "accuracy": accuracy})


@dataclass(frozen=True)
class TrainConfig:
    """How networks are trained; the section ``train`` of ``params.yaml``.

    Attributes
    ----------
    batch_size
        Tracks per step.
    crop_seconds
        Length of the random contiguous window of seconds that training takes from each track in
        each epoch; ``None`` for whole tracks. Validation and prediction always hear whole tracks.
    epochs
        Most epochs.
    patience
        Epochs without a better validation ``monitor`` after which training stops.
    monitor
        What early stopping watches on the validation part: ``"loss"`` or ``"accuracy"``.
    learning_rate
        Step of Adam (Kingma & Ba 2015).
    weight_decay
        L2 penalty on the weights, added to the gradient by Adam.
    dropout
        Share of units silenced while training, in [0, 1).
    label_smoothing
        Share of each target spread over all classes, in [0, 1); 0 is Eq. 7 as printed.
    """

    batch_size: int
    crop_seconds: int | None
    epochs: int
    patience: int
    monitor: Literal["loss", "accuracy"]
    learning_rate: float
    weight_decay: float
    dropout: float
    label_smoothing: float

    def __post_init__(self) -> None:
        for name in ("batch_size", "epochs", "patience"):
            positive(name, getattr(self, name))
        if self.crop_seconds is not None:
            positive("crop_seconds", self.crop_seconds)
        if self.monitor not in ("loss", "accuracy"):
            raise ValueError(f"monitor: {self.monitor!r} is neither 'loss' nor 'accuracy'")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: {self.learning_rate} must be above 0")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay: {self.weight_decay} must not be negative")
        for name in ("dropout", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must lie in [0, 1)")


def positive(name: str, value: int) -> None:
    """Refuse a count below 1.

    Raises
    ------
    ValueError
        If ``value`` is below 1; names the key and the value.
    """
    if value < 1:
        raise ValueError(f"{name}: {value} must be at least 1")


class Checkpoint(Protocol):
    """Where an unfinished fit keeps a finished epoch, from which it can go on."""

    def due(self) -> bool:
        """Whether so much was done since the last save that another is worth its cost."""

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        """Replace what is kept by ``state``, all or nothing."""

    def load(self) -> dict[str, np.ndarray] | None:
        """Return what was saved last, or ``None``."""


class Classifier(Protocol):
    """A model of one fold: it is fitted once, predicts, and turns into plain arrays and back."""

    def fit(
        self,
        data: Data,
        split: Split,
        settings: TrainConfig,
        seed: int,
        device: str,
        checkpoint: Checkpoint | None,
    ) -> History:
        """Fit on ``split.train``, choose on ``split.validation``; ``split.test`` is not read."""

    def predict_proba(self, data: Data, tracks: np.ndarray) -> np.ndarray:
        """Return class probabilities [shape=(len(tracks), class), float64] of the given tracks."""

    def state(self) -> dict[str, np.ndarray]:
        """Return all that prediction needs, scalers included, as plain arrays."""

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over a state that :meth:`state` of an equally built model returned."""

    def parameter_count(self) -> int:
        """Return how many numbers were fitted."""


def score(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return cross-entropy in nats (paper, Eq. 7) and accuracy.

    Parameters
    ----------
    probabilities
        Rows that sum to 1 [shape=(track, class)].
    labels
        True classes [shape=(track,), int].

    Examples
    --------
    >>> loss, accuracy = score(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 0]))
    >>> round(loss, 4), accuracy
    (0.3466, 1.0)
    """
    true = probabilities[np.arange(len(labels)), labels]
    loss = float(-np.log(np.maximum(true, PROBABILITY_FLOOR)).mean())
    return loss, float((probabilities.argmax(axis=1) == labels).mean())


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return rows of probabilities from rows of scores [shape=(track, class)].

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
