"""Entries in an object store, by the URL of its bucket or folder (``s3://bucket/cache``).

Conventions
-----------
Names are those of :mod:`pipeline.caching.files`. An object appears whole or not at all, so a write
needs no rename; a move is a copy and a removal. The store's keys, region and end point come from
its own variables and files (for S3 those of the AWS tools: ``AWS_PROFILE``, ``AWS_ENDPOINT_URL``),
never from this project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.caching.files import ELSEWHERE, Found
from pipeline.caching.places import CacheError

if TYPE_CHECKING:
    from upath import UPath

T = TypeVar("T")


@dataclass(frozen=True)
class Objects:
    """The entries below a root URL."""

    root: UPath

    def read(self, name: str) -> bytes | None:
        """Return an entry's bytes, or ``None`` where there is none."""
        try:
            return bytes(self._do("read", name, lambda fs, path: fs.cat_file(path)))
        except FileNotFoundError:
            return None

    def split(self, name: str, at: int) -> tuple[bytes, bytes] | None:
        """Read an entry in two parts."""
        data = self.read(name)
        return None if data is None else (data[:at], data[at:])

    def write(self, name: str, *parts: bytes, flush: bool = True) -> None:  # noqa: ARG002
        """Write an entry; it appears whole, and lasts from then on."""
        try:
            self._do("write", name, lambda fs, path: fs.pipe_file(path, b"".join(parts)))
        except FileNotFoundError as error:  # the bucket itself
            raise self._error("write", name, error) from error

    def discard(self, name: str, data: bytes) -> None:
        """Remove an entry that was read as these bytes, unless it has been replaced since."""
        if self.read(name) == data:
            self._remove(name)

    def move(self, name: str, to: str) -> bool:
        """Give an entry another name; return whether there was one."""
        target = self._path(to)
        try:
            self._do("write", name, lambda fs, path: fs.cp_file(path, target))
        except FileNotFoundError:
            return False
        self._remove(name)
        return True

    def look(self, name: str) -> bytes | None:
        """Read an entry; no store keeps a record of that."""
        return self.read(name)

    def names(self) -> Iterator[Found]:
        """Yield every object, sorted by name; whose it is, is not known."""
        prefix = self._path("")
        self.root.fs.invalidate_cache()
        try:
            found = self._do("list", "", lambda fs, path: fs.find(path, detail=True))
        except FileNotFoundError:
            return
        for path, about in sorted(found.items()):
            written = about.get("LastModified") or about.get("mtime") or about.get("created")
            stamp = written.timestamp() if hasattr(written, "timestamp") else float(written or 0)
            name = path.removeprefix(prefix).lstrip("/")
            yield Found(name, int(about["size"]), stamp, mine=False)

    def listed(self, kind: str, above: int) -> set[str]:
        """Return the keys of all entries of a kind that have more than so many bytes.

        One request tells of a thousand entries, where asking tells of one.
        """
        self.root.fs.invalidate_cache()
        try:
            found = self._do("list", kind, lambda fs, path: fs.find(path, detail=True))
        except FileNotFoundError:
            return set()
        finally:  # what is listed now must not answer later
            self.root.fs.invalidate_cache()
        return {
            path.rpartition("/")[2] for path, about in found.items() if int(about["size"]) > above
        }

    def size(self, name: str) -> int:
        """Return an object's size, bytes; 0 where there is none."""
        try:
            return int(self._do("look at", name, lambda fs, path: fs.size(path)) or 0)
        except FileNotFoundError:
            return 0

    def remove(self, found: Found) -> bool:
        """Remove an object; return whether it went."""
        return self._remove(found.name)

    def _remove(self, name: str) -> bool:
        try:
            self._do("remove", name, lambda fs, path: fs.rm_file(path))
        except (FileNotFoundError, CacheError):
            return False
        return True

    def _path(self, name: str) -> str:
        return f"{self.root.path.rstrip('/')}/{name}" if name else self.root.path.rstrip("/")

    def _do(self, what: str, name: str, how: Callable[[Any, str], T]) -> T:
        """Call the file system; whatever goes wrong but absence is the cache's error."""
        try:
            return how(self.root.fs, self._path(name))
        except FileNotFoundError:
            raise
        except Exception as error:  # every store has its own kinds
            raise self._error(what, name, error) from error

    def _error(self, what: str, name: str, error: Exception) -> CacheError:
        cause = " ".join(str(error).split()) or type(error).__name__
        return CacheError(
            f"cache {self.root}: cannot {what} {name or 'it'}: {cause}; check the address, the "
            f"network and the keys (docs/cache.md), or {ELSEWHERE}"
        )
