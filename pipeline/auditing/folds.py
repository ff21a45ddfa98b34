"""The folds file as the checks read it: for every protocol and seed, the fold of every track.

Conventions
-----------
A fold's number is that in which a track is *test*; axis ``track`` in index order.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import paths
from pipeline.stage import StageError

GROUPED = "grouped"


@dataclass(frozen=True)
class Folds:
    """One cross-validation.

    Attributes
    ----------
    protocol, seed
        Which.
    fold
        [shape=(track,), int].
    """

    protocol: str
    seed: int
    fold: NDArray[np.int64]

    def __str__(self) -> str:
        return f"{self.protocol}, seed {self.seed}"


def read(name: str, tracks: Sequence[str]) -> list[Folds]:
    """Read the folds of a corpus, in the file's order.

    Raises
    ------
    FileNotFoundError
        If the split stage has not run.
    StageError
        If its tracks are not exactly those of the index.
    """
    path = paths.folds(name)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; run `dvc repro split@{name}`")
    found: dict[tuple[str, int], dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            one = found.setdefault((row["protocol"], int(row["seed"])), {})
            if row["track"] in one:
                raise StageError(_stale(path, f"{row['track']!r} has two folds"))
            one[row["track"]] = int(row["fold"])
    for (protocol, seed), one in found.items():
        if odd := sorted(set(one) ^ set(tracks)):
            raise StageError(
                _stale(path, f"{protocol}, seed {seed}: {odd[0]!r} is not in both it and the index")
            )
    return [
        Folds(protocol, seed, np.array([one[track] for track in tracks]))
        for (protocol, seed), one in found.items()
    ]


def _stale(path: Path, trouble: str) -> str:
    return f"{path}: {trouble}; run `dvc repro`: a track without one fold is never tested fairly"
