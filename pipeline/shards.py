"""The bytes of one shard of a feature store: encoded rows, and an index of where they lie.

Conventions
-----------
A shard is what Zarr's ``sharding_indexed`` codec writes for inner chunks of one track: the encoded
rows one behind the other, then ``(offset, length)`` of each as little-endian 64-bit numbers, 2**64
- 1 twice where there is no row, then the CRC-32C of that index. A row is its float32 values in C
order as one Zstandard frame that carries a checksum. Zarr writes and reads the same bytes, which
the tests pin, at a quarter of the speed; and a row that is known can be handed on as it is encoded,
whatever shard and place it had.

Memory: one row, decoded and encoded, however many rows the shard has.

References
----------
Zarr sharding codec, version 1.0, https://zarr-specs.readthedocs.io, "Binary shard format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import google_crc32c
import numcodecs
import numpy as np
from numcodecs.zstd import Zstd
from numpy.typing import NDArray

#: Level 0 is the library's default; more would buy nothing, the numbers hardly compress.
LEVEL = 0
MISSING = 2**64 - 1
#: A store says what turned its rows into bytes: another version may make others of them.
ENCODER = f"numcodecs {numcodecs.__version__}"
ENTRY_BYTES = 16
CRC_BYTES = 4


def encode(row: NDArray[np.float32]) -> bytes:
    """Return a row as a shard holds it."""
    return bytes(Zstd(level=LEVEL, checksum=True).encode(np.ascontiguousarray(row, "<f4")))


def decode(encoded: bytes, row: NDArray[np.float32]) -> None:
    """Read an encoded row into a contiguous array of its size.

    Raises
    ------
    ValueError, RuntimeError
        If the checksum is wrong, or the array is too small.
    """
    Zstd(level=LEVEL, checksum=True).decode(encoded, out=row)


def write(path: Path, encoded: Iterable[bytes], per_shard: int) -> None:
    """Write a shard of at most ``per_shard`` encoded rows, one at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    index = np.full((per_shard, 2), MISSING, "<u8")
    end = 0
    with path.open("wb") as file:
        for place, row in enumerate(encoded):
            file.write(row)
            index[place] = end, len(row)
            end += len(row)
        file.write(index.tobytes())
        file.write(int(google_crc32c.value(index.tobytes())).to_bytes(CRC_BYTES, "little"))


class Shard:
    """A shard that is being read.

    Raises
    ------
    ValueError
        If its index is damaged.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: Path, per_shard: int) -> None:
        self.path = path
        size = per_shard * ENTRY_BYTES
        self._file = path.open("rb")
        try:
            length = self._file.seek(0, 2)
            self._file.seek(max(0, length - size - CRC_BYTES))
            tail = self._file.read()
            stored = int.from_bytes(tail[size:], "little")
            if len(tail) != size + CRC_BYTES or google_crc32c.value(tail[:size]) != stored:
                raise ValueError("the index of the shard is damaged")
        except BaseException:
            self._file.close()
            raise
        self._index = np.frombuffer(tail[:size], "<u8").reshape(per_shard, 2)

    def __enter__(self) -> Shard:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def encoded(self, place: int) -> bytes | None:
        """Return the row at a place as it is encoded, unchecked; ``None`` where there is none."""
        offset, length = (int(value) for value in self._index[place])
        if offset == length == MISSING:
            return None
        self._file.seek(offset)
        return self._file.read(length)


def path_of(store: Path, number: int, row_shape: Sequence[int]) -> Path:
    """Where a shard lies: Zarr names it by its number along every axis."""
    return store.joinpath("values", "c", str(number), *("0" for _ in row_shape))


def encoded(
    store: Path, shape: Sequence[int], per_shard: int, start: int, stop: int
) -> Iterator[tuple[int, bytes]]:
    """Yield (row, its encoded bytes), unchecked, of the rows ``start:stop`` that are there.

    Parameters
    ----------
    store
        Feature store.
    shape
        Of its ``values``: (track, second, ...).
    per_shard
        Its rows per shard.

    Raises
    ------
    OSError, ValueError
        If a shard is damaged.
    """
    for first in range(start - start % per_shard, stop, per_shard):
        try:
            shard = Shard(path_of(store, first // per_shard, shape[1:]), per_shard)
        except FileNotFoundError:
            continue
        with shard:
            for row in range(max(start, first), min(stop, first + per_shard)):
                if (found := shard.encoded(row - first)) is not None:
                    yield row, found


def same_encoding(one: Path, other: Path) -> bool:
    """Whether equal rows are equal bytes in two stores, of however many tracks."""

    def about(store: Path) -> tuple[Any, Any]:
        values = json.loads((store / "values" / "zarr.json").read_bytes())
        group = json.loads((store / "zarr.json").read_bytes())
        return {**values, "shape": values["shape"][1:]}, group["attributes"].get("encoder")

    return about(one) == about(other)
