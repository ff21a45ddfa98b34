"""The project's best honest configuration: kernel ridge regression on pooled statistics.

Conventions
-----------
A track is described by families of statistics (:mod:`models.parts.pooling`, docs/best.md): of its
spectra, its melody and envelope, its tonality and its notes; families that the corpus lacks drop
out. Columns are standardised with the training and validation tracks that have them and clipped at
``clip`` deviations. The kernel is the mean over families of the mean over groups of exp(-gamma
|x - x'|^2 / columns) (:mod:`models.parts.kernelridge`). The ridge is chosen by inner folds of
training and validation tracks, groups kept whole, by squared error; then everything is solved once
on training and validation tracks.

The seed shuffles the inner folds. The device, the checkpoint and the settings of networks have
nothing to decide here. Eigendecompositions give the same bytes on one machine, not on all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.parts import kernelridge, pooling
from models.parts.classifier import Checkpoint, Classifier, History, TrainConfig, score
from models.parts.data import Data, Split
from models.parts.floor import present
from models.parts.kernelridge import Layout, Ridge
from models.parts.standardise import safe_deviation

INPUTS = ("gtf", "mf_rp", "voice", "tonal", "notes")

Rows = tuple[np.ndarray, np.ndarray]  # columns and presence, as in `pooling.arrays`


@dataclass(frozen=True)
class Config:
    """How tracks are compared, and what is tried.

    Attributes
    ----------
    gamma
        Width of every Gaussian kernel, per mean squared difference of a group's columns, above 0.
    ridge
        Penalties to choose from, each above 0, the strongest (simplest) first.
    inner_folds
        Folds of the training and validation tracks in which the ridge is chosen, at least 2.
    clip
        Largest standardised value, in standard deviations, above 0.
    """

    gamma: float
    ridge: tuple[float, ...]
    inner_folds: int
    clip: float

    def __post_init__(self) -> None:
        for name in ("gamma", "clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be above 0")
        if not self.ridge or min(self.ridge) <= 0 or list(self.ridge) != sorted(self.ridge)[::-1]:
            raise ValueError(f"ridge: {self.ridge} must be numbers above 0, the largest first")
        if self.inner_folds < 2:
            raise ValueError(f"inner_folds: {self.inner_folds} must be at least 2")


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for the inputs named in ``shapes``."""
    return Best(config, present(INPUTS, shapes), n_classes)


class Best:
    """The :class:`models.parts.classifier.Classifier`.

    Parameters
    ----------
    config
        Settings.
    inputs
        Names of the inputs the corpus has.
    n_classes
        Number of classes.
    """

    def __init__(self, config: Config, inputs: tuple[str, ...], n_classes: int) -> None:
        self.config, self.inputs, self.n_classes = config, inputs, n_classes
        self.arrays: dict[str, np.ndarray] = {}

    def fit(
        self,
        data: Data,
        split: Split,
        settings: TrainConfig,
        seed: int,
        device: str,
        checkpoint: Checkpoint | None,
    ) -> History:
        """Choose the ridge and solve; see the module.

        The history has a single epoch, 0: the chosen ridge solved on the training part alone, and
        its score there and on the validation part. Scaling and choice have seen both.
        """
        del settings, device, checkpoint  # the contract's; see the module
        both = np.concatenate([split.train, split.validation])
        labels = data.labels[both]
        table = pooling.measured(data, both, self.inputs)
        places = pooling.layout(table)
        raw = pooling.arrays(table, places)
        self.arrays = {"group": places.group, "family": places.family} | _scaler(raw, places)
        support = self._scaled(raw)
        gram = kernelridge.kernel(support, support, places, self.config.gamma)
        folds = kernelridge.inner_folds(labels, data.groups[both], self.config.inner_folds, seed)
        ridge = kernelridge.choose_ridge(gram, labels, self.n_classes, self.config.ridge, folds)
        solved = Ridge(gram, labels, self.n_classes)
        self.arrays |= {
            "support": support[0],
            "present": support[1],
            "coefficients": solved.coefficients(ridge),
            "offset": solved.offset,
        }
        return self._history(gram, labels, len(split.train), ridge)

    def _history(self, gram: np.ndarray, labels: np.ndarray, train: int, ridge: float) -> History:
        solved = Ridge(gram[:train, :train], labels[:train], self.n_classes)
        scores = kernelridge.probabilities(solved.scores(gram[:, :train], ridge))
        history = History()
        history.add(0, "train", *score(scores[:train], labels[:train]))
        history.add(0, "validation", *score(scores[train:], labels[train:]))
        return history

    def predict_proba(self, data: Data, tracks: np.ndarray) -> np.ndarray:
        """Return class probabilities [shape=(len(tracks), class), float64]."""
        places = Layout(self.arrays["group"], self.arrays["family"])
        table = pooling.measured(data, np.asarray(tracks), self.inputs)
        rows = self._scaled(pooling.arrays(table, places))
        support = self.arrays["support"], self.arrays["present"]
        cross = kernelridge.kernel(rows, support, places, self.config.gamma)
        scores = cross @ self.arrays["coefficients"] + self.arrays["offset"]
        return kernelridge.probabilities(scores)

    def state(self) -> dict[str, np.ndarray]:
        """Return layout, scaler, support tracks and coefficients."""
        return dict(self.arrays)

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what :meth:`state` returned."""
        self.arrays = {name: np.asarray(value) for name, value in state.items()}

    def parameter_count(self) -> int:
        """Return how many coefficients were fitted."""
        return int(self.arrays["coefficients"].size) if self.arrays else 0

    def _scaled(self, rows: Rows) -> Rows:
        columns, present = rows
        scaled = (columns - self.arrays["mean"]) / self.arrays["deviation"]
        return np.clip(scaled, -self.config.clip, self.config.clip), present


def _scaler(rows: Rows, places: Layout) -> dict[str, np.ndarray]:
    """Return mean and deviation of every column over the tracks that have its family."""
    columns, present = rows
    mean, variance = np.zeros(columns.shape[1]), np.zeros(columns.shape[1])
    family = places.family[places.group]
    for number in np.unique(family):
        own = np.flatnonzero(family == number)
        values = columns[np.ix_(present[:, number], own)]
        mean[own], variance[own] = values.mean(axis=0), values.var(axis=0)
    return {"mean": mean, "deviation": safe_deviation(mean, variance)}
