"""The decoder: sound files as blocks of samples, in the precision that they have.

Conventions
-----------
libsndfile reads a file once, from its beginning to its end, and never seeks. Channels are averaged
block by block, while the samples are in the processor's cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

#: Samples in the precision that a file is decoded to.
Wave: TypeAlias = "NDArray[np.floating[Any]]"
#: Samples decoded at a time: they stay in the processor's cache until they are mixed.
BLOCK_SAMPLES = 2**17
#: What libsndfile decodes to float32, or to whole numbers that float32 holds: decoded so, half the
#: memory is moved, and nothing is lost. All else is decoded to float64.
SINGLE = frozenset(
    {"MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III", "VORBIS", "OPUS", "FLOAT"}
    | {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "ULAW", "ALAW"}
)


class Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read from its beginning to its end.

    soundfile seeks after every read of a file that can seek, to where it is already. An MP3 decoder
    begins anew there: that takes time, and changes the last bits of what follows.

    Attributes
    ----------
    position
        Frames that have been read.
    """

    position = 0

    def seekable(self) -> bool:
        """Whether to seek; libsndfile itself may, while it opens the file."""
        return False

    def block(self, frames: int) -> Wave:
        """Return the next samples [shape=(n, channel)], fewer than asked for at the end alone.

        Never more than libsndfile counted: what lies behind the last frame may be no sound at all.
        """
        dtype = "float32" if self.subtype in SINGLE else "float64"
        left = max(0, self.frames - self.position)
        block: Wave = self.read(min(frames, left), dtype=dtype, always_2d=True)
        self.position += len(block)
        return block


def down_mix(file: Stream, frames: int) -> Iterator[tuple[Wave, bool]]:
    """Yield the next frames of a file as (mean over channels [shape=(n,)], whether all are finite).

    In blocks, so that memory is bounded, also where the header's channel count is absurd.
    """
    step = max(1, BLOCK_SAMPLES // file.channels)
    while frames and len(block := file.block(min(step, frames))):
        frames -= len(block)
        yield _mean(block), bool(np.isfinite(block).all())


def _mean(block: Wave) -> Wave:
    """Return the mean over channels [shape=(n,)] of a block [shape=(n, channel)], rounded once.

    ``block.mean(axis=1)`` is ten times slower: NumPy's inner loop would be as short as a frame.

    Examples
    --------
    >>> _mean(np.array([[1.0, 2.0, 6.0]])).tolist()
    [3.0]
    """
    channels = block.shape[1]
    # Halving is exact, so a sum of two is rounded once in their own precision.
    total: Wave = block[:, 0].astype(block.dtype if channels <= 2 else np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # told of as absurd or not finite
        for channel in range(1, channels):
            np.add(total, block[:, channel], out=total)
        return np.asarray(np.divide(total, channels, out=total), block.dtype)


@contextmanager
def quiet_decoder() -> Iterator[None]:
    """Send the C library's notes on odd MP3 frames to nowhere: the reasons are ours to give."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
