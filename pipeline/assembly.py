"""A feature store from rows: of the per-track cache, or as the previous store encoded them.

Conventions
-----------
One task writes one whole shard (:mod:`pipeline.store`). A row that the previous store holds under
the same key is copied as it is encoded there, after its checksum was verified, whatever shard it
was in: one track more, which moves all tracks behind it, costs no encoding. Copied or encoded, the
bytes are the same.

Memory of a task: one row, encoded and not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import remote, shards, store
from pipeline.cache import Cache
from pipeline.execute import Executor, Failure
from pipeline.plan import Layout
from pipeline.rows import pad
from pipeline.target import Target

if TYPE_CHECKING:
    from pipeline.caching.places import Root


@dataclass(frozen=True)
class Source:
    """The previous store, for rows that can be copied.

    Attributes
    ----------
    path
        Where it can be read.
    rows
        Content key -> row.
    """

    path: Path
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Shard:
    """One shard to assemble: one task, and the only writer of its file.

    Attributes
    ----------
    path
        The store under construction, or its URL.
    layout
        Its layout.
    start
        First row.
    keys
        Cache keys of the shard's rows, in order.
    cache
        Where the rows lie.
    source
        Where some of them lie encoded.
    """

    path: Root
    layout: Layout
    start: int
    keys: tuple[str, ...]
    cache: Cache
    source: Source | None


def source_of(reader: store.Reader | None, path: Path) -> Source | None:
    """Return a previous store as a source for the store at ``path``, if their rows' bytes agree."""
    if reader is None or not shards.same_encoding(reader.path, path):
        return None
    return Source(reader.path, {row_key: row for row, row_key in enumerate(reader.keys)})


def assemble(shard: Shard) -> list[int | None]:
    """Write one shard; return each row's number of seconds, ``None`` where the row is lost.

    A row is lost that is damaged wherever it lies. The shard is not whole then.
    """
    seconds: list[int | None] = []

    def encoded() -> Iterator[bytes]:
        source = None if shard.source is None else _Copies(shard.source, shard.layout)
        for place, row_key in enumerate(shard.keys):
            found = source.row(row_key) if source else None
            found = found or _encoded(shard, place, row_key)
            seconds.append(found[1] if found else None)
            if found:
                yield found[0]

    with remote.deposit(shard.path) as path:
        store.write_encoded(path, shard.layout, shard.start, encoded())
    return seconds


class _Copies:
    """Encoded rows of a previous store, verified."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self.source = source
        self.scratch = np.empty(layout.row_shape, np.float32)
        self.reader: store.Reader | None = None
        with suppress(store.StoreError):  # not to be seen from this machine
            self.reader = store.Reader(source.path)

    def row(self, row_key: str) -> tuple[bytes, int] | None:
        row = self.source.rows.get(row_key)
        if row is None or self.reader is None:
            return None
        with suppress(
            OSError, ValueError, RuntimeError
        ):  # damaged: the cache has it, or it is lost
            shape, size = self.reader.shape, self.reader.per_shard
            for _, encoded in shards.encoded(self.source.path, shape, size, row, row + 1):
                shards.decode(encoded, self.scratch)
                return encoded, int(self.reader.seconds_valid[row])
        return None


def _encoded(shard: Shard, place: int, row_key: str) -> tuple[bytes, int] | None:
    """Return a row of the cache, encoded, and its seconds; ``None`` where it is lost."""
    row = shard.cache.read_array(shard.layout.feature, row_key)
    if row is None:
        return None
    padded = pad(row, shard.layout.seconds)
    if trouble := shard.layout.fault(shard.start + place, padded):
        raise store.StoreError(f"{shard.path}: {trouble}")
    return shards.encode(padded), len(row)


def write(
    target: Target,
    layout: Layout,
    keys: tuple[str, ...],
    attributes: Mapping[str, Any],
    cache: Cache,
    reader: store.Reader | None,
    executor: Executor,
) -> set[str]:
    """Write a store; return the keys of the rows that are lost, without which it is none.

    Parameters
    ----------
    keys
        Content key of each row.
    attributes
        What else the store says of itself.
    reader
        The previous store, where it is known.
    """
    digests = np.frombuffer(b"".join(map(bytes.fromhex, keys)), np.uint8)
    path = target.built
    store.create(path, layout, digests.reshape(len(keys), store.KEY_BYTES), attributes)
    source = source_of(reader, path)
    tasks = []
    for start, stop in layout.shards():
        own = keys[start:stop]
        held = {
            row_key: source.rows[row_key] for row_key in own if source and row_key in source.rows
        }
        part = Source(source.path, held) if source and held else None
        tasks.append(Shard(target.shards, layout, start, own, cache, part))
    label = f"write {layout.corpus}/{layout.feature}"
    seconds: list[int | None] = []
    for result in executor.run(assemble, tasks, label, lambda task: len(task.keys), light=True):
        if isinstance(result, Failure):
            raise store.StoreError(result.reason)
        seconds += result
    lost = {row_key for row_key, count in zip(keys, seconds, strict=True) if count is None}
    if not lost:
        store.finish(path, np.array(seconds, np.int32))
    return lost
