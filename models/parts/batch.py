"""Batches of tracks: the valid one-second blocks of every track, one after the other, as tensors.

Conventions
-----------
Blocks are flat: ``blocks[name]`` is [shape=(block, ...)], the seconds of the first track, then
those of the second, with no padding at all, so padded seconds reach no layer and no batch
statistic. ``seconds`` says how many blocks each track of the batch owns (0 without audio).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.parts.data import Data


@dataclass(frozen=True)
class Batch:
    """Some tracks as tensors.

    Attributes
    ----------
    blocks
        Feature name -> [shape=(block, ...), float32].
    seconds
        Blocks per track [shape=(track,), int64], on the CPU.
    chords
        Chord vectors [shape=(track, dim), float32], zero where absent.
    has_chords
        1 where there is a chord vector [shape=(track,), float32].
    """

    blocks: dict[str, Tensor]
    seconds: Tensor
    chords: Tensor
    has_chords: Tensor


def windows(
    seconds_valid: np.ndarray, crop: int | None, rng: np.random.Generator | None
) -> list[tuple[int, int]]:
    """Return for each track the half-open range of seconds to hear.

    Parameters
    ----------
    seconds_valid
        Seconds of audio per track [shape=(track,), int].
    crop
        Longest window in seconds; ``None`` for everything.
    rng
        Draws where a window starts, uniformly over all whole seconds; ``None`` starts at 0.

    Examples
    --------
    >>> windows(np.array([3, 0]), None, None)
    [(0, 3), (0, 0)]
    """
    ranges = []
    for valid in seconds_valid.tolist():
        length = valid if crop is None else min(valid, crop)
        start = 0 if rng is None else int(rng.integers(valid - length + 1))
        ranges.append((start, start + length))
    return ranges


def gather(
    data: Data,
    tracks: np.ndarray,
    features: tuple[str, ...],
    device: str,
    crop: int | None = None,
    rng: np.random.Generator | None = None,
) -> Batch:
    """Read the given tracks into a batch, whole or as one random window each.

    Parameters
    ----------
    data
        The corpus.
    tracks
        Track indices [shape=(n,), int].
    features
        Names of the audio features to read.
    device
        Where the tensors go, as PyTorch names it.
    crop, rng
        As in :func:`windows`.
    """
    ranges = windows(data.seconds_valid[tracks], crop, rng)
    blocks = {}
    for name in features:
        array = data.features[name]
        parts = [array[t, start:stop] for t, (start, stop) in zip(tracks, ranges, strict=True)]
        flat = np.concatenate(parts).astype(np.float32, copy=False)
        blocks[name] = torch.from_numpy(flat).to(device)
    present = np.asarray(data.has_chords[tracks], dtype=np.float32)
    chords = np.asarray(data.chords[tracks], dtype=np.float32)
    return Batch(
        blocks=blocks,
        seconds=torch.tensor([stop - start for start, stop in ranges], dtype=torch.int64),
        chords=torch.from_numpy(chords).to(device),
        has_chords=torch.from_numpy(present).to(device),
    )


def parts_of(tracks: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Split tracks into the fewest batches of at most ``batch_size``, sizes differing by 1 at most.

    A nearly empty last batch would spoil the batch statistics of the step it makes.

    Examples
    --------
    >>> [part.tolist() for part in parts_of(np.arange(5), 4)]
    [[0, 1, 2], [3, 4]]
    """
    return np.array_split(tracks, -(-len(tracks) // batch_size))
