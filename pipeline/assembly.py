"""A feature store from the rows of the per-track cache, which are encoded as a store wants them.

Conventions
-----------
One task writes one whole shard (:mod:`pipeline.store`), and copies bytes. They were checked when
they were computed: finite, padded, of the feature's shape. The cache's checksum says that they are
still the same; a reader of the store checks that of the encoded row.

Memory of a task: one row, encoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import remote, store
from pipeline.cache import Cache
from pipeline.caching import rows
from pipeline.execute import Executor, Failure
from pipeline.plan import Layout
from pipeline.previous import Previous
from pipeline.recipe import ahead
from pipeline.reuse import Reuse
from pipeline.shards import Encoded
from pipeline.target import Target

if TYPE_CHECKING:
    from pipeline.caching.places import Root


@dataclass(frozen=True)
class Shard:
    """One shard to assemble: one task, and the only writer of its file.

    Attributes
    ----------
    path
        The store under construction, or its URL.
    layout
        Its layout, without the names of its tracks.
    start
        First row.
    keys
        Cache keys of the shard's rows, in order.
    cache
        Where the rows lie.
    """

    path: Root
    layout: Layout
    start: int
    keys: tuple[str, ...]
    cache: Cache


def assemble(shard: Shard) -> list[int | None]:
    """Write one shard; return each row's number of seconds, ``None`` where the row is lost.

    A row is lost that is damaged, or something else. The shard is not whole then.
    """
    seconds: list[int | None] = []

    def frames() -> Iterator[bytes | memoryview]:
        for row_key in shard.keys:
            row = _row(shard, row_key)
            seconds.append(row.seconds if row else None)
            if row:
                yield row.frame

    with remote.deposit(shard.path) as path:
        store.write_encoded(path, shard.layout, shard.start, frames())
    return seconds


def _row(shard: Shard, row_key: str) -> Encoded | None:
    feature, cache = shard.layout.feature, shard.cache
    row = rows.read(cache, feature, row_key)
    if row is None:  # computed ahead: it becomes an ordinary entry, here or by another run
        cache.move(ahead(feature), feature, row_key)
        row = rows.read(cache, feature, row_key)
    if row is not None and row.shape != shard.layout.row_shape:
        raise store.StoreError(
            f"{shard.path}: a row is {row.shape}; it must be {shard.layout.row_shape}, "
            "or it would be repeated"
        )
    return row


def write(
    target: Target,
    layout: Layout,
    keys: tuple[str, ...],
    attributes: Mapping[str, Any],
    cache: Cache,
    executor: Executor,
    previous: Previous,
) -> set[str]:
    """Write a store; return the keys of the rows that are lost, without which it is none.

    Parameters
    ----------
    keys
        Content key of each row.
    attributes
        What else the store says of itself.
    previous
        Of which shards that stay as they are are taken whole (:mod:`pipeline.reuse`).
    """
    digests = np.frombuffer(b"".join(map(bytes.fromhex, keys)), np.uint8)
    path = target.built
    store.create(path, layout, digests.reshape(len(keys), store.KEY_BYTES), attributes)
    reuse = Reuse(previous, layout, keys, cache)
    local = isinstance(target.shards, Path)
    taken = {
        start: reuse.take(path, start, stop) if local else None for start, stop in layout.shards()
    }
    nameless = replace(layout, tracks=())  # a task needs no copy of all names
    tasks = [
        Shard(target.shards, nameless, start, keys[start:stop], cache)
        for start, stop in layout.shards()
        if taken[start] is None
    ]
    label = f"write {layout.corpus}/{layout.feature}"
    results = executor.run(assemble, tasks, label, lambda task: len(task.keys), light=True)
    written: dict[int, Sequence[int | None]] = {start: f for start, f in taken.items() if f}
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Failure):
            raise store.StoreError(result.reason)
        written[task.start] = result
    seconds = [count for start, _ in layout.shards() for count in written[start]]
    lost = {row_key for row_key, count in zip(keys, seconds, strict=True) if count is None}
    if not lost:
        store.finish(path, np.array(seconds, np.int32))
    return lost
