"""The training loop: stopping, resuming, and that every setting and every size has an effect."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models import multispec_music
from models.parts.channel import ChannelConfig
from models.parts.checkpoint import FileCheckpoint
from models.parts.classifier import TrainConfig
from models.parts.data import Data, Split
from models.parts.fusion import MfRpConfig


class PowerLossError(Exception):
    pass


class Power:
    """A checkpoint whose computer loses power after some epochs."""

    def __init__(self, inner, epochs):
        self.inner, self.left = inner, epochs

    def due(self):
        return self.inner.due()

    def save(self, state):
        self.inner.save(state)
        self.left -= 1
        if self.left == 0:
            raise PowerLossError

    def load(self):
        return self.inner.load()


def fit(config, shapes, data, split, settings, checkpoint=None, seed=0):
    model = multispec_music.build(config, shapes, 3)
    history = model.fit(data, split, settings, seed, "cpu", checkpoint)
    return model, history


def digest(model):
    return {name: value.tobytes() for name, value in model.state().items()}


@pytest.fixture
def config(configs):
    return configs["multispec_music"]


@pytest.mark.parametrize("stops", [(1,), (2, 1), (4,)])
def test_interrupted_is_undisturbed(stops, tmp_path, config, shapes, data, split, settings):
    whole, history = fit(config, shapes, data, split, settings)
    kept = FileCheckpoint(tmp_path / "fold.npz", "a fit")
    for epochs in stops:
        with pytest.raises(PowerLossError):
            fit(config, shapes, data, split, settings, Power(kept, epochs))
    torch.manual_seed(99)
    resumed, again = fit(config, shapes, data, split, settings, kept)
    assert digest(resumed) == digest(whole)
    assert again.rows == history.rows


def test_finished_checkpoint_trains_no_more(tmp_path, config, shapes, data, split, settings):
    kept = FileCheckpoint(tmp_path / "fold.npz", "a fit")
    whole, _ = fit(config, shapes, data, split, settings, kept)
    again, _ = fit(config, shapes, data, split, settings, Power(kept, 1))
    assert digest(again) == digest(whole)


def test_no_checkpoint_is_written_before_it_is_due(
    tmp_path, monkeypatch, config, shapes, data, split, settings
):
    now = [0.0]
    monkeypatch.setattr("models.parts.checkpoint.time.monotonic", lambda: now[0])
    kept = FileCheckpoint(tmp_path / "fold.npz", "a fit", every_seconds=10.0)
    fit(config, shapes, data, split, settings, kept)
    assert not kept.path.exists()
    now[0] = 10.0
    assert kept.due()
    kept.save({"a": np.arange(3)})
    assert not kept.due()


def test_checkpoint_of_another_fit_counts_as_none(tmp_path):
    path = tmp_path / "fold.npz"
    FileCheckpoint(path, "mine").save({"a": np.arange(3)})
    assert FileCheckpoint(path, "mine").load()["a"].tolist() == [0, 1, 2]
    assert FileCheckpoint(path, "yours").load() is None
    assert [p.name for p in tmp_path.iterdir()] == ["fold.npz"]


def test_damaged_or_absent_checkpoint_counts_as_none(tmp_path):
    kept = FileCheckpoint(tmp_path / "fold.npz", "a fit")
    assert kept.load() is None
    kept.save({"a": np.arange(1000)})
    whole = kept.path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:500] + b"\xff" * 8 + whole[508:]):
        kept.path.write_bytes(damaged)
        assert kept.load() is None
    kept.clear()
    kept.clear()
    assert not kept.path.exists()


@pytest.mark.parametrize("head", ["softmax", "bls"])
def test_overfits_a_tiny_batch(head, config, shapes, make_data, settings):
    data = make_data(n_tracks=8, signal=0.0)
    split = Split(np.arange(6), np.arange(6, 7), np.arange(7, 8))
    still = replace(settings, epochs=80, patience=80, dropout=0.0, crop_seconds=None)
    _, history = fit(replace(config, head=head), shapes, data, split, still)
    last = [row for row in history.rows if row["part"] == "train"][-1]
    assert last["loss"] < 0.02
    assert last["accuracy"] == 1.0


def test_best_epoch_is_kept_and_patience_ends(config, shapes, data, split, settings):
    softmax = replace(config, head="softmax")
    wild = replace(settings, learning_rate=0.1, epochs=30, patience=3)
    model, history = fit(softmax, shapes, data, split, wild)
    losses = [row["loss"] for row in history.rows if row["part"] == "validation"]
    best = int(np.argmin(losses))
    assert len(losses) == min(best + 1 + 3, 30)
    probabilities = model.predict_proba(data, split.validation)
    true = probabilities[np.arange(5), data.labels[split.validation]]
    assert -np.log(true).mean() == pytest.approx(losses[best], abs=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {"batch_size": 4},
        {"crop_seconds": None},
        {"epochs": 2},
        {"patience": 1, "learning_rate": 0.5},
        {"learning_rate": 0.02},
        {"weight_decay": 0.1},
        {"dropout": 0.5},
        {"label_smoothing": 0.1},
    ],
)
def test_every_setting_matters(change, config, shapes, data, split, settings):
    start = replace(settings, learning_rate=0.5) if len(change) == 2 else settings
    _, before = fit(config, shapes, data, split, start)
    _, after = fit(config, shapes, data, split, replace(settings, **change))
    assert before.rows != after.rows


def test_monitor_decides_the_epoch(config, shapes, data, split, settings):
    softmax = replace(config, head="softmax")
    long = replace(settings, epochs=12, patience=12)
    by_loss, history = fit(softmax, shapes, data, split, long)
    by_accuracy, _ = fit(softmax, shapes, data, split, replace(long, monitor="accuracy"))
    rows = [row for row in history.rows if row["part"] == "validation"]
    loss_best = int(np.argmin([row["loss"] for row in rows]))
    accuracy_best = int(np.argmax([row["accuracy"] for row in rows]))
    assert (digest(by_loss) == digest(by_accuracy)) == (loss_best == accuracy_best)
    assert loss_best != accuracy_best


@pytest.mark.parametrize(
    "change",
    [
        {"gtf_channel": ChannelConfig(2, 2, 2, 2)},
        {"gtf_channel": ChannelConfig(1, 3, 2, 2)},
        {"gtf_channel": ChannelConfig(1, 2, 3, 2)},
        {"gtf_channel": ChannelConfig(1, 2, 2, 3)},
        {"mf_rp_channel": ChannelConfig(1, 3, 3, 2)},
        {"mf_rp": MfRpConfig(0.9, "sum")},
        {"mf_rp": MfRpConfig(0.5, "concat")},
        {"mf_rp": MfRpConfig(0.5, "outer")},
        {"fused_width": 9},
        {"bilstm_width": 8},
        {"sequence": "literal"},
        {"head": "softmax"},
        {"groups": 1},
        {"group_nodes": 5},
        {"shrink": 0.3},
        {"ridge": (7.0,)},
    ],
    ids=str,
)
def test_every_size_matters(change, config, shapes, data, split, settings):
    bls = {key: value for key, value in change.items() if hasattr(config.bls, key)}
    other = replace(config, bls=replace(config.bls, **bls)) if bls else replace(config, **change)
    everyone = np.arange(24)
    before, _ = fit(config, shapes, data, split, settings)
    after, _ = fit(other, shapes, data, split, settings)
    same = np.array_equal(before.predict_proba(data, everyone), after.predict_proba(data, everyone))
    assert not same


def test_seed_matters_and_the_global_generator_is_left_alone(config, shapes, data, split, settings):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, _ = fit(config, shapes, data, split, settings)
    assert torch.equal(torch.rand(3), expected)
    second, _ = fit(config, shapes, data, split, settings, seed=1)
    assert digest(first) != digest(second)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 0}, "batch_size: 0"),
        ({"crop_seconds": 0}, "crop_seconds: 0"),
        ({"monitor": "f1"}, "monitor: 'f1'"),
        ({"learning_rate": 0.0}, "learning_rate: 0.0"),
        ({"weight_decay": -1.0}, "weight_decay: -1.0"),
        ({"dropout": 1.0}, r"dropout: 1.0 must lie in \[0, 1\)"),
        ({"label_smoothing": -0.1}, "label_smoothing"),
    ],
)
def test_settings_refuse(change, message, settings):
    with pytest.raises(ValueError, match=message):
        replace(settings, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bilstm_width": 7}, "bilstm_width: 7 must be even"),
        ({"fused_width": 0}, "fused_width: 0"),
        ({"sequence": "none"}, "sequence: 'none'"),
        ({"head": "svm"}, "head: 'svm'"),
    ],
)
def test_config_refuses(change, message, config):
    with pytest.raises(ValueError, match=message):
        replace(config, **change)


def test_data_and_split_refuse(data):
    with pytest.raises(ValueError, match="has_chords: 3 tracks, but there are 24 labels"):
        replace(data, has_chords=np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="gtf: 4 seconds, but seconds_valid reaches 9"):
        replace(data, seconds_valid=np.full(24, 9))
    with pytest.raises(ValueError, match="a track is in two parts"):
        Split(np.array([0, 1]), np.array([1]), np.array([2]))
    with pytest.raises(ValueError, match=r"split.validation: no track"):
        Split(np.array([0, 1]), np.array([], dtype=int), np.array([2]))
    assert isinstance(data, Data)


def test_train_config_is_frozen(settings):
    with pytest.raises(AttributeError):
        settings.epochs = 3
    assert isinstance(settings, TrainConfig)
