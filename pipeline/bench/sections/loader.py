"""Training input: how long an epoch waits for its batches, beside what the network does with them.

Stores made by the real stage, spread to memory-mapped files as for training, read in random batches
and windows; each batch then makes one step of the network of params.yaml. Warm: the first epoch is
not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch.nn import functional

import models
from models.parts.batch import gather, parts_of
from models.parts.classifier import TrainConfig
from models.parts.data import Data
from models.parts.network import NetworkClassifier
from models.parts.training import Network, seeded
from pipeline import crossval, tensors
from pipeline.bench import project
from pipeline.bench.results import Goal, Section
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Clock, Spread, Timings, one_thread

QUICK = False
TRACKS = 64
MODEL = "multispec_music"
INPUTS = ("gtf", "mf_rp")
COLUMNS = ("what", "milliseconds per batch", "tracks per second", "share of the epoch")
LOADING, STEP = "loading", "network's step"
#: Largest share of an epoch that may be spent waiting.
MOST = 0.05


def run(settings: Settings) -> Section:
    """Measure loading beside training."""
    how, device = crossval.settings(settings.params)
    with ready(settings) as (data, network):
        network.to(device)
        tick_total = 1 + settings.rounds
        with settings.bar("loader", tick_total) as tick, one_thread():
            timings = epochs(data, network, how, settings.rounds, tick=tick)
        return report(timings, len(data.labels), how, device)


@contextmanager
def ready(settings: Settings) -> Iterator[tuple[Data, Network]]:
    """Yield a corpus in memory-mapped files and the network for it, on the CPU."""
    with project.temporary(settings, settings.count(TRACKS)) as made:
        made.extract(INPUTS)
        scratch = made.folder / "scratch"
        scratch.mkdir()
        with made.inside():
            loaded = tensors.load(made.params, project.NAME, INPUTS, Path("scratch"))
        config = crossval.model_config(settings.params, MODEL)
        model = models.load(MODEL).build(config, loaded.shapes, len(loaded.classes))
        assert isinstance(model, NetworkClassifier), "the music model is a network"
        data = loaded.view("corpus", 0, 0)
        model.network.prepare(data, np.arange(len(data.labels)))
        yield data, model.network


def epochs(
    data: Data,
    network: Network,
    how: TrainConfig,
    rounds: int,
    clock: Clock = time.perf_counter,
    tick: Callable[[], object] = lambda: None,
) -> Timings:
    """Train one epoch to warm up and ``rounds`` more; return seconds of loading and of steps."""
    optimiser = torch.optim.Adam(network.parameters(), lr=how.learning_rate)
    device = next(network.parameters()).device
    network.train()
    loading, steps = [], []
    for epoch in range(1 + rounds):
        rng = seeded(0, epoch)
        spent = {LOADING: 0.0, STEP: 0.0}
        for part in parts_of(rng.permutation(len(data.labels)), how.batch_size):
            start = clock()
            batch = gather(data, part, network.features, str(device), how.crop_seconds, rng)
            middle = clock()
            scores, owner = network.examples(batch)
            targets = torch.from_numpy(data.labels[part].astype(np.int64)).to(device)[owner]
            loss = functional.cross_entropy(scores, targets)
            optimiser.zero_grad(set_to_none=True)
            cast(Any, loss).backward()
            optimiser.step()
            float(loss.detach())  # waits for the device
            end = clock()
            spent[LOADING] += middle - start
            spent[STEP] += end - middle
        if epoch > 0:
            loading.append(spent[LOADING])
            steps.append(spent[STEP])
        tick()
    return Timings({LOADING: tuple(loading), STEP: tuple(steps)})


def report(timings: Timings, tracks: int, how: TrainConfig, device: str) -> Section:
    """Make the table."""
    batches = len(parts_of(np.arange(tracks), how.batch_size))
    rounds = zip(timings.seconds[LOADING], timings.seconds[STEP], strict=True)
    shares = [waiting / (waiting + working) for waiting, working in rounds]
    waiting = Spread.of(shares)
    working = Spread.of([1 - share for share in shares])
    rows = tuple(
        (
            name,
            timings.each(name).times(1000 / batches),
            timings.speed(name, tracks),
            share,
        )
        for name, share in ((LOADING, waiting), (STEP, working))
    )
    length = "whole tracks" if how.crop_seconds is None else f"windows of {how.crop_seconds} s"
    return Section(
        name="loader",
        title=f"Training input of {MODEL}",
        columns=COLUMNS,
        rows=rows,
        goals=(Goal("share of an epoch spent waiting for data", waiting.median, MOST, False),),
        notes=(f"{tracks} tracks, batches of {how.batch_size}, {length}, device {device}.",),
    )
