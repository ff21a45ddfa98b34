"""Feature and embedding stores on disk.

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
(track -> reason), ``code_version``, ``libraries``, ``encoder`` (what compressed the rows, see
:mod:`pipeline.shards`). No time, host or user: equal inputs give equal bytes.

Three facts about Zarr shape the layout. Two writers on one shard lose rows silently, so **one task
writes one whole shard**, and :func:`write_shard` refuses anything else. A flipped byte goes
unnoticed without a checksum, so every chunk has one. A missing shard reads as the fill value, so
the fill is NaN, rows are finite by contract, and every read checks; a small array is one chunk,
which must be there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipeline import hierarchy, shards
from pipeline.plan import Layout
from pipeline.shards import TAG, Encoded
from pipeline.stage import StageError, place

KEY_BYTES = 32


class StoreError(StageError):
    """A store is missing, damaged, or not what the caller asked for."""


@contextmanager
def _reading(path: Path, trouble: str = "not a readable store") -> Iterator[None]:
    """Turn whatever Zarr raises on a missing or damaged store into one error with a way out."""
    try:
        yield
    except Exception as error:
        raise StoreError(
            f"{path}: {trouble} ({type(error).__name__}: {error}); delete it and run `dvc repro`: "
            "intact rows come back from the cache; or `dvc pull` if a teammate has it"
        ) from error


def create(
    path: Path, layout: Layout, keys: NDArray[np.uint8], attributes: Mapping[str, Any]
) -> None:
    """Make a store without rows in place of what is there; then :func:`write_shard`, `finish`.

    Parameters
    ----------
    keys
        Content keys [shape=(track, 32)].
    attributes
        Further group attributes (JSON values).
    """
    shutil.rmtree(path, ignore_errors=True)
    own = {"corpus": layout.corpus, "feature": layout.feature}
    described = {**own, **attributes, "encoder": shards.ENCODER, "tracks": list(layout.tracks)}
    dims = ("track", "second", *layout.shape)
    with hierarchy.making(path, described) as group:
        shape = (len(layout.tracks), *layout.row_shape)
        hierarchy.declare(group, "values", dims, shape, layout.per_shard)
        hierarchy.put(group, "key", ("track", "byte"), keys)


def write_shard(path: Path, layout: Layout, start: int, rows: NDArray[np.float32]) -> None:
    """Write exactly one shard.

    Parameters
    ----------
    start, rows
        First row of the shard, and its rows, zero-padded [shape=(track, second, ...)].

    Raises
    ------
    StoreError
        If :meth:`pipeline.plan.Layout.trouble` has an objection.
    """
    if trouble := layout.trouble(start, rows):
        raise StoreError(f"{path}: {trouble}")
    write_encoded(path, layout, start, (shards.encode(row) for row in rows))


def write_encoded(
    path: Path, layout: Layout, start: int, rows: Iterable[bytes | memoryview]
) -> None:
    """Write one shard of rows that are encoded already; they are the caller's to check."""
    size = layout.per_shard
    shards.write(shards.path_of(path, start // size, layout.row_shape), rows, size)


def finish(path: Path, seconds_valid: NDArray[np.int32]) -> None:
    """Write ``seconds_valid`` [shape=(track,)]; a store without it does not open."""
    with hierarchy.making(path, None) as group:
        hierarchy.put(group, "seconds_valid", ("track",), seconds_valid)


class Reader:
    """Read-only view of a feature store.

    Attributes
    ----------
    tracks, keys
        Track ids, and content keys as hexadecimal text, in row order.
    attributes
        Group attributes.
    seconds_valid
        [shape=(track,)], s.
    shape
        Shape of ``values``: (track, second, ...).
    per_shard
        Rows in one shard.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _reading(path):
            group = hierarchy.opened(path)
            self._values = cast(Any, group["values"])
            self.attributes: dict[str, Any] = dict(group.attrs)
            self.tracks: list[str] = list(self.attributes["tracks"])
            self.seconds_valid: NDArray[np.int32] = hierarchy.get(group["seconds_valid"])
            self.keys = [row.tobytes().hex() for row in hierarchy.get(group["key"])]
            self.shape: tuple[int, ...] = self._values.shape
            self.per_shard: int = self._values.shards[0]
            counts = {self.shape[0], len(self.tracks), len(self.seconds_valid), len(self.keys)}
            if len(counts) > 1:
                raise ValueError(f"its arrays disagree on the number of tracks: {sorted(counts)}")

    def shards(self) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """Yield ``(start, stop, rows)`` shard by shard, the cheap way to read a whole store."""
        for start in range(0, len(self.tracks), self.per_shard):
            stop = min(start + self.per_shard, len(self.tracks))
            yield start, stop, self.rows(start, stop)

    def rows(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return padded rows ``start:stop``, checked.

        Raises
        ------
        StoreError
            If a shard is missing, empty or damaged.
        """
        with _reading(self.path, f"rows {start}:{stop} are damaged"):
            rows = np.full((stop - start, *self.shape[1:]), np.nan, np.float32)
            for row, encoded in shards.encoded(self.path, self.shape, self.per_shard, start, stop):
                shards.decode(encoded, rows[row - start])
            missing = np.isnan(rows).reshape(len(rows), -1).any(axis=1)
            if missing.any():
                bad = self.tracks[start + int(np.argmax(missing))]
                raise ValueError(f"track {bad!r} reads as missing: its shard is gone or empty")
        return rows

    def encoded(self, row: int) -> Encoded:
        """Return a row as it is encoded, checked.

        Raises
        ------
        StoreError
            If it is missing or damaged.
        """
        shape, seconds = self.shape[1:], int(self.seconds_valid[row])
        tag = TAG if self.attributes.get("encoder") == shards.ENCODER else b""
        with _reading(self.path, f"row {row} is damaged"):
            _, frame = next(shards.encoded(self.path, self.shape, self.per_shard, row, row + 1))
            found = Encoded(shape, seconds, frame, tag)
            if not np.isfinite(found.array()).all():
                raise ValueError("it has a value that is not finite")
        return found


def read_rows(path: Path, tracks: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Return the valid seconds of some tracks, track id -> array [shape=(second, ...)]."""
    reader = Reader(path)
    where = {track: row for row, track in enumerate(reader.tracks)}
    found = {}
    for track in tracks:
        row = where.get(track)
        if row is None:
            raise StoreError(f"{path}: no track {track!r} among its {len(where)}")
        found[track] = reader.rows(row, row + 1)[0, : reader.seconds_valid[row]]
    return found


def attributes(path: Path) -> dict[str, Any]:
    """Return the group attributes of any store."""
    with _reading(path):
        return hierarchy.attributes(path)


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
    with hierarchy.making(partial, attributes) as group:
        for name, (dims, data) in arrays.items():
            if data.dtype.kind == "f" and not np.isfinite(data).all():
                raise StoreError(
                    f"{path}: array {name!r} has a non-finite value; all must be finite"
                )
            hierarchy.put(group, name, dims, data)
    place(partial, path)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return (name -> array, attributes) of a store that :func:`write_arrays` wrote.

    Raises
    ------
    StoreError
        If it is missing or damaged.
    """
    with _reading(path):
        group = hierarchy.opened(path)
        return {name: hierarchy.get(array) for name, array in sorted(group.arrays())}, dict(
            group.attrs
        )
