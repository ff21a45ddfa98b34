"""LSTM_BLS: its steps, its feature nodes, and what each configuration key does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models import lstm_bls
from models.parts.batch import gather
from models.parts.classifier import NoInputError
from models.parts.data import Split
from models.parts.training import outputs


def fit(config, shapes, data, split, settings):
    model = lstm_bls.build(config, shapes, 3)
    return model, model.fit(data, split, settings, 0, "cpu", None)


@pytest.fixture
def config(configs):
    return configs["lstm_bls"]


@pytest.mark.parametrize("frames_per_step", [1, 5, 12])
def test_steps_are_means_of_runs(frames_per_step):
    pictures = np.random.default_rng(0).standard_normal((3, 4, 12)).astype(np.float32)
    layer = lstm_bls.FrameSteps(frames_per_step, rows=4, frames=12)
    starts = range(0, 12, frames_per_step)
    expected = [
        block[:, start : start + frames_per_step].mean(axis=1)
        for block in pictures
        for start in starts
    ]
    assert layer.steps == len(starts)
    np.testing.assert_allclose(layer(torch.from_numpy(pictures)), expected, atol=1e-6)


def test_layers_run_over_all_steps_of_a_track(config, shapes, data):
    network = lstm_bls.build(config, shapes, 3).network.eval()
    track = int(np.flatnonzero(data.seconds_valid == 3)[0])
    batch = gather(data, np.array([track]), network.features, "cpu")
    # 12 frames in runs of 5 are 3 steps a second, in the order of time.
    fused = network.fusion(batch.blocks["mf_rp"])
    steps = torch.cat(
        [block[:, start : start + 5].mean(dim=1)[None] for block in fused for start in (0, 5, 10)]
    )
    assert steps.shape == (9, 12)
    values = steps[None]
    for layer in network.sequence.layers:
        values = layer(values)[0]
    expected = torch.cat([values[0].mean(dim=0), torch.ones(1)])
    torch.testing.assert_close(network.nodes(batch)[0], expected)


def test_features_join_the_nodes(config, shapes, data, split, settings):
    both = replace(config, nodes="lstm_and_features")
    model, _ = fit(both, shapes, data, split, settings)
    heard = np.flatnonzero(data.seconds_valid > 0)[:5]
    nodes = outputs(model.network, data, heard, nodes=True)
    assert nodes.shape == (5, 6 + 12 + 1)
    standard = model.network.fusion.standardise
    mean, deviation = standard.mean.numpy(), standard.deviation.numpy()
    for row, track in zip(nodes, heard, strict=True):
        own = data.features["mf_rp"][track, : data.seconds_valid[track]]
        scaled = (own - mean[..., None]) / deviation[..., None]
        # The mean of the run means 0-4, 5-9 and 10-11, as the layer averages its steps.
        runs = [scaled[..., part].mean(axis=-1) for part in (slice(5), slice(5, 10), slice(10, 12))]
        expected = np.mean(runs, axis=(0, 1)).mean(axis=0)
        np.testing.assert_allclose(row[6:10], expected, atol=1e-5)


def test_learns_a_tiny_batch_by_heart(config, shapes, make_data, settings):
    data = make_data(n_tracks=8, signal=0.0)
    whole = replace(settings, crop_seconds=None, dropout=0.0)
    still = replace(whole, epochs=100, patience=100, learning_rate=0.05)
    split = Split(np.arange(6), np.arange(6, 7), np.arange(7, 8))
    _, history = fit(config, shapes, data, split, still)
    last = [row for row in history.rows if row["part"] == "train"][-1]
    assert last["loss"] < 0.02
    assert last["accuracy"] == 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"mf_rp": {"alpha": 0.9}},
        {"mf_rp": {"mode": "outer"}},
        {"frames_per_step": 12},
        {"cells": (7,)},
        {"cells": (8, 6)},
        {"nodes": "lstm_and_features"},
        {"bls": {"groups": 1}},
        {"bls": {"group_nodes": 5}},
        {"bls": {"shrink": 0.3}},
        {"bls": {"ridge": (7.0,)}},
    ],
    ids=str,
)
def test_every_size_matters(change, config, changed, shapes, data, split, settings):
    everyone = np.arange(24)
    before, _ = fit(config, shapes, data, split, settings)
    after, _ = fit(changed(config, change), shapes, data, split, settings)
    same = np.array_equal(before.predict_proba(data, everyone), after.predict_proba(data, everyone))
    assert not same


def test_parameters_by_hand(config, shapes, data, split, settings):
    lstm = 4 * 7 * (12 + 7) + 2 * 4 * 7 + 4 * 6 * (7 + 6) + 2 * 4 * 6
    network = lstm + 3 * (6 + 1 + 1)
    model = lstm_bls.build(config, shapes, 3)
    assert model.parameter_count() == network
    model, _ = fit(config, shapes, data, split, settings)
    nodes = 6 + 1 + 1 + model.state()["head.enhancement"].shape[1]
    assert model.parameter_count() == network + 3 * nodes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames_per_step": 0}, "frames_per_step: 0"),
        ({"cells": ()}, "cells"),
        ({"cells": (4, 0)}, "cells"),
        ({"nodes": "all"}, "nodes: 'all' is not one of lstm, lstm_and_features"),
    ],
)
def test_config_refuses(change, message, config):
    with pytest.raises(ValueError, match=message):
        replace(config, **change)


def test_build_refuses(config, shapes):
    with pytest.raises(ValueError, match="frames_per_step: 13 is more than a second's 12 frames"):
        lstm_bls.build(replace(config, frames_per_step=13), shapes, 3)
    with pytest.raises(NoInputError, match="lstm_bls: the corpus has none of mf_rp"):
        lstm_bls.build(config, {"gtf": shapes["gtf"]}, 3)
