"""The composite model: inputs chosen one by one; without spectrograms it is the music model."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from models import multispec_full, multispec_music
from models.parts.batch import gather
from models.parts.channel import ChannelConfig
from models.parts.classifier import NoInputError
from models.parts.data import Split
from models.parts.fusion import MfRpConfig
from models.parts.training import outputs

MUSIC = ("gtf", "mf_rp", "chords")


@pytest.fixture
def config(configs):
    return configs["multispec_full"]


def fit(config, shapes, data, split, settings):
    model = multispec_full.build(config, shapes, 3)
    history = model.fit(data, split, settings, 0, "cpu", None)
    return model, history


def test_without_spectrograms_it_is_the_music_model(config, configs, shapes, data, split, settings):
    full, history = fit(replace(config, inputs=MUSIC), shapes, data, split, settings)
    music = multispec_music.build(configs["multispec_music"], shapes, 3)
    rows = music.fit(data, split, settings, 0, "cpu", None).rows
    assert history.rows == rows
    state, other = full.state(), music.state()
    assert state.keys() == other.keys()
    assert all(state[name].tobytes() == other[name].tobytes() for name in state)


@pytest.mark.parametrize("n_inputs", [1, 2, 3, 4, 5])
def test_any_choice_is_a_network_that_reads_just_that(n_inputs, config, shapes, data):
    for chosen in combinations(multispec_full.INPUTS, n_inputs):
        network = multispec_full.build(replace(config, inputs=chosen), shapes, 3).network
        assert set(network.features) == set(chosen) - {"chords"}
        assert (network.chords is not None) == ("chords" in chosen)
        spoilt = {
            name: array if name in chosen else array * np.nan
            for name, array in data.features.items()
        }
        batch = gather(replace(data, features=spoilt), np.arange(4), network.features, "cpu")
        assert torch.isfinite(network(batch)).all()


def test_the_order_of_inputs_carries_no_meaning(config, shapes, data, split, settings):
    once = replace(settings, epochs=1)
    forth, _ = fit(config, shapes, data, split, once)
    back, _ = fit(replace(config, inputs=config.inputs[::-1]), shapes, data, split, once)
    left, right = forth.state(), back.state()
    assert all(left[name].tobytes() == right[name].tobytes() for name in left)


@pytest.mark.parametrize("name", ["gtf", "mf_rp", "wideband", "narrowband"])
def test_every_input_is_heard_in_its_own_second(name, config, shapes, data):
    torch.manual_seed(0)
    network = multispec_full.build(config, shapes, 3).network.eval()
    batch = gather(data, np.array([0, 3]), network.features, "cpu")
    louder = {key: array.clone() for key, array in batch.blocks.items()}
    louder[name][1, ..., 2] += 5.0
    with torch.no_grad():
        before = torch.cat(network.filtered(batch), dim=1)
        after = torch.cat(network.filtered(replace(batch, blocks=louder)), dim=1)
    changed = (before != after).any(dim=1)
    assert changed.tolist() == [index == 1 for index in range(len(before))]


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": ("gtf", "mf_rp", "wideband", "narrowband")},
        {"inputs": ("gtf", "mf_rp", "wideband", "chords")},
        {"inputs": ("mf_rp", "wideband", "narrowband", "chords")},
        {"gtf_channel": ChannelConfig(1, 3, 2, 2)},
        {"mf_rp_channel": ChannelConfig(1, 3, 3, 2)},
        {"mf_rp": MfRpConfig(1.0, "sum")},
        {"mf_rp": MfRpConfig(0.0, "sum")},
        {"attention": "none"},
        {"flatten": "literal"},
        {"bin_pool": 1},
        {"fused_width": 9},
        {"bilstm_width": 8},
        {"sequence": "literal"},
    ],
    ids=str,
)
def test_every_size_of_the_network_matters(change, config, shapes, data, split):
    top = {key: value for key, value in change.items() if hasattr(config, key)}
    trunk = {key: value for key, value in change.items() if key not in top}
    other = replace(config, **top, spectrogram=replace(config.spectrogram, **trunk))
    # Weights are drawn from one seed: what differs is due to the sizes.
    networks = [multispec_full.build(one, shapes, 3).network for one in (config, config, other)]
    before, again, after = (outputs(net, data, split.test, nodes=False) for net in networks)
    assert np.array_equal(before, again)
    assert not np.allclose(before, after, atol=1e-7)


@pytest.mark.parametrize("change", [{"head": "softmax"}, {"group_nodes": 5}], ids=str)
def test_the_head_matters(change, config, shapes, data, split, settings):
    bls = {key: value for key, value in change.items() if hasattr(config.bls, key)}
    other = replace(config, bls=replace(config.bls, **bls)) if bls else replace(config, **change)
    once = replace(settings, epochs=1)
    before, _ = fit(config, shapes, data, split, once)
    after, _ = fit(other, shapes, data, split, once)
    left, right = (model.predict_proba(data, split.test) for model in (before, after))
    assert not np.allclose(left, right, atol=1e-7)


def test_overfits_a_tiny_batch(config, shapes, make_data, settings):
    data = make_data(n_tracks=8, signal=0.0)
    split = Split(np.arange(6), np.arange(6, 7), np.arange(7, 8))
    still = replace(settings, epochs=40, patience=40, learning_rate=0.02, dropout=0.0)
    still = replace(still, crop_seconds=None)
    _, history = fit(config, shapes, data, split, still)
    last = [row for row in history.rows if row["part"] == "train"][-1]
    assert last["loss"] < 0.05
    assert last["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": ("gtf", "mfcc")}, "inputs: 'mfcc' is not one of gtf, mf_rp, wideband"),
        ({"inputs": ()}, "inputs: there must be at least one of gtf"),
        ({"inputs": ("gtf", "gtf")}, "inputs: 'gtf' is named twice"),
        ({"bilstm_width": 7}, "bilstm_width: 7 must be even"),
        ({"sequence": "none"}, "sequence: 'none'"),
        ({"head": "svm"}, "head: 'svm'"),
    ],
)
def test_config_refuses(change, message, config):
    with pytest.raises(ValueError, match=message):
        replace(config, **change)


def test_a_corpus_without_the_chosen_inputs(config, shapes):
    del shapes["chords"]
    with pytest.raises(NoInputError, match="multispec_full: the corpus has none of chords"):
        multispec_full.build(replace(config, inputs=("chords",)), shapes, 3)
