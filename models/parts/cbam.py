"""CBAM: feature maps weighted first by channel, then by place (Woo et al. 2018; paper, IV.B.2).

Conventions
-----------
Feature maps F [shape=(picture, channel, row, column)]; rows are frequency-like, columns are time.
Both weights lie in (0, 1):

    channel  M_c(F)  = sigmoid(W1 relu(W0 max(F)) + W1 relu(W0 mean(F)))          paper, Eq. 5
    spatial  M_s(F') = sigmoid(f([max(F'); mean(F')]))                            paper, Eq. 6

The channel weights pool over rows and columns, F' = M_c(F) * F; the spatial ones pool over
channels, F'' = M_s(F') * F'. f is one convolution of 7 x 7 over the two pooled planes, the maximum
first, zero-padded to keep the size. As in the equations there are no biases; the ReLU between W0
and W1, which Eq. 5 leaves out, is that of Woo et al.: without it both matrices would be one.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class ChannelAttention(nn.Module):
    """Eq. 5: one weight per channel of every picture.

    Parameters
    ----------
    channels
        Feature maps.
    reduction
        The shared perceptron has ``channels // reduction`` hidden units, at least one.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, hidden, bias=False)
        self.restore = nn.Linear(hidden, channels, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Return M_c [shape=(picture, channel, 1, 1)]."""
        pooled = torch.stack([maps.amax(dim=(2, 3)), maps.mean(dim=(2, 3))])
        both = self.restore(functional.relu(self.squeeze(pooled)))
        return torch.sigmoid(both.sum(dim=0))[:, :, None, None]


class SpatialAttention(nn.Module):
    """Eq. 6: one weight per place of every picture.

    Parameters
    ----------
    kernel
        Side of the square convolution, odd.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Return M_s [shape=(picture, 1, row, column)]."""
        pooled = torch.cat([maps.amax(dim=1, keepdim=True), maps.mean(dim=1, keepdim=True)], dim=1)
        return torch.sigmoid(self.filter(pooled))


class Cbam(nn.Module):
    """Channel attention, then spatial attention.

    Parameters
    ----------
    channels, reduction
        As in :class:`ChannelAttention`.
    kernel
        As in :class:`SpatialAttention`.
    """

    def __init__(self, channels: int, reduction: int, kernel: int) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels, reduction)
        self.spatial = SpatialAttention(kernel)

    def forward(self, maps: Tensor) -> Tensor:
        """Return F'' [shape=(picture, channel, row, column)]."""
        weighted: Tensor = maps * self.channel(maps)
        return weighted * cast(Tensor, self.spatial(weighted))
