"""A claim on one entry of the cache, so that no two processes compute it at the same time.

Conventions
-----------
A claim is an exclusive ``flock`` on ``<root>/claims/<kind>-<key>.lock``. The kernel drops it with
the process that holds it, however that ends, so a claim is never left over; the empty file may be,
and whoever claims the key next, or ``multispec cache prune``, removes it.

A claim saves work and is no condition of correctness: entries are renamed into place, so two
processes that compute one entry both write the same bytes. Where there is nothing to lock with (a
folder that may only be read, a network file system without locks) every claim is granted.

=====================  ==========================================================================
local disk             processes, threads and users of one machine
NFS with lockd, v4     processes of all machines; threads of one process do not see each other, and
                       a stale name in a client's memory can grant a claim twice
Lustre                 all machines with the mount option ``flock``, one with ``localflock``
URL (object store)     the user's processes of one machine: the lock lies among temporary files
=====================  ==========================================================================
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.caching import places

if TYPE_CHECKING:
    from pipeline.caching.places import Root

FOLDER = "claims"
SUFFIX = ".lock"


@dataclass(frozen=True)
class Lock:
    """A lock file: the entry it is for, and whether a living process holds it."""

    path: Path
    held: bool


@contextmanager
def claim(root: Root, kind: str, key: str, wait: bool = False) -> Iterator[bool]:
    """Claim an entry while the block runs.

    Parameters
    ----------
    root, kind, key
        Of the cache and the entry.
    wait
        Wait for whoever holds the claim.

    Yields
    ------
    bool
        Whether the entry is ours to compute; always true after waiting. Ask the cache again then:
        the former holder may have written it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, claim(Path(folder), "gtf", "12ab") as mine:
    ...     with claim(Path(folder), "gtf", "12ab") as again:
    ...         (mine, again)
    (True, False)
    """
    try:
        path = places.within(places.local(root), FOLDER) / f"{kind}-{key}{SUFFIX}"
        handle = _lock(path, wait)
    except OSError:  # nothing to lock with: computing twice is only slower
        yield True
        return
    if handle is None:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(OSError):  # another user's file in a folder with the sticky bit
            path.unlink(missing_ok=True)
        os.close(handle)


def _lock(path: Path, wait: bool) -> int | None:
    """Return a descriptor that holds the lock of a path, or ``None`` if another one does.

    The holder removes the file before it lets go. So the file that a claimant opened may have lost
    its name by the time it is locked; such a lock excludes nobody, and another file is opened.
    """
    while True:
        handle = _open(path)
        try:
            if not _take(handle, wait):
                os.close(handle)
                return None
            if _names(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _open(path: Path) -> int:
    handle = _existing(path, os.O_CREAT)
    with suppress(PermissionError):  # it is the maker's to share
        places.share(handle, path.parent)
    return handle


def _existing(path: Path, flags: int = 0) -> int:
    try:
        return os.open(path, os.O_RDWR | flags, 0o666)
    except PermissionError:  # another user's file; a local lock needs no right to write
        return os.open(path, os.O_RDONLY)


def _take(handle: int, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno == errno.EACCES:  # what some network file systems say for "held"
            return False
        raise
    return True


def _names(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def survey(root: Root) -> list[Lock]:
    """Return the lock files of a cache; those that nobody holds were left by a killed process."""
    found = []
    for path in sorted((places.local(root) / FOLDER).glob(f"*{SUFFIX}")):
        with suppress(OSError):
            handle = _existing(path)
            try:
                found.append(Lock(path, held=not _take(handle, wait=False)))
            finally:
                os.close(handle)
    return found


def sweep(root: Root) -> int:
    """Remove the lock files that nobody holds; return how many there were."""
    removed = 0
    for lock in survey(root):
        with suppress(OSError):
            handle = _existing(lock.path)
            try:
                if _take(handle, wait=False) and _names(lock.path, handle):
                    lock.path.unlink()
                    removed += 1
            finally:
                os.close(handle)
    return removed
