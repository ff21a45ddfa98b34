"""RCNNBL: two CNN layers with random numbers of kernels, then a Broad Learning System.

Conventions
-----------
Paper, section V.B.1b: the layers of :mod:`models.rcnn_lstm`, "while the latter uses BLS layer for
enhancement". Their output is averaged over the seconds of the track; with a flag for audio it is
the feature nodes. As in :mod:`models.mcc_bls`, and for the reasons given there, ``front: random``
leaves the filters as drawn and solves the ridge alone, ``front: trained`` trains them first. The
drawn numbers of kernels are part of the state; see :mod:`models.parts.randomcnn`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.parts.broad import BlsConfig
from models.parts.classifier import Classifier
from models.parts.filtered import FilteredNetwork, Front, check_front, plane
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.network import NetworkClassifier
from models.parts.randomcnn import RandomCnn, RandomCnnConfig, draw_kernels, kernels_of
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
        The two layers, and the range of their numbers of kernels.
    front
        ``"random"`` for filters that stay as drawn, ``"trained"`` for filters trained first.
    bls
        Size of the Broad Learning System.
    """

    mf_rp: MfRpConfig
    filters: RandomCnnConfig
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
    coefficients, frames = plane("rcnn_bls", shapes, n_classes)

    def network(kernels: tuple[int, ...], dropout: float) -> Network:
        fusion = Fusion(config.mf_rp, coefficients, frames)
        filters = RandomCnn(config.filters, kernels, fusion.height, frames)
        return FilteredNetwork(fusion, filters, StepsMean(filters.width), n_classes, dropout)

    return NetworkClassifier(
        lambda dropout: network(draw_kernels(config.filters), dropout),
        n_classes,
        config.bls,
        frozen=config.front == "random",
        remake=lambda weights: network(kernels_of(weights), 0.0),
    )
