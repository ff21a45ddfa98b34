"""A memory of pooled tracks: every fold of a process needs the same statistics of the same track.

Conventions
-----------
An entry is found by the content it was computed from (BLAKE2 of names, shapes, kinds and bytes), so
that no corpus, fold or copy of an array can be taken for another. What is remembered is read-only
and equals what would be computed again; the oldest entry goes first.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np

# Entries kept: more than the families times the tracks of the corpora in view, about 5 kB each.
MOST_ENTRIES = 32768

Pool = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]

_entries: OrderedDict[bytes, dict[str, np.ndarray]] = OrderedDict()


def remembered(pool: Pool, blocks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return ``pool(blocks)``, computed at most once per content while it is remembered.

    Parameters
    ----------
    pool
        A pure function, told apart from others by its module and name.
    blocks
        Name -> array of one track.
    """
    key = _key(pool, blocks)
    if key not in _entries:
        groups = pool(blocks)
        for columns in groups.values():
            columns.flags.writeable = False
        _entries[key] = groups
        while len(_entries) > MOST_ENTRIES:
            _entries.popitem(last=False)
    return _entries[key]


def _key(pool: Pool, blocks: Mapping[str, np.ndarray]) -> bytes:
    digest = hashlib.blake2b(f"{pool.__module__}.{pool.__qualname__}".encode(), digest_size=16)
    for name, array in sorted(blocks.items()):
        digest.update(f"|{name}|{array.shape}|{array.dtype.str}|".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
