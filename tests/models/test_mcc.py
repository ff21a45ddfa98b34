"""MCCLSTM and MCCBL: their channels, heads and sizes, and what each configuration key does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models import mcc_bls, mcc_lstm
from models.parts.channel import Channel, ChannelConfig
from models.parts.classifier import NoInputError, score
from models.parts.data import Split
from models.parts.fusion import MfRpConfig
from models.parts.multikernel import MultiKernel, MultiKernelConfig
from models.parts.recurrent import StepsLstm, StepsMean

MODULES = {"mcc_lstm": mcc_lstm, "mcc_bls": mcc_bls}


def fit(name, config, shapes, data, split, settings, seed=0):
    model = MODULES[name].build(config, shapes, 3)
    return model, model.fit(data, split, settings, seed, "cpu", None)


def test_channels_stand_side_by_side():
    torch.manual_seed(0)
    layer = MultiKernel(MultiKernelConfig((3, 4, 7), repeats=2, maps=3, pool=4), 192, 44)
    pictures = torch.randn(2, 192, 44)
    layer.eval()
    together = layer(pictures)
    assert together.shape == (2, layer.width)
    assert layer.width == 3 * (3 * 12 * 3)
    for index, kernel in enumerate((3, 4, 7)):
        alone = Channel(ChannelConfig(2, 3, kernel, 4), 192, 44).eval()
        alone.load_state_dict(layer.channels[index].state_dict())
        own = together[:, index * alone.width : (index + 1) * alone.width]
        torch.testing.assert_close(own, alone(pictures))


@pytest.mark.parametrize("layer", [StepsLstm(5, (7, 4)), StepsMean(5)], ids=["lstm", "mean"])
def test_every_track_is_treated_as_if_alone(layer):
    lengths = torch.tensor([3, 0, 1, 4])
    flat = torch.randn(8, 5, generator=torch.Generator().manual_seed(1))
    together = layer(flat, lengths)
    alone = [layer(own, torch.tensor([len(own)])) for own in torch.split(flat, lengths.tolist())]
    torch.testing.assert_close(together, torch.cat(alone))
    assert together[1].tolist() == [0.0] * layer.width
    values = flat[None, :3]
    for own in getattr(layer, "layers", ()):
        values = own(values)[0]
    torch.testing.assert_close(together[0], values[0].mean(dim=0))


def test_lstm_learns_a_tiny_batch_by_heart(configs, shapes, make_data, settings):
    data = make_data(n_tracks=8, signal=0.0)
    whole = replace(settings, crop_seconds=None, dropout=0.0)
    still = replace(whole, epochs=100, patience=100, learning_rate=0.05)
    split = Split(np.arange(6), np.arange(6, 7), np.arange(7, 8))
    _, history = fit("mcc_lstm", configs["mcc_lstm"], shapes, data, split, still)
    last = [row for row in history.rows if row["part"] == "train"][-1]
    assert last["loss"] < 0.02
    assert last["accuracy"] == 1.0


@pytest.mark.parametrize("front", ["random", "trained"])
def test_bls_separates_what_is_separable(front, configs, shapes, make_data, split, settings):
    data = make_data(signal=4.0)
    config = replace(configs["mcc_bls"], front=front)
    model, _ = fit("mcc_bls", config, shapes, data, split, settings)
    heard = np.flatnonzero(data.seconds_valid > 0)
    assert (model.predict_proba(data, heard).argmax(axis=1) == data.labels[heard]).all()


def test_random_front_is_left_as_drawn_and_scored_on_train_alone(
    configs, shapes, data, split, settings
):
    config = configs["mcc_bls"]
    model, history = fit("mcc_bls", config, shapes, data, split, settings)
    other, _ = fit("mcc_bls", config, shapes, data, split, replace(settings, epochs=1))
    state, again = model.state(), other.state()
    assert all(state[name].tobytes() == again[name].tobytes() for name in state)
    assert [(row["epoch"], row["part"]) for row in history.rows] == [
        (0, "train"),
        (0, "validation"),
    ]
    # After the choice the validation tracks are added, so their loss can only have been larger.
    final, _ = score(model.predict_proba(data, split.validation), data.labels[split.validation])
    assert history.rows[1]["loss"] > final
    trained, rows = fit("mcc_bls", replace(config, front="trained"), shapes, data, split, settings)
    assert max(row["epoch"] for row in rows.rows) == settings.epochs
    name = "network.filters.channels.0.convolutions.0.weight"
    assert trained.state()[name].tobytes() != state[name].tobytes()


SHARED = [
    {"filters": {"kernels": (1, 3)}},
    {"filters": {"kernels": (1, 3, 5)}},
    {"filters": {"repeats": 2}},
    {"filters": {"maps": 3}},
    {"filters": {"pool": 2}},
    {"mf_rp": {"alpha": 0.9}},
    {"mf_rp": {"mode": "concat"}},
]
OWN = {
    "mcc_lstm": [{"cells": 7}],
    "mcc_bls": [
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


def test_parameters_by_hand(configs, shapes, data, split, settings):
    # Kernels 1, 3 and 4 on one map in, two out; a scale and a shift per map behind each.
    channels = (2 * 1 + 2 * 9 + 2 * 16) + 3 * 2 + 3 * 2 * 2
    # MF_RP: 3 * 4 rows x 12 frames, pooled by 3: 4 x 4 numbers per map.
    width = 3 * 2 * 4 * 4
    lstm = 4 * 6 * (width + 6) + 2 * 4 * 6
    model = mcc_lstm.build(configs["mcc_lstm"], shapes, 3)
    assert model.parameter_count() == channels + lstm + 3 * (6 + 1 + 1)
    random, _ = fit("mcc_bls", configs["mcc_bls"], shapes, data, split, settings)
    nodes = width + 1 + 1 + random.state()["head.enhancement"].shape[1]
    assert random.parameter_count() == 3 * nodes
    config = replace(configs["mcc_bls"], front="trained")
    trained = mcc_bls.build(config, shapes, 3)
    assert trained.parameter_count() == channels + 3 * (width + 1 + 1)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_needs_audio_and_two_classes(name, configs, shapes):
    with pytest.raises(NoInputError, match=f"{name}: the corpus has none of mf_rp"):
        MODULES[name].build(configs[name], {"chords": {"dim": 5}}, 3)
    with pytest.raises(ValueError, match="n_classes: 1"):
        MODULES[name].build(configs[name], shapes, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernels": ()}, "kernels"),
        ({"kernels": (3, 3)}, "different sizes"),
        ({"kernels": (3, 0)}, "kernels: 0"),
        ({"repeats": 0}, "repeats: 0"),
        ({"maps": 0}, "maps: 0"),
        ({"pool": 0}, "pool: 0"),
    ],
)
def test_channels_refuse(change, message):
    good = {"kernels": (3, 5), "repeats": 1, "maps": 2, "pool": 2}
    with pytest.raises(ValueError, match=message):
        MultiKernelConfig(**(good | change))


def test_configs_refuse(configs):
    with pytest.raises(ValueError, match="cells: 0"):
        replace(configs["mcc_lstm"], cells=0)
    with pytest.raises(ValueError, match="front: 'frozen' is not one of random, trained"):
        replace(configs["mcc_bls"], front="frozen")
    with pytest.raises(ValueError, match="alpha: 2"):
        replace(configs["mcc_bls"], mf_rp=MfRpConfig(2, "sum"))
