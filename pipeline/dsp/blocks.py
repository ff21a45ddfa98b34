"""One-second blocks of a track and the frames inside them.

Conventions
-----------
A track of ``n`` samples has ``ceil(n / sample_rate)`` blocks of one second, at least one; samples
outside the track are zero. Frame ``k`` of block ``second`` is centred on the sample

    ``second * sample_rate + k * hop``,   ``k = 0 ... floor(sample_rate / hop)``,

so a block has ``1 + floor(sample_rate / hop)`` frames. A window of ``length`` samples centred on
sample ``c`` covers ``c - length // 2 ... c - length // 2 + length - 1``: where it reaches over the
edge of a block it sees the track's own samples, not padding.

Blocks are computed in chunks to bound memory. Nothing may depend on the size of a chunk: a function
given to :func:`map_chunks` treats every block alone, with no matrix product of BLAS (whose sums
change with the number of rows and of threads).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Memory and speed only, never the result: 4 s of frames at 44.1 kHz are some 20 megabytes.
CHUNK_SECONDS = 4
# Room for the rounding of 1 / hop_seconds: 1 / 0.01 is meant to hold exactly 100 hops.
ROUNDING = 1e-9


def frames_per_block(hop_seconds: float) -> int:
    """Return the number of frames in a one-second block, at any sample rate.

    Examples
    --------
    >>> frames_per_block(0.02322), frames_per_block(0.010)
    (44, 101)
    """
    return 1 + math.floor(1 / hop_seconds + ROUNDING)


def hop_length(sample_rate: int, hop_seconds: float) -> int:
    """Return the hop in samples, ``round(hop_seconds * sample_rate)``.

    Raises
    ------
    ValueError
        If rounding the hop to whole samples would give a block another number of frames than
        :func:`frames_per_block` promises.

    Examples
    --------
    >>> [hop_length(rate, 0.02322) for rate in (44100, 22050, 16000)]
    [1024, 512, 372]
    """
    hop = round(hop_seconds * sample_rate)
    expected = frames_per_block(hop_seconds)
    frames = 1 + sample_rate // hop if hop > 0 else 0
    if frames != expected:
        raise ValueError(
            f"hop_seconds {hop_seconds} is {hop} samples at sample_rate {sample_rate} Hz and gives "
            f"{frames} frames per second; every rate must give {expected}"
        )
    return hop


def count_seconds(n_samples: int, sample_rate: int) -> int:
    """Return how many one-second blocks hold ``n_samples`` samples, at least one.

    Examples
    --------
    >>> count_seconds(16000, 16000), count_seconds(16001, 16000)
    (1, 2)
    """
    return max(1, -(-n_samples // sample_rate))


def check_samples(samples: NDArray[np.floating], sample_rate: int) -> None:
    """Refuse anything but a non-empty, finite, mono, floating-point track.

    Raises
    ------
    ValueError
        Naming what is wrong with ``samples`` or ``sample_rate``.
    """
    if sample_rate <= 0:
        raise ValueError(f"sample_rate {sample_rate} Hz must be positive")
    if samples.ndim != 1:
        raise ValueError(f"samples must be mono with shape (n,), got shape {samples.shape}")
    if samples.size == 0:
        raise ValueError("samples must not be empty")
    if not np.issubdtype(samples.dtype, np.floating):
        raise ValueError(f"samples must be floating point in [-1, 1], got {samples.dtype}")
    # The sum carries every NaN and infinity, in one pass; only enormous samples need another look.
    with np.errstate(over="ignore", invalid="ignore"):
        whole = samples.sum()
    if not np.isfinite(whole) and not np.isfinite(samples).all():
        raise ValueError("samples must be finite, got NaN or infinity")


def cut(samples: NDArray[np.floating], start: int, stop: int) -> Array:
    """Return ``samples[start:stop]`` as float64, zero where the track has no sample.

    To be read only: where nothing has to be completed or converted, it is a part of the track.

    Examples
    --------
    >>> cut(np.array([1.0, 2.0]), -1, 4)
    array([0., 1., 2., 0., 0.])
    """
    first, last = max(start, 0), min(stop, samples.size)
    whole = first == start and last == stop
    if whole and samples.dtype == np.float64 and samples.flags.carray:
        return np.asarray(samples[first:last], np.float64)
    if first >= last:
        return np.zeros(stop - start)
    piece = np.empty(stop - start)
    piece[: first - start] = 0.0
    piece[first - start : last - start] = samples[first:last]
    piece[last - start :] = 0.0
    return piece


def map_chunks(
    fill: Callable[[Array, NDArray[np.float32]], None],
    samples: NDArray[np.floating],
    sample_rate: int,
    before: int,
    length: int,
    shape: tuple[int, ...],
) -> NDArray[np.float32]:
    """Compute all one-second blocks, a chunk of seconds at a time.

    Parameters
    ----------
    fill
        Writes the values of a chunk [shape=(second, *shape)] from a piece of the track
        [shape=(n,)], each block alone; block ``k`` begins ``k * sample_rate`` samples after the
        piece.
    samples
        The track [shape=(n,)].
    sample_rate
        In hertz.
    before
        Where a block begins, in samples before the start of its second.
    length
        Samples in a block, those before the second and after it included.
    shape
        Of the values of a second.

    Returns
    -------
    ndarray [shape=(second, *shape)], float32
    """
    seconds = count_seconds(samples.size, sample_rate)
    values = np.empty((seconds, *shape), np.float32)
    for first in range(0, seconds, CHUNK_SECONDS):
        last = min(first + CHUNK_SECONDS, seconds)
        start = first * sample_rate - before
        piece = cut(samples, start, start + (last - first - 1) * sample_rate + length)
        fill(piece, values[first:last])
    return values


def frames_of(
    piece: Array, seconds: int, sample_rate: int, length: int, hop: int, count: int
) -> Array:
    """Return the frames of some blocks.

    Parameters
    ----------
    piece
        Samples from the first frame of the first block on [shape=(n,)].
    seconds, sample_rate
        Number and distance of the blocks.
    length, hop, count
        Of the frames of a block; the first two in samples.

    Returns
    -------
    ndarray [shape=(second, frame, length)]

    Examples
    --------
    >>> frames_of(np.arange(6.0), 1, 6, 3, 2, 2)
    array([[[0., 1., 2.],
            [2., 3., 4.]]])
    """
    windows = sliding_window_view(piece, length)
    starts = np.arange(seconds)[:, None] * sample_rate + np.arange(count) * hop
    return np.asarray(windows[starts])
