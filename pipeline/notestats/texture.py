"""How thick a piece is: notes and groups per second, notes per group, pitches sounding at once.

Conventions
-----------
``density`` is log2 of the number of notes and of groups per second of the span. ``size`` is the
number of notes of a group: mean, deviation, and the shares of groups of 1, 2, 3, and 4 or more.
``poly`` is the number of pitches that sound in a frame of 50 ms: mean, deviation, largest, and the
share of silent frames.
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._piece import Piece


def statistics(piece: Piece) -> dict[str, float]:
    """Return 2 statistics of density, 6 of the groups' sizes and 4 of the sounding pitches.

    Examples
    --------
    A triad of 1 s and then a note of 1 s.

    >>> from pipeline.notes import Notes
    >>> from pipeline.notestats import Config, read
    >>> onset, half = np.array([0.0, 0.0, 0.0, 0.5]), np.full(4, 0.5)
    >>> notes = Notes(np.array([60, 64, 67, 72]), onset, half, np.full(4, 64), 120.0)
    >>> found = statistics(read(notes, Config()))
    >>> found["density.notes"], found["size.1"], found["size.3"], found["poly.mean"]
    (1.0, 0.5, 0.5, 2.0)
    """
    size = piece.sizes
    sounding = piece.sounding.sum(axis=1)
    return {
        "density.notes": float(np.log2(len(piece.onset) / piece.span)),
        "density.groups": float(np.log2(len(size) / piece.span)),
        "size.mean": float(size.mean()),
        "size.std": float(size.std()),
        **{f"size.{notes}": float((size == notes).mean()) for notes in (1, 2, 3)},
        "size.4": float((size >= 4).mean()),
        "poly.mean": float(sounding.mean()),
        "poly.std": float(sounding.std()),
        "poly.max": float(sounding.max()),
        "poly.silence": float((sounding == 0).mean()),
    }
