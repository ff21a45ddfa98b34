"""Batch normalisation answers with the statistics of its last epoch, on the smallest corpus too."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from models import multispec_speech
from models.parts.batch import Batch
from models.parts.classifier import TrainConfig
from models.parts.data import Data, Split
from models.parts.training import Network, train


class Normalised(Network):
    """Mean of every band, normalised far from where it lies, and one layer."""

    features = ("gtf",)

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(bands)
        self.output = nn.Linear(bands, 3)
        self.seen: list[torch.Tensor] = []

    def forward(self, batch: Batch) -> torch.Tensor:
        heard = [
            part.mean(dim=(0, 2)) for part in batch.blocks["gtf"].split(batch.seconds.tolist())
        ]
        values = torch.stack(heard)
        if self.training:
            self.seen.append(values)
        return self.output(self.norm(values))


@pytest.fixture
def network() -> Normalised:
    torch.manual_seed(0)
    return Normalised(6)


@pytest.fixture
def heard(make_data) -> Data:
    """Tracks with sound, far from zero mean and unit variance, as decibels are."""
    data = make_data(signal=3.0)
    features = {"gtf": (30 * data.features["gtf"] + 500).astype(np.float32)}
    features["gtf"][1] = features["gtf"][4]
    return replace(data, features=features, seconds_valid=np.maximum(data.seconds_valid, 2))


def test_running_statistics_are_those_of_one_whole_epoch(
    network: Normalised, heard: Data, split: Split, settings: TrainConfig
) -> None:
    train(network, heard, split, replace(settings, epochs=2), 0, None)
    assert [len(part) for part in network.seen] == [8, 7, 8, 7]
    assert network.norm.num_batches_tracked.item() == 2
    wanted = [
        (
            torch.stack([part.mean(dim=0) for part in epoch]).mean(dim=0),
            torch.stack([part.var(dim=0) for part in epoch]).mean(dim=0),
        )
        for epoch in (network.seen[:2], network.seen[2:])
    ]  # the better epoch's are kept; the layer began hundreds away
    found = (network.norm.running_mean, network.norm.running_var)
    assert any(
        torch.allclose(found[0], mean, rtol=1e-5) and torch.allclose(found[1], variance, rtol=1e-4)
        for mean, variance in wanted
    )


def test_few_batches_an_epoch_do_not_leave_validation_at_chance(
    network: Normalised, heard: Data, split: Split, settings: TrainConfig
) -> None:
    short = replace(settings, epochs=12, patience=4, learning_rate=0.05, crop_seconds=None)
    history = train(network, heard, split, short, 0, None)
    accuracy = {
        part: [row["accuracy"] for row in history.rows if row["part"] == part]
        for part in ("train", "validation")
    }
    assert max(accuracy["train"]) == 1.0
    assert max(accuracy["validation"]) == 1.0


def test_a_speech_network_is_judged_as_it_was_trained(
    make_data, split: Split, settings: TrainConfig, configs, shapes
) -> None:
    model = multispec_speech.build(configs["multispec_speech"], shapes, 3)
    short = replace(settings, epochs=12, patience=12, dropout=0.0)
    history = model.fit(make_data(signal=3.0), split, short, 0, "cpu", None)
    last = [row for row in history.rows if row["part"] == "validation"][-1]
    assert last["accuracy"] == 1.0
