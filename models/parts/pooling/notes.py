"""Family "notes": the statistics of a piece's notes, one group as they come.

Conventions
-----------
``notes`` [shape=(statistic,)] is what the pipeline measured on the piece (docs/notes.md). As one
group it did better, inside training parts, than as one group per kind (docs/best.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.parts.pooling._groups import Groups

INPUTS = ("notes",)


def pool(blocks: Mapping[str, np.ndarray]) -> Groups:
    """Return the family's single group of one track.

    Parameters
    ----------
    blocks
        ``notes`` [shape=(statistic,)].
    """
    return {"notes": np.array(blocks["notes"], dtype=np.float64)}
