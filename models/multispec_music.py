"""MULTISPEC-DNN for music: two CNN channels, BiLSTM over seconds, chord vector, broad head.

Conventions
-----------
Paper, sections III and V. Every one-second block passes two CNN channels, one over the gammatone
feature (GTF) [shape=(band 24, frame 44)], one over fused MFCC and residual phase [shape=(192, 44)];
a fully connected layer fuses both to 256 numbers per second; a BiLSTM runs over the seconds of the
track; its mean joins the chord vector, and both are the feature nodes of a Broad Learning System. A
modality that the corpus lacks (its name is not in ``shapes``) is left out; one that a single track
lacks is masked by zeros and a flag. Without any audio feature the fully connected layer reads the
chord vector instead, and its output takes the BiLSTM's place.
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
from models.parts.broad import BlsConfig
from models.parts.channel import Channel, ChannelConfig
from models.parts.chordvector import ChordVector, chord_moments
from models.parts.classifier import Classifier, positive
from models.parts.data import Data
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.network import Head, NetworkClassifier
from models.parts.sequence import SecondsBiLstm, Sequence
from models.parts.standardise import Standardise, moments
from models.parts.training import Network

INPUTS = ("gtf", "mf_rp", "chords")


@dataclass(frozen=True)
class Config:
    """Sizes of the network.

    Attributes
    ----------
    gtf_channel, mf_rp_channel
        The two filtering channels.
    mf_rp
        How MFCC and residual phase are fused.
    fused_width
        Units of the fully connected layer that fuses both channels, per second.
    bilstm_width
        Output width of the BiLSTM, both directions together; even.
    sequence
        ``"per_second"``, or ``"literal"`` for a BiLSTM over a sequence of length one.
    head
        ``"bls"``, or ``"softmax"`` to predict with the layer the network was trained through.
    bls
        Size of the Broad Learning System.
    """

    gtf_channel: ChannelConfig
    mf_rp_channel: ChannelConfig
    mf_rp: MfRpConfig
    fused_width: int
    bilstm_width: int
    sequence: Sequence
    head: Head
    bls: BlsConfig

    def __post_init__(self) -> None:
        positive("fused_width", self.fused_width)
        positive("bilstm_width", self.bilstm_width)
        if self.bilstm_width % 2:
            raise ValueError(f"bilstm_width: {self.bilstm_width} must be even: two directions")
        for name, kind in (("sequence", Sequence), ("head", Head)):
            if getattr(self, name) not in get_args(kind):
                allowed = ", ".join(get_args(kind))
                raise ValueError(f"{name}: {getattr(self, name)!r} is not one of {allowed}")


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for the modalities named in ``shapes``.

    Parameters
    ----------
    config
        Sizes.
    shapes
        Input name -> axis -> size of one second; ``{"chords": {"dim": n}}`` for chord vectors.
    n_classes
        Number of classes, at least 2.

    Raises
    ------
    ValueError
        If ``shapes`` has none of this model's inputs, or there are fewer than 2 classes.
    """
    if not set(INPUTS) & set(shapes):
        raise ValueError(f"multispec_music: the corpus has none of {', '.join(INPUTS)}")
    if n_classes < 2:
        raise ValueError(f"n_classes: {n_classes} must be at least 2")

    def make(dropout: float) -> Network:
        return MultispecMusic(config, shapes, n_classes, dropout)

    return NetworkClassifier(make, n_classes, config.bls if config.head == "bls" else None)


class MultispecMusic(Network):
    """The network up to its softmax.

    Parameters
    ----------
    config, shapes, n_classes
        As in :func:`build`.
    dropout
        Share of units silenced while training: of the fused vector and of the nodes.
    """

    def __init__(
        self,
        config: Config,
        shapes: Mapping[str, Mapping[str, int]],
        n_classes: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        # The fixed order of INPUTS, not the caller's, decides where a feature's weights are.
        self.features = tuple(n for n in INPUTS if n != "chords" and n in shapes)
        self.front = nn.ModuleDict()
        self.channels = nn.ModuleDict()
        if "gtf" in shapes:
            bands, frames = shapes["gtf"]["band"], shapes["gtf"]["frame"]
            self.front["gtf"] = Standardise((bands,))
            self.channels["gtf"] = Channel(config.gtf_channel, bands, frames)
        if "mf_rp" in shapes:
            rows, frames = shapes["mf_rp"]["coefficient"], shapes["mf_rp"]["frame"]
            fusion = Fusion(config.mf_rp, rows, frames)
            self.front["mf_rp"] = fusion
            self.channels["mf_rp"] = Channel(config.mf_rp_channel, fusion.height, frames)
        self.chords = ChordVector(shapes["chords"]["dim"]) if "chords" in shapes else None
        chord_width = self.chords.width if self.chords is not None else 0
        width = sum(cast(Channel, channel).width for channel in self.channels.values())
        self.fuse = nn.Linear(width or chord_width, config.fused_width)
        self.bilstm = None
        audio_width = config.fused_width
        if self.features:
            self.bilstm = SecondsBiLstm(config.fused_width, config.bilstm_width, config.sequence)
            audio_width = config.bilstm_width + 1
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

    def _audio(self, batch: Batch) -> Tensor:
        assert self.bilstm is not None
        if int(batch.seconds.sum()) == 0:
            # Batch statistics of no block at all are undefined, and nothing would be heard anyway.
            return batch.has_chords.new_zeros(len(batch.seconds), self.bilstm.width)
        filtered = [
            self.channels[name](self.front[name](batch.blocks[name])) for name in self.features
        ]
        fused = functional.relu(self.fuse(torch.cat(filtered, dim=1)))
        fused = functional.dropout(fused, self.dropout, self.training)
        return cast(Tensor, self.bilstm(fused, batch.seconds))
