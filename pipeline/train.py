"""Stage: cross-validate one model on one corpus.

``python -m pipeline.train <corpus> <model>`` trains every fold of every protocol and seed, side by
side where there are workers, and writes ``data/runs/<corpus>/<model>/``: ``predictions.csv``
(protocol, seed, fold, track, true, predicted, p_<class>...), ``history.csv`` (protocol, seed, fold,
epoch, part, loss, accuracy), ``fits.csv`` (protocol, seed, fold, train_accuracy, training_seconds,
parameters), ``weights/<protocol>-<seed>-<fold>.npz`` and ``model.json``. For a model that reads
nothing the corpus has, or that ``train.skip`` names, ``model.json`` stands alone and says why under
``skipped``.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import models
from models.parts.classifier import NoInputError
from pipeline import corpus, crossval, params, paths, stage
from pipeline.crossval import Outcome, cross_validate, settings
from pipeline.execute import ComputeConfig, Executor
from pipeline.tensors import CHORDS, load


def train(all_params: Mapping[str, Any], name: str, model: str) -> Path:
    """Run the stage; return the run's folder."""
    compute = compute_config(all_params)
    inputs = models.load(model).INPUTS
    crossval.model_config(all_params, model)  # a wrong section is refused before anything is read
    label = f"train {name}/{model}"
    if crossval.skipped(all_params, name, model):
        print(f"{label}: skipped (train.skip)")
        return _place(name, model, {"skipped": "train.skip leaves it out"}, [])
    with (
        stage.scratch(f"tensors-{name}-{model}") as scratch,
        Executor(compute) as executor,
    ):
        tensors = load(all_params, name, inputs, scratch)
        try:
            outcomes = cross_validate(all_params, name, model, tensors, executor, label=label)
        except NoInputError as error:
            print(f"{label}: skipped ({error})")
            return _place(name, model, {"skipped": str(error)}, [])
    folder = _place(name, model, _about(all_params, outcomes), outcomes)
    seconds = sum(outcome.trained.seconds for outcome in outcomes)
    device = outcomes[0].task.assignment.device
    print(f"{label}: {len(outcomes)} folds, {seconds:.0f} s of training on {device}")
    return folder


def compute_config(all_params: Mapping[str, Any]) -> ComputeConfig:
    """Return section ``compute``; on a GPU folds run one after the other in this process."""
    compute = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    if settings(all_params)[1] == "cuda":  # one process owns the GPU
        return replace(compute, workers=0, scheduler=None)
    return compute


def _about(all_params: Mapping[str, Any], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    what, tensors = outcomes[0].task.assignment, outcomes[0].task.tensors
    return {
        "config": asdict(what.config),
        "train": asdict(settings(all_params)[0]),
        "features": [feature for feature in tensors.shapes if feature != CHORDS],
        "classes": list(tensors.classes),
        "has": {"audio": bool(tensors.arrays), "chords": CHORDS in tensors.shapes},
        "hardware": hardware(what.device),
        "training_seconds": sum(outcome.trained.seconds for outcome in outcomes),
        "parameters": max(outcome.trained.parameters for outcome in outcomes),
    }


def _place(name: str, model: str, about: Mapping[str, Any], outcomes: Sequence[Outcome]) -> Path:
    """Write the run beside its place, then rename it."""
    final = paths.run(name, model)
    partial = paths.partial(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "weights").mkdir(parents=True)
    if outcomes:
        write_tables(partial, [({}, outcome) for outcome in outcomes])
        history = [row for outcome in outcomes for row in crossval.history(outcome)]
        corpus.write_rows(partial / "history.csv", list(history[0]), history)
    for outcome in outcomes:
        file = "-".join(map(str, outcome.where.values()))
        np.savez(
            partial / "weights" / f"{file}.npz",
            **outcome.trained.state,  # type: ignore[arg-type]  # stub mistakes arrays for a switch
        )
    text = json.dumps({"corpus": name, "model": model, **about}, indent=2)
    (partial / "model.json").write_text(text + "\n", encoding="utf-8")
    stage.place(partial, final)
    return final


def write_tables(folder: Path, labelled: Sequence[tuple[Mapping[str, object], Outcome]]) -> None:
    """Write ``predictions.csv`` and ``fits.csv``; each outcome's rows begin with its own label."""
    predicted = [
        {**label, **row} for label, outcome in labelled for row in crossval.predictions(outcome)
    ]
    fits = [{**label, **crossval.fit_row(outcome)} for label, outcome in labelled]
    corpus.write_rows(folder / "predictions.csv", list(predicted[0]), predicted)
    corpus.write_rows(folder / "fits.csv", list(fits[0]), fits)


def hardware(device: str) -> str:
    """Return the name of what training ran on, for the table of training times."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, processor time of one thread per fold"


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda name, model: train(params.read(), name, model), "corpus", "model")


if __name__ == "__main__":
    main()
