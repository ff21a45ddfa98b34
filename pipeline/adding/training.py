"""What training on a corpus will roughly take, by what it took on a corpus that has been evaluated.

Conventions
-----------
The time of a fit is taken to be proportional to the seconds of sound that an epoch shows a network:
tracks, times the window of ``train.crop_seconds`` or the shorter track. Epochs until a network
stops are those of the other corpus, so this tells minutes from hours, no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import params

#: Models that are named as those which take longest.
NAMED = 3


@dataclass(frozen=True)
class Estimate:
    """Seconds of training by model, the longest first, in one process; models without a time.

    Attributes
    ----------
    by_model
        Model -> seconds, all its folds together.
    unknown
        Models that have not been timed.
    corpus
        Where the others have.
    """

    by_model: Mapping[str, float]
    unknown: tuple[str, ...]
    corpus: str

    @property
    def seconds(self) -> float:
        """All models together."""
        return sum(self.by_model.values())

    @property
    def longest(self) -> str:
        """The models that take longest, with their shares."""
        first = list(self.by_model.items())[:NAMED]
        return ", ".join(f"{name} {of / self.seconds:.0%}".replace("%", " %") for name, of in first)


def estimate(
    all_params: Mapping[str, Any],
    reports: Path,
    seconds: Sequence[float],
    crop_seconds: int,
    models: Collection[str],
) -> Estimate | None:
    """Return what training will take; ``None`` where no corpus has been evaluated.

    Parameters
    ----------
    reports
        Folder with ``<corpus>/results.csv`` and ``per_fold.csv``.
    seconds
        Length of every track, s.
    crop_seconds
        Seconds of a track that are used.
    models
        Those that are to be trained.
    """
    window = params.section(all_params, "train").get("crop_seconds") or crop_seconds
    shown = sum(min(each, crop_seconds, window) for each in seconds)
    cv = params.section(all_params, "cv")
    work = shown * cv["folds"] * len(cv["seeds"]) * len(cv["protocols"])
    for name, section in params.section(all_params, "corpora").items():
        rates = _rates(reports / name, min(window, section["crop_seconds"]))
        if rates:
            every = {model: rates[model] * work for model in models if model in rates}
            ordered = dict(sorted(every.items(), key=lambda item: -item[1]))
            return Estimate(ordered, tuple(m for m in models if m not in rates), name)
    return None


def _rates(folder: Path, window: float) -> dict[str, float]:
    """Return model -> seconds of training per second of sound shown and fit; empty if unknown."""
    try:
        results = pd.read_csv(folder / "results.csv", dtype={"model": str})
        folds = pd.read_csv(folder / "per_fold.csv", dtype={"model": str})
    except (OSError, ValueError):
        return {}
    # Every fit has its row; the test parts of one protocol and seed are all tracks.
    tracks = folds.groupby(["model", "protocol", "seed"])["tracks"].sum().groupby("model").max()
    shown = folds.groupby("model").size() * tracks * window
    taken = results.groupby("model")["training_seconds"].sum()
    return {str(model): float(taken[model] / shown[model]) for model in taken.index}
