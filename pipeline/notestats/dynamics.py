"""Loudness of the notes: distribution, trend, relation to pitch, and change from group to group.

Conventions
-----------
``vel``, in MIDI velocity (1-127); ``vel.trend`` and ``vel.pitch`` are Pearson correlations of the
velocity with the onset and with the pitch over notes; ``vel.change`` is the mean absolute
difference between the loudest notes of groups that follow each other.
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._measures import distribution, pearson
from pipeline.notestats._piece import Piece


def statistics(piece: Piece) -> dict[str, float]:
    """Return the 8 statistics of the velocity.

    Examples
    --------
    A crescendo that rises by 10 from note to note, on one pitch.

    >>> from pipeline.notes import Notes
    >>> from pipeline.notestats import Config, read
    >>> step = np.arange(4)
    >>> notes = Notes(60 + 0 * step, step / 4, 0 * step + 0.2, 50 + 10 * step, 120.0)
    >>> found = statistics(read(notes, Config()))
    >>> round(found["vel.trend"], 12), found["vel.pitch"], found["vel.change"], found["vel.mean"]
    (1.0, 0.0, 10.0, 65.0)
    """
    loudest = np.maximum.reduceat(piece.velocity, piece.starts)
    return {
        **distribution("vel", piece.velocity),
        "vel.trend": pearson(piece.onset, piece.velocity),
        "vel.pitch": pearson(piece.pitch, piece.velocity),
        "vel.change": float(np.abs(np.diff(loudest)).mean()) if len(loudest) > 1 else 0.0,
    }
