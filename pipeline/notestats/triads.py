"""Triads in a sliding second: how well they fit, of which kind they are, how often they change.

Conventions
-----------
A window is 1 s, one every 0.5 s; silent ones are left out. Its profile [shape=(pitch class,)] is
the share of sounding time of every pitch class, and a triad's fit the share on its three classes;
the first of equals wins. ``triad.fit`` is the mean fit of the best triad; ``triad.major``,
``.minor``, ``.dim`` and ``.aug`` are the shares of windows whose best triad is of that kind;
``triad.contrast`` is the mean fit of the best major less that of the best minor triad;
``triad.change`` the share of windows whose best major or minor triad is not that of the one before.
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._piece import FRAME_SECONDS, PITCHES, Piece

CLASSES = 12
WINDOW = round(1.0 / FRAME_SECONDS)
HOP = WINDOW // 2

#: Kind -> semitones above the root.
KINDS = {"major": (0, 4, 7), "minor": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8)}


def statistics(piece: Piece) -> dict[str, float]:
    """Return the 7 statistics of triads."""
    fits = _fits(profiles(piece.sounding))
    best = fits.max(axis=1)
    kind = best.argmax(axis=0)
    # Of the 24 major and minor triads.
    chord = fits[:2].reshape(2 * CLASSES, -1).argmax(axis=0)
    shares = {name: float((kind == number).mean()) for number, name in enumerate(KINDS)}
    return {
        "triad.fit": float(best.max(axis=0).mean()),
        **{f"triad.{name}": share for name, share in shares.items()},
        "triad.contrast": float((best[0] - best[1]).mean()),
        "triad.change": float((chord[1:] != chord[:-1]).mean()) if len(chord) > 1 else 0.0,
    }


def profiles(sounding: np.ndarray) -> np.ndarray:
    """Return the profile of every window that is not silent [shape=(window, pitch class)].

    Parameters
    ----------
    sounding
        [shape=(frame, pitch), bool].
    """
    folded = np.eye(CLASSES)[np.arange(PITCHES) % CLASSES]
    summed = np.concatenate([np.zeros((1, CLASSES)), np.cumsum(sounding @ folded, axis=0)])
    frames = len(sounding)
    begin = np.arange(0, max(frames - HOP, 1), HOP)
    windows = summed[np.minimum(begin + WINDOW, frames)] - summed[begin]
    total = windows.sum(axis=1, keepdims=True)
    return np.asarray(windows[total[:, 0] > 0] / total[total[:, 0] > 0])


def _fits(windows: np.ndarray) -> np.ndarray:
    """Return the fit of every triad [shape=(kind, root, window)]."""
    return np.stack(
        [
            [
                windows[:, [(step + root) % CLASSES for step in steps]].sum(axis=1)
                for root in range(CLASSES)
            ]
            for steps in KINDS.values()
        ]
    )
