"""The per-track cache: content-addressed, checksummed, shared by every run of this repository.

Conventions
-----------
A *key* is the SHA-256, in hexadecimal, of everything that decides an entry's bytes: the file's
content, the effective configuration, the version of the code and the versions of the libraries.
An entry is a file ``<root>/<kind>/<first two digits>/<key>`` (:func:`name_of`): 32 bytes of
checksum and the payload, an encoded row (:mod:`pipeline.caching.rows`), an ``.npy`` array (never a
pickle) or UTF-8 JSON. It is written under another name and renamed, so that a killed writer leaves
no entry; a reader that finds the checksum wrong removes the entry and reports it missing. An entry
that cannot be read, or holds something else than what is asked for, counts as missing too.

The checksum is a SHA-256. Of rows, which are many, large and soon made again, it is a CRC-32C, a
tenth of the work and as good against a disk that forgets; and they are not flushed to the disk:
what a power cut tears has the wrong checksum.

The root is a folder, which several people may share, or the URL of an object store: docs/cache.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from pipeline.caching import places
from pipeline.caching.files import Files
from pipeline.caching.objects import Objects

if TYPE_CHECKING:
    from pipeline.caching.places import Root

DIGEST_BYTES = 32
#: What a checksum begins with that is a CRC-32C; a SHA-256 does so once in 2**64 entries.
QUICK = b"CRC-32C\0"
#: Kinds of rows that were computed ahead of their own stage, which moves them. They do not stay, so
#: they lie in one folder: to make 256 more of them takes as long as to write a hundred rows.
AHEAD = "ahead-"
#: Names another root than ``compute.cache``, for one user or one machine.
VARIABLE = "MULTISPEC_CACHE"


def key(**parts: Any) -> str:
    """Return the key of an entry from everything that decides its bytes.

    Examples
    --------
    >>> key(content="ab", config={"x": 1, "y": 2}) == key(config={"y": 2, "x": 1}, content="ab")
    True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def real_root(here: Path) -> Path:
    """Return the repository a checkout belongs to.

    ``dvc exp run --temp`` and ``--queue`` work in a copy under ``.dvc/tmp/exps``; a cache beside
    that copy would be lost with it.

    Examples
    --------
    >>> real_root(Path("/data/repo/.dvc/tmp/exps/standalone/tmp1")).as_posix()
    '/data/repo'
    """
    parts = here.parts
    for i in range(len(parts) - 2):
        if parts[i : i + 3] == (".dvc", "tmp", "exps"):
            return Path(*parts[:i])
    return here


def name_of(kind: str, key: str) -> str:
    """Return where an entry lies, below the root.

    Examples
    --------
    >>> name_of("gtf", "12ab"), name_of("ahead-gtf", "12ab")
    ('gtf/12/12ab', 'ahead-gtf/12ab')
    """
    return f"{kind}/{key}" if kind.startswith(AHEAD) else f"{kind}/{key[:2]}/{key}"


def quick(parts: Iterable[bytes]) -> bytes:
    """Return the quick checksum of a payload in parts, as an entry begins with it."""
    found = 0
    for part in parts:
        found = google_crc32c.extend(found, part)
    return QUICK + found.to_bytes(DIGEST_BYTES - len(QUICK), "little")


def sound(own: bytes, payload: bytes) -> bool:
    """Whether a payload has the checksum that its entry begins with.

    Examples
    --------
    >>> sound(quick([b"ro", b"w"]), b"row"), sound(quick([b"row"]), b"raw")
    (True, False)
    """
    return own == (quick([payload]) if own.startswith(QUICK) else hashlib.sha256(payload).digest())


@dataclass(frozen=True)
class Cache:
    """One cache; cheap to make, safe to send to a worker.

    Attributes
    ----------
    root
        Folder, made on the first write, or URL.
    """

    root: Root

    @classmethod
    def at(cls, location: str) -> Cache:
        """Return the cache at a location; a relative folder counts from the real repository.

        The environment variable :data:`VARIABLE` overrides the location.
        """
        location = os.environ.get(VARIABLE) or location
        return cls(places.parse(location, real_root(Path.cwd())))

    @property
    def place(self) -> Files | Objects:
        """What reads and writes below the root."""
        return Files(self.root) if isinstance(self.root, Path) else Objects(self.root)

    def path(self, kind: str, key: str) -> Root:
        """Return where an entry lies or would lie."""
        return self.root / name_of(kind, key)

    def folder(self, name: str) -> Path:
        """Make a folder of this machine for what is no entry, such as checkpoints; return it.

        It lies below the root and has its permissions; where the root is a URL, it is one of the
        user's among the system's temporary files.
        """
        return places.within(places.local(self.root), name)

    def read(self, kind: str, key: str) -> bytes | None:
        """Return an entry's payload, or ``None`` where there is none or it is damaged."""
        name, place = name_of(kind, key), self.place
        found = place.split(name, DIGEST_BYTES)
        if found is None:
            return None
        if not sound(*found):
            place.discard(name, b"".join(found))
            return None
        return found[1]

    def begins(self, kind: str, key: str, size: int) -> tuple[bytes, bytes] | None:
        """Return an entry's checksum and the first bytes of its payload, unchecked.

        ``None`` where there is no such entry that may be read, or it is in an object store.
        """
        if not isinstance(self.root, Path):
            return None
        try:
            with self.path(kind, key).open("rb", buffering=0) as file:
                data = file.read(DIGEST_BYTES + size)
        except OSError:
            return None
        if len(data) < DIGEST_BYTES + size:
            return None
        return data[:DIGEST_BYTES], data[DIGEST_BYTES:]

    def write(self, kind: str, key: str, payload: bytes) -> None:
        """Write an entry atomically.

        Raises
        ------
        pipeline.caching.places.CacheError
            If the cache cannot be written to.
        """
        self.place.write(name_of(kind, key), hashlib.sha256(payload).digest(), payload)

    def write_quickly(self, kind: str, key: str, *parts: bytes) -> None:
        """Write an entry atomically, with the quick checksum, and leave its flushing to the system.

        Raises
        ------
        pipeline.caching.places.CacheError
            If the cache cannot be written to.
        """
        self.place.write(name_of(kind, key), quick(parts), *parts, flush=False)

    def discard(self, kind: str, key: str) -> None:
        """Remove an entry that is of no use, if there is one."""
        name = name_of(kind, key)
        if (data := self.place.read(name)) is not None:
            self.place.discard(name, data)

    def move(self, kind: str, to: str, key: str) -> bool:
        """Give an entry to another kind, atomically; return whether there was one."""
        return self.place.move(name_of(kind, key), name_of(to, key))

    def read_array(self, kind: str, key: str) -> NDArray[Any] | None:
        """Return an array entry, or ``None`` where there is none that holds an array."""
        payload = self.read(kind, key)
        try:
            found = None if payload is None else np.load(io.BytesIO(payload), allow_pickle=False)
        except (ValueError, EOFError, OSError, zipfile.BadZipFile):
            return None
        return found if isinstance(found, np.ndarray) else None

    def write_array(self, kind: str, key: str, array: NDArray[Any]) -> None:
        """Write an array entry."""
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        self.write(kind, key, buffer.getvalue())

    def read_json(self, kind: str, key: str) -> Any:
        """Return a JSON entry, or ``None`` where there is none that holds JSON."""
        payload = self.read(kind, key)
        try:
            return None if payload is None else json.loads(payload)
        except ValueError:
            return None

    def write_json(self, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Write a JSON entry."""
        self.write(kind, key, json.dumps(value, sort_keys=True).encode())
