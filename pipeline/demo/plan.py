"""Who writes which piece, in which metre, and in which container it is stored.

Conventions
-----------
A piece has an index ``4 i + q``: the i-th piece of quadrant q (0 to 3 for Q1 to Q4). Composers are
dealt in rotation over the quadrants, so each composer's pieces are spread over the quadrants as
evenly as can be. Containers are then dealt so that neither composer nor quadrant predicts them: a
model must not be able to read the label off a sample rate or a channel count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
METRES = ((4, 4), (3, 4), (2, 4), (6, 8))


@dataclass(frozen=True)
class Container:
    """How a piece is stored: extension, sample rate in hertz, channels."""

    extension: str
    sample_rate: int
    channels: int


CONTAINERS = (Container("wav", 44100, 2), Container("wav", 22050, 1), Container("mp3", 44100, 1))


@dataclass(frozen=True)
class Assignment:
    """One piece before a note is written."""

    index: int
    quadrant: int
    composer: int
    metre: tuple[int, int]
    container: Container

    @property
    def name(self) -> str:
        """Name of the piece, without any hint of its label."""
        return f"piece{self.index:03d}"

    @property
    def label(self) -> str:
        """Name of the quadrant."""
        return QUADRANTS[self.quadrant]


def assign(pieces_per_quadrant: int, composers: int) -> list[Assignment]:
    """Return all pieces in the order of their indices.

    Examples
    --------
    >>> [(p.name, p.label, p.composer) for p in assign(2, 3)][:3]
    [('piece000', 'Q1', 0), ('piece001', 'Q2', 2), ('piece002', 'Q3', 1)]
    """
    pairs = [
        (4 * i + q, q, (q * pieces_per_quadrant + i) % composers)
        for q in range(len(QUADRANTS))
        for i in range(pieces_per_quadrant)
    ]
    containers = _deal(pairs, len(CONTAINERS), 0)
    metres = _deal(pairs, len(METRES), 1)
    return [
        Assignment(index, q, composer, METRES[metres[index]], CONTAINERS[containers[index]])
        for index, q, composer in sorted(pairs)
    ]


def _deal(pairs: list[tuple[int, int, int]], kinds: int, offset: int) -> dict[int, int]:
    """Give each piece one of ``kinds``, the one its composer and its quadrant have least of."""
    by_composer: Counter[tuple[int, int]] = Counter()
    by_quadrant: Counter[tuple[int, int]] = Counter()
    dealt = {}
    for index, quadrant, composer in sorted(pairs, key=lambda pair: (pair[2], pair[1], pair[0])):
        start = composer + quadrant * offset
        kind = min(
            ((start + step) % kinds for step in range(kinds)),
            key=lambda k: (by_composer[composer, k], by_quadrant[quadrant, k]),
        )
        by_composer[composer, kind] += 1
        by_quadrant[quadrant, kind] += 1
        dealt[index] = kind
    return dealt
