"""Zarr groups of arrays, below :mod:`pipeline.store`; the only module that knows Zarr.

Conventions
-----------
Groups are Zarr v3. Every array is filled with NaN where it can be (a lost chunk must not read as a
number) and compressed with a checksum (a flipped byte must not go unnoticed); a small one is one
chunk.

A group is made in memory and written down as it is, and read likewise. Zarr's own writing to disk
gives the same bytes and takes three times as long: it changes threads for every file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.codecs import ZstdCodec
from zarr.core.buffer import Buffer, cpu
from zarr.storage import MemoryStore

from pipeline import shards

FORMAT: dict[str, Any] = {
    "filters": None,
    "compressors": ZstdCodec(level=shards.LEVEL, checksum=True),
    "config": {"write_empty_chunks": True},
}
#: What describes a group, or an array, in its folder.
ABOUT = "zarr.json"


@contextmanager
def making(path: Path, attributes: Mapping[str, Any] | None) -> Iterator[zarr.Group]:
    """Yield a group to fill, which is written to a folder when the block ends well.

    Parameters
    ----------
    attributes
        Of the group (JSON values); ``None`` adds arrays to a group that is there.
    """
    held: dict[str, Buffer] = {}
    memory: Store = MemoryStore(held)
    yield zarr.create_group(store=memory, zarr_format=3, attributes=dict(attributes or {}))
    if attributes is None:
        del held[ABOUT]
    for name, content in held.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.to_bytes())


def declare(
    group: zarr.Group,
    name: str,
    dims: Sequence[str],
    shape: Sequence[int],
    per_shard: int,
) -> None:
    """Describe a float32 array without values: one chunk per row, some rows per shard.

    Parameters
    ----------
    name, dims, shape
        Of the array; one name and one size per axis, rows first.
    per_shard
        Rows in a shard.
    """
    group.create_array(
        name,
        shape=tuple(shape),
        dtype="float32",
        chunks=(1, *shape[1:]),
        shards=(per_shard, *shape[1:]),
        fill_value=np.nan,
        dimension_names=dims,
        **FORMAT,
    )


def put(group: zarr.Group, name: str, dims: Sequence[str], data: NDArray[Any]) -> None:
    """Write a small array as one chunk.

    Parameters
    ----------
    name, dims
        Of the array; one name per axis of ``data``, which may have any shape and number type.
    """
    array = group.create_array(
        name,
        shape=data.shape,
        dtype=data.dtype,
        chunks=tuple(max(1, size) for size in data.shape),
        fill_value=np.nan if data.dtype.kind == "f" else 0,
        dimension_names=dims,
        **FORMAT,
    )
    array[...] = data


def get(array: Any) -> NDArray[Any]:
    """Read what :func:`put` wrote; whole numbers have no NaN that would betray a lost chunk."""
    if array.nchunks_initialized < array.nchunks:
        raise ValueError(f"the chunk of {array.basename!r} is gone")
    return np.asarray(array[...])


def opened(path: Path) -> zarr.Group:
    """Return the group in a folder, read whole but for shards; Zarr raises where there is none."""
    held: dict[str, Buffer] = {
        file.relative_to(path).as_posix(): cpu.Buffer.from_bytes(file.read_bytes())
        for file in _files(path)
    }
    return zarr.open_group(MemoryStore(held), mode="r")


def attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of the group in a folder; its arrays are not read."""
    return dict(zarr.open_group(path, mode="r").attrs)


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a group that are no shards: of those there are many, and large ones."""
    for folder, inner, files in os.walk(path):
        inner[:] = [name for name in inner if Path(folder, name) != path / shards.FOLDER]
        yield from (Path(folder, name) for name in files)
