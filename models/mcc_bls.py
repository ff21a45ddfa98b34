"""MCCBL: parallel CNN channels of several kernel sizes, then a Broad Learning System.

Conventions
-----------
Paper, section V.B.1a: the channels of :mod:`models.mcc_lstm`, but it "enhances the nodes using a
BLS layer and finally trains to obtain the classification results". The channels' output is averaged
over the seconds of the track; with a flag for audio it is the feature nodes.

Which weights are fitted is not said. With ``front: random``, the default, the filters stay as they
were drawn from the seed and only the ridge of the Broad Learning System is solved: these are the
convolutional feature nodes of Chen, Liu & Feng (2019, Universal approximation capability of broad
learning system and its structural variations), and only this reading explains Tables VII to IX,
where the BLS models train 5 to 11 times faster than the LSTM ones on the same channels. With
``front: trained`` the channels are first trained through a softmax, at the price of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.parts.broad import BlsConfig
from models.parts.classifier import Classifier
from models.parts.filtered import FilteredNetwork, Front, check_front, plane
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.multikernel import MultiKernel, MultiKernelConfig
from models.parts.network import NetworkClassifier
from models.parts.recurrent import StepsMean
from models.parts.training import Network

INPUTS = ("mf_rp",)


@dataclass(frozen=True)
class Config:
    """Sizes of the network.

    Attributes
    ----------
    mf_rp
        How MFCC and residual phase are fused.
    filters
        The parallel channels.
    front
        ``"random"`` for filters that stay as drawn, ``"trained"`` for filters trained first.
    bls
        Size of the Broad Learning System.
    """

    mf_rp: MfRpConfig
    filters: MultiKernelConfig
    front: Front
    bls: BlsConfig

    def __post_init__(self) -> None:
        check_front(self.front)


def build(config: Config, shapes: Mapping[str, Mapping[str, int]], n_classes: int) -> Classifier:
    """Return an unfitted classifier for MF_RP as ``shapes`` has it.

    Parameters
    ----------
    config
        Sizes.
    shapes
        Input name -> axis -> size of one second; ``mf_rp`` is read.
    n_classes
        Number of classes, at least 2.

    Raises
    ------
    NoInputError
        If the corpus has no MF_RP.
    ValueError
        If there are fewer than 2 classes.
    """
    coefficients, frames = plane("mcc_bls", shapes, n_classes)

    def make(dropout: float) -> Network:
        fusion = Fusion(config.mf_rp, coefficients, frames)
        filters = MultiKernel(config.filters, fusion.height, frames)
        return FilteredNetwork(fusion, filters, StepsMean(filters.width), n_classes, dropout)

    return NetworkClassifier(make, n_classes, config.bls, frozen=config.front == "random")
