"""MF_RP: MFCC and residual phase weighted, fused, and followed by their time derivatives.

Conventions
-----------
Input [shape=(block, part 2, coefficient, frame)], the parts being MFCC and residual phase (RP).
Each coefficient of each part is standardised with statistics of training tracks, weighted by
``alpha`` (MFCC) and ``1 - alpha`` (RP), fused by ``mode``, and stacked with delta and delta-delta
along the coefficient axis. The paper says "weighted and fused" and 192 x 44 (section V, Table III);
with 64 coefficients and 44 frames the shapes of one block are

======  ==========================================================  ==========
mode    rows before the derivatives                                 shape
======  ==========================================================  ==========
sum     weighted MFCC + weighted RP: 64                             192 x 44
concat  weighted MFCC above weighted RP: 128                        384 x 44
outer   products of 8 group means of MFCC with 8 of RP: 64          192 x 44
======  ==========================================================  ==========

``outer`` averages each part over runs of 8 neighbouring coefficients first (8 = the square root of
64): all 64 x 64 products would be 4096 rows. Derivatives are slopes per frame of a straight line
fitted to 9 frames (the regression formula of HTK); at the edges of a block the window stays inside
the block and the same line is used (Savitzky & Golay 1964), so no frame of the next second is
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from models.parts.standardise import Standardise

Mode = Literal["sum", "concat", "outer"]

# Frames on either side of the centre in the derivative's window: HTK and librosa use 9 in all.
DELTA_REACH = 4


@dataclass(frozen=True)
class MfRpConfig:
    """How MFCC and RP become one picture.

    Attributes
    ----------
    alpha
        Weight of MFCC in [0, 1]; RP has ``1 - alpha``. 1 is MFCC alone, 0 is RP alone.
    mode
        ``"sum"``, ``"concat"`` or ``"outer"``; see the table above.
    """

    alpha: float
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha: {self.alpha} must lie in [0, 1]")
        if self.mode not in get_args(Mode):
            raise ValueError(f"mode: {self.mode!r} is not one of {', '.join(get_args(Mode))}")
        if self.mode == "outer" and self.alpha in (0, 1):
            raise ValueError(f"alpha: {self.alpha} makes every product of mode 'outer' zero")


def _sum(mfcc: Tensor, phase: Tensor) -> Tensor:
    return mfcc + phase


def _concat(mfcc: Tensor, phase: Tensor) -> Tensor:
    return torch.cat([mfcc, phase], dim=1)


def _outer(mfcc: Tensor, phase: Tensor) -> Tensor:
    groups = isqrt(mfcc.shape[1])
    left = torch.unflatten(mfcc, 1, (groups, groups)).mean(dim=2)
    right = torch.unflatten(phase, 1, (groups, groups)).mean(dim=2)
    return (left[:, :, None] * right[:, None]).flatten(1, 2)


_FUSE: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": _sum,
    "concat": _concat,
    "outer": _outer,
}


def delta_matrix(frames: int) -> np.ndarray:
    """Return the matrix D that maps a row of frames to its slopes per frame, ``row @ D``.

    Parameters
    ----------
    frames
        Frames in a block.

    Returns
    -------
    np.ndarray
        float64 [shape=(frame, frame)].

    Raises
    ------
    ValueError
        If a block is shorter than the window of 9 frames.

    Examples
    --------
    >>> slopes = (2.0 * np.arange(12)) @ delta_matrix(12)
    >>> bool(np.allclose(slopes, 2.0))
    True
    """
    width = 2 * DELTA_REACH + 1
    if frames < width:
        raise ValueError(f"frame: {frames} frames in a block; derivatives need {width}")
    offsets = np.arange(width) - DELTA_REACH
    slope = offsets / np.square(offsets).sum()
    matrix = np.zeros((frames, frames))
    for frame in range(frames):
        start = min(max(frame - DELTA_REACH, 0), frames - width)
        matrix[start : start + width, frame] = slope
    return matrix


class Fusion(nn.Module):
    """Standardise, weight, fuse, differentiate: [block, 2, coefficient, frame] to one plane.

    Parameters
    ----------
    config
        Weight and mode.
    coefficients
        Coefficients per part; a square number for mode ``"outer"``.
    frames
        Frames per block.
    """

    derivatives: Tensor

    def __init__(self, config: MfRpConfig, coefficients: int, frames: int) -> None:
        super().__init__()
        if config.mode == "outer" and isqrt(coefficients) ** 2 != coefficients:
            raise ValueError(f"coefficient: {coefficients} is no square; mode 'outer' needs one")
        self.config = config
        self.height = 3 * (2 * coefficients if config.mode == "concat" else coefficients)
        self.standardise = Standardise((2, coefficients))
        delta = delta_matrix(frames)
        # Identity, delta and delta-delta side by side: all three are one matrix product.
        table = np.concatenate([np.eye(frames), delta, delta @ delta], axis=1)
        table32 = torch.from_numpy(table.astype(np.float32))
        self.register_buffer("derivatives", table32, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Fuse blocks [shape=(block, 2, coefficient, frame)].

        Returns
        -------
        Tensor
            [shape=(block, height, frame)]: the fused rows, then their deltas, then delta-deltas.
        """
        standard = self.standardise(values)
        alpha = self.config.alpha
        fused = _FUSE[self.config.mode](alpha * standard[:, 0], (1 - alpha) * standard[:, 1])
        frames = fused.shape[-1]
        threefold = torch.unflatten(fused @ self.derivatives, -1, (3, frames))
        return threefold.transpose(1, 2).flatten(1, 2)
