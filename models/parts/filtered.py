"""MF_RP, filters, sequence: the frame that the comparators of Tables VII to IX share.

Conventions
-----------
Every one-second block of MF_RP is fused to one plane [shape=(row 192, frame 44)]; filters turn it
into one vector per step (one step per second, unless the filters say otherwise), a sequence layer
turns a track's steps into one vector, and that and a flag for audio are the feature nodes. A linear
layer gives the class scores. The one-second block is the unit here as in MULTISPEC-DNN: a CNN sees
one block, an LSTM runs over the seconds; so the comparators differ from it in their layers and not
in what they hear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, cast, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.batch import Batch
from models.parts.classifier import NoInputError
from models.parts.data import Data
from models.parts.fusion import Fusion
from models.parts.standardise import moments
from models.parts.training import Network

FEATURE = "mf_rp"

Front = Literal["random", "trained"]


class Filters(Protocol):
    """What turns a picture per second into vectors.

    Attributes
    ----------
    width
        Width of a vector.
    steps
        Vectors per second.
    """

    width: int
    steps: int

    def __call__(self, pictures: Tensor) -> Tensor:
        """Filter [shape=(block, row, frame)] into [shape=(block * steps, width)]."""


class TrackLayer(Protocol):
    """What turns the steps of a track into one vector of ``width``."""

    width: int

    def __call__(self, flat: Tensor, lengths: Tensor) -> Tensor:
        """Return [shape=(track, width)] from steps and how many each track owns."""


class FilteredNetwork(Network):
    """Fusion, filters, sequence and a linear layer.

    Parameters
    ----------
    fusion, filters, sequence
        The layers in their order; ``filters`` and ``sequence`` are PyTorch modules.
    n_classes
        Number of classes.
    dropout
        Share of units silenced while training: of the steps' vectors and of the nodes.
    """

    features = (FEATURE,)

    def __init__(
        self,
        fusion: Fusion,
        filters: Filters,
        sequence: TrackLayer,
        n_classes: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.fusion = fusion
        self.filters = filters
        self.sequence = sequence
        self.output = nn.Linear(sequence.width + 1, n_classes)

    def prepare(self, data: Data, tracks: np.ndarray) -> None:
        """Set the standardisation of MFCC and RP from training tracks."""
        self.fusion.standardise.set(*moments(data.features[FEATURE], data.seconds_valid, tracks))

    def nodes(self, batch: Batch) -> Tensor:
        """Return [shape=(track, width + 1)]: the track's vector, then 1 where it has audio."""
        present = (batch.seconds > 0).to(batch.has_chords)[:, None]
        return torch.cat([self._vector(batch), present], dim=1)

    def forward(self, batch: Batch) -> Tensor:
        """Return class scores [shape=(track, class)] in front of the softmax."""
        scores = self.output(functional.dropout(self.nodes(batch), self.dropout, self.training))
        return cast(Tensor, scores)

    def _vector(self, batch: Batch) -> Tensor:
        if int(batch.seconds.sum()) == 0:
            # Batch statistics of no block at all are undefined, and nothing would be heard anyway.
            return batch.has_chords.new_zeros(len(batch.seconds), self.sequence.width)
        steps = self.filters(self.fusion(batch.blocks[FEATURE]))
        steps = functional.dropout(steps, self.dropout, self.training)
        return self.sequence(steps, batch.seconds * self.filters.steps)


def plane(model: str, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> tuple[int, int]:
    """Return MF_RP's coefficients per part and frames per second, or say why there are none.

    Parameters
    ----------
    model
        The asking model's name, for the message.
    shapes, n_classes
        As given to the model's ``build``.

    Raises
    ------
    NoInputError
        If the corpus has no MF_RP.
    ValueError
        If there are fewer than 2 classes.

    Examples
    --------
    >>> plane("mcc_lstm", {"mf_rp": {"part": 2, "coefficient": 64, "frame": 44}}, n_classes=4)
    (64, 44)
    """
    if FEATURE not in shapes:
        raise NoInputError(f"{model}: the corpus has none of {FEATURE}; this model hears audio")
    if n_classes < 2:
        raise ValueError(f"n_classes: {n_classes} must be at least 2")
    return shapes[FEATURE]["coefficient"], shapes[FEATURE]["frame"]


def check_front(front: str) -> None:
    """Refuse what is neither ``"random"`` nor ``"trained"``.

    Raises
    ------
    ValueError
        Names the key and the value.
    """
    if front not in get_args(Front):
        raise ValueError(f"front: {front!r} is not one of {', '.join(get_args(Front))}")
