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

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import numcodecs
import numpy as np
from numcodecs.zstd import Zstd
from numpy.typing import NDArray

#: Zstandard in its fastest gear, with its checksum. The numbers hardly compress: level 1 makes the
#: stores of real music an eighth smaller, but takes a sixth of the whole time from a file to its
#: stores, and reads at a quarter of the speed. What is padded costs nothing at either.
LEVEL = -1
MISSING = 2**64 - 1
#: A store says what turned its rows into bytes: another version may make others of them.
ENCODER = f"numcodecs {numcodecs.__version__}, zstd level {LEVEL}"
#: The same in short, for a row on its own.
TAG = hashlib.sha256(ENCODER.encode()).digest()[:8]
#: Where in a store the shards lie.
FOLDER = "values/c"
ENTRY_BYTES = 16
#: What is read at a time where bytes are only looked at: it stays in a core's own cache.
PIECE_BYTES = 2**19
CRC_BYTES = 4


def encode(row: NDArray[np.float32]) -> bytes:
    """Return a row as a shard holds it."""
    return bytes(Zstd(level=LEVEL, checksum=True).encode(np.ascontiguousarray(row, "<f4")))


def decode(encoded: bytes | memoryview, row: NDArray[np.float32]) -> None:
    """Read an encoded row into a contiguous array of its size.

    Raises
    ------
    ValueError, RuntimeError
        If the checksum is wrong, or the array is too small.
    """
    Zstd(level=LEVEL, checksum=True).decode(encoded, out=row)


@dataclass(frozen=True)
class Encoded:
    """A row of a store.

    One that another version of the encoder made is decoded and encoded again where it is wanted:
    equal rows are equal bytes, whoever computed them.

    Attributes
    ----------
    shape
        (second, ...), padded.
    seconds
        Seconds that hold sound, s.
    frame
        The encoded values.
    tag
        Of the encoder.
    """

    shape: tuple[int, ...]
    seconds: int
    frame: bytes | memoryview
    tag: bytes = TAG

    def array(self) -> NDArray[np.float32]:
        """Return the seconds that hold sound [shape=(second, ...)].

        Raises
        ------
        ValueError, RuntimeError
            If the values are damaged.
        """
        row = np.empty(self.shape, np.float32)
        decode(self.frame, row)
        return row[: self.seconds]

    def current(self) -> Encoded:
        """Return the row as this version encodes it."""
        return self if self.tag == TAG else padded(self.array(), self.shape[0])


def padded(row: NDArray[np.float32], seconds: int) -> Encoded:
    """Encode a finite row [shape=(second, ...)], zero-padded to ``seconds``.

    Examples
    --------
    >>> found = padded(np.ones((1, 2), np.float32), 3)
    >>> found.shape, found.seconds, found.array().tolist()
    ((3, 2), 1, [[1.0, 1.0]])
    """
    full = row
    if len(row) != seconds:
        full = np.zeros((seconds, *row.shape[1:]), np.float32)
        full[: len(row)] = row
    return Encoded(full.shape, len(row), encode(full))


def write(path: Path, encoded: Iterable[bytes | memoryview], per_shard: int) -> None:
    """Write a shard of at most ``per_shard`` encoded rows, one at a time, as a new file.

    What has the name before may be a link to somebody else's file, which is not to be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
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
        self._file = path.open("rb", buffering=0)
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
        self._end = length - len(tail)

    def __enter__(self) -> Shard:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def rows(self) -> Iterator[Iterator[bytes]]:
        """Yield the encoded rows, in pieces and unchecked, of a shard that holds nothing else.

        Raises
        ------
        ValueError
            If there is a gap between them, or something behind them.
        """
        there = self._index[self._index[:, 0] != MISSING].astype(np.int64)
        ends = np.cumsum(there[:, 1])
        if (there[:, 0] != ends - there[:, 1]).any() or self._end != there[:, 1].sum():
            raise ValueError("the shard is not what its index says")
        for offset, length in there.tolist():
            yield self._pieces(offset, length)

    def _pieces(self, offset: int, length: int) -> Iterator[bytes]:
        self._file.seek(offset)
        for begin in range(0, length, PIECE_BYTES):
            yield self._file.read(min(PIECE_BYTES, length - begin))

    def encoded(self, place: int) -> bytes | None:
        """Return the row at a place as it is encoded, unchecked; ``None`` where there is none."""
        offset, length = (int(value) for value in self._index[place])
        if offset == length == MISSING:
            return None
        self._file.seek(offset)
        return self._file.read(length)


def path_of(store: Path, number: int, row_shape: Sequence[int]) -> Path:
    """Where a shard lies: Zarr names it by its number along every axis."""
    return store.joinpath(FOLDER, str(number), *("0" for _ in row_shape))


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
