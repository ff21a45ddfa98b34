"""RCNNLSTM and RCNNBL: drawn numbers of kernels, their way through the state, and every key."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from models import rcnn_bls, rcnn_lstm
from models.parts.checkpoint import FileCheckpoint
from models.parts.classifier import NoInputError
from models.parts.data import Split
from models.parts.randomcnn import RandomCnn, RandomCnnConfig, draw_kernels, kernels_of

MODULES = {"rcnn_lstm": rcnn_lstm, "rcnn_bls": rcnn_bls}


def fit(name, config, shapes, data, split, settings, seed=0, checkpoint=None):
    model = MODULES[name].build(config, shapes, 3)
    return model, model.fit(data, split, settings, seed, "cpu", checkpoint)


def digest(model):
    return {name: value.tobytes() for name, value in model.state().items()}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("kernel", [2, 3])
def test_layers_against_plain_ones(kernel):
    torch.manual_seed(0)
    layer = RandomCnn(RandomCnnConfig(1, 9, kernel, 3), (5, 4), 26, 44)
    plain = []
    for index, (last, following) in enumerate([(1, 5), (5, 4)]):
        convolution = nn.Conv2d(last, following, kernel, padding="same")
        convolution.load_state_dict(layer.convolutions[index].state_dict())
        pool = nn.MaxPool2d(3, ceil_mode=True)
        plain += [convolution, pool, nn.BatchNorm2d(following), nn.ReLU()]
    network = nn.Sequential(*plain, nn.Flatten())
    pictures = torch.randn(40, 26, 44)
    # Layouts differ, and with them the order of float32 sums.
    torch.testing.assert_close(layer(pictures), network(pictures[:, None]), rtol=1e-3, atol=1e-4)
    assert layer(pictures).shape == (40, layer.width)
    assert layer.width == 4 * 3 * 5


def test_draws_are_uniform_in_the_closed_range():
    torch.manual_seed(3)
    drawn = np.array([draw_kernels(RandomCnnConfig(3, 6, 3, 2)) for _ in range(2000)])
    assert drawn.shape == (2000, 2)
    for layer in drawn.T:
        counts = np.bincount(layer, minlength=7)
        assert counts[:3].sum() == 0
        # 500 expected; 5 standard deviations of a binomial are 97.
        assert (np.abs(counts[3:] - 500) < 97).all()
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.12


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_seed_draws_the_architecture(name, configs, shapes, data, split, settings):
    short = replace(settings, epochs=1)
    found = {
        seed: fit(name, configs[name], shapes, data, split, short, seed)[0] for seed in range(4)
    }
    drawn = {seed: kernels_of(model.state()) for seed, model in found.items()}
    assert len(set(drawn.values())) > 1
    assert all(2 <= number <= 9 for kernels in drawn.values() for number in kernels)
    for seed, kernels in drawn.items():
        weight = found[seed].state()["network.filters.convolutions.1.weight"]
        assert weight.shape[:2] == kernels[::-1]
    again, _ = fit(name, configs[name], shapes, data, split, short, 2)
    assert digest(again) == digest(found[2])


@pytest.mark.parametrize("name", sorted(MODULES))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_round_trip_of_any_architecture(name, seed, configs, shapes, data, split, settings):
    model, _ = fit(name, configs[name], shapes, data, split, replace(settings, epochs=1), seed)
    unfitted = MODULES[name].build(configs[name], shapes, 3)
    assert kernels_of(unfitted.state()) != kernels_of(model.state())
    unfitted.load(model.state())
    everyone = np.arange(24)
    assert digest(unfitted) == digest(model)
    assert unfitted.parameter_count() == model.parameter_count()
    expected = model.predict_proba(data, everyone)
    assert np.array_equal(unfitted.predict_proba(data, everyone), expected)


def test_resumed_fit_keeps_its_architecture(tmp_path, configs, shapes, data, split, settings):
    config = configs["rcnn_lstm"]
    whole, history = fit("rcnn_lstm", config, shapes, data, split, settings, seed=3)
    kept = FileCheckpoint(tmp_path / "fold.npz", "a fit")
    fit("rcnn_lstm", config, shapes, data, split, replace(settings, epochs=2), 3, kept)
    torch.manual_seed(99)
    resumed, again = fit("rcnn_lstm", config, shapes, data, split, settings, 3, kept)
    assert digest(resumed) == digest(whole)
    assert again.rows == history.rows


def test_lstm_learns_a_tiny_batch_by_heart(configs, shapes, make_data, settings):
    data = make_data(n_tracks=8, signal=0.0)
    whole = replace(settings, crop_seconds=None, dropout=0.0)
    still = replace(whole, epochs=100, patience=100, learning_rate=0.05)
    split = Split(np.arange(6), np.arange(6, 7), np.arange(7, 8))
    _, history = fit("rcnn_lstm", configs["rcnn_lstm"], shapes, data, split, still)
    last = [row for row in history.rows if row["part"] == "train"][-1]
    assert last["loss"] < 0.02
    assert last["accuracy"] == 1.0


@pytest.mark.parametrize("front", ["random", "trained"])
def test_bls_separates_what_is_separable(front, configs, shapes, make_data, split, settings):
    data = make_data(signal=4.0)
    config = replace(configs["rcnn_bls"], front=front)
    model, history = fit("rcnn_bls", config, shapes, data, split, settings)
    heard = np.flatnonzero(data.seconds_valid > 0)
    assert (model.predict_proba(data, heard).argmax(axis=1) == data.labels[heard]).all()
    assert max(row["epoch"] for row in history.rows) == (settings.epochs * (front == "trained"))


SHARED = [
    {"filters": {"fewest": 8}},
    {"filters": {"most": 3}},
    {"filters": {"kernel": 5}},
    {"filters": {"pool": 2}},
    {"mf_rp": {"alpha": 0.9}},
    {"mf_rp": {"mode": "concat"}},
]
OWN = {
    "rcnn_lstm": [{"cells": 7}],
    "rcnn_bls": [
        {"front": "trained"},
        {"bls": {"groups": 1}},
        {"bls": {"group_nodes": 5}},
        {"bls": {"shrink": 0.3}},
        {"bls": {"ridge": (7.0,)}},
    ],
}


@pytest.mark.parametrize(
    ("name", "change"),
    [(name, change) for name in sorted(MODULES) for change in SHARED + OWN[name]],
    ids=str,
)
def test_every_size_matters(name, change, configs, changed, shapes, data, split, settings):
    everyone = np.arange(24)
    before, _ = fit(name, configs[name], shapes, data, split, settings)
    after, _ = fit(name, changed(configs[name], change), shapes, data, split, settings)
    same = np.array_equal(before.predict_proba(data, everyone), after.predict_proba(data, everyone))
    assert not same


def test_parameters_by_hand(configs, changed, shapes, data, split, settings):
    fixed = {"filters": {"fewest": 4, "most": 4}}
    layers = (4 * 9 + 4) + (4 * 4 * 9 + 4) + 2 * (2 * 4)
    # MF_RP: 3 * 4 rows x 12 frames, pooled by 3 twice: 2 x 2 numbers per map.
    width = 4 * 2 * 2
    lstm = 4 * 6 * (width + 6) + 2 * 4 * 6
    model = rcnn_lstm.build(changed(configs["rcnn_lstm"], fixed), shapes, 3)
    assert model.parameter_count() == layers + lstm + 3 * (6 + 1 + 1)
    config = changed(configs["rcnn_bls"], fixed)
    random, _ = fit("rcnn_bls", config, shapes, data, split, settings)
    nodes = width + 1 + 1 + random.state()["head.enhancement"].shape[1]
    assert random.parameter_count() == 3 * nodes


@pytest.mark.parametrize("name", sorted(MODULES))
def test_needs_audio(name, configs):
    with pytest.raises(NoInputError, match=f"{name}: the corpus has none of mf_rp"):
        MODULES[name].build(configs[name], {"chords": {"dim": 5}}, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fewest": 0}, "fewest: 0"),
        ({"most": 1}, "most: 1 must not be below fewest, 2"),
        ({"kernel": 0}, "kernel: 0"),
        ({"pool": 0}, "pool: 0"),
    ],
)
def test_layers_refuse(change, message):
    good = {"fewest": 2, "most": 3, "kernel": 3, "pool": 2}
    with pytest.raises(ValueError, match=message):
        RandomCnnConfig(**(good | change))


def test_configs_and_states_refuse(configs):
    with pytest.raises(ValueError, match="cells: 0"):
        replace(configs["rcnn_lstm"], cells=0)
    with pytest.raises(ValueError, match="front: 'frozen' is not one of random, trained"):
        replace(configs["rcnn_bls"], front="frozen")
    with pytest.raises(KeyError, match="no drawn numbers"):
        kernels_of({"network.output.weight": np.zeros(3)})
