"""MULTISPEC-DNN for speech: wideband and narrowband spectrograms, attention, BLSTM, softmax.

Conventions
-----------
Paper, section IV. An utterance is cut into segments of ``segment_seconds``
(:mod:`models.parts.segments`), whose spectrograms pass the trunk (:mod:`models.parts.spectral`) and
two fully connected layers. In training every segment has the label of its utterance and counts by
itself; the decision for an utterance is the mean of the posteriors of its segments. Every bin is
standardised with statistics of the training tracks. A track without audio has no segment: its
scores are the biases of the last layer, which learn from such tracks as from any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts import segments
from models.parts.batch import Batch
from models.parts.classifier import PROBABILITY_FLOOR, Classifier, NoInputError, positive
from models.parts.data import Data
from models.parts.inputs import check_inputs
from models.parts.network import NetworkClassifier
from models.parts.spectral import SpectralConfig, SpectralTrunk, picture_size
from models.parts.standardise import Standardise, moments
from models.parts.training import Network

INPUTS = ("wideband", "narrowband")


@dataclass(frozen=True)
class Config:
    """Sizes of the network.

    Attributes
    ----------
    inputs
        Which of the two spectrograms are read.
    segment_seconds
        Length of a segment, s.
    spectrogram
        The convolutions and the BLSTM.
    hidden_width
        Units of the first of the two fully connected layers.
    """

    inputs: tuple[str, ...]
    segment_seconds: int
    spectrogram: SpectralConfig
    hidden_width: int

    def __post_init__(self) -> None:
        check_inputs(self.inputs, INPUTS)
        positive("segment_seconds", self.segment_seconds)
        positive("hidden_width", self.hidden_width)


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for the spectrograms named in ``shapes``.

    Parameters
    ----------
    config
        Sizes.
    shapes
        Input name -> axis -> size of one second.
    n_classes
        Number of classes, at least 2.

    Raises
    ------
    NoInputError
        If ``shapes`` has none of ``config.inputs``.
    ValueError
        If there are fewer than 2 classes, the spectrograms differ in size, or pooling leaves
        nothing of them.
    """
    kinds = tuple(name for name in INPUTS if name in config.inputs and name in shapes)
    if not kinds:
        raise NoInputError(f"multispec_speech: the corpus has none of {', '.join(config.inputs)}")
    if n_classes < 2:
        raise ValueError(f"n_classes: {n_classes} must be at least 2")
    bins, frames = picture_size(shapes, kinds)

    def make(dropout: float) -> Network:
        return MultispecSpeech(config, kinds, bins, frames, n_classes, dropout)

    return NetworkClassifier(make, n_classes, None)


class MultispecSpeech(Network):
    """The network up to its softmax.

    Parameters
    ----------
    config, n_classes
        As in :func:`build`.
    kinds
        Names of the spectrograms.
    bins, frames
        Size of a one-second block.
    dropout
        Share of units silenced while training, in front of both fully connected layers.
    """

    def __init__(
        self,
        config: Config,
        kinds: tuple[str, ...],
        bins: int,
        frames: int,
        n_classes: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.features = kinds
        self.length, self.frames = config.segment_seconds, frames
        self.front = nn.ModuleDict({kind: Standardise((bins,)) for kind in kinds})
        joined = config.segment_seconds * (frames - 1) + 1
        self.trunk = SpectralTrunk(config.spectrogram, kinds, bins, joined)
        self.hidden = nn.Linear(self.trunk.width, config.hidden_width)
        self.output = nn.Linear(config.hidden_width, n_classes)

    def prepare(self, data: Data, tracks: np.ndarray) -> None:
        """Set the standardisation of every bin from training tracks."""
        for kind in self.features:
            mean, deviation = moments(data.features[kind], data.seconds_valid, tracks)
            cast(Standardise, self.front[kind]).set(mean, deviation)

    def examples(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return scores of every segment, one row of biases per track without audio, and owners."""
        parts = segments.cut(batch.seconds, self.length, self.frames)
        silent = torch.nonzero(batch.seconds == 0)[:, 0]
        hidden = batch.chords.new_zeros(len(silent), self.output.in_features)
        if len(parts.owner):
            hidden = torch.cat([self._hidden(batch, parts), hidden])
        hidden = functional.dropout(hidden, self.dropout, self.training)
        owner = torch.cat([parts.owner, silent]).to(hidden.device)
        return self.output(hidden), owner

    def forward(self, batch: Batch) -> Tensor:
        """Return the logarithm of the mean posterior over segments [shape=(track, class)]."""
        scores, owner = self.examples(batch)
        total = scores.new_zeros(len(batch.seconds), scores.shape[1])
        total = total.index_add(0, owner, scores.softmax(dim=1))
        mean = total / torch.bincount(owner, minlength=len(total))[:, None]
        return mean.clamp(min=PROBABILITY_FLOOR).log()

    def _hidden(self, batch: Batch, parts: segments.Segments) -> Tensor:
        pictures = {
            kind: segments.join(self.front[kind](batch.blocks[kind]), parts)
            for kind in self.features
        }
        vectors = functional.dropout(self.trunk(pictures), self.dropout, self.training)
        return functional.relu(self.hidden(vectors))
