"""Statistics of a piece's notes that need no fitting: the registry of their families.

A family is a file of this folder with ``statistics(piece) -> dict[str, float]``: named values,
every one finite for every piece, the same names for all. The folder is the registry: a new file is
a new family; files that begin with ``_`` are shared by them. docs/notes.md explains every value.

Conventions
-----------
The axis is ``statistic``; its names and their order are :func:`names`, families in alphabetical
order. A piece's statistics depend on that piece alone: nothing is fitted, so they need no folds.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

import numpy as np

from pipeline.notes import Notes, ordered
from pipeline.notestats._piece import Config, Piece, read

__all__ = ["Config", "Work", "families", "names", "statistics", "table"]


class Family(Protocol):
    """What a module of this folder offers."""

    def statistics(self, piece: Piece) -> dict[str, float]:
        """Return named values of a piece."""


@dataclass(frozen=True, eq=False)
class Work:
    """A batch of pieces: one task.

    Attributes
    ----------
    pieces
        Their notes.
    config
        Settings.
    """

    pieces: Sequence[Notes]
    config: Config


def families() -> tuple[str, ...]:
    """Return the families there are, in alphabetical order.

    Examples
    --------
    >>> "rhythm" in families()
    True
    """
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


@cache
def names() -> tuple[str, ...]:
    """Return the names of all statistics, in their order.

    Examples
    --------
    >>> len(names()), names()[:2]
    (131, ('vel.mean', 'vel.std'))
    """
    one = np.ones(1)
    return tuple(_values(ordered(60 * one, 0 * one, one, 64 * one, 120.0), Config()))


def statistics(notes: Notes, config: Config) -> np.ndarray:
    """Return the statistics of a piece.

    Parameters
    ----------
    notes
        At least one.
    config
        Settings.

    Returns
    -------
    np.ndarray [shape=(statistic,), float64]
        In the order of :func:`names`; all finite.
    """
    values = _values(notes, config)
    return np.array([values[name] for name in names()])


def table(work: Work) -> np.ndarray:
    """Return the statistics of a batch [shape=(piece, statistic), float64]."""
    return np.stack([statistics(notes, work.config) for notes in work.pieces])


def _values(notes: Notes, config: Config) -> dict[str, float]:
    piece = read(notes, config)
    found: dict[str, float] = {}
    for name in families():
        family = cast(Family, importlib.import_module(f"{__name__}.{name}"))
        found |= family.statistics(piece)
    return found
