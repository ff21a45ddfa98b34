"""One row of a feature store, from the file to the array.

This module, its imports and the feature's are the whole of what decides a row's bytes: their
closure is the code version in the row's key (:mod:`pipeline.recipe`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import AudioConfig, Reject, decode

READ_BYTES = 2**20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def compute_row(
    path: Path,
    sha256: str,
    audio: AudioConfig,
    crop_seconds: int,
    extract: Callable[[NDArray[np.float64], int], NDArray[np.float32]],
) -> NDArray[np.float32] | Reject:
    """Compute one file's features.

    Parameters
    ----------
    sha256
        Content hash the index recorded.
    crop_seconds
        Seconds kept of the track, s.
    extract
        The feature: (mono samples, rate in Hz) -> array [shape=(second, ...)].

    Returns
    -------
    numpy.ndarray or Reject
        Features of the first ``crop_seconds`` [shape=(second, ...)], finite float32, or why not.
    """
    try:
        found = sha256_of(path)
    except OSError as error:
        return Reject("unreadable", f"the file cannot be read ({error.strerror})")
    if found != sha256:
        return Reject("changed", "its content is not what the index saw; run `dvc repro` again")
    sound = decode(path, audio, crop_seconds)
    if isinstance(sound, Reject):
        return sound
    row = extract(_whole_seconds(sound.samples, sound.sample_rate), sound.sample_rate)
    return finished(row, crop_seconds)


def finished(row: NDArray[np.float32], crop_seconds: int) -> NDArray[np.float32] | Reject:
    """Return what a feature gave as a store holds it, or why it cannot.

    Examples
    --------
    >>> finished(np.ones((3, 1), np.float32), 2).shape
    (2, 1)
    """
    # The sum carries every NaN and infinity, in one pass and without a mask as large as the row.
    with np.errstate(over="ignore", invalid="ignore"):
        whole = row.sum()
    if not np.isfinite(whole) and not np.isfinite(row).all():
        return Reject("non-finite", "the feature of this file is not finite")
    # Resampling may round a whole number of seconds up by one sample, and so add a block.
    return row[:crop_seconds]


def _whole_seconds(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Complete the last second by mirroring the track's end.

    Zeros there would be silent frames in a block that counts as sound: they would enter every
    statistic, and the length modulo one second would become a feature.

    Examples
    --------
    >>> _whole_seconds(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 3).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
    """
    missing = -len(samples) % rate
    return np.pad(samples, (0, missing), mode="symmetric") if missing else samples
