"""Stage: grow a trained model's Broad Learning System instead of solving it anew.

``python -m pipeline.growth <corpus>`` takes the first grouped fold of a trained model with a BLS
head, reads off its feature nodes, and grows the head by groups of enhancement nodes and, apart from
that, by batches of new tracks (:mod:`models.parts.growth`). Writes ``data/growth/<corpus>.csv``:
way (``nodes`` or ``tracks``), nodes, tracks, accuracy (of the test part, 0 to 1), grow_seconds,
anew_seconds (medians over repetitions), difference (largest, between the output weights of both).
The table has no rows where the model does not apply to the corpus.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

import models
from models.parts.growth import Part, Step, by_nodes, by_tracks
from models.parts.network import NetworkClassifier
from models.parts.training import outputs
from pipeline import corpus, crossval, params, paths, stage, variants
from pipeline.stage import StageError
from pipeline.tensors import load

PROTOCOL, FOLD = "grouped", 0
COLUMNS = ("way", *(field.name for field in fields(Step)))


@dataclass(frozen=True)
class Config:
    """Section ``growth`` of ``experiments/params.yaml``.

    Attributes
    ----------
    model
        A network of ``params.yaml`` with a BLS head.
    first_share
        Share of the training tracks that growing by tracks starts with, in (0, 1).
    batch_tracks
        New tracks per growth.
    repeats
        Times each growth is timed; the medians are written.
    """

    model: str
    first_share: float
    batch_tracks: int
    repeats: int

    def __post_init__(self) -> None:
        if not 0 < self.first_share < 1:
            raise ValueError(f"first_share: {self.first_share} must lie between 0 and 1")
        for name in ("batch_tracks", "repeats"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least 1")


def growth(all_params: Mapping[str, Any], config: Config, name: str) -> list[dict[str, object]]:
    """Run the stage for one corpus and return the rows of its table.

    Raises
    ------
    StageError
        If the model has no Broad Learning System, or was not trained.
    """
    run = paths.run(name, config.model)
    rows: list[dict[str, object]] = []
    if (run / "predictions.csv").is_file():
        rows = _measured(all_params, config, name, run)
    elif not (run / "model.json").is_file():
        raise StageError(f"{run}: no such run; run `dvc repro train@{name}-{config.model}`")
    corpus.write_rows(paths.growth(name), COLUMNS, rows)
    largest = max((float(str(row["difference"])) for row in rows), default=0.0)
    print(f"growth {name}/{config.model}: {len(rows)} steps, largest difference {largest:.1e}")
    return rows


def _measured(
    all_params: Mapping[str, Any], config: Config, name: str, run: Path
) -> list[dict[str, object]]:
    own = crossval.model_config(all_params, config.model)
    bls = getattr(own, "bls", None)
    with stage.scratch(f"growth-{name}") as scratch:
        inputs = models.load(config.model).INPUTS
        tensors = load(all_params, name, inputs, scratch)
        model = models.load(config.model).build(own, tensors.shapes, len(tensors.classes))
        if bls is None or not isinstance(model, NetworkClassifier) or model.head is None:
            raise StageError(f"growth.model: {config.model} has no Broad Learning System to grow")
        seed, split = next(
            (seed, split)
            for protocol, seed, fold, split in crossval.splits(name, tensors.tracks)
            if (protocol, fold) == (PROTOCOL, FOLD)
        )
        with np.load(run / "weights" / f"{PROTOCOL}-{seed}-{FOLD}.npz") as state:
            model.load(dict(state))
        data = tensors.view(PROTOCOL, seed, FOLD)

        def part(tracks: np.ndarray) -> Part:
            return Part(outputs(model.network, data, tracks, nodes=True), data.labels[tracks])

        three = (part(split.train), part(split.validation), part(split.test))
    first = max(1, int(config.first_share * len(split.train)))
    clock = time.perf_counter
    ways: dict[str, Callable[[], list[Step]]] = {
        "nodes": lambda: by_nodes(*three, bls, seed, clock),
        "tracks": lambda: by_tracks(
            *three, bls, seed, clock, first=first, batch=config.batch_tracks
        ),
    }
    return [
        {"way": way, **asdict(step)}
        for way, grow in ways.items()
        for step in _medians([grow() for _ in range(config.repeats)])
    ]


def _medians(repeated: Sequence[Sequence[Step]]) -> list[Step]:
    """Return the steps with the medians of their seconds; all else is equal in every repetition."""
    return [
        Step(
            steps[0].nodes,
            steps[0].tracks,
            steps[0].accuracy,
            statistics.median(step.grow_seconds for step in steps),
            statistics.median(step.anew_seconds for step in steps),
            steps[0].difference,
        )
        for steps in zip(*repeated, strict=True)
    ]


def main() -> None:
    """Run the stage with ``params.yaml`` and ``experiments/params.yaml``."""

    def run(name: str) -> None:
        section = params.section(params.read(variants.FILE), "growth")
        growth(variants.all_parameters(), params.build(Config, section, "growth"), name)

    stage.main(__doc__, run, "corpus")


if __name__ == "__main__":
    main()
