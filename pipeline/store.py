"""Feature and embedding stores on disk; the only module that knows Zarr.

Conventions
-----------
A *feature store* is a Zarr v3 group that ``xarray.open_zarr(path, consolidated=False)`` opens:

``values`` (track, second, ..., frame)
    float32, zero-padded to the corpus's crop; one inner chunk per track, one shard per
    :func:`pipeline.plan.tracks_per_shard` tracks.
``seconds_valid`` (track)
    int32; the number of one-second blocks that hold sound.
``key`` (track, byte)
    uint8; the 32 bytes of the row's content key (see :mod:`pipeline.cache`).

Group attributes: ``corpus``, ``feature``, ``config``, ``tracks`` (ids in row order), ``rejected``
(track -> reason), ``code_version``, ``libraries``. No time, host or user: equal inputs give equal
bytes.

Three facts about Zarr shape the layout. Two writers on one shard lose rows silently, so **one task
writes one whole shard**, and :func:`write_shard` refuses anything else. A flipped byte goes
unnoticed without a checksum, so Zstandard runs with its checksum on (and at level 0: the numbers
hardly compress). A missing shard reads as the fill value, so the fill is NaN, rows are finite by
contract, and every read checks.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec

from pipeline.plan import Layout

KEY_BYTES = 32


class StoreError(RuntimeError):
    """A store is missing, damaged, or not what the caller asked for."""


def _array(
    group: zarr.Group, name: str, dims: Sequence[str], data: NDArray[Any], chunks: tuple[int, ...]
) -> zarr.Array[Any]:
    array = group.create_array(
        name,
        shape=data.shape,
        dtype=data.dtype,
        chunks=chunks,
        filters=None,
        compressors=ZstdCodec(level=0, checksum=True),
        fill_value=np.nan if data.dtype.kind == "f" else 0,
        dimension_names=list(dims),
        config={"write_empty_chunks": True},
    )
    array[...] = data
    return array


def create(
    path: Path,
    layout: Layout,
    keys: NDArray[np.uint8],
    attributes: Mapping[str, Any],
) -> None:
    """Create a feature store without rows: :func:`write_shard` fills it, :func:`finish` ends it.

    Parameters
    ----------
    path
        Where; anything there is replaced.
    keys
        Content keys [shape=(track, 32)].
    attributes
        Further group attributes (JSON values).
    """
    shutil.rmtree(path, ignore_errors=True)
    group = zarr.create_group(
        store=path,
        zarr_format=3,
        attributes={
            "corpus": layout.corpus,
            "feature": layout.feature,
            **attributes,
            "tracks": list(layout.tracks),
        },
    )
    count = len(layout.tracks)
    group.create_array(
        "values",
        shape=(count, *layout.row_shape),
        dtype="float32",
        chunks=(1, *layout.row_shape),
        shards=(layout.per_shard, *layout.row_shape),
        filters=None,
        compressors=ZstdCodec(level=0, checksum=True),
        fill_value=np.nan,
        dimension_names=["track", "second", *layout.shape],
    )
    _array(group, "key", ("track", "byte"), keys, (max(1, count), KEY_BYTES))


def write_shard(path: Path, layout: Layout, start: int, rows: NDArray[np.float32]) -> None:
    """Write exactly one shard.

    Parameters
    ----------
    start
        First row of the shard.
    rows
        Its rows, zero-padded [shape=(track, second, ...)], finite.

    Raises
    ------
    StoreError
        If the range is not one whole shard, or a value is not finite.
    """
    stop = start + len(rows)
    if (start, stop) not in layout.shards():
        raise StoreError(
            f"{path}: rows {start}:{stop} are not one whole shard of {layout.per_shard} tracks; "
            "two writers on one shard lose rows"
        )
    if not np.isfinite(rows).all():
        bad = layout.tracks[
            start + int(np.flatnonzero(~np.isfinite(rows).reshape(len(rows), -1).all(1))[0])
        ]
        raise StoreError(f"{path}: track {bad!r} has a non-finite value; rows must be finite")
    zarr.open_array(path / "values", mode="r+")[start:stop] = rows


def finish(path: Path, seconds_valid: NDArray[np.int32]) -> None:
    """Write ``seconds_valid`` [shape=(track,)]; a store without it does not open."""
    group = zarr.open_group(path, mode="r+")
    _array(group, "seconds_valid", ("track",), seconds_valid, (max(1, len(seconds_valid)),))


class Reader:
    """Read-only view of a feature store.

    Attributes
    ----------
    tracks
        Track ids in row order.
    attributes
        Group attributes.
    seconds_valid
        [shape=(track,)], s.
    keys
        Content keys as hexadecimal text, in row order.
    shape
        Shape of ``values``: (track, second, ...).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            group = zarr.open_group(path, mode="r")
            self._values: zarr.Array[Any] = group["values"]  # type: ignore[assignment]
            self.attributes: dict[str, Any] = dict(group.attrs)
            self.seconds_valid: NDArray[np.int32] = np.asarray(group["seconds_valid"][...])  # type: ignore[index]
            keys = np.asarray(group["key"][...])  # type: ignore[index]
            self.tracks: list[str] = list(self.attributes["tracks"])
        except Exception as error:
            raise StoreError(
                f"{path}: not a readable feature store ({type(error).__name__}: {error}); "
                "run `dvc repro`, or `dvc pull` if a teammate has it"
            ) from error
        self.keys = [row.tobytes().hex() for row in keys]
        self.shape: tuple[int, ...] = self._values.shape
        shards = self._values.shards
        self.per_shard: int = shards[0] if shards else 1

    def shards(self) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """Yield ``(start, stop, rows)`` shard by shard, the cheap way to read a whole store."""
        for start in range(0, self.shape[0], self.per_shard):
            stop = min(start + self.per_shard, self.shape[0])
            yield start, stop, self.rows(start, stop)

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return padded rows ``start:stop``, checked.

        Raises
        ------
        StoreError
            If a shard is missing, empty or damaged.
        """
        try:
            rows = np.asarray(self._values[start:stop], dtype=np.float32)
        except Exception as error:
            raise StoreError(
                f"{self.path}: rows {start}:{stop} are damaged ({error}); delete the store and run "
                "`dvc repro`: intact rows come back from the cache"
            ) from error
        if np.isnan(rows).any():
            bad = start + int(np.flatnonzero(np.isnan(rows).reshape(len(rows), -1).any(1))[0])
            raise StoreError(
                f"{self.path}: track {self.tracks[bad]!r} reads as missing; its shard is gone or "
                "empty. Delete the store and run `dvc repro`"
            )
        return rows


def read_rows(path: Path, tracks: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Return the valid seconds of some tracks, track id -> array [shape=(second, ...)]."""
    reader = Reader(path)
    where = {track: row for row, track in enumerate(reader.tracks)}
    found = {}
    for track in tracks:
        if track not in where:
            raise StoreError(f"{path}: no track {track!r} among its {len(where)}")
        row = where[track]
        found[track] = reader.rows(row, row + 1)[0, : reader.seconds_valid[row]]
    return found


def attributes(path: Path) -> dict[str, Any]:
    """Return the group attributes of any store."""
    try:
        return dict(zarr.open_group(path, mode="r").attrs)
    except Exception as error:
        raise StoreError(f"{path}: not a readable store ({error}); run `dvc repro`") from error


def write_arrays(
    path: Path,
    arrays: Mapping[str, tuple[tuple[str, ...], NDArray[Any]]],
    attributes: Mapping[str, Any],
) -> None:
    """Write a small store of named arrays, replacing what is at ``path``.

    Parameters
    ----------
    arrays
        Name -> (axis names, array); float arrays must be finite.
    attributes
        JSON values.
    """
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    group = zarr.create_group(store=partial, zarr_format=3, attributes=dict(attributes))
    for name, (dims, data) in arrays.items():
        if data.dtype.kind == "f" and not np.isfinite(data).all():
            raise StoreError(f"{path}: array {name!r} has a non-finite value; all must be finite")
        _array(group, name, dims, data, tuple(max(1, size) for size in data.shape))
    shutil.rmtree(path, ignore_errors=True)
    partial.rename(path)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return (name -> array, attributes) of a store that :func:`write_arrays` wrote.

    Raises
    ------
    StoreError
        If it is missing or damaged.
    """
    try:
        group = zarr.open_group(path, mode="r")
        arrays = {name: np.asarray(array[...]) for name, array in sorted(group.arrays())}
    except Exception as error:
        raise StoreError(f"{path}: not a readable store ({error}); run `dvc repro`") from error
    for name, data in arrays.items():
        if data.dtype.kind == "f" and np.isnan(data).any():
            raise StoreError(f"{path}: array {name!r} reads as missing; a chunk is gone or empty")
    return arrays, dict(group.attrs)
