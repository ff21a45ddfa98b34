"""MCCLSTM: parallel CNN channels of several kernel sizes, then an LSTM over the seconds.

Conventions
-----------
Paper, section V.B.1a: "CNN filtering channels with convolutional kernels of three different sizes",
whose concatenated output is the input of an LSTM layer; sizes are left to "the literature", so all
of ours are assumptions. Each one-second block of fused MF_RP [shape=(192, 44)] passes the channels
side by side; their outputs, flattened and concatenated, are one step of the LSTM, which runs over
the seconds of the track as MULTISPEC-DNN's does. Its mean over time and a flag for audio go through
a softmax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.parts.classifier import Classifier, positive
from models.parts.filtered import FilteredNetwork, plane
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.multikernel import MultiKernel, MultiKernelConfig
from models.parts.network import NetworkClassifier
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
        The parallel channels.
    cells
        Memory cells of the LSTM.
    """

    mf_rp: MfRpConfig
    filters: MultiKernelConfig
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
    coefficients, frames = plane("mcc_lstm", shapes, n_classes)

    def make(dropout: float) -> Network:
        fusion = Fusion(config.mf_rp, coefficients, frames)
        filters = MultiKernel(config.filters, fusion.height, frames)
        sequence = StepsLstm(filters.width, (config.cells,))
        return FilteredNetwork(fusion, filters, sequence, n_classes, dropout)

    return NetworkClassifier(make, n_classes, None)
