"""RCNNLSTM: two CNN layers with random numbers of kernels, then an LSTM over the seconds.

Conventions
-----------
Paper, section V.B.1b: "two layers of CNN as the filtering channels for input features, where each
CNN layer has a fixed convolution kernel size but a random number of kernels"; the last one's output
is the input of an LSTM. Range and sizes are not given, so all of ours are assumptions. Each
one-second block of fused MF_RP [shape=(192, 44)] passes both layers; the flattened output is one
step of the LSTM, which runs over the seconds of the track as MULTISPEC-DNN's does. Its mean over
time and a flag for audio go through a softmax. The drawn numbers are part of the state; see
:mod:`models.parts.randomcnn`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.parts.classifier import Classifier, positive
from models.parts.filtered import FilteredNetwork, plane
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.network import NetworkClassifier
from models.parts.randomcnn import RandomCnn, RandomCnnConfig, draw_kernels, kernels_of
from models.parts.recurrent import StepsLstm
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
    cells
        Memory cells of the LSTM.
    """

    mf_rp: MfRpConfig
    filters: RandomCnnConfig
    cells: int

    def __post_init__(self) -> None:
        positive("cells", self.cells)


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
    coefficients, frames = plane("rcnn_lstm", shapes, n_classes)

    def network(kernels: tuple[int, ...], dropout: float) -> Network:
        fusion = Fusion(config.mf_rp, coefficients, frames)
        filters = RandomCnn(config.filters, kernels, fusion.height, frames)
        sequence = StepsLstm(filters.width, (config.cells,))
        return FilteredNetwork(fusion, filters, sequence, n_classes, dropout)

    return NetworkClassifier(
        lambda dropout: network(draw_kernels(config.filters), dropout),
        n_classes,
        None,
        remake=lambda weights: network(kernels_of(weights), 0.0),
    )
