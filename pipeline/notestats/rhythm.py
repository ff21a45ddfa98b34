"""Lengths and distances in time: durations, inter-onset intervals, articulation.

Conventions
-----------
``dur`` is log2 of the notes' durations in seconds, ``ioi`` log2 of the seconds between onsets of
groups that follow each other, ``legato`` log2 of the mean duration of a group over the interval
that follows it (0: it lasts until the next). Nothing counts as shorter than ``floor_seconds``.
``ioi.h0`` to ``ioi.h9`` are the shares of intervals between the edges :data:`EDGES` (below the
first, ..., above the last), ``ioi.entropy`` their entropy in bits. ``ioi.npvi`` is the normalised
pairwise variability index over 100: 0 for a metronome, 2 at most. Two times the tempo is one less
in ``dur`` and ``ioi``, and the same ``legato`` and ``ioi.npvi``.

References
----------
E. Grabe and E. L. Low, "Durational variability in speech and the rhythm class hypothesis,"
Laboratory Phonology 7, 2002 (nPVI, here of inter-onset intervals).
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._measures import distribution, entropy
from pipeline.notestats._piece import Piece

#: log2 s, edges of the classes of inter-onset intervals: 62.5 ms to 1 s, half octaves.
EDGES = np.arange(-4.0, 0.01, 0.5)


def statistics(piece: Piece) -> dict[str, float]:
    """Return 5 statistics of durations, 17 of inter-onset intervals and 5 of articulation."""
    intervals = piece.intervals
    octaves = piece.log2(intervals)
    counts = np.bincount(np.searchsorted(EDGES, octaves, side="right"), minlength=len(EDGES) + 1)
    shares = counts / len(octaves)
    # The last group is followed by none, unless it is the only one.
    lasting = (np.add.reduceat(piece.duration, piece.starts) / piece.sizes)[: len(intervals)]
    return {
        **distribution("dur", piece.log2(piece.duration)),
        **distribution("ioi", octaves),
        **{f"ioi.h{index}": share for index, share in enumerate(shares.tolist())},
        "ioi.npvi": npvi(intervals),
        "ioi.entropy": entropy(shares),
        **distribution("legato", piece.log2(lasting) - octaves),
    }


def npvi(intervals: np.ndarray) -> float:
    """Return the normalised pairwise variability index over 100, 0 to 2.

    Parameters
    ----------
    intervals
        Positive, s; fewer than two do not vary.

    Examples
    --------
    >>> npvi(np.array([1.0, 1.0])), npvi(np.array([1.0, 3.0]))
    (0.0, 1.0)
    """
    if len(intervals) < 2:
        return 0.0
    before, after = intervals[:-1], intervals[1:]
    return float(np.abs((after - before) / ((after + before) / 2)).mean())
