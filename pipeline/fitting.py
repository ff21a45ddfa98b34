"""Fit one model on one fold and predict its test part; the whole of what decides the result.

While a model is fitted it cannot read its test part: :mod:`models.parts.guard` raises.
This module's import closure, with the model's, is the code version in a trained fold's key. On the
CPU a fold runs in one thread: its bytes do not depend on how many run beside it.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import models
from models.parts.classifier import Checkpoint, TrainConfig, score
from models.parts.data import Data, Split
from models.parts.guard import guarded


@dataclass(frozen=True)
class Assignment:
    """What is to be fitted.

    Attributes
    ----------
    model, config
        Name and ``Config`` of the model.
    train
        Section ``train``.
    shapes
        Input -> axis sizes of one second.
    n_classes
        Number of classes.
    split
        Parts of the fold, track indices.
    seed, fold
        Seed of the cross-validation and number of the fold; together they seed the fit.
    device
        ``cpu`` or ``cuda``.
    """

    model: str
    config: Any
    train: TrainConfig
    shapes: Mapping[str, Mapping[str, int]]
    n_classes: int
    split: Split
    seed: int
    fold: int
    device: str


@dataclass(frozen=True)
class Trained:
    """What one fold gave.

    Attributes
    ----------
    probabilities
        Of the test tracks [shape=(test track, class)].
    history
        Rows of the learning curve.
    state
        Weights, scalers and all else that prediction needs.
    seconds
        Training time, s: of the processor, all threads together, or of the clock on a GPU.
    parameters
        How many numbers were fitted.
    train_accuracy
        Of the finished model on its own training part, 0 to 1: Tables IV to VI ask for it.
    """

    probabilities: np.ndarray
    history: list[dict[str, Any]]
    state: dict[str, np.ndarray]
    seconds: float
    parameters: int
    train_accuracy: float


def fit(task: Assignment, data: Data, checkpoint: Checkpoint | None) -> Trained:
    """Fit a model and predict the test part.

    Parameters
    ----------
    data
        The fold's view of the corpus.
    checkpoint
        Where an unfinished fit keeps its last epoch.

    Raises
    ------
    models.parts.guard.LeakError
        If the model reads the test part while it is fitted.
    """
    if task.device == "cpu":
        torch.set_num_threads(1)
    model = models.load(task.model).build(task.config, task.shapes, task.n_classes)
    seed = int(np.random.SeedSequence([task.seed, task.fold]).generate_state(1)[0])
    # A processor's own time is the same beside other work; that of a GPU is none of the process's.
    clock = time.process_time if task.device == "cpu" else time.perf_counter
    begin = clock()
    seen = guarded(data, task.split.test)
    history = model.fit(seen, task.split, task.train, seed, task.device, checkpoint)
    seconds = clock() - begin
    _, train_accuracy = score(
        model.predict_proba(data, task.split.train), data.labels[task.split.train]
    )
    return Trained(
        probabilities=model.predict_proba(data, task.split.test),
        history=history.rows,
        state=model.state(),
        seconds=seconds,
        parameters=model.parameter_count(),
        train_accuracy=train_accuracy,
    )


def pack(trained: Trained) -> bytes:
    """Return a fold's result as an uncompressed NumPy archive, without pickles."""
    about = {
        "history": trained.history,
        "seconds": trained.seconds,
        "parameters": trained.parameters,
        "train_accuracy": trained.train_accuracy,
    }
    arrays = {f"state/{name}": np.asarray(value) for name, value in trained.state.items()}
    arrays["probabilities"] = trained.probabilities
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # the stub mistakes arrays for a switch
    return buffer.getvalue()


def unpack(payload: bytes) -> Trained:
    """Read what :func:`pack` wrote."""
    with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    about = json.loads(arrays.pop("about").tobytes())
    probabilities = arrays.pop("probabilities")
    state = {name.removeprefix("state/"): value for name, value in arrays.items()}
    return Trained(probabilities, state=state, **about)
