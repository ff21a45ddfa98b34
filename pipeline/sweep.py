"""Stage: cross-validate one configuration and write its metrics, for DVC's experiment queue.

``python -m pipeline.sweep <corpus>`` trains the model that ``experiments/sweep.yaml`` names, with
the inputs and under the protocols that it names and the values of ``params.yaml``, and writes
``reports/sweep/<corpus>.json``: protocol -> {``train_accuracy`` (mean over the fits), ``accuracy``,
``macro_f1`` (folds pooled, mean over the seeds), ``seconds_per_fit``}. ``multispec sweep`` queues a
DVC experiment on it for each variant of an experiment. Folds are cached as in every other stage:
what an experiment or ``dvc repro`` has trained is not trained again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import models
from models.parts.classifier import NoInputError
from pipeline import metrics, params, paths, stage, variants
from pipeline.crossval import Outcome, cross_validate
from pipeline.execute import Executor
from pipeline.experiment import Bench
from pipeline.stage import StageError
from pipeline.train import compute_config
from pipeline.variants import Variant

FILE = Path("experiments/sweep.yaml")
FOLDER = Path("reports/sweep")
DIGITS = 6


@dataclass(frozen=True)
class Chosen:
    """What to train (``experiments/sweep.yaml``).

    Attributes
    ----------
    model
        Name.
    inputs
        Inputs it may read; None for all that it can.
    protocols
        ``grouped``, ``random`` or both.
    """

    model: str
    inputs: tuple[str, ...] | None
    protocols: tuple[str, ...]

    def __post_init__(self) -> None:
        known = models.load(self.model).INPUTS
        unknown = [name for name in self.inputs or () if name not in known]
        if unknown:
            raise ValueError(
                f"inputs: {self.model} reads {', '.join(known) or 'nothing'}, not {unknown[0]!r}"
            )
        if not self.protocols or not set(self.protocols) <= set(variants.PROTOCOLS):
            raise ValueError(
                f"protocols: {list(self.protocols)} must be one or more of "
                f"{', '.join(variants.PROTOCOLS)}"
            )


def sweep(all_params: Mapping[str, Any], corpus: str, chosen: Chosen) -> dict[str, Any]:
    """Train what was chosen and return the metrics by protocol.

    Raises
    ------
    StageError
        If the corpus has none of the inputs, or a fold fails.
    """
    variant = Variant("sweep", chosen.model, chosen.inputs, {})
    with (
        stage.scratch(f"sweep-{corpus}") as scratch,
        Executor(compute_config(all_params)) as executor,
    ):
        tensors = Bench(corpus, scratch).tensors(all_params, variant)
        try:
            outcomes = cross_validate(
                all_params,
                corpus,
                chosen.model,
                tensors,
                executor,
                label=f"sweep {corpus}/{chosen.model}",
                protocols=chosen.protocols,
            )
        except NoInputError as error:
            raise StageError(f"{chosen.model} on {corpus}: {error}") from error
    if not outcomes:
        raise StageError(f"{paths.folds(corpus)} has no folds of {', '.join(chosen.protocols)}")
    by_protocol: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_protocol.setdefault(outcome.task.protocol, []).append(outcome)
    return {protocol: _scores(found) for protocol, found in by_protocol.items()}


def _scores(outcomes: Sequence[Outcome]) -> dict[str, float]:
    counts: dict[int, metrics.Counts] = {}
    for outcome in outcomes:
        what, tensors = outcome.task.assignment, outcome.task.tensors
        answers = outcome.trained.probabilities.argmax(axis=1)
        found = metrics.confusion(tensors.labels[what.split.test], answers, len(tensors.classes))
        counts[what.seed] = counts.get(what.seed, 0) + found
    by_seed = np.stack(list(counts.values()))
    scores = {
        "train_accuracy": np.mean([outcome.trained.train_accuracy for outcome in outcomes]),
        "accuracy": metrics.accuracy(by_seed).mean(),
        "macro_f1": metrics.macro_f1(by_seed).mean(),
        "seconds_per_fit": np.mean([outcome.trained.seconds for outcome in outcomes]),
    }
    return {name: round(float(value), DIGITS) for name, value in scores.items()}


def run(corpus: str) -> Path:
    """Run the stage in the current folder; return the file of the metrics."""
    chosen = params.build(Chosen, params.read(FILE), str(FILE))
    all_params = variants.all_parameters()
    params.section(all_params, "corpora", corpus)
    found = sweep(all_params, corpus, chosen)
    target = FOLDER / f"{corpus}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for protocol, scores in found.items():
        print(f"sweep {corpus}/{chosen.model}: {protocol} accuracy {scores['accuracy']:.3f}")
    return target


def main() -> None:
    """Run the stage with ``params.yaml`` and ``experiments/*.yaml``."""
    stage.main(__doc__, run, "corpus")


if __name__ == "__main__":
    main()
