"""A CNN filtering channel: convolution, max-pooling, batch normalisation and ReLU, some times over.

Conventions
-----------
Input [shape=(block, 1, row, frame)], output [shape=(block, maps * row' * frame')]. Convolutions
have stride 1 and zero-padding that keeps the size; an even kernel's extra zero comes last. Pooling
keeps a partial window at the end (ceil mode): each repetition divides a size n by ``pool`` to
``ceil(n / pool)``, so every row of Tables IV to VI of the paper is a network, though 14 of their 30
channels would otherwise shrink to nothing. Batch normalisation "normalises the outputs" (section
V), which here are the pooled ones: it then has a quarter of the numbers to read, and a map whose
scale is positive commutes with the maximum anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.classifier import positive

# Blocks that pass convolution and pooling together: their activations fit a core's cache.
BLOCKS_AT_ONCE = 32


@dataclass(frozen=True)
class ChannelConfig:
    """The four numbers of a channel, in the order of Tables IV to VI.

    Attributes
    ----------
    repeats
        Repetitions of convolution and pooling.
    maps
        Feature maps of every repetition.
    kernel
        Side of the square convolution kernel, in rows and frames.
    pool
        Side and stride of the square pooling window, in rows and frames.
    """

    repeats: int
    maps: int
    kernel: int
    pool: int

    def __post_init__(self) -> None:
        for name in ("repeats", "maps", "kernel", "pool"):
            positive(name, getattr(self, name))


def pooled_size(size: int, config: ChannelConfig) -> int:
    """Return what is left of an axis of ``size`` after all repetitions.

    Examples
    --------
    >>> pooled_size(44, ChannelConfig(repeats=3, maps=6, kernel=3, pool=2))
    6
    """
    for _ in range(config.repeats):
        size = -(-size // config.pool)
    return size


class Channel(nn.Module):
    """One filtering channel over pictures of ``rows`` x ``frames``.

    Parameters
    ----------
    config
        The channel's four numbers.
    rows, frames
        Size of the input picture.
    """

    def __init__(self, config: ChannelConfig, rows: int, frames: int) -> None:
        super().__init__()
        self.pool = config.pool
        before, after = (config.kernel - 1) // 2, config.kernel // 2
        self.margins = (before, after, before, after)
        maps = [1] + [config.maps] * config.repeats
        self.convolutions = nn.ModuleList(
            nn.Conv2d(last, following, config.kernel) for last, following in pairwise(maps)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(config.maps) for _ in range(config.repeats))
        self.width = config.maps * pooled_size(rows, config) * pooled_size(frames, config)
        # Channels last: with so few maps the usual layout leaves the vector units idle.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: Tensor) -> Tensor:
        """Filter pictures [shape=(block, row, frame)] into [shape=(block, width)]."""
        values = pictures[:, None].contiguous(memory_format=torch.channels_last)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            pieces = torch.split(values, BLOCKS_AT_ONCE)
            pooled = torch.cat([self._pooled(cast(nn.Conv2d, convolution), p) for p in pieces])
            values = functional.relu(norm(pooled), inplace=True)
        return values.flatten(1)

    def _pooled(self, convolution: nn.Conv2d, values: Tensor) -> Tensor:
        before, after = self.margins[:2]
        if before == after:
            weight, bias = convolution.weight, convolution.bias
            filtered = functional.conv2d(values, weight, bias, padding=before)
        else:
            filtered = convolution(functional.pad(values, self.margins))
        return functional.max_pool2d(filtered, self.pool, ceil_mode=True)
