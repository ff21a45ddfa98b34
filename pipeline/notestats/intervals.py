"""Intervals between pitches that sound together, and how consonant they are.

Conventions
-----------
A frame is read every 0.2 s; one with two pitches or more is polyphonic. In it every pair of pitches
counts equally, and every polyphonic frame counts equally. ``interval.0`` to ``interval.11`` are the
shares of pairs by semitones modulo 12, ``interval.near`` the share of pairs 1 or 2 semitones apart,
``interval.consonance`` the mean consonance of the pairs and ``interval.polyphonic`` the share of
polyphonic frames. Transposition changes none of them.

References
----------
D. Huron, "Interval-class content in equally tempered pitch-class sets: common scales exhibit
optimum tonal consonance," Music Perception 11(3), 1994 (consonance of interval classes).
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._piece import FRAME_SECONDS, Piece

CLASSES = 12

#: Frames of :data:`pipeline.notestats._piece.FRAME_SECONDS` from one that is read to the next.
STEP = round(0.2 / FRAME_SECONDS)

#: Semitones of the widest interval that is near.
NEAR = 2

#: Consonance of the interval classes 1 to 6 (Huron 1994); unison and octave count 0.
CONSONANCE = np.array([-1.428, -0.582, 0.594, 0.386, 1.240, -0.453])


def statistics(piece: Piece) -> dict[str, float]:
    """Return the 15 statistics of sounding intervals."""
    frames = piece.sounding[::STEP]
    pairs = _pairs(frames)
    total = pairs.sum(axis=1)
    shares = pairs[total > 0] / total[total > 0, None]
    count = max(len(shares), 1)
    mean = shares.sum(axis=0) / count
    # A pair d semitones apart, d from 0, in columns; d = 0 never occurs.
    octaves = -(-len(mean) // CLASSES)
    classes = np.pad(mean, (0, octaves * CLASSES - len(mean))).reshape(octaves, CLASSES).sum(axis=0)
    folded = classes[1:7].copy()
    folded[:5] += classes[:6:-1]
    return {
        **{f"interval.{number}": share for number, share in enumerate(classes.tolist())},
        "interval.near": float(mean[: NEAR + 1].sum()),
        "interval.consonance": float(folded @ CONSONANCE),
        "interval.polyphonic": len(shares) / len(frames),
    }


def _pairs(frames: np.ndarray) -> np.ndarray:
    """Return how many pairs of pitches are so many semitones apart [shape=(frame, semitone)]."""
    used = np.flatnonzero(frames.any(axis=0))
    if len(used) == 0:
        return np.zeros((len(frames), 1))
    frames = frames[:, used[0] : used[-1] + 1]
    counts = np.zeros((len(frames), frames.shape[1]))
    for apart in range(1, frames.shape[1]):
        counts[:, apart] = (frames[:, :-apart] & frames[:, apart:]).sum(axis=1)
    return counts
