"""The speech network's trunk: spectrograms to one vector, by convolutions with attention and BLSTM.

Conventions
-----------
Paper, section IV. Pictures are [shape=(picture, bin, frame)], one per kind of spectrogram and all
of one size, standardised. Each kind passes a 3 x 3 convolution of its own; the feature maps are
concatenated along the channels and pass the layers of ``maps``, 3 x 3 each. Every convolution is
followed by 2 x 2 max-pooling where there is any, batch normalisation, ReLU and attention (CBAM):
pooled first, the rest has a quarter of the numbers to read. A bidirectional LSTM then runs over the
columns (time) of every row (frequency) by itself, and its outputs are unfolded into one vector.
Incomplete pooling windows at the end are dropped: 401 x 201 becomes 200 x 100 and 100 x 50, the
1.28 million inputs of the paper at 256 per place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.parts.cbam import Cbam
from models.parts.classifier import positive

Attention = Literal["cbam", "none"]
Flatten = Literal["mean", "literal"]

# Side of every convolution of the trunk, and of its max-pooling (paper, section IV.B.2).
KERNEL = 3
POOL = 2

# Pictures that pass together where nothing is learnt: a matter of memory, not of results.
PICTURES_AT_ONCE = 32


@dataclass(frozen=True)
class SpectralConfig:
    """Sizes of the trunk.

    Attributes
    ----------
    bin_pool, frame_pool
        How many neighbouring bins, and frames, are averaged at the input; 1 keeps the grid.
    first_maps
        Feature maps of the convolution that each kind of spectrogram has of its own.
    maps
        Feature maps of the layers behind the concatenation.
    pool_after
        Which of those layers, counted from 1, max-pooling follows.
    attention
        ``"cbam"`` behind every convolution, or ``"none"``.
    reduction
        Ratio of channels to hidden units in the channel attention.
    spatial_kernel
        Side of the spatial attention's convolution, odd.
    row_width
        Output width of the BLSTM, both directions together; even.
    flatten
        ``"literal"`` unfolds all rows and columns; ``"mean"`` averages over rows first.
    """

    bin_pool: int
    frame_pool: int
    first_maps: int
    maps: tuple[int, ...]
    pool_after: tuple[int, ...]
    attention: Attention
    reduction: int
    spatial_kernel: int
    row_width: int
    flatten: Flatten

    def __post_init__(self) -> None:
        for name in ("bin_pool", "frame_pool", "first_maps", "reduction", "spatial_kernel"):
            positive(name, getattr(self, name))
        if not self.maps or min(self.maps) < 1:
            raise ValueError(f"maps: {self.maps} must be one or more numbers of at least 1")
        if not set(self.pool_after) <= set(range(1, len(self.maps) + 1)):
            raise ValueError(f"pool_after: {self.pool_after} must be layers 1 to {len(self.maps)}")
        if len(set(self.pool_after)) < len(self.pool_after):
            raise ValueError(f"pool_after: {self.pool_after} names a layer twice")
        if self.spatial_kernel % 2 == 0:
            raise ValueError(f"spatial_kernel: {self.spatial_kernel} must be odd")
        if self.row_width < 2 or self.row_width % 2:
            raise ValueError(f"row_width: {self.row_width} must be even: two directions")
        for name, kind in (("attention", Attention), ("flatten", Flatten)):
            if getattr(self, name) not in get_args(kind):
                allowed = ", ".join(get_args(kind))
                raise ValueError(f"{name}: {getattr(self, name)!r} is not one of {allowed}")


def grid(config: SpectralConfig, bins: int, frames: int) -> tuple[int, int]:
    """Return rows and columns of the trunk's feature maps for a picture of ``bins`` x ``frames``.

    Raises
    ------
    ValueError
        If pooling leaves nothing of an axis.
    """
    shrink = POOL ** len(config.pool_after)
    rows, columns = bins // config.bin_pool // shrink, frames // config.frame_pool // shrink
    for name, size, pool, left in (
        ("bin", bins, config.bin_pool, rows),
        ("frame", frames, config.frame_pool, columns),
    ):
        if left < 1:
            raise ValueError(
                f"{name}_pool: {pool}, and {len(config.pool_after)} poolings of {POOL}, leave "
                f"nothing of {size} {name}s"
            )
    return rows, columns


def picture_size(
    shapes: Mapping[str, Mapping[str, int]], kinds: tuple[str, ...]
) -> tuple[int, int]:
    """Return bins and frames of a one-second block, the same for all kinds of spectrogram.

    Raises
    ------
    ValueError
        If they differ: feature maps of different sizes cannot be concatenated.

    Examples
    --------
    >>> picture_size({"wideband": {"bin": 401, "frame": 101}}, ("wideband",))
    (401, 101)
    """
    sizes = {kind: (shapes[kind]["bin"], shapes[kind]["frame"]) for kind in kinds}
    if len(set(sizes.values())) != 1:
        text = ", ".join(f"{kind} {bins} x {frames}" for kind, (bins, frames) in sizes.items())
        raise ValueError(f"bin, frame: spectrograms of one size are needed, there are {text}")
    return sizes[kinds[0]]


class Layer(nn.Module):
    """Convolution, max-pooling where there is any, batch normalisation, ReLU and attention.

    Parameters
    ----------
    config
        Kind of attention.
    before, maps
        Feature maps that come in and go out.
    pool
        Side and stride of the pooling window; 1 keeps the size.
    """

    def __init__(self, config: SpectralConfig, before: int, maps: int, pool: int = 1) -> None:
        super().__init__()
        self.pool = pool
        # Batch normalisation subtracts the mean: a bias in front of it would be lost.
        self.convolution = nn.Conv2d(before, maps, KERNEL, padding=KERNEL // 2, bias=False)
        self.norm = nn.BatchNorm2d(maps)
        self.attention = (
            Cbam(maps, config.reduction, config.spatial_kernel)
            if config.attention == "cbam"
            else None
        )

    def forward(self, values: Tensor) -> Tensor:
        """Filter [shape=(picture, map, row, column)]."""
        values = self.convolution(values)
        if self.pool > 1:
            values = functional.max_pool2d(values, self.pool)
        values = functional.relu(self.norm(values), inplace=True)
        return values if self.attention is None else cast(Tensor, self.attention(values))


class RowBlstm(nn.Module):
    """A bidirectional LSTM over the columns of every row, each row a sequence of its own.

    Parameters
    ----------
    maps
        Feature maps: the width of a step.
    width
        Output width, both directions together; even.
    """

    def __init__(self, maps: int, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(maps, width // 2, bidirectional=True)

    def forward(self, maps: Tensor) -> Tensor:
        """Return [shape=(picture, row, column, width)] from [shape=(picture, map, row, column)]."""
        pictures, _, rows, columns = maps.shape
        steps = maps.permute(3, 0, 2, 1).reshape(columns, pictures * rows, -1)
        output, _ = self.lstm(steps)
        return torch.unflatten(output, 1, (pictures, rows)).permute(1, 2, 0, 3)


class SpectralTrunk(nn.Module):
    """Pictures of one or more kinds of spectrogram to vectors.

    Parameters
    ----------
    config
        Sizes.
    kinds
        Names of the spectrograms.
    bins, frames
        Size of a picture.
    """

    def __init__(
        self, config: SpectralConfig, kinds: tuple[str, ...], bins: int, frames: int
    ) -> None:
        super().__init__()
        self.config = config
        rows, columns = grid(config, bins, frames)
        self.width = config.row_width * columns * (rows if config.flatten == "literal" else 1)
        self.first = nn.ModuleDict({kind: Layer(config, 1, config.first_maps) for kind in kinds})
        maps = (config.first_maps * len(kinds), *config.maps)
        self.layers = nn.Sequential(
            *(
                Layer(config, before, after, POOL if number in config.pool_after else 1)
                for number, (before, after) in enumerate(pairwise(maps), start=1)
            )
        )
        self.rows = RowBlstm(config.maps[-1], config.row_width)
        # Channels last: pooling over channels, and these few maps, read memory in its order.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: Mapping[str, Tensor]) -> Tensor:
        """Return vectors [shape=(picture, width)] of pictures [shape=(picture, bin, frame)]."""
        if self.training:
            return self._vectors(pictures)
        pieces = [torch.split(pictures[kind], PICTURES_AT_ONCE) for kind in self.first]
        return torch.cat(
            [
                self._vectors(dict(zip(self.first, piece, strict=True)))
                for piece in zip(*pieces, strict=True)
            ]
        )

    def _vectors(self, pictures: Mapping[str, Tensor]) -> Tensor:
        values = torch.cat([self._first(kind, pictures[kind]) for kind in self.first], dim=1)
        unfolded = self.rows(self.layers(values.contiguous(memory_format=torch.channels_last)))
        if self.config.flatten == "mean":
            unfolded = unfolded.mean(dim=1)
        return cast(Tensor, unfolded.flatten(1))

    def _first(self, kind: str, pictures: Tensor) -> Tensor:
        window = (self.config.bin_pool, self.config.frame_pool)
        return cast(Tensor, self.first[kind](functional.avg_pool2d(pictures[:, None], window)))
