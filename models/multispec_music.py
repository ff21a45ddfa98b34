"""MULTISPEC-DNN for music: two CNN channels, BiLSTM over seconds, chord vector, broad head.

Conventions
-----------
Paper, sections III and V. Every one-second block passes two CNN channels, one over the gammatone
feature (GTF) [shape=(band 24, frame 44)], one over fused MFCC and residual phase [shape=(192, 44)];
a fully connected layer fuses both to 256 numbers per second; a BiLSTM runs over the seconds of the
track; its mean joins the chord vector, and both are the feature nodes of a Broad Learning System. A
modality that the corpus lacks (its name is not in ``shapes``) is left out; one that a single track
lacks is masked by zeros and a flag. The network is :class:`models.parts.composite.Composite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from models.parts.broad import BlsConfig
from models.parts.channel import ChannelConfig
from models.parts.classifier import Classifier, NoInputError
from models.parts.composite import Composite, Sizes, music_filters
from models.parts.fusion import MfRpConfig
from models.parts.network import Head, NetworkClassifier
from models.parts.sequence import Sequence
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
        _ = self.sizes
        if self.head not in get_args(Head):
            raise ValueError(f"head: {self.head!r} is not one of {', '.join(get_args(Head))}")

    @property
    def sizes(self) -> Sizes:
        """What stands behind the channels."""
        return Sizes(self.fused_width, self.bilstm_width, self.sequence)


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
    NoInputError
        If ``shapes`` has none of this model's inputs.
    ValueError
        If there are fewer than 2 classes.
    """
    if not set(INPUTS) & set(shapes):
        raise NoInputError(f"multispec_music: the corpus has none of {', '.join(INPUTS)}")
    if n_classes < 2:
        raise ValueError(f"n_classes: {n_classes} must be at least 2")

    chord_dim = shapes["chords"]["dim"] if "chords" in shapes else None

    def make(dropout: float) -> Network:
        filters = music_filters(shapes, config.gtf_channel, config.mf_rp_channel, config.mf_rp)
        return Composite(filters, chord_dim, config.sizes, n_classes, dropout)

    return NetworkClassifier(make, n_classes, config.bls if config.head == "bls" else None)
