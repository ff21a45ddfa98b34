"""Pooled statistics of a track, in families of groups of columns; the folder is the registry.

A family is a file of this folder with ``INPUTS`` (names of what it reads) and ``pool(blocks) ->
{group: columns}``, a pure function of one track; files that begin with ``_`` are shared by them.

Conventions
-----------
Features are [shape=(track, second, ...)], read up to ``seconds_valid``; ``notes`` is [shape=(track,
statistic)]. A track lacks a family if it has no audio (no notes); its columns are then 0 and its
presence is false. A family is one of the corpus if the corpus has any of its inputs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol, cast

import numpy as np

from models.parts.data import Data
from models.parts.kernelridge import Layout
from models.parts.pooling._groups import Groups
from models.parts.pooling._memo import remembered


class Family(Protocol):
    """What a module of this folder offers."""

    INPUTS: tuple[str, ...]

    def pool(self, blocks: Mapping[str, np.ndarray]) -> Groups:
        """Return the groups of one track."""


@cache
def families() -> dict[str, Family]:
    """Return the families there are, in alphabetical order.

    Examples
    --------
    >>> list(families())
    ['notes', 'spectral', 'tonal', 'voice']
    """
    found = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return {name: cast(Family, importlib.import_module(f"{__name__}.{name}")) for name in found}


def measured(
    data: Data, tracks: np.ndarray, inputs: Sequence[str]
) -> dict[str, list[Groups | None]]:
    """Return the groups of every family, track by track; ``None`` where a track lacks the family.

    Parameters
    ----------
    data
        The corpus; of its features and notes no other tracks are read.
    tracks
        Track indices [shape=(n,), int].
    inputs
        Names of the inputs to read; families without any of them are left out.
    """
    table: dict[str, list[Groups | None]] = {}
    for name, family in families().items():
        names = [each for each in family.INPUTS if each in inputs]
        if names:
            found = [_blocks(data, int(track), names) for track in tracks]
            table[name] = [remembered(family.pool, each) if each else None for each in found]
    return table


def _blocks(data: Data, track: int, names: Sequence[str]) -> dict[str, np.ndarray]:
    if "notes" in names:
        notes = data.notes
        return {} if notes is None or not data.has_chords[track] else {"notes": notes[track]}
    valid = int(data.seconds_valid[track])
    return {name: data.features[name][track, :valid] for name in names} if valid else {}


def layout(table: Mapping[str, Sequence[Groups | None]]) -> Layout:
    """Return which columns make a group, and which groups a family, by the first track with it."""
    group: list[int] = []
    family: list[int] = []
    for number, rows in enumerate(table.values()):
        for columns in next((row for row in rows if row is not None), {}).values():
            group += [len(family)] * len(columns)
            family.append(number)
    return Layout(np.array(group, dtype=int), np.array(family, dtype=int))


def arrays(
    table: Mapping[str, Sequence[Groups | None]], places: Layout
) -> tuple[np.ndarray, np.ndarray]:
    """Return columns [shape=(track, column)] and presence [shape=(track, family), bool].

    Parameters
    ----------
    table
        From :func:`measured`, at least one family.
    places
        The layout; columns of a family that it does not have are left out.
    """
    present = np.array([[row is not None for row in rows] for rows in table.values()]).T
    columns = np.zeros((len(present), len(places.group)))
    for number, rows in enumerate(table.values()):
        own = np.flatnonzero(places.family[places.group] == number)
        for line, row in zip(columns, rows, strict=True):
            if row is not None and own.size:
                line[own] = np.concatenate(list(row.values()))
    return columns, present
