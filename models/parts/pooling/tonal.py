"""Family "tonal": key, mode, harmonic change, intervals, spectral peaks and roughness.

Conventions
-----------
``tonal`` [shape=(second, row, frame)] has the rows below (docs/best.md): two chromas, of the treble
and of the bass, not normalised; what is said of a whole track weighs frames by their chroma, what
is said of frames normalises each to a sum of 1. Frames without a peak in the treble have no harmony
(silence, or the zeros that fill a track's last second): they are left out, unless there are no
others, and time closes over them. Keys are found by correlation with the probe-tone profiles of
Krumhansl & Kessler (1982), as in Krumhansl (1990).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.parts.pooling import _series as of
from models.parts.pooling._groups import Groups, require_rows

INPUTS = ("tonal",)

ROWS = 37
TREBLE, BASS, PEAKS, ROUGHNESS = slice(0, 12), slice(12, 24), slice(24, 28), slice(28, 37)

# Krumhansl & Kessler 1982: how well each degree fits a major and a minor key, 1 to 7.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

# Harmony is compared over an eighth, a half, one and two seconds, and keys heard in windows of 2 s.
LAG_SECONDS = (0.125, 0.5, 1.0, 2.0)
WINDOW_SECONDS = 2.0
# Sums and shares below this count as none; it also keeps logarithms finite.
LEAST = 1e-9
LEAST_ROUGHNESS = 1e-4


def _profiles() -> np.ndarray:
    """Return the standardised profiles of all keys [shape=(mode, tonic, pitch class)]."""
    keys = np.array([[np.roll(mode, tonic) for tonic in range(12)] for mode in (MAJOR, MINOR)])
    centred = keys - keys.mean(axis=-1, keepdims=True)
    return np.asarray(centred / keys.std(axis=-1, keepdims=True))


KEYS = _profiles()


def pool(blocks: Mapping[str, np.ndarray]) -> Groups:
    """Return the family's groups of one track.

    Parameters
    ----------
    blocks
        ``tonal`` [shape=(second, row, frame)]; valid seconds only, at least one.

    Raises
    ------
    ValueError
        If the feature has other rows.
    """
    require_rows("tonal", blocks["tonal"], ROWS)
    rows, rate = of.joined(blocks["tonal"])
    heard = rows[TREBLE].sum(axis=0) > 0
    rows = rows[:, heard] if heard.any() else rows
    treble, bass = rows[TREBLE], rows[BASS]
    frames = treble / np.maximum(treble.sum(axis=0), LEAST)
    together = intervals(frames)
    peaks = rows[PEAKS]
    quantiles = np.percentile(peaks, [10, 90], axis=-1)
    totals = [intervals(part.sum(axis=-1)) for part in (treble, bass)]
    return {
        "key": np.concatenate([*_key(treble), *_key(bass), _local_mode(frames, rate)]),
        "harmonic_change": _harmonic_change(frames, rate),
        "intervals": np.concatenate([*totals, together.mean(axis=-1), together.std(axis=-1)]),
        "peaks": np.concatenate([peaks.mean(axis=-1), peaks.std(axis=-1), *quantiles]),
        "roughness": np.log(rows[ROUGHNESS].mean(axis=-1) + LEAST_ROUGHNESS),
    }


def keys(chroma: np.ndarray) -> np.ndarray:
    """Return the correlation of chromas with all keys; 0 for a flat chroma.

    Parameters
    ----------
    chroma
        [shape=(pitch class, ...)].

    Returns
    -------
    np.ndarray
        [shape=(mode, tonic, ...)], mode 0 major, 1 minor; in [-1, 1].
    """
    centred = chroma - chroma.mean(axis=0)
    unit = centred / np.maximum(chroma.std(axis=0), LEAST)
    return np.asarray(np.tensordot(KEYS, unit, 1) / 12)


def intervals(chroma: np.ndarray) -> np.ndarray:
    """Return how much of a chroma sounds 1 to 6 semitones apart, relative to unison.

    Examples
    --------
    >>> fifth = np.array([1.0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    >>> intervals(fifth).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.5, 0.0]
    """
    unison = np.maximum((chroma**2).sum(axis=0), LEAST)
    pairs = [(np.roll(chroma, -step, axis=0) * chroma).sum(axis=0) for step in range(1, 7)]
    return np.asarray(np.stack(pairs) / unison)


def entropy(shares: np.ndarray) -> np.ndarray:
    """Return the entropy of shares along the first axis, in nats."""
    return np.asarray(-(shares * np.log(shares + LEAST)).sum(axis=0))


def _key(chroma: np.ndarray) -> list[np.ndarray]:
    total = chroma.sum(axis=-1)
    share = total / max(total.sum(), LEAST)
    fits = keys(share)
    major, minor = fits.max(axis=-1)
    first, second = np.sort(fits.ravel())[[-1, -2]]
    tonic = int(fits.argmax()) % 12
    clarity = np.array([major, minor, major - minor, first - second, entropy(share)])
    return [clarity, np.sort(share)[::-1], np.roll(share, -tonic), intervals(share)]


def _local_mode(frames: np.ndarray, rate: int) -> np.ndarray:
    window = min(max(round(WINDOW_SECONDS * rate), 1), frames.shape[-1])
    views = np.lib.stride_tricks.sliding_window_view(frames, window, axis=-1)
    major, minor = keys(views[:, :: max(window // 2, 1)].mean(axis=-1)).max(axis=1)
    lead = major - minor
    means = [major.mean(), minor.mean(), lead.mean(), (lead > 0).mean()]
    return np.array([*means, np.maximum(major, minor).mean()])


def _harmonic_change(frames: np.ndarray, rate: int) -> np.ndarray:
    # A track too short for a lag is compared over the longest it has.
    columns: list[float] = []
    for seconds in LAG_SECONDS:
        lag = min(of.lag_frames(seconds, rate), frames.shape[-1] - 1)
        moved = np.abs(frames[:, lag:] - frames[:, : frames.shape[-1] - lag]).sum(axis=0)
        columns += [moved.mean(), moved.std()]
    spread = entropy(frames)
    return np.array([*columns, spread.mean(), spread.std()])
