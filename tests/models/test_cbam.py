"""Attention and the trunk: Eqs. 5 and 6 by hand, rows that are sequences of their own, shapes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.parts.cbam import Cbam, ChannelAttention
from models.parts.spectral import (
    RowBlstm,
    SpectralConfig,
    SpectralTrunk,
    grid,
    picture_size,
)

PAPER = SpectralConfig(1, 1, 8, (32, 48, 64, 80), (1, 2), "cbam", 16, 7, 256, "literal")
KINDS = ("wideband", "narrowband")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(F, W0, W1, f):
    """Eqs. 5 and 6 with loops, for one picture [shape=(channel, row, column)]."""
    largest, average = F.max(axis=(1, 2)), F.mean(axis=(1, 2))
    M_c = sigmoid(W1 @ np.maximum(W0 @ largest, 0) + W1 @ np.maximum(W0 @ average, 0))
    F1 = M_c[:, None, None] * F
    planes = np.stack([F1.max(axis=0), F1.mean(axis=0)])
    reach = f.shape[-1] // 2
    padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)))
    M_s = np.zeros(F.shape[1:])
    for row in range(M_s.shape[0]):
        for column in range(M_s.shape[1]):
            window = padded[:, row : row + f.shape[-1], column : column + f.shape[-1]]
            M_s[row, column] = sigmoid((window * f).sum())
    return F1 * M_s


def test_smallest_case_in_plain_numbers():
    layer = Cbam(channels=2, reduction=16, kernel=1)
    with torch.no_grad():
        layer.channel.squeeze.weight[:] = torch.tensor([[1.0, 0.5]])
        layer.channel.restore.weight[:] = torch.tensor([[0.25], [-0.25]])
        layer.spatial.filter.weight[:] = torch.tensor([2.0, -1.0])[None, :, None, None]
    # One row of two columns. Maxima (4, 2), means (2, 1); W0 gives 5 and 2.5, W1 +-1.875 in all.
    F = torch.tensor([[[[4.0, 0.0]], [[0.0, 2.0]]]])
    up, down = sigmoid(1.875), sigmoid(-1.875)
    left, right = sigmoid(2 * 4 * up - 2 * up), sigmoid(2 * 2 * down - down)
    expected = [[[4 * up * left, 0.0]], [[0.0, 2 * down * right]]]
    np.testing.assert_allclose(layer(F)[0].detach(), expected, rtol=1e-6)


@pytest.mark.parametrize(("channels", "reduction", "kernel"), [(6, 2, 7), (8, 16, 3), (5, 1, 1)])
def test_against_loops(channels, reduction, kernel):
    torch.manual_seed(0)
    layer = Cbam(channels, reduction, kernel)
    F = torch.randn(3, channels, 5, 9)
    W0, W1 = (m.weight.detach().numpy() for m in (layer.channel.squeeze, layer.channel.restore))
    assert W0.shape == (max(channels // reduction, 1), channels)
    f = layer.spatial.filter.weight.detach().numpy()[0]
    expected = [by_hand(picture, W0, W1, f) for picture in F.double().numpy()]
    np.testing.assert_allclose(layer(F).detach(), expected, atol=1e-5)


def test_a_picture_is_weighted_by_itself():
    torch.manual_seed(1)
    layer = Cbam(4, 2, 3)
    together = torch.randn(3, 4, 5, 6)
    torch.testing.assert_close(layer(together)[1:2], layer(together[1:2]))
    assert ChannelAttention(4, 2)(together).shape == (3, 4, 1, 1)


def test_rows_are_sequences_of_their_own():
    torch.manual_seed(2)
    layer = RowBlstm(3, 8)
    maps = torch.randn(2, 3, 4, 6)
    other = maps.clone()
    other[1, :, 2] += 1.0
    changed = (layer(maps) != layer(other)).any(dim=-1)
    expected = torch.zeros(2, 4, 6, dtype=torch.bool)
    expected[1, 2] = True
    assert torch.equal(changed, expected)
    row, _ = layer.lstm(maps[1, :, 2].T[:, None])
    torch.testing.assert_close(layer(maps)[1, 2], row[:, 0])


def test_time_runs_along_the_columns():
    torch.manual_seed(3)
    layer = RowBlstm(3, 8)
    maps = torch.randn(1, 3, 2, 7)
    late = maps.clone()
    late[..., 4] += 1.0
    changed = (layer(maps) != layer(late)).any(dim=1)[0]
    forwards, backwards = changed[:, :4].any(dim=1), changed[:, 4:].any(dim=1)
    assert forwards.tolist() == [False] * 4 + [True] * 3
    assert backwards.tolist() == [True] * 5 + [False] * 2
    shuffled = layer(maps[..., [3, 0, 6, 1, 5, 2, 4]]).mean(dim=2)
    assert not torch.allclose(shuffled, layer(maps).mean(dim=2), atol=1e-4)


def test_the_papers_sizes():
    rows, columns = grid(PAPER, 401, 201)
    assert (rows, columns) == (100, 50)
    assert rows * columns * PAPER.row_width == 1_280_000


@pytest.mark.parametrize("flatten", ["literal", "mean"])
@pytest.mark.parametrize("kinds", [KINDS, KINDS[1:]])
def test_flattening(flatten, kinds, spectrogram):
    torch.manual_seed(4)
    pictures = {kind: torch.randn(2, 9, 13) for kind in kinds}
    trunk = SpectralTrunk(replace(spectrogram, flatten=flatten), kinds, 9, 13).eval()
    vectors = trunk(pictures)
    rows, columns = grid(spectrogram, 9, 13)
    assert (rows, columns) == (2, 6)
    assert vectors.shape == (2, trunk.width)
    assert trunk.width == 6 * 6 * (2 if flatten == "literal" else 1)
    if flatten == "mean":
        literal = SpectralTrunk(replace(spectrogram, flatten="literal"), kinds, 9, 13).eval()
        literal.load_state_dict(trunk.state_dict())
        unfolded = literal(pictures).unflatten(1, (2, -1))
        torch.testing.assert_close(unfolded.mean(dim=1), vectors)


def test_attention_follows_every_convolution():
    trunk = SpectralTrunk(PAPER, KINDS, 401, 201)
    blocks = [module for module in trunk.modules() if isinstance(module, Cbam)]
    hidden = [block.channel.squeeze.out_features for block in blocks]
    assert hidden == [1, 1, 2, 3, 4, 5]
    assert {block.spatial.filter.kernel_size for block in blocks} == {(7, 7)}
    plain = SpectralTrunk(replace(PAPER, attention="none"), KINDS, 401, 201)
    assert not [module for module in plain.modules() if isinstance(module, Cbam)]


def test_many_pictures_are_filtered_as_few(spectrogram):
    torch.manual_seed(5)
    trunk = SpectralTrunk(spectrogram, KINDS, 9, 5).eval()
    pictures = {kind: torch.randn(70, 9, 5) for kind in KINDS}
    alone = [trunk({kind: p[i : i + 1] for kind, p in pictures.items()}) for i in range(70)]
    torch.testing.assert_close(trunk(pictures), torch.cat(alone))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bin_pool": 0}, "bin_pool: 0"),
        ({"maps": ()}, r"maps: \(\)"),
        ({"pool_after": (0,)}, r"pool_after: \(0,\) must be layers 1 to 4"),
        ({"pool_after": (2, 2)}, "names a layer twice"),
        ({"attention": "se"}, "attention: 'se' is not one of cbam, none"),
        ({"spatial_kernel": 4}, "spatial_kernel: 4 must be odd"),
        ({"row_width": 5}, "row_width: 5 must be even"),
        ({"flatten": "max"}, "flatten: 'max' is not one of mean, literal"),
    ],
)
def test_config_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        replace(PAPER, **change)


def test_sizes_that_cannot_work_are_refused():
    with pytest.raises(ValueError, match=r"bin_pool: 200, .* leave nothing of 401 bins"):
        grid(replace(PAPER, bin_pool=200), 401, 201)
    with pytest.raises(ValueError, match=r"frame_pool: 60, .* leave nothing of 201 frames"):
        grid(replace(PAPER, frame_pool=60), 401, 201)
    shapes = {"wideband": {"bin": 401, "frame": 101}, "narrowband": {"bin": 201, "frame": 101}}
    with pytest.raises(ValueError, match="wideband 401 x 101, narrowband 201 x 101"):
        picture_size(shapes, KINDS)
