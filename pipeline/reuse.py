"""Shards that the previous store has already: taken whole, as one more name of the same file.

A track more leaves every shard in front of it as it was. To copy them again would cost as much as
to write them; a hard link to DVC's own object costs nothing, and DVC knows the file by its inode
and need not hash it again.

Conventions
-----------
Only what is certain is taken: the object is write-protected, as DVC leaves it; every row of it has
the checksum that its entry of the per-track cache has, which is computed anew from the bytes; and
DVC may link (``cache.type``), which it then does with its outputs as well. All else is assembled.
Nobody writes to a shard in place (:func:`pipeline.shards.write`), so what is linked stays as it is.

Memory: a piece of a row.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from pipeline import shards
from pipeline.cache import Cache
from pipeline.caching import rows
from pipeline.plan import Layout
from pipeline.previous import Previous
from pipeline.store import Reader

#: A store with fewer bytes than this is assembled before the previous one is found.
WORTH_BYTES = 2**27
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Reuse:
    """The shards of a previous store that a new one may take.

    Parameters
    ----------
    previous
        The store that the last run left.
    layout
        Of the new store.
    keys
        Content key of each of its rows.
    cache
        Where the rows lie.
    """

    def __init__(
        self, previous: Previous, layout: Layout, keys: Sequence[str], cache: Cache
    ) -> None:
        self.previous, self.layout, self.keys, self.cache = previous, layout, keys, cache
        worth = layout.row_bytes * len(keys) >= WORTH_BYTES and isinstance(cache.root, Path)
        reader = previous.reader if worth and previous.links else None
        self.reader = reader if reader is not None and _alike(reader, layout) else None

    def take(self, built: Path, start: int, stop: int) -> list[int] | None:
        """Give a store the shard that begins at a row; return each row's number of seconds, s.

        ``None`` where the previous store has no such shard, or its file cannot have another name.
        """
        if self.reader is None or self.reader.keys[start:stop] != list(self.keys[start:stop]):
            return None
        number, per_shard = start // self.layout.per_shard, self.layout.per_shard
        if len(self.reader.keys[start : start + per_shard]) != stop - start:
            return None
        target = shards.path_of(built, number, self.layout.row_shape)
        try:
            source = self.previous.shard(number)
            if source.stat().st_mode & WRITABLE or (seconds := self._sound(source, start)) is None:
                return None
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(source)
        except (OSError, ValueError, KeyError):  # another disk, another owner; damaged; none
            return None
        return seconds

    def _sound(self, source: Path, start: int) -> list[int] | None:
        """Return each row's number of seconds if the shard has the bytes of the cache's rows."""
        seconds: list[int] = []
        with shards.Shard(source, self.layout.per_shard) as shard:
            for row_key, frame in zip(self.keys[start:], shard.rows(), strict=False):
                found = rows.same(
                    self.cache, self.layout.feature, row_key, self.layout.row_shape, frame
                )
                if found is None:
                    return None
                seconds.append(found)
        return seconds


def _alike(reader: Reader, layout: Layout) -> bool:
    return (
        reader.attributes.get("encoder") == shards.ENCODER
        and reader.shape[1:] == layout.row_shape
        and reader.per_shard == layout.per_shard
    )
