"""Object stores as folders: files come to this machine while they are used, and go back whole.

Conventions
-----------
A *root* is what :mod:`pipeline.caching.places` makes of a location: a :class:`pathlib.Path`, which
everything here hands through untouched, or a :class:`upath.UPath` of a URL (``s3://bucket/music``).
An object appears whole or not at all. The store's keys, region and end point come from its own
variables and files, as for the cache (:mod:`pipeline.caching.objects`).

An object that is not there is itself at fault (:class:`RefusedError`). What else goes wrong is the
network's or the keys', which may have expired, stops the run and is written down nowhere.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.stage import StageError, check_disk

if TYPE_CHECKING:
    from upath import UPath

    from pipeline.caching.places import Root

PREFIX = "multispec-"


class RemoteError(StageError):
    """An object store does not answer as it should; names the place and the cause."""


class RefusedError(OSError):
    """One object that cannot be had; ``strerror`` says why, as it would of a file."""


@contextmanager
def _reaching(url: UPath, what: str) -> Iterator[None]:
    """Turn whatever an object store raises into one error with a way out."""
    try:
        yield
    except Exception as error:  # every store has its own kinds
        check_disk(error)
        cause = " ".join(str(error).split()) or type(error).__name__
        raise RemoteError(
            f"{url}: cannot be {what} ({cause}); check the address, the network and the keys "
            "(docs/cluster.md)"
        ) from error


@contextmanager
def local(path: Root) -> Iterator[Path]:
    """Yield a file of this machine with the content of ``path``, and its name.

    Raises
    ------
    RefusedError
        If there is no such object; before the block begins.
    RemoteError
        If the store does not answer, or refuses.
    """
    if isinstance(path, Path):
        yield path
        return
    with TemporaryDirectory(prefix=PREFIX) as folder:
        here = Path(folder) / path.name
        with _reaching(path, "read"):
            code = _fetch(path, here)
        if code:
            raise RefusedError(code, os.strerror(code), str(path))
        yield here


def _fetch(path: UPath, here: Path) -> int:
    """Download an object in blocks; return what is wrong with it as an ``errno``, 0 if nothing."""
    try:
        path.fs.get_file(path.path, str(here))
    except FileNotFoundError:
        return errno.ENOENT
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # a key has up to 1024 bytes, a file's name 255
            raise
        return errno.ENAMETOOLONG
    return 0


@contextmanager
def deposit(folder: Root) -> Iterator[Path]:
    """Yield a folder of this machine; what the block leaves there goes to ``folder`` at its end."""
    if isinstance(folder, Path):
        yield folder
        return
    with TemporaryDirectory(prefix=PREFIX) as made:
        yield Path(made)
        upload(Path(made), folder)


def upload(source: Path, target: UPath, last: str = "") -> None:
    """Copy every file below a folder to an object store, in sorted order, the ``last`` one last."""
    files = (path for path in source.rglob("*") if path.is_file())
    found = {path.relative_to(source).as_posix(): path for path in files}
    with _reaching(target, "written to"):
        for name in sorted(found, key=lambda name: (name == last, name)):
            target.fs.put_file(str(found[name]), _join(target, name))


def clear(url: UPath) -> None:
    """Remove every object below a URL."""
    with _reaching(url, "cleared"):
        if found := [_join(url, name) for name in _find(url)]:
            url.fs.rm(found)


def names(root: UPath) -> list[str]:
    """Return the sorted names of all objects below a URL, without those that stand for folders.

    One listing of a thousand objects a request; it also answers :func:`is_file` afterwards.
    """
    with _reaching(root, "listed"):
        return sorted(name for name in _find(root) if name and not name.endswith("/"))


def _find(root: UPath) -> list[str]:
    root.fs.invalidate_cache()
    try:
        found = root.fs.find(root.path)
    except FileNotFoundError:
        return []
    return [path.removeprefix(root.path.rstrip("/")).removeprefix("/") for path in found]


def is_file(path: UPath) -> bool:
    """Whether there is an object of this name."""
    with _reaching(path, "looked up"):
        return bool(path.fs.isfile(path.path))


def is_folder(root: UPath) -> bool:
    """Whether there is any object below a URL."""
    with _reaching(root, "listed"):
        return bool(root.fs.isdir(root.path))


def _join(url: UPath, name: str) -> str:
    return f"{url.path.rstrip('/')}/{name}"
