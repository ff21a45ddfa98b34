"""Rows of feature stores in the per-track cache, encoded as their shard holds them.

Conventions
-----------
The worker that computes a row pads and encodes it once; to assemble a store is to copy bytes. An
entry is, in this order, the tag of its encoder (8 bytes), the number of seconds with sound and the
number of axes (little-endian 32-bit numbers), the size of every axis, ``second`` first and padded
to the crop (32 bits each), and the encoded row of :mod:`pipeline.shards`.

Rows are cheap to make again, so they have the quick checksum and are not flushed to the disk.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain

from pipeline.cache import Cache, quick
from pipeline.shards import TAG, Encoded

_HEAD = struct.Struct("<8sII")
#: More axes than any feature has: the entry is none of ours.
MAX_AXES = 8


def write(cache: Cache, kind: str, key: str, row: Encoded) -> None:
    """Write a row to the cache."""
    head = _HEAD.pack(row.tag, row.seconds, len(row.shape))
    axes = struct.pack(f"<{len(row.shape)}I", *row.shape)
    cache.write_quickly(kind, key, head + axes, bytes(row.frame))


def read(cache: Cache, kind: str, key: str) -> Encoded | None:
    """Return a row of the cache as this version encodes it; ``None`` where there is none.

    What is something else than a row, or damaged, goes: it would be in the way of the row.
    """
    payload = cache.read(kind, key)
    if payload is None:
        return None
    with suppress(ValueError, RuntimeError):  # of another encoder, and damaged
        if row := _row(payload):
            return row.current()
    cache.discard(kind, key)
    return None


def same(
    cache: Cache, kind: str, key: str, shape: tuple[int, ...], frame: Iterable[bytes]
) -> int | None:
    """Return the number of seconds of a row that is encoded as these bytes, ``None`` if it is not.

    The bytes are checked, those of the cache are not read: its checksum tells of both.
    """
    size = _HEAD.size + 4 * len(shape)
    found = cache.begins(kind, key, size)
    if found is None:
        return None
    own, head = found
    seconds = _HEAD.unpack_from(head)[1]
    expected = _HEAD.pack(TAG, seconds, len(shape)) + struct.pack(f"<{len(shape)}I", *shape)
    return seconds if head == expected and own == quick(chain([head], frame)) else None


def _row(payload: bytes) -> Encoded | None:
    if len(payload) < _HEAD.size:
        return None
    tag, seconds, count = _HEAD.unpack_from(payload)
    end = _HEAD.size + 4 * count
    if not 0 < count <= MAX_AXES or len(payload) <= end:
        return None
    shape = struct.unpack_from(f"<{count}I", payload, _HEAD.size)
    return Encoded(shape, seconds, memoryview(payload)[end:], tag) if seconds <= shape[0] else None
