"""LSTM_BLS: two LSTM layers on MF_RP whose output is the feature nodes of a Broad Learning System.

Conventions
-----------
Paper, section V.B.1c; the model of its source (Music Emotion Recognition Based on the Broad and
Deep Learning Network, J. East China Univ. Sci. Technol. 2021), which takes "LSTM as the feature
mapping node of BLS". Fused MF_RP [shape=(192, 44)] enters without any CNN: the mean of every
``frames_per_step`` frames of a second is one step of 192 numbers, the layers of 1024 and 512 cells
run over all steps of the track, and the mean of the last one's output, with a flag for audio, is
the feature nodes. They are trained through a softmax first, then the Broad Learning System is
solved.

One step per frame (44 a second) is what the paper's words suggest; a training step over 16 tracks
of 5 s then takes about 20 times as long on one core as with one step per second (22 frames per step
1.4 times, 11 frames 2.3 times, 4 frames 5.5 times), because the cost is nearly all in the LSTM.
The paper also says that the features serve "as feature nodes for BLS": ``nodes:
lstm_and_features`` adds the mean of MF_RP over the track to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.broad import BlsConfig
from models.parts.classifier import Classifier, positive
from models.parts.filtered import FilteredNetwork, plane
from models.parts.fusion import Fusion, MfRpConfig
from models.parts.network import NetworkClassifier
from models.parts.recurrent import StepsLstm, StepsMean
from models.parts.training import Network

INPUTS = ("mf_rp",)

Nodes = Literal["lstm", "lstm_and_features"]


@dataclass(frozen=True)
class Config:
    """Sizes of the network.

    Attributes
    ----------
    mf_rp
        How MFCC and residual phase are fused.
    frames_per_step
        Frames whose mean is one step of the LSTM; at most a second's. The last step of a second
        takes what is left.
    cells
        Memory cells of each LSTM layer, the lowest first.
    nodes
        ``"lstm"``, or ``"lstm_and_features"`` for feature nodes that hold MF_RP's mean as well.
    bls
        Size of the Broad Learning System.
    """

    mf_rp: MfRpConfig
    frames_per_step: int
    cells: tuple[int, ...]
    nodes: Nodes
    bls: BlsConfig

    def __post_init__(self) -> None:
        positive("frames_per_step", self.frames_per_step)
        if not self.cells or min(self.cells) < 1:
            raise ValueError(f"cells: {self.cells} must be one or more numbers of at least 1")
        if self.nodes not in get_args(Nodes):
            raise ValueError(f"nodes: {self.nodes!r} is not one of {', '.join(get_args(Nodes))}")


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
        If there are fewer than 2 classes, or a second has fewer frames than a step.
    """
    coefficients, frames = plane("lstm_bls", shapes, n_classes)
    if config.frames_per_step > frames:
        raise ValueError(
            f"frames_per_step: {config.frames_per_step} is more than a second's {frames} frames"
        )

    def make(dropout: float) -> Network:
        fusion = Fusion(config.mf_rp, coefficients, frames)
        steps = FrameSteps(config.frames_per_step, fusion.height, frames)
        sequence = StepsLstm(fusion.height, config.cells)
        if config.nodes == "lstm":
            return FilteredNetwork(fusion, steps, sequence, n_classes, dropout)
        return FilteredNetwork(fusion, steps, WithMean(sequence, steps.width), n_classes, dropout)

    return NetworkClassifier(make, n_classes, config.bls)


class FrameSteps(nn.Module):
    """Means of runs of frames, one after the other: steps of an LSTM.

    Parameters
    ----------
    frames_per_step
        Frames in a run.
    rows, frames
        Size of a second's picture.

    Examples
    --------
    >>> FrameSteps(2, rows=1, frames=3)(torch.tensor([[[1.0, 3.0, 5.0]]])).tolist()
    [[2.0], [5.0]]
    """

    def __init__(self, frames_per_step: int, rows: int, frames: int) -> None:
        super().__init__()
        self.frames_per_step = frames_per_step
        self.width = rows
        self.steps = -(-frames // frames_per_step)

    def forward(self, pictures: Tensor) -> Tensor:
        """Turn [shape=(block, row, frame)] into [shape=(block * steps, row)]."""
        means = functional.avg_pool1d(pictures, self.frames_per_step, ceil_mode=True)
        return means.transpose(1, 2).flatten(0, 1)


class WithMean(nn.Module):
    """A track's vector from an LSTM, followed by the mean of what the LSTM read.

    Parameters
    ----------
    lstm
        The LSTM.
    width_in
        Width of a step's vector.
    """

    def __init__(self, lstm: StepsLstm, width_in: int) -> None:
        super().__init__()
        self.lstm = lstm
        self.mean = StepsMean(width_in)
        self.width = lstm.width + width_in

    def forward(self, flat: Tensor, lengths: Tensor) -> Tensor:
        """Return [shape=(track, width)]."""
        return torch.cat([self.lstm(flat, lengths), self.mean(flat, lengths)], dim=1)
