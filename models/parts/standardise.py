"""Standardisation whose mean and deviation come from training tracks and travel with the weights.

Conventions
-----------
Features are [shape=(track, second, row..., frame)]: one mean and one standard deviation per row
(band, or part and coefficient), over the valid seconds and all frames of the training tracks,
summed in float64. A row that never varies keeps a deviation of 1, so that it becomes 0 and not NaN.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

# A deviation below this share of the mean's magnitude is rounding noise, not variation.
RELATIVE_FLOOR = 1e-6


def safe_deviation(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the square root of ``variance``, or 1 where it is no more than rounding noise.

    Examples
    --------
    >>> safe_deviation(np.array([0.0, 0.0]), np.array([4.0, 0.0])).tolist()
    [2.0, 1.0]
    """
    deviation = np.sqrt(np.maximum(variance, 0.0))
    return np.where(deviation > RELATIVE_FLOOR * np.maximum(np.abs(mean), 1.0), deviation, 1.0)


def moments(
    values: np.ndarray, seconds_valid: np.ndarray, tracks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of every row over tracks, valid seconds and frames.

    Parameters
    ----------
    values
        A feature [shape=(track, second, row..., frame)].
    seconds_valid
        Seconds of audio per track [shape=(track,), int].
    tracks
        Training tracks [shape=(n,), int]; no other track is read.

    Returns
    -------
    mean, deviation
        float64 [shape=(row...)]; 0 and 1 where no track has audio.
    """
    rows = values.shape[2:-1]
    count, mean, squares = 0, np.zeros(rows), np.zeros(rows)
    for track in tracks:
        valid = int(seconds_valid[track])
        if valid == 0:
            continue
        block = np.asarray(values[track, :valid], dtype=np.float64)
        n = valid * values.shape[-1]
        own = block.mean(axis=(0, -1))
        spread = np.square(block - own[..., None]).sum(axis=(0, -1))
        # Chan, Golub & LeVeque 1983: sums of squares of two sets combine without cancellation.
        step = own - mean
        squares += spread + step**2 * (count * n / (count + n))
        mean += step * (n / (count + n))
        count += n
    return mean, safe_deviation(mean, squares / max(count, 1))


class Standardise(nn.Module):
    """``(value - mean) / deviation`` along fixed rows; both are buffers, not parameters.

    Parameters
    ----------
    rows
        Sizes of the axes that have their own mean, in front of the last axis.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, rows: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(rows))
        self.register_buffer("deviation", torch.ones(rows))

    def set(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        """Take over statistics [shape=rows]."""
        self.mean.copy_(torch.from_numpy(np.asarray(mean, dtype=np.float32)))
        self.deviation.copy_(torch.from_numpy(np.asarray(deviation, dtype=np.float32)))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise values [shape=(block, row..., frame)]."""
        return (values - self.mean[..., None]) / self.deviation[..., None]
