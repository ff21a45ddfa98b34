"""Entries in a folder: written beside their place and renamed, so they are whole or absent.

Conventions
-----------
A *name* is an entry's path below the root, ``<kind>/<first two digits>/<key>``. A file that is
being written is ``.partial-*`` in the folder of its name. What may not be read counts as absent; a
failed write is a :class:`~pipeline.caching.places.CacheError`.
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.caching import places
from pipeline.caching.places import CacheError

PARTIAL = ".partial-"
ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)
#: A folder is another user's alone between its making and its sharing, s.
MOMENT = 0.05
ELSEWHERE = "name another cache (compute.cache in params.yaml, or the variable MULTISPEC_CACHE)"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class Found:
    """A file or an object below a root.

    Attributes
    ----------
    name
        Below the root.
    bytes
        Its size.
    used
        Time of its last use, s since 1970: of the write or, where the file system records it (Linux
        does so once a day, unless it is mounted ``noatime``), of the last read.
    mine
        Whether it is known to belong to this user.
    """

    name: str
    bytes: int
    used: float
    mine: bool


@dataclass(frozen=True)
class Files:
    """The entries below a root folder."""

    root: Path

    def read(self, name: str) -> bytes | None:
        """Return an entry's bytes, or ``None`` where there is none that may be read."""
        try:
            return (self.root / name).read_bytes()
        except ABSENT:
            return None
        except OSError as error:
            raise self._error("read", name, error) from error

    def split(self, name: str, at: int) -> tuple[bytes, bytes] | None:
        """Read an entry in two parts, without a copy of the second."""
        try:
            with (self.root / name).open("rb", buffering=0) as file:
                return file.read(at), file.readall()
        except ABSENT:
            return None
        except OSError as error:
            raise self._error("read", name, error) from error

    def look(self, name: str) -> bytes | None:
        """Read an entry without that counting as a use of it, as far as the system allows."""
        try:
            with open(self.root / name, "rb", opener=_untraced) as file:
                return file.read()
        except ABSENT:
            return None
        except OSError as error:
            raise self._error("read", name, error) from error

    def write(self, name: str, *parts: bytes, flush: bool = True) -> None:
        """Write an entry atomically, with the permissions of its folder.

        Parameters
        ----------
        flush
            Whether it must outlast a power cut from here on. Whole or absent it is without, too, as
            long as the system goes on; torn by a power cut, it has the wrong checksum.
        """
        try:
            try:
                self._write(name, parts, flush)
            except (PermissionError, FileNotFoundError):
                time.sleep(MOMENT)
                self._write(name, parts, flush)
        except OSError as error:
            raise self._error("write", name, error) from error

    def _write(self, name: str, parts: tuple[bytes, ...], flush: bool) -> None:
        path = self.root / name
        folder = places.within(self.root, *Path(name).parts[:-1])
        handle, partial = tempfile.mkstemp(dir=folder, prefix=PARTIAL)
        try:
            with os.fdopen(handle, "wb") as file:
                places.share(handle, folder)
                file.writelines(parts)
                if flush:
                    file.flush()
                    os.fsync(handle)
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    def discard(self, name: str, data: bytes) -> None:
        """Remove an entry that was read as these bytes, unless it has been replaced since."""
        if self.read(name) == data:
            with suppress(OSError):  # a cache that may only be read keeps its damage
                (self.root / name).unlink(missing_ok=True)

    def move(self, name: str, to: str) -> bool:
        """Give an entry another name, atomically; return whether there was one."""
        if not (self.root / name).is_file():
            return False
        try:
            places.within(self.root, *Path(to).parts[:-1])
            (self.root / name).replace(self.root / to)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise self._error("write", to, error) from error
        return True

    def names(self) -> Iterator[Found]:
        """Yield every file, sorted by name."""
        for folder, inner, files in os.walk(self.root):
            inner.sort()
            for file in sorted(files):
                path = Path(folder) / file
                with suppress(OSError):
                    yield self._found(path.relative_to(self.root).as_posix())

    def _found(self, name: str) -> Found:
        found = (self.root / name).stat()
        used = max(found.st_mtime, found.st_atime)
        return Found(name, found.st_size, used, mine=found.st_uid == os.geteuid())

    def remove(self, found: Found) -> bool:
        """Remove a file, unless it has been used since it was found; return whether it went."""
        try:
            if self._found(found.name) != found:
                return False
            (self.root / found.name).unlink()
        except OSError:
            return False
        return True

    def _error(self, what: str, name: str, error: OSError) -> CacheError:
        return CacheError(
            f"cache {self.root}: cannot {what} {name}: {error.strerror or error}; "
            f"{_remedy(error.errno)}"
        )


def _remedy(number: int | None) -> str:
    if number in FULL:
        return f"make room with `multispec cache prune`, or {ELSEWHERE}"
    if number in FORBIDDEN:
        return (
            "what it holds can be used, but new rows must go somewhere: have its owner let your "
            f"group write to it (docs/cache.md), or {ELSEWHERE}"
        )
    return f"see whether its disk is there and sound, or {ELSEWHERE}"


def _untraced(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # the owner alone may leave no trace
        return os.open(path, flags)
