"""MULTISPEC-DNN as one: music channels, speech spectrograms and chords in a single network.

Conventions
-----------
The union that the paper's abstract promises, in the shape of its music model: every one-second
block passes the gammatone and the MF_RP channel (sections III and V) and, with its wideband and
narrowband spectrogram, the trunk of the speech model (section IV; :mod:`models.parts.spectral`). A
fully connected layer fuses all of it per second, a BiLSTM runs over the seconds, its mean joins the
chord vector, and both are the feature nodes of a Broad Learning System
(:mod:`models.parts.composite`). ``inputs`` chooses among the modalities; one that the corpus lacks
is left out. MFCC alone is ``mf_rp`` with ``alpha`` 1, residual phase alone with ``alpha`` 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from torch import Tensor

from models.parts.batch import Batch
from models.parts.broad import BlsConfig
from models.parts.channel import ChannelConfig
from models.parts.classifier import Classifier, NoInputError
from models.parts.composite import Composite, Sizes, music_filters
from models.parts.fusion import MfRpConfig
from models.parts.inputs import check_inputs
from models.parts.network import Head, NetworkClassifier
from models.parts.sequence import Sequence
from models.parts.spectral import SpectralConfig, SpectralTrunk, picture_size
from models.parts.standardise import Standardise
from models.parts.training import Network

SPECTROGRAMS = ("wideband", "narrowband")
INPUTS = ("gtf", "mf_rp", *SPECTROGRAMS, "chords")


@dataclass(frozen=True)
class Config:
    """Sizes of the network.

    Attributes
    ----------
    inputs
        Which modalities are used, out of ``gtf``, ``mf_rp``, ``wideband``, ``narrowband`` and
        ``chords``.
    gtf_channel, mf_rp_channel
        The two filtering channels.
    mf_rp
        How MFCC and residual phase are fused.
    spectrogram
        The trunk over the spectrograms of one second.
    fused_width
        Units of the fully connected layer that fuses all channels, per second.
    bilstm_width
        Output width of the BiLSTM over the seconds, both directions together; even.
    sequence
        ``"per_second"``, or ``"literal"`` for a BiLSTM over a sequence of length one.
    head
        ``"bls"``, or ``"softmax"`` to predict with the layer the network was trained through.
    bls
        Size of the Broad Learning System.
    """

    inputs: tuple[str, ...]
    gtf_channel: ChannelConfig
    mf_rp_channel: ChannelConfig
    mf_rp: MfRpConfig
    spectrogram: SpectralConfig
    fused_width: int
    bilstm_width: int
    sequence: Sequence
    head: Head
    bls: BlsConfig

    def __post_init__(self) -> None:
        check_inputs(self.inputs, INPUTS)
        _ = self.sizes
        if self.head not in get_args(Head):
            raise ValueError(f"head: {self.head!r} is not one of {', '.join(get_args(Head))}")

    @property
    def sizes(self) -> Sizes:
        """What stands behind the channels."""
        return Sizes(self.fused_width, self.bilstm_width, self.sequence)


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for the chosen modalities that are named in ``shapes``.

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
        If ``shapes`` has none of ``config.inputs``.
    ValueError
        If there are fewer than 2 classes, the spectrograms differ in size, or pooling leaves
        nothing of them.
    """
    used = {name: shapes[name] for name in INPUTS if name in config.inputs and name in shapes}
    if not used:
        raise NoInputError(f"multispec_full: the corpus has none of {', '.join(config.inputs)}")
    if n_classes < 2:
        raise ValueError(f"n_classes: {n_classes} must be at least 2")

    def make(dropout: float) -> Network:
        return MultispecFull(config, used, n_classes, dropout)

    return NetworkClassifier(make, n_classes, config.bls if config.head == "bls" else None)


class MultispecFull(Composite):
    """The music network with the spectrograms' trunk as one more channel.

    Parameters
    ----------
    config, n_classes
        As in :func:`build`.
    shapes
        Axis sizes of one second of the inputs that are used, and of no other.
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
        kinds = tuple(name for name in SPECTROGRAMS if name in shapes)
        filters = music_filters(shapes, config.gtf_channel, config.mf_rp_channel, config.mf_rp)
        trunk = None
        if kinds:
            bins, frames = picture_size(shapes, kinds)
            trunk = SpectralTrunk(config.spectrogram, kinds, bins, frames)
            filters.front.update({kind: Standardise((bins,)) for kind in kinds})
        chord_dim = shapes["chords"]["dim"] if "chords" in shapes else None
        further = trunk.width if trunk is not None else 0
        super().__init__(filters, chord_dim, config.sizes, n_classes, dropout, further)
        self.trunk = trunk

    def filtered(self, batch: Batch) -> list[Tensor]:
        """Return the vectors of every block [shape=(block, width)], the trunk's last."""
        vectors = super().filtered(batch)
        if self.trunk is None:
            return vectors
        pictures = {kind: self.front[kind](batch.blocks[kind]) for kind in self.trunk.first}
        return [*vectors, self.trunk(pictures)]
