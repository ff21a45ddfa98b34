"""Parallel CNN channels that differ in the size of their kernel, side by side.

Conventions
-----------
Input [shape=(block, row, frame)], output [shape=(block, width)]: the flattened outputs of all
channels, one after the other in the order of ``kernels``. Every channel is a
:class:`models.parts.channel.Channel`: convolution, max-pooling, batch normalisation and ReLU. Small
kernels see an interval or an onset, large ones a longer gesture (paper, section V.B.1a).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.parts.channel import Channel, ChannelConfig
from models.parts.classifier import positive


@dataclass(frozen=True)
class MultiKernelConfig:
    """Sizes of the parallel channels.

    Attributes
    ----------
    kernels
        Side of the square kernel of each channel, in rows and frames; all different.
    repeats
        Repetitions of convolution and pooling, in every channel.
    maps
        Feature maps of every repetition.
    pool
        Side and stride of the square pooling window, in rows and frames.
    """

    kernels: tuple[int, ...]
    repeats: int
    maps: int
    pool: int

    def __post_init__(self) -> None:
        if not self.kernels or len(set(self.kernels)) != len(self.kernels):
            raise ValueError(f"kernels: {self.kernels} must be one or more different sizes")
        positive("kernels", min(self.kernels))
        for name in ("repeats", "maps", "pool"):
            positive(name, getattr(self, name))


class MultiKernel(nn.Module):
    """Parallel channels over pictures of ``rows`` x ``frames``.

    Parameters
    ----------
    config
        Sizes.
    rows, frames
        Size of the input picture.

    Attributes
    ----------
    width
        Numbers per block that come out.
    """

    steps = 1

    def __init__(self, config: MultiKernelConfig, rows: int, frames: int) -> None:
        super().__init__()
        channels = [
            Channel(ChannelConfig(config.repeats, config.maps, kernel, config.pool), rows, frames)
            for kernel in config.kernels
        ]
        self.channels = nn.ModuleList(channels)
        self.width = sum(channel.width for channel in channels)

    def forward(self, pictures: Tensor) -> Tensor:
        """Filter pictures [shape=(block, row, frame)] into [shape=(block, width)]."""
        return torch.cat([channel(pictures) for channel in self.channels], dim=1)
