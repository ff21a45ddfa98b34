"""Where on the keyboard a piece lies, and how its outer voices move.

Conventions
-----------
``pitch`` is over notes, in semitones (MIDI number); ``pitch.weighted`` is the mean weighted with
durations, ``pitch.trend`` the Pearson correlation with the onset. ``top`` and ``bass`` are the
highest and the lowest pitch of every group; their motion is the difference of groups that follow
each other: the shares of repeated notes (0 semitones), steps (1-2), thirds (3-4), leaps (7 and
more) and octaves (12 and more), the mean size in semitones, and the share of upward motion. A
piece of one group does not move.
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._measures import distribution, pearson
from pipeline.notestats._piece import Piece

PERCENTILES = (0, 10, 25, 50, 75, 90, 100)

#: s, added to the weight of every note, so that a piece of notes without length has a mean.
WEIGHT_SECONDS = 1e-3


def statistics(piece: Piece) -> dict[str, float]:
    """Return the 11 statistics of the pitch and 9 of each outer voice."""
    weights = piece.duration + WEIGHT_SECONDS
    return {
        **distribution("pitch", piece.pitch, PERCENTILES),
        "pitch.weighted": float(np.average(piece.pitch, weights=weights)),
        "pitch.trend": pearson(piece.onset, piece.pitch),
        **_voice("top", piece.top),
        **_voice("bass", piece.bass),
    }


def _voice(name: str, pitch: np.ndarray) -> dict[str, float]:
    motion = np.diff(pitch) if len(pitch) > 1 else np.zeros(1)
    size = np.abs(motion)
    kinds = {
        "repeat": size == 0,
        "step": (size >= 1) & (size <= 2),
        "third": (size >= 3) & (size <= 4),
        "leap": size >= 7,
        "octave": size >= 12,
    }
    return {
        f"{name}.mean": float(pitch.mean()),
        f"{name}.std": float(pitch.std()),
        **{f"{name}.{kind}": float(chosen.mean()) for kind, chosen in kinds.items()},
        f"{name}.motion": float(size.mean()),
        f"{name}.up": float((motion > 0).mean()),
    }
