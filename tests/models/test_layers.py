"""The CNN channel against plain PyTorch, and sequences against one track at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.parts.batch import parts_of, windows
from models.parts.channel import BLOCKS_AT_ONCE, Channel, ChannelConfig
from models.parts.chordvector import ChordVector, chord_moments
from models.parts.sequence import SecondsBiLstm, masked_mean

# (repeats, maps, kernel, pool) of the GTF and the MF_RP channel: paper, Tables IV, V and VI.
SWEEP = [
    ((3, 4, 5, 4), (2, 4, 6, 5)),
    ((2, 5, 7, 4), (3, 6, 8, 4)),
    ((2, 4, 6, 4), (2, 7, 9, 5)),
    ((3, 3, 5, 5), (4, 6, 8, 4)),
    ((2, 4, 5, 4), (3, 5, 7, 4)),
    ((3, 5, 4, 4), (2, 4, 6, 5)),
    ((2, 4, 5, 4), (3, 6, 8, 4)),
    ((2, 5, 8, 4), (2, 7, 9, 5)),
    ((3, 3, 5, 5), (3, 5, 8, 4)),
    ((2, 4, 5, 4), (3, 6, 9, 5)),
    ((3, 4, 5, 4), (2, 3, 5, 4)),
    ((2, 3, 5, 4), (2, 6, 8, 4)),
    ((2, 4, 8, 4), (2, 7, 8, 4)),
    ((3, 4, 5, 4), (3, 6, 8, 4)),
    ((2, 3, 5, 4), (3, 6, 8, 4)),
]
CHANNELS = [(row[0], 24) for row in SWEEP] + [(row[1], 192) for row in SWEEP]


@pytest.mark.parametrize(("numbers", "rows"), CHANNELS)
def test_every_channel_of_the_sweep_builds(numbers, rows):
    channel = Channel(ChannelConfig(*numbers), rows, 44)
    output = channel(torch.zeros(2, rows, 44))
    assert output.shape == (2, channel.width)
    assert channel.width >= numbers[1]


@pytest.mark.parametrize("numbers", [(2, 3, 2, 2), (3, 6, 3, 2), (2, 5, 4, 3)])
def test_channel_against_plain_layers(numbers):
    torch.manual_seed(0)
    repeats, maps, kernel, pool = numbers
    # In float64: normalising may enlarge what single precision rounds, as far as it likes.
    channel = Channel(ChannelConfig(*numbers), 26, 44).double()
    layers = []
    for index in range(repeats):
        convolution = nn.Conv2d(1 if index == 0 else maps, maps, kernel, padding="same")
        convolution.load_state_dict(channel.convolutions[index].state_dict())
        layers += [convolution, nn.MaxPool2d(pool, ceil_mode=True), nn.BatchNorm2d(maps), nn.ReLU()]
    plain = nn.Sequential(*layers, nn.Flatten()).double()
    pictures = torch.randn(BLOCKS_AT_ONCE + 5, 26, 44, dtype=torch.float64)
    for _ in range(2):
        torch.testing.assert_close(channel(pictures), plain(pictures[:, None]))
        channel.eval()
        plain.eval()


def test_channel_config_refuses():
    with pytest.raises(ValueError, match="pool: 0 must be at least 1"):
        ChannelConfig(1, 1, 1, 0)


@pytest.mark.parametrize("sequence", ["per_second", "literal"])
def test_bilstm_treats_every_track_as_if_alone(sequence):
    torch.manual_seed(1)
    layer = SecondsBiLstm(5, 6, sequence)
    seconds = torch.tensor([3, 0, 1, 4])
    flat = torch.randn(8, 5)
    together = layer(flat, seconds)
    alone = [layer(own, torch.tensor([len(own)])) for own in torch.split(flat, seconds.tolist())]
    torch.testing.assert_close(together, torch.cat(alone))
    assert together[1].tolist() == [0.0] * 6
    if sequence == "per_second":
        output, _ = layer.lstm(flat[None, :3])
    else:
        output, _ = layer.lstm(flat[:3].mean(dim=0)[None, None])
    torch.testing.assert_close(together[0], output[0].mean(dim=0))


def test_masked_mean_ignores_what_follows():
    padded = torch.tensor([[[1.0], [3.0], [torch.nan]], [[torch.nan]] * 3])
    assert masked_mean(padded, torch.tensor([2, 0])).tolist() == [[2.0], [0.0]]


def test_chords_are_standardised_masked_and_flagged():
    chords = np.array([[1.0, 5.0], [3.0, 5.0], [77.0, 7.0], [9.0, 9.0]])
    has = np.array([True, True, False, True])
    mean, deviation = chord_moments(chords, has, np.array([0, 1, 2]))
    assert mean.tolist() == [2.0, 5.0]
    assert deviation.tolist() == [1.0, 1.0]
    layer = ChordVector(2)
    layer.set(mean, deviation)
    present = torch.from_numpy(has.astype(np.float32))
    result = layer(torch.from_numpy(chords.astype(np.float32)), present)
    assert result.tolist() == [[-1, 0, 1], [1, 0, 1], [0, 0, 0], [7, 4, 1]]


@given(valid=st.lists(st.integers(0, 40), min_size=1), crop=st.none() | st.integers(1, 30))
def test_windows_stay_inside_the_track(valid, crop):
    ranges = windows(np.array(valid), crop, np.random.default_rng(0))
    for (start, stop), seconds in zip(ranges, valid, strict=True):
        assert 0 <= start <= stop <= seconds
        assert stop - start == (seconds if crop is None else min(crop, seconds))


def test_windows_reach_every_start():
    starts = {s for s, _ in windows(np.full(200, 5), 2, np.random.default_rng(0))}
    assert starts == {0, 1, 2, 3}


@given(n=st.integers(1, 300), size=st.integers(1, 64))
def test_parts_are_even_and_complete(n, size):
    parts = parts_of(np.arange(n), size)
    lengths = [len(part) for part in parts]
    assert np.array_equal(np.concatenate(parts), np.arange(n))
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1
    assert len(parts) == -(-n // size)
