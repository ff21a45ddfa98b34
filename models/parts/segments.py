"""Segments of a few seconds, cut from the one-second blocks of spectrograms.

Conventions
-----------
Blocks are flat [shape=(block, bin, frame)], the seconds of one track after the other; ``seconds``
[shape=(track,)] says how many each owns. Frames are centred and both edges of a block are counted:
the last frame of a second and the first of the next are the same instant, so s seconds of F frames
join to ``s * (F - 1) + 1`` frames. Segments of a track follow each other without overlap; where
they do not come out even, the last one is moved back so that it holds real audio (it overlaps the
one before). A track shorter than a segment is continued by its mirror image about its last frame,
and about its first again, as often as needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Segments:
    """Where the frames of every segment come from.

    Attributes
    ----------
    block, frame
        Index of the block among all blocks, and of the frame in it
        [shape=(segment, frame of the segment), int64].
    owner
        Index of the track of every segment [shape=(segment,), int64].
    """

    block: Tensor
    frame: Tensor
    owner: Tensor


def starts(n_seconds: int, length: int) -> list[int]:
    """Return the second in which each segment of a track begins.

    Parameters
    ----------
    n_seconds
        Seconds of the track; none gives no segment.
    length
        Seconds of a segment, at least 1.

    Examples
    --------
    >>> starts(5, 2), starts(4, 2), starts(1, 2), starts(0, 2)
    ([0, 2, 3], [0, 2], [0], [])
    """
    count = -(-n_seconds // length)
    return [min(index * length, max(n_seconds - length, 0)) for index in range(count)]


def cut(seconds: Tensor, length: int, frames: int) -> Segments:
    """Return the segments of all tracks, in order of tracks and of time.

    Parameters
    ----------
    seconds
        Blocks per track [shape=(track,), int64], on the CPU.
    length
        Seconds of a segment, at least 1.
    frames
        Frames of a block, both edges counted; at least 2.

    Raises
    ------
    ValueError
        If a block has a single frame: it has no two edges.

    Examples
    --------
    >>> found = cut(torch.tensor([3]), length=2, frames=3)
    >>> found.block.tolist(), found.frame.tolist()
    ([[0, 0, 1, 1, 1], [1, 1, 2, 2, 2]], [[0, 1, 0, 1, 2], [0, 1, 0, 1, 2]])
    """
    if frames < 2:
        raise ValueError(f"frame: {frames} frames in a block; joining seconds needs at least 2")
    hops = frames - 1
    within = torch.arange(length * hops + 1)
    instants = [within.new_zeros(0, len(within))]
    first: list[int] = []
    last: list[int] = []
    owner: list[int] = []
    offset = 0
    for track, n_seconds in enumerate(seconds.tolist()):
        for start in starts(n_seconds, length):
            period = 2 * n_seconds * hops
            mirrored = (start * hops + within) % period
            instants.append(torch.minimum(mirrored, period - mirrored)[None])
            first.append(offset)
            last.append(offset + min(start + length, n_seconds) - 1)
            owner.append(track)
        offset += n_seconds
    times = torch.cat(instants)
    begin, end = (torch.tensor(edge, dtype=torch.int64)[:, None] for edge in (first, last))
    # The last instant of a segment is the last frame of its last block, not the first of the next.
    block = torch.minimum(begin + times // hops, end)
    return Segments(block, times - (block - begin) * hops, torch.tensor(owner, dtype=torch.int64))


def join(blocks: Tensor, segments: Segments) -> Tensor:
    """Return the segments' pictures [shape=(segment, bin, frame)] from [shape=(block, bin, frame)].

    The result is a view of frames that lie next to each other in memory, bins innermost.
    """
    rows = blocks.transpose(1, 2).reshape(-1, blocks.shape[1])
    device = rows.device
    place = (segments.block * blocks.shape[2] + segments.frame).to(device)
    return rows[place].transpose(1, 2)
