"""What a model sees of a corpus: one fold's view, and which tracks play which part.

Conventions
-----------
The first axis of every array is ``track``; features continue with ``second`` (one-second blocks),
zero-padded after ``seconds_valid[track]``. Arrays may be memory maps shared between processes: they
are read, never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Data:
    """One corpus in one fold's view.

    Attributes
    ----------
    features
        Name -> array [shape=(track, second, ...), float32], zero-padded along ``second``.
    seconds_valid
        Seconds of audio in each track [shape=(track,), int]; 0 where there is no audio.
    chords
        Chord vectors [shape=(track, dim), float32] of this fold's own fit; zero where absent.
    has_chords
        Whether a track has a chord vector [shape=(track,), bool].
    labels
        Class of each track [shape=(track,), int], from 0.
    groups
        Group (artist, song, speaker) of each track [shape=(track,), int].
    notes
        Statistics of each track's notes [shape=(track, statistic), float32]; they are not fitted,
        so they are those of every fold. Zero where ``has_chords`` is false; ``None`` where nobody
        asked for them, or the corpus has no notes.
    """

    features: Mapping[str, np.ndarray]
    seconds_valid: np.ndarray
    chords: np.ndarray
    has_chords: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    notes: np.ndarray | None = None

    def __post_init__(self) -> None:
        n_tracks = len(self.labels)
        arrays = {name: getattr(self, name) for name in ("chords", "has_chords", "groups")}
        arrays |= {"seconds_valid": self.seconds_valid, **self.features}
        arrays |= {} if self.notes is None else {"notes": self.notes}
        for name, array in arrays.items():
            if len(array) != n_tracks:
                raise ValueError(f"{name}: {len(array)} tracks, but there are {n_tracks} labels")
        for name, array in self.features.items():
            if n_tracks and array.shape[1] < self.seconds_valid.max():
                raise ValueError(
                    f"{name}: {array.shape[1]} seconds, but seconds_valid reaches "
                    f"{self.seconds_valid.max()}"
                )


@dataclass(frozen=True)
class Split:
    """Indices of the tracks for training, validation and test; no track plays two parts.

    Attributes
    ----------
    train, validation, test
        Track indices [shape=(n,), int].
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        everyone = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(everyone)) != len(everyone):
            raise ValueError("split: a track is in two parts, or twice in one")
        for name in ("train", "validation"):
            if len(getattr(self, name)) == 0:
                raise ValueError(f"split.{name}: no track; nothing can be fitted or chosen on it")
