"""Cross-validate one model on one corpus: every fold of every protocol and seed.

Conventions
-----------
The folds file decides the parts; a finished fold is kept in the cache under the hash of all that
decides it, so that equal work is done once, whoever asks for it: a training stage, an experiment's
variant, or a run that was interrupted. Tables are lists of rows in the order protocol, seed, fold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

import models
from models.parts.classifier import TrainConfig
from models.parts.data import Split
from pipeline import params, paths
from pipeline.cache import Cache
from pipeline.caching import asked
from pipeline.execute import Executor, Failure
from pipeline.fitting import Assignment, Trained, unpack
from pipeline.folds import KIND, Fold, train_fold
from pipeline.partition import parts
from pipeline.stage import StageError
from pipeline.tensors import Tensors

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Outcome:
    """One fold: what was asked for, and what it gave."""

    task: Fold
    trained: Trained

    @property
    def where(self) -> dict[str, object]:
        """Protocol, seed and fold."""
        what = self.task.assignment
        return {"protocol": self.task.protocol, "seed": what.seed, "fold": what.fold}


def settings(all_params: Mapping[str, Any]) -> tuple[TrainConfig, str]:
    """Read section ``train``: how to train, and on which device (``cpu`` or ``cuda``).

    Raises
    ------
    pipeline.params.ParamsError
        If a key is wrong, or ``train.device`` asks for a GPU that is not there.
    """
    section = dict(params.section(all_params, "train"))
    device = params.section({"train": section}, "train", "device")
    del section["device"]
    params.section({"train": section}, "train", "skip")
    del section["skip"]
    if device not in DEVICES:
        raise params.ParamsError(f"train.device: {device!r} is not one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise params.ParamsError(
            "train.device: 'cuda' is asked for, but torch sees no GPU; install its CUDA build "
            "(see README, GPU) or use 'auto'"
        )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return params.build(TrainConfig, section, "train"), device


def skipped(all_params: Mapping[str, Any], corpus: str, model: str) -> bool:
    """Whether ``train.skip`` leaves a model out on a corpus.

    Raises
    ------
    pipeline.params.ParamsError
        If it is no mapping of lists, or names a model that ``models`` lacks.
    """
    section = params.section(all_params, "train", "skip")
    if not isinstance(section, Mapping):
        raise params.ParamsError(f"train.skip: expected corpus -> list of models, got {section!r}")
    for name, listed in section.items():
        if not isinstance(listed, list | tuple):
            raise params.ParamsError(
                f"train.skip.{name}: expected a list of models, got {listed!r}"
            )
        for item in listed:
            params.section(all_params, "models", str(item))
    return model in section.get(corpus, ())


def model_config(all_params: Mapping[str, Any], model: str) -> Any:
    """Return a model's own ``Config`` from its section of ``params.yaml``."""
    section = params.section(all_params, "models", model)
    return params.build(models.load(model).Config, section, f"models.{model}")


def cross_validate(
    all_params: Mapping[str, Any],
    corpus: str,
    model: str,
    tensors: Tensors,
    executor: Executor,
    *,
    label: str,
    protocols: Collection[str] | None = None,
) -> list[Outcome]:
    """Train and predict every fold; folds that the cache holds are not trained again.

    Parameters
    ----------
    tensors
        The corpus, with the inputs the model is to read.
    executor
        Where folds run; on a GPU it must be a plain loop.
    label
        What progress, errors and the note of what was asked for call this work.
    protocols
        Only these; ``None`` for all.

    Raises
    ------
    models.parts.classifier.NoInputError
        If the corpus has none of the model's inputs.
    StageError
        If a fold fails; finished folds are kept.
    """
    config = model_config(all_params, model)
    training, device = settings(all_params)
    n_classes = len(tensors.classes)
    models.load(model).build(config, tensors.shapes, n_classes)  # refuses what it cannot read
    cache = Cache.at(executor.config.cache)
    tasks = []
    for protocol, seed, fold, split in splits(corpus, tensors.tracks):
        if protocols is None or protocol in protocols:
            what = Assignment(
                model, config, training, tensors.shapes, n_classes, split, seed, fold, device
            )
            tasks.append(Fold(what, tensors, protocol, cache))
    asked.note(label, [task.key for task in tasks])
    entries = executor.run(train_fold, tasks, label)
    return [
        Outcome(task, _result(task, entry, label))
        for task, entry in zip(tasks, entries, strict=True)
    ]


def splits(corpus: str, tracks: Sequence[str]) -> list[tuple[str, int, int, Split]]:
    """Return (protocol, seed, fold, parts) of every fold in the folds file, in order.

    Raises
    ------
    FileNotFoundError
        If the split stage has not run.
    StageError
        If the file is not of these tracks.
    """
    path = paths.folds(corpus)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; run `dvc repro split@{corpus}`")
    table = pd.read_csv(path, dtype={"track": str}, keep_default_na=False)
    found = []
    for (protocol, seed), part in table.groupby(["protocol", "seed"], sort=False):
        by_track = dict(zip(part["track"], part["fold"], strict=True))
        if set(by_track) != set(tracks):
            raise StageError(f"{path}: its tracks are not those of the index; run `dvc repro`")
        fold = np.array([by_track[track] for track in tracks])
        found += [
            (str(protocol), int(str(seed)), test, Split(*parts(fold, test)))
            for test in range(int(fold.max()) + 1)
        ]
    return found


def _result(task: Fold, entry: str | Failure, label: str) -> Trained:
    if isinstance(entry, Failure):
        what = task.assignment
        raise StageError(
            f"{label}: {task.protocol}, seed {what.seed}, fold {what.fold} failed "
            f"({entry.reason}); finished folds are kept, `dvc repro` goes on from there"
        )
    payload = task.cache.read(KIND, entry)
    if payload is None:
        raise StageError(f"{label}: fold {entry} left the cache; run `dvc repro` again")
    return unpack(payload)


def predictions(outcome: Outcome) -> list[dict[str, object]]:
    """Return one row per test track: protocol, seed, fold, track, true, predicted, p_<class>."""
    tensors = outcome.task.tensors
    test = outcome.task.assignment.split.test
    rows = []
    for track, chances in zip(test, outcome.trained.probabilities, strict=True):
        row = {
            "track": tensors.tracks[track],
            "true": tensors.classes[tensors.labels[track]],
            "predicted": tensors.classes[int(chances.argmax())],
        }
        named = zip(tensors.classes, chances, strict=True)
        rows.append(outcome.where | row | {f"p_{label}": f"{value:.6f}" for label, value in named})
    return rows


def history(outcome: Outcome) -> list[dict[str, object]]:
    """Return the learning curve: protocol, seed, fold, epoch, part, loss (nats), accuracy."""
    return [outcome.where | row for row in outcome.trained.history]


def fit_row(outcome: Outcome) -> dict[str, object]:
    """Return what one fit cost and reached: train_accuracy, training_seconds, parameters."""
    trained = outcome.trained
    return outcome.where | {
        "train_accuracy": trained.train_accuracy,
        "training_seconds": trained.seconds,
        "parameters": trained.parameters,
    }
