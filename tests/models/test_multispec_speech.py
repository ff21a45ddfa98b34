"""The speech model: segments and their edges, posteriors of utterances, and every size of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import multispec_speech
from models.parts.batch import gather
from models.parts.checkpoint import FileCheckpoint
from models.parts.classifier import NoInputError
from models.parts.data import Split
from models.parts.segments import cut, join, starts


@pytest.fixture
def config(configs):
    return configs["multispec_speech"]


def fit(config, shapes, data, split, settings, checkpoint=None):
    model = multispec_speech.build(config, shapes, 3)
    history = model.fit(data, split, settings, 0, "cpu", checkpoint)
    return model, history


def digest(model):
    return {name: value.tobytes() for name, value in model.state().items()}


def blocks_of(instants, hops):
    """Cut a line of instants into blocks that share their edges."""
    n_seconds = (len(instants) - 1) // hops
    return np.stack([instants[s * hops : (s + 1) * hops + 1] for s in range(n_seconds)])


@given(n=st.integers(0, 60), length=st.integers(1, 9))
def test_segments_cover_every_second_and_no_silence(n, length):
    begins = starts(n, length)
    heard = {second for begin in begins for second in range(begin, min(begin + length, n))}
    assert heard == set(range(n))
    assert len(begins) == -(-n // length)
    assert all(begin + length <= n for begin in begins) or n < length


@given(
    seconds=st.lists(st.integers(0, 7), min_size=1, max_size=5),
    length=st.integers(1, 4),
    hops=st.integers(1, 5),
)
def test_joined_segments_are_the_track_itself(seconds, length, hops):
    tracks = [100.0 * i + np.arange(n * hops + 1) for i, n in enumerate(seconds)]
    parts = [blocks_of(track, hops) for track, n in zip(tracks, seconds, strict=True) if n]
    found = cut(torch.tensor(seconds), length, hops + 1)
    expected, owner = [], []
    for number, (track, n) in enumerate(zip(tracks, seconds, strict=True)):
        for begin in starts(n, length):
            whole = np.pad(track, (0, max(length - n, 0) * hops), mode="reflect")
            expected.append(whole[begin * hops : (begin + length) * hops + 1])
            owner.append(number)
    assert found.owner.tolist() == owner
    if parts:
        flat = torch.from_numpy(np.concatenate(parts))[:, None]
        joined = join(torch.cat([flat, -flat], dim=1), found)
        assert np.array_equal(joined[:, 0], expected)
        assert torch.equal(joined[:, 1], -joined[:, 0])


def test_segments_of_the_papers_blocks():
    assert cut(torch.tensor([2]), 2, 101).frame.shape == (1, 201)
    three = cut(torch.tensor([3]), 2, 101)
    assert three.block[:, [0, 99, 100, 200]].tolist() == [[0, 0, 1, 1], [1, 1, 2, 2]]
    assert three.frame[:, [0, 99, 100, 200]].tolist() == [[0, 99, 0, 100]] * 2
    one = cut(torch.tensor([1]), 2, 101)
    assert one.frame[0, [0, 99, 100, 101, 200]].tolist() == [0, 99, 100, 99, 0]
    with pytest.raises(ValueError, match="frame: 1 frames in a block"):
        cut(torch.tensor([2]), 2, 1)


def test_an_utterance_has_the_mean_posterior_of_its_segments(config, shapes, data):
    torch.manual_seed(0)
    network = multispec_speech.build(config, shapes, 3).network.eval()
    batch = gather(data, np.arange(6), network.features, "cpu")
    with torch.no_grad():
        scores, owner = network.examples(batch)
        together = network(batch).exp()
        alone = [network(gather(data, np.array([t]), network.features, "cpu")) for t in range(6)]
    counted = torch.bincount(owner).tolist()
    assert counted == [max(-(-n // 2), 1) for n in data.seconds_valid[:6].tolist()]
    assert max(counted) > 1
    for track in range(6):
        mean = scores[owner == track].softmax(dim=1).mean(dim=0)
        torch.testing.assert_close(together[track], mean)
    torch.testing.assert_close(together, torch.cat(alone).exp())
    torch.testing.assert_close(together.sum(dim=1), torch.ones(6))
    torch.testing.assert_close(together[1], network.output.bias.softmax(dim=0))


def test_every_segment_counts_by_itself_in_training(config, shapes, data, split, settings):
    """One epoch by hand: cross-entropy over all segments, each with its track's label."""
    one = replace(settings, epochs=1, batch_size=99, crop_seconds=None, dropout=0.0)
    model, history = fit(config, shapes, data, split, one)
    fresh, _ = fit(config, shapes, data, split, replace(one, learning_rate=1e-12))
    batch = gather(data, split.train, fresh.network.features, "cpu")
    scores, owner = fresh.network.train().examples(batch)
    labels = torch.from_numpy(data.labels[split.train])[owner]
    loss = torch.nn.functional.cross_entropy(scores, labels)
    row = history.rows[0]
    assert row["loss"] == pytest.approx(loss.item(), rel=1e-4)
    assert row["accuracy"] == pytest.approx((scores.argmax(dim=1) == labels).float().mean().item())
    assert digest(model) != digest(fresh)


def test_bins_are_standardised_with_training_tracks(config, shapes, data, split):
    network = multispec_speech.build(config, shapes, 3).network
    network.prepare(data, split.train)
    for kind in network.features:
        own = [data.features[kind][t, : data.seconds_valid[t]] for t in split.train]
        values = network.front[kind](torch.from_numpy(np.concatenate(own)))
        torch.testing.assert_close(values.mean(dim=(0, 2)), torch.zeros(9), atol=1e-4, rtol=0)
        torch.testing.assert_close(
            values.std(dim=(0, 2), correction=0), torch.ones(9), atol=1e-4, rtol=0
        )


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": ("wideband",)},
        {"inputs": ("narrowband",)},
        {"segment_seconds": 1},
        {"segment_seconds": 3},
        {"hidden_width": 8},
        {"bin_pool": 1},
        {"frame_pool": 2},
        {"first_maps": 3},
        {"maps": (4, 6)},
        {"maps": (4,)},
        {"pool_after": (2,)},
        {"pool_after": ()},
        {"attention": "none"},
        {"reduction": 1},
        {"spatial_kernel": 7},
        {"row_width": 8},
        {"flatten": "literal"},
    ],
    ids=str,
)
def test_every_size_matters(change, config, shapes, data, split):
    top = {key: value for key, value in change.items() if hasattr(config, key)}
    trunk = {key: value for key, value in change.items() if key not in top}
    other = replace(config, **top, spectrogram=replace(config.spectrogram, **trunk))
    # Weights are drawn from one seed: what differs is due to the sizes.
    models = [multispec_speech.build(one, shapes, 3) for one in (config, config, other)]
    before, again, after = (model.predict_proba(data, split.test) for model in models)
    assert np.array_equal(before, again)
    assert not np.allclose(before, after, atol=1e-7)


@pytest.mark.parametrize("flatten", ["mean", "literal"])
def test_overfits_a_tiny_batch(flatten, config, shapes, make_data, settings):
    data = make_data(n_tracks=8, signal=0.0)
    split = Split(np.arange(2, 8), np.arange(1), np.arange(1, 2))
    still = replace(settings, epochs=40, patience=40, learning_rate=0.02, dropout=0.0)
    still = replace(still, crop_seconds=None)
    trunk = replace(config.spectrogram, flatten=flatten)
    wide = replace(config, spectrogram=trunk, hidden_width=16)
    _, history = fit(wide, shapes, data, split, still)
    last = [row for row in history.rows if row["part"] == "train"][-1]
    assert last["loss"] < 0.05
    assert last["accuracy"] == 1.0


def test_interrupted_is_undisturbed(tmp_path, config, shapes, data, split, settings):
    whole, history = fit(config, shapes, data, split, settings)
    kept = FileCheckpoint(tmp_path / "fold.npz", "a fit")
    fit(config, shapes, data, split, replace(settings, epochs=2), kept)
    resumed, again = fit(config, shapes, data, split, settings, kept)
    assert digest(resumed) == digest(whole)
    assert again.rows == history.rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": ("gtf",)}, "inputs: 'gtf' is not one of wideband, narrowband"),
        ({"inputs": ()}, "inputs: there must be at least one of wideband, narrowband"),
        ({"inputs": ("wideband", "wideband")}, "inputs: 'wideband' is named twice"),
        ({"segment_seconds": 0}, "segment_seconds: 0"),
        ({"hidden_width": 0}, "hidden_width: 0"),
    ],
)
def test_config_refuses(change, message, config):
    with pytest.raises(ValueError, match=message):
        replace(config, **change)


def test_a_corpus_without_the_chosen_spectrogram(config, shapes):
    del shapes["wideband"]
    with pytest.raises(NoInputError, match="the corpus has none of wideband"):
        multispec_speech.build(replace(config, inputs=("wideband",)), shapes, 3)
    with pytest.raises(ValueError, match="n_classes: 1 must be at least 2"):
        multispec_speech.build(config, shapes, 1)
