"""Two convolutional layers of a fixed kernel size whose numbers of kernels are drawn.

Conventions
-----------
Input [shape=(block, row, frame)], output [shape=(block, kernels of layer 2 * row' * frame')]. Each
layer is a convolution of stride 1 that keeps the size, max-pooling that keeps a partial window at
the end, batch normalisation and ReLU. "A random number of kernels" (paper, section V.B.1b; the
random CNN of Tang & Chen 2020, IEICE Trans. Inf. & Syst. E103-D) is read as: each layer draws its
number once per network, uniformly from a closed range, from the generator that also draws its
weights. So the run's seed decides it, all folds of a seed share one architecture, and what was
drawn is the array ``kernels`` [shape=(layer 2,), int64] of the state, from which :func:`kernels_of`
reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.channel import BLOCKS_AT_ONCE
from models.parts.classifier import positive

LAYERS = 2


@dataclass(frozen=True)
class RandomCnnConfig:
    """Range and sizes.

    Attributes
    ----------
    fewest, most
        Smallest and largest number of kernels that a layer may draw.
    kernel
        Side of the square kernel of both layers, in rows and frames.
    pool
        Side and stride of the square pooling window after each layer, in rows and frames.
    """

    fewest: int
    most: int
    kernel: int
    pool: int

    def __post_init__(self) -> None:
        for name in ("fewest", "kernel", "pool"):
            positive(name, getattr(self, name))
        if self.most < self.fewest:
            raise ValueError(f"most: {self.most} must not be below fewest, {self.fewest}")


def draw_kernels(config: RandomCnnConfig) -> tuple[int, ...]:
    """Return the number of kernels of each layer, from PyTorch's global generator."""
    drawn = torch.randint(config.fewest, config.most + 1, (LAYERS,))
    return tuple(int(number) for number in drawn)


def kernels_of(state: Mapping[str, np.ndarray]) -> tuple[int, ...]:
    """Return what was drawn, from the state of a network or of a whole classifier.

    Raises
    ------
    KeyError
        If the state holds no array ``kernels``.

    Examples
    --------
    >>> kernels_of({"network.filters.kernels": np.array([9, 14])})
    (9, 14)
    """
    for name, value in state.items():
        if name.split(".")[-1] == "kernels":
            return tuple(int(number) for number in value)
    raise KeyError("kernels: the state says of no drawn numbers of kernels")


class RandomCnn(nn.Module):
    """Two layers over pictures of ``rows`` x ``frames``.

    Parameters
    ----------
    config
        Sizes.
    kernels
        Number of kernels of each layer, as :func:`draw_kernels` gave them.
    rows, frames
        Size of the input picture.

    Attributes
    ----------
    kernels
        The same numbers [shape=(layer 2,), int64]; a buffer, so that they travel with the weights.
    width
        Numbers per block that come out.
    """

    steps = 1
    kernels: Tensor

    def __init__(
        self, config: RandomCnnConfig, kernels: tuple[int, ...], rows: int, frames: int
    ) -> None:
        super().__init__()
        self.pool = config.pool
        self.register_buffer("kernels", torch.tensor(kernels, dtype=torch.int64))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(last, following, config.kernel, padding="same")
            for last, following in pairwise((1, *kernels))
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(number) for number in kernels)
        for _ in kernels:
            rows, frames = -(-rows // config.pool), -(-frames // config.pool)
        self.width = kernels[-1] * rows * frames
        # Channels last: with few maps the usual layout leaves the vector units idle.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: Tensor) -> Tensor:
        """Filter pictures [shape=(block, row, frame)] into [shape=(block, width)]."""
        values = pictures[:, None].contiguous(memory_format=torch.channels_last)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            # In pieces whose activations fit a core's cache.
            pooled = [
                functional.max_pool2d(convolution(piece), self.pool, ceil_mode=True)
                for piece in torch.split(values, BLOCKS_AT_ONCE)
            ]
            values = functional.relu(norm(torch.cat(pooled)), inplace=True)
        return values.flatten(1)
