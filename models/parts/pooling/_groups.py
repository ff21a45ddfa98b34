"""What a family hands back, and the level below which a frame is a pause.

Conventions
-----------
Levels are in dB. A pause is a frame more than ``GATE_DB`` below the track's loud level, its 95th
percentile; a track always has a frame that is none.
"""

from __future__ import annotations

import numpy as np

# Group -> float64 [shape=(column,)]; a group becomes a kernel of its own.
Groups = dict[str, np.ndarray]

GATE_DB = 40.0
LOUD_PERCENTILE = 95


def sounding(level: np.ndarray) -> np.ndarray:
    """Return which frames are no pause [shape=(time,), bool].

    Examples
    --------
    >>> sounding(np.array([-60.0, -20.0, -10.0])).tolist()
    [False, True, True]
    """
    return np.asarray(level > np.percentile(level, LOUD_PERCENTILE) - GATE_DB)


def mean_level(levels: np.ndarray, axis: int) -> np.ndarray:
    """Return the level of the mean power of levels, safe for any level.

    Examples
    --------
    >>> mean_level(np.array([-10.0, -10.0]), 0).round(2)
    np.float64(-10.0)
    """
    top = levels.max(axis=axis, keepdims=True)
    power = (10 ** ((levels - top) / 10)).mean(axis=axis)
    return np.asarray(np.squeeze(top, axis) + 10 * np.log10(power))


def require_rows(name: str, blocks: np.ndarray, rows: int) -> None:
    """Refuse a feature whose rows are not those that its pooling knows.

    Raises
    ------
    ValueError
        Names the feature and both numbers.
    """
    if blocks.shape[1] != rows:
        raise ValueError(f"{name}: {blocks.shape[1]} rows, but its pooling knows {rows}")
