"""The training loop: Adam on cross-entropy, early stopping on validation, resumable at every epoch.

Conventions
-----------
Losses are nats per track (paper, Eq. 7), accuracies 0 to 1. A network may learn from parts of
tracks instead, each with its track's label (:meth:`Network.examples`); the training rows of the
history then count these, while validation always judges tracks. What an epoch draws (order of
tracks, windows of seconds, dropout) depends on the seed and the epoch's number alone, so that a fit
resumed after its last finished epoch ends with the bytes of an undisturbed one. The weights kept
are those of the best validation epoch. PyTorch's global generator is left as it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.batch import Batch, gather, parts_of
from models.parts.classifier import Checkpoint, History, TrainConfig, score
from models.parts.data import Data, Split
from models.parts.running import begin_epoch

# Tracks in a batch where nothing is learnt: a matter of memory, not of results.
TRACKS_AT_ONCE = 16


class Network(nn.Module):
    """What the loop trains: a module with feature nodes and, from them, class scores.

    Attributes
    ----------
    features
        Names of the audio features it reads.
    """

    features: tuple[str, ...]

    def prepare(self, data: Data, tracks: np.ndarray) -> None:
        """Set standardisation from training tracks [shape=(n,), int] before the first epoch."""
        raise NotImplementedError

    def nodes(self, batch: Batch) -> Tensor:
        """Return feature nodes [shape=(track, node)]."""
        raise NotImplementedError

    def forward(self, batch: Batch) -> Tensor:
        """Return class scores [shape=(track, class)] in front of a softmax."""
        raise NotImplementedError

    def examples(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return what is learnt from, by default every track as a whole.

        Returns
        -------
        scores
            Class scores in front of a softmax [shape=(example, class)]; at least one example.
        owner
            Index in the batch of the track whose label an example has [shape=(example,), int64].
        """
        scores = self(batch)
        return scores, torch.arange(len(scores), device=scores.device)


@dataclass
class _Progress:
    """Where a fit stands after its last finished epoch."""

    epoch: int
    since_best: int
    best_score: float
    best: dict[str, Tensor]
    history: History


def train(
    network: Network,
    data: Data,
    split: Split,
    settings: TrainConfig,
    seed: int,
    checkpoint: Checkpoint | None,
) -> History:
    """Train in place and leave the network with the weights of its best validation epoch.

    Parameters
    ----------
    network
        A prepared network, on the device to train on.
    data, split
        The corpus; only the training and validation parts are read.
    settings
        Batches, windows, stopping, optimiser.
    seed
        Decides order, windows and dropout.
    checkpoint
        Where finished epochs are kept, each that is due; ``None`` keeps nothing.
    """
    optimiser = torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    progress = _Progress(0, 0, np.inf, _copy(network), History())
    kept = checkpoint.load() if checkpoint is not None else None
    if kept is not None:
        progress = _unpack(kept, network, optimiser)
    while progress.epoch < settings.epochs and progress.since_best < settings.patience:
        progress.epoch += 1
        _epoch(network, optimiser, data, split.train, settings, (seed, progress.epoch), progress)
        _judge(network, data, split.validation, settings, progress)
        if checkpoint is not None and checkpoint.due():
            checkpoint.save(_pack(network, optimiser, progress))
    network.load_state_dict(progress.best)
    network.eval()
    return progress.history


def outputs(network: Network, data: Data, tracks: np.ndarray, *, nodes: bool) -> np.ndarray:
    """Return feature nodes, or class probabilities, of whole tracks in evaluation mode.

    Parameters
    ----------
    network
        A trained network.
    data
        The corpus.
    tracks
        Track indices [shape=(n,), int].
    nodes
        ``True`` for feature nodes [shape=(n, node)], ``False`` for probabilities
        [shape=(n, class)]; float64 both.
    """
    network.eval()
    device = str(next(network.parameters()).device)
    rows = []
    with torch.no_grad():
        for part in parts_of(np.asarray(tracks), TRACKS_AT_ONCE):
            batch = gather(data, part, network.features, device)
            values = network.nodes(batch) if nodes else network(batch)
            values = values.double()
            rows.append((values if nodes else values.softmax(dim=1)).cpu().numpy())
    return np.concatenate(rows)


def seeded(*numbers: int) -> np.random.Generator:
    """Return a generator that these whole numbers alone decide."""
    return np.random.default_rng(numbers)


def _epoch(
    network: Network,
    optimiser: torch.optim.Adam,
    data: Data,
    tracks: np.ndarray,
    settings: TrainConfig,
    draw: tuple[int, int],
    progress: _Progress,
) -> None:
    rng = seeded(*draw)
    device = next(network.parameters()).device
    total = right = 0.0
    network.train()
    begin_epoch(network)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int(rng.integers(2**31)))
        for part in parts_of(rng.permutation(tracks), settings.batch_size):
            crop = settings.crop_seconds
            batch = gather(data, part, network.features, str(device), crop, rng)
            labels = torch.from_numpy(data.labels[part].astype(np.int64)).to(device)
            scores, owner = network.examples(batch)
            targets = labels[owner]
            loss = functional.cross_entropy(
                scores, targets, label_smoothing=settings.label_smoothing
            )
            optimiser.zero_grad(set_to_none=True)
            cast(Any, loss).backward()
            optimiser.step()
            total += float(loss.detach()) * len(part)
            hits = float((scores.detach().argmax(dim=1) == targets).sum())
            right += hits * len(part) / len(targets)
    progress.history.add(progress.epoch, "train", total / len(tracks), right / len(tracks))


def _judge(
    network: Network, data: Data, tracks: np.ndarray, settings: TrainConfig, progress: _Progress
) -> None:
    probabilities = outputs(network, data, tracks, nodes=False)
    loss, accuracy = score(probabilities, data.labels[tracks])
    progress.history.add(progress.epoch, "validation", loss, accuracy)
    value = loss if settings.monitor == "loss" else -accuracy
    progress.since_best += 1
    if value < progress.best_score:
        progress.since_best, progress.best_score = 0, value
        progress.best = _copy(network)


def _copy(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _pack(
    network: Network, optimiser: torch.optim.Adam, progress: _Progress
) -> dict[str, np.ndarray]:
    state = {f"now.{name}": value.cpu().numpy() for name, value in network.state_dict().items()}
    state |= {f"best.{name}": value.cpu().numpy() for name, value in progress.best.items()}
    for index, slots in optimiser.state_dict()["state"].items():
        state |= {f"adam.{index}.{name}": value.cpu().numpy() for name, value in slots.items()}
    rows = progress.history.rows
    state["history"] = np.array([[row["epoch"], row["loss"], row["accuracy"]] for row in rows])
    state["parts"] = np.array([row["part"] for row in rows])
    state["counters"] = np.array([progress.epoch, progress.since_best], dtype=np.int64)
    state["best_score"] = np.array(progress.best_score)
    return state


def _unpack(
    kept: Mapping[str, np.ndarray], network: Network, optimiser: torch.optim.Adam
) -> _Progress:
    now, best = _under(kept, "now."), _under(kept, "best.")
    network.load_state_dict(now)
    whole = optimiser.state_dict()
    for name, value in _under(kept, "adam.").items():
        index, slot = name.split(".")
        whole["state"].setdefault(int(index), {})[slot] = value
    optimiser.load_state_dict(whole)
    history = History()
    for (epoch, loss, accuracy), part in zip(kept["history"], kept["parts"], strict=True):
        history.add(int(epoch), str(part), float(loss), float(accuracy))
    epoch, since_best = (int(value) for value in kept["counters"])
    return _Progress(epoch, since_best, float(kept["best_score"]), best, history)


def _under(kept: Mapping[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(value))
        for name, value in kept.items()
        if name.startswith(prefix)
    }
