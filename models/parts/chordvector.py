"""The chord vector as a network's input: standardised, masked where absent, with a flag.

Conventions
-----------
In [shape=(track, dim)], out [shape=(track, dim + 1)]: the last number is 1 where the track has a
chord vector and 0 where it has none; there the vector is all zeros, whatever stood in the array.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from models.parts.standardise import safe_deviation


def chord_moments(
    chords: np.ndarray, has_chords: np.ndarray, tracks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation per dimension over those of ``tracks`` that have chords.

    Returns
    -------
    mean, deviation
        float64 [shape=(dim,)]; 0 and 1 where no track has chords.
    """
    own = np.asarray(chords[tracks][has_chords[tracks]], dtype=np.float64)
    if len(own) == 0:
        return np.zeros(chords.shape[1]), np.ones(chords.shape[1])
    mean = own.mean(axis=0)
    return mean, safe_deviation(mean, own.var(axis=0))


class ChordVector(nn.Module):
    """Standardise, mask and flag chord vectors of ``dim`` dimensions."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.width = dim + 1
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("deviation", torch.ones(dim))

    def set(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        """Take over statistics [shape=(dim,)]."""
        self.mean.copy_(torch.from_numpy(mean.astype(np.float32)))
        self.deviation.copy_(torch.from_numpy(deviation.astype(np.float32)))

    def forward(self, chords: Tensor, has_chords: Tensor) -> Tensor:
        """Return [shape=(track, dim + 1)] from vectors and flags (1 or 0, [shape=(track,)])."""
        absent = (has_chords == 0)[:, None]
        standard = ((chords - self.mean) / self.deviation).masked_fill(absent, 0.0)
        return torch.cat([standard, has_chords[:, None]], dim=1)
