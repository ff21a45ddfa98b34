"""The per-track cache: content-addressed, checksummed, shared by every run of this repository.

Conventions
-----------
A *key* is the SHA-256, in hexadecimal, of everything that decides an entry's bytes: the file's
content, the effective configuration, the version of the code and the versions of the libraries.
An entry is a file ``<root>/<kind>/<first two digits>/<key>`` that holds the 32-byte SHA-256 of its
payload and the payload: an ``.npy`` array (never a pickle) or UTF-8 JSON. It is written under
another name, flushed, and renamed, so that a killed writer leaves no entry; a reader that finds the
checksum wrong removes the entry and reports it missing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES = 32


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


@dataclass(frozen=True)
class Cache:
    """One cache folder; cheap to make, safe to send to a worker.

    Attributes
    ----------
    root
        Folder; made on the first write.
    """

    root: Path

    @classmethod
    def at(cls, location: str) -> Cache:
        """Return the cache at a location; a relative one counts from the real repository."""
        return cls(real_root(Path.cwd()) / location)

    def path(self, kind: str, key: str) -> Path:
        """Return where an entry lies or would lie."""
        return self.root / kind / key[:2] / key

    def read(self, kind: str, key: str) -> bytes | None:
        """Return an entry's payload, or ``None`` where there is none or it is damaged."""
        path = self.path(kind, key)
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        digest, payload = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() != digest:
            path.unlink(missing_ok=True)
            return None
        return payload

    def write(self, kind: str, key: str, payload: bytes) -> None:
        """Write an entry atomically."""
        path = self.path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).digest())
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    def move(self, kind: str, to: str, key: str) -> bool:
        """Give an entry to another kind, atomically; return whether there was one."""
        target = self.path(to, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.path(kind, key).replace(target)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def read_array(self, kind: str, key: str) -> NDArray[Any] | None:
        """Return an array entry, or ``None``."""
        payload = self.read(kind, key)
        return None if payload is None else np.load(io.BytesIO(payload), allow_pickle=False)

    def write_array(self, kind: str, key: str, array: NDArray[Any]) -> None:
        """Write an array entry."""
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        self.write(kind, key, buffer.getvalue())

    def read_json(self, kind: str, key: str) -> Any:
        """Return a JSON entry, or ``None``."""
        payload = self.read(kind, key)
        return None if payload is None else json.loads(payload)

    def write_json(self, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Write a JSON entry."""
        self.write(kind, key, json.dumps(value, sort_keys=True).encode())
