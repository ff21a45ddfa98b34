"""Stage: cross-validate one model on one corpus.

``python -m pipeline.train <corpus> <model>`` trains every fold of every protocol and seed, side by
side where there are workers, and writes ``data/runs/<corpus>/<model>/``: ``predictions.csv``
(protocol, seed, fold, track, true, predicted, p_<class>...), ``history.csv`` (protocol, seed, fold,
epoch, part, loss, accuracy), ``weights/<protocol>-<seed>-<fold>.npz`` and ``model.json``.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch

import models
from models.parts.classifier import TrainConfig
from models.parts.data import Split
from pipeline import corpus, params, paths, stage
from pipeline.cache import Cache
from pipeline.execute import ComputeConfig, Executor, Failure
from pipeline.fitting import Assignment, Trained, unpack
from pipeline.folds import KIND, Fold, train_fold
from pipeline.partition import parts
from pipeline.stage import StageError
from pipeline.tensors import CHORDS, Tensors, load

DEVICES = ("auto", "cpu", "cuda")


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


def train(all_params: Mapping[str, Any], name: str, model: str) -> Path:
    """Run the stage; return the run's folder."""
    compute = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    training, device = settings(all_params)
    module = models.load(model)
    section = params.section(all_params, "models", model)
    config = params.build(module.Config, section, f"models.{model}")
    cache = Cache.at(compute.cache)
    if device == "cuda":  # one process owns the GPU
        compute = replace(compute, workers=0, scheduler=None)
    paths.WORK.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="tensors-", dir=paths.WORK) as scratch:
        tensors = load(all_params, name, module.INPUTS, Path(scratch))
        tasks = [
            Fold(
                Assignment(
                    model,
                    config,
                    training,
                    tensors.shapes,
                    len(tensors.classes),
                    split,
                    seed,
                    fold,
                    device,
                ),
                tensors,
                protocol,
                cache,
            )
            for protocol, seed, fold, split in _splits(name, tensors.tracks)
        ]
        trained = _train(tasks, compute, f"train {name}/{model}")
    folder = _write(tasks, trained, name, asdict(config))
    seconds = sum(result.seconds for result in trained)
    print(f"train {name}/{model}: {len(tasks)} folds, {seconds:.0f} s of training on {device}")
    return folder


def _splits(name: str, tracks: Sequence[str]) -> list[tuple[str, int, int, Split]]:
    """Return (protocol, seed, fold, parts) of every fold in the folds file, in order."""
    path = paths.folds(name)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; run `dvc repro split@{name}`")
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


def _train(tasks: Sequence[Fold], compute: ComputeConfig, label: str) -> list[Trained]:
    trained = []
    with Executor(compute) as executor:
        for task, entry in zip(tasks, executor.run(train_fold, tasks, label), strict=True):
            if isinstance(entry, Failure):
                what = task.assignment
                raise StageError(
                    f"{label}: {task.protocol}, seed {what.seed}, fold {what.fold} failed "
                    f"({entry.reason}); finished folds are kept, `dvc repro` goes on from there"
                )
            payload = task.cache.read(KIND, entry)
            if payload is None:
                raise StageError(f"{label}: fold {entry} left the cache; run `dvc repro` again")
            trained.append(unpack(payload))
    return trained


def _write(
    tasks: Sequence[Fold], trained: Sequence[Trained], name: str, config: Mapping[str, Any]
) -> Path:
    """Write the run beside its place, then rename it."""
    first = tasks[0].assignment
    tensors = tasks[0].tensors
    final = paths.run(name, first.model)
    partial = paths.partial(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "weights").mkdir(parents=True)
    predictions, history = [], []
    for task, result in zip(tasks, trained, strict=True):
        what = task.assignment
        where = {"protocol": task.protocol, "seed": what.seed, "fold": what.fold}
        predictions += [
            where | row for row in _predictions(tensors, what.split.test, result.probabilities)
        ]
        history += [where | row for row in result.history]
        np.savez(
            partial / "weights" / f"{task.protocol}-{what.seed}-{what.fold}.npz",
            **result.state,  # type: ignore[arg-type]  # the stub mistakes arrays for a switch
        )
    corpus.write_rows(partial / "predictions.csv", list(predictions[0]), predictions)
    corpus.write_rows(partial / "history.csv", list(history[0]), history)
    about = {
        "corpus": name,
        "model": first.model,
        "config": config,
        "train": asdict(first.train),
        "features": [feature for feature in tensors.shapes if feature != CHORDS],
        "classes": list(tensors.classes),
        "has": {"audio": bool(tensors.arrays), "chords": CHORDS in tensors.shapes},
        "hardware": hardware(first.device),
        "training_seconds": sum(result.seconds for result in trained),
        "parameters": max(result.parameters for result in trained),
    }
    (partial / "model.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    return final


def _predictions(
    tensors: Tensors, test: np.ndarray, probabilities: np.ndarray
) -> list[dict[str, object]]:
    return [
        {
            "track": tensors.tracks[track],
            "true": tensors.classes[tensors.labels[track]],
            "predicted": tensors.classes[int(row.argmax())],
        }
        | {f"p_{label}": f"{value:.6f}" for label, value in zip(tensors.classes, row, strict=True)}
        for track, row in zip(test, probabilities, strict=True)
    ]


def hardware(device: str) -> str:
    """Return the name of what training ran on, for the table of training times."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, one thread per fold"


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda name, model: train(params.read(), name, model), "corpus", "model")


if __name__ == "__main__":
    main()
