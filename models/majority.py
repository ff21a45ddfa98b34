"""The majority class: what accuracy is worth when nothing is heard.

Conventions
-----------
Every track gets the class frequencies of training and validation part as its probabilities
[shape=(track, class)]; the most frequent class (the first of equals) is thereby predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.parts.classifier import Checkpoint, Classifier, History, TrainConfig, score
from models.parts.data import Data, Split

# The smallest input there is: a corpus must have something, but this model reads only labels.
INPUTS = ("gtf", "chords")


@dataclass(frozen=True)
class Config:
    """Nothing to choose."""


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier; ``config`` and ``shapes`` decide nothing."""
    del config, shapes
    return Majority(n_classes)


class Majority:
    """A :class:`models.parts.classifier.Classifier` that knows class frequencies alone."""

    def __init__(self, n_classes: int) -> None:
        self.frequencies = np.full(n_classes, 1.0 / n_classes)

    def fit(
        self,
        data: Data,
        split: Split,
        settings: TrainConfig,
        seed: int,
        device: str,
        checkpoint: Checkpoint | None,
    ) -> History:
        """Count the classes of training and validation part."""
        del settings, seed, device, checkpoint  # the contract's: counting needs none of them
        history = History()
        self.frequencies = self._count(data.labels[split.train])
        for part, tracks in (("train", split.train), ("validation", split.validation)):
            history.add(0, part, *score(self.predict_proba(data, tracks), data.labels[tracks]))
        everyone = np.concatenate([split.train, split.validation])
        self.frequencies = self._count(data.labels[everyone])
        return history

    def predict_proba(self, data: Data, tracks: np.ndarray) -> np.ndarray:
        """Return the same frequencies for every track [shape=(len(tracks), class)]."""
        del data
        return np.tile(self.frequencies, (len(tracks), 1))

    def state(self) -> dict[str, np.ndarray]:
        """Return the frequencies."""
        return {"frequencies": self.frequencies}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what :meth:`state` returned."""
        self.frequencies = np.asarray(state["frequencies"])

    def parameter_count(self) -> int:
        """Return the number of classes."""
        return int(self.frequencies.size)

    def _count(self, labels: np.ndarray) -> np.ndarray:
        return np.bincount(labels, minlength=len(self.frequencies)) / len(labels)
