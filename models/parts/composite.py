"""One vector per second out of all channels, a BiLSTM over the seconds, then the chord vector.

Conventions
-----------
Paper, sections III and V. What the filtering channels give for a one-second block is concatenated
and fused by a fully connected layer; a BiLSTM runs over the seconds of the track; its mean, a flag
for audio, and the chord vector with its flag are the feature nodes. Without any audio feature the
fully connected layer reads the chord vector instead, and its output takes the BiLSTM's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.batch import Batch
from models.parts.channel import Channel, ChannelConfig
from models.parts.chordvector import ChordVector, chord_moments
from models.parts.classifier import positive
from models.parts.data import Data
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.sequence import SecondsBiLstm, Sequence
from models.parts.standardise import Standardise, moments
from models.parts.training import Network


@dataclass(frozen=True)
class Sizes:
    """Sizes behind the channels.

    Attributes
    ----------
    fused_width
        Units of the fully connected layer that fuses the channels, per second.
    bilstm_width
        Output width of the BiLSTM, both directions together; even.
    sequence
        ``"per_second"``, or ``"literal"`` for a BiLSTM over a sequence of length one.
    """

    fused_width: int
    bilstm_width: int
    sequence: Sequence

    def __post_init__(self) -> None:
        positive("fused_width", self.fused_width)
        positive("bilstm_width", self.bilstm_width)
        if self.bilstm_width % 2:
            raise ValueError(f"bilstm_width: {self.bilstm_width} must be even: two directions")
        if self.sequence not in get_args(Sequence):
            allowed = ", ".join(get_args(Sequence))
            raise ValueError(f"sequence: {self.sequence!r} is not one of {allowed}")


@dataclass(frozen=True)
class Filters:
    """What stands in front of the fused layer.

    Attributes
    ----------
    front
        Feature -> its :class:`~models.parts.standardise.Standardise` or
        :class:`~models.parts.fusion.Fusion`, for every audio feature that is read.
    channels
        Feature -> its filtering channel, for those that have one of their own.
    """

    front: dict[str, nn.Module]
    channels: dict[str, Channel]


def music_filters(
    shapes: Mapping[str, Mapping[str, int]],
    gtf_channel: ChannelConfig,
    mf_rp_channel: ChannelConfig,
    mf_rp: MfRpConfig,
) -> Filters:
    """Return the channels over GTF and MF_RP, as far as ``shapes`` has these.

    Parameters
    ----------
    shapes
        Input name -> axis -> size of one second.
    gtf_channel, mf_rp_channel
        Sizes of the channels.
    mf_rp
        How MFCC and residual phase are fused.
    """
    filters = Filters({}, {})
    if "gtf" in shapes:
        bands, frames = shapes["gtf"]["band"], shapes["gtf"]["frame"]
        filters.front["gtf"] = Standardise((bands,))
        filters.channels["gtf"] = Channel(gtf_channel, bands, frames)
    if "mf_rp" in shapes:
        rows, frames = shapes["mf_rp"]["coefficient"], shapes["mf_rp"]["frame"]
        fusion = Fusion(mf_rp, rows, frames)
        filters.front["mf_rp"] = fusion
        filters.channels["mf_rp"] = Channel(mf_rp_channel, fusion.height, frames)
    return filters


class Composite(Network):
    """The network up to its softmax.

    Parameters
    ----------
    filters
        Standardisation and channels; their order decides where a feature's weights are.
    chord_dim
        Dimensions of the chord vector, or ``None`` without one.
    sizes
        Sizes behind the channels.
    n_classes
        Number of classes.
    dropout
        Share of units silenced while training: of the fused vector and of the nodes.
    further_width
        Width of what a subclass adds to the channels' vectors in :meth:`filtered`.
    """

    def __init__(
        self,
        filters: Filters,
        chord_dim: int | None,
        sizes: Sizes,
        n_classes: int,
        dropout: float,
        further_width: int = 0,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.features = tuple(filters.front)
        self.front = nn.ModuleDict(filters.front)
        self.channels = nn.ModuleDict(filters.channels)
        self.chords = ChordVector(chord_dim) if chord_dim is not None else None
        chord_width = self.chords.width if self.chords is not None else 0
        width = sum(channel.width for channel in filters.channels.values()) + further_width
        self.fuse = nn.Linear(width or chord_width, sizes.fused_width)
        self.bilstm = None
        audio_width = sizes.fused_width
        if self.features:
            self.bilstm = SecondsBiLstm(sizes.fused_width, sizes.bilstm_width, sizes.sequence)
            audio_width = sizes.bilstm_width + 1
        self.output = nn.Linear(audio_width + chord_width, n_classes)

    def prepare(self, data: Data, tracks: np.ndarray) -> None:
        """Set all standardisation from training tracks."""
        for name in self.features:
            mean, deviation = moments(data.features[name], data.seconds_valid, tracks)
            front = self.front[name]
            standardise = front.standardise if isinstance(front, Fusion) else front
            cast(Standardise, standardise).set(mean, deviation)
        if self.chords is not None:
            self.chords.set(*chord_moments(data.chords, data.has_chords, tracks))

    def nodes(self, batch: Batch) -> Tensor:
        """Return [shape=(track, node)]: audio vector, audio flag, chord vector, chord flag."""
        chords = [] if self.chords is None else [self.chords(batch.chords, batch.has_chords)]
        if self.bilstm is None:
            return torch.cat([functional.relu(self.fuse(chords[0])), *chords], dim=1)
        present = (batch.seconds > 0).to(batch.has_chords)[:, None]
        return torch.cat([self._audio(batch), present, *chords], dim=1)

    def forward(self, batch: Batch) -> Tensor:
        """Return class scores [shape=(track, class)] in front of the softmax."""
        scores = self.output(functional.dropout(self.nodes(batch), self.dropout, self.training))
        return cast(Tensor, scores)

    def filtered(self, batch: Batch) -> list[Tensor]:
        """Return the vectors of every block [shape=(block, width)], one per channel."""
        return [
            channel(self.front[name](batch.blocks[name])) for name, channel in self.channels.items()
        ]

    def _audio(self, batch: Batch) -> Tensor:
        assert self.bilstm is not None
        if int(batch.seconds.sum()) == 0:
            # Batch statistics of no block at all are undefined, and nothing would be heard anyway.
            return batch.has_chords.new_zeros(len(batch.seconds), self.bilstm.width)
        fused = functional.relu(self.fuse(torch.cat(self.filtered(batch), dim=1)))
        fused = functional.dropout(fused, self.dropout, self.training)
        return cast(Tensor, self.bilstm(fused, batch.seconds))
