"""Where a cache lies: a folder, or the URL of an object store.

Conventions
-----------
A *root* is an absolute :class:`pathlib.Path`, or a :class:`upath.UPath` where the location is a URL
(``s3://bucket/cache``). Below a folder every folder has the root's permissions and every file its
read and write bits, whatever the writer's umask: a root that a group may write to, with the
set-group-ID bit, serves the whole group, and a private root stays private.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.stage import StageError

if TYPE_CHECKING:
    from upath import UPath

    Root = Path | UPath

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: Permission bits that files take over from their folder; those to execute mean "enter" there.
READ_WRITE = 0o666
#: What a folder hands on to the folders below it.
INHERITED = 0o777 | stat.S_ISGID


class CacheError(StageError):
    """The cache cannot be used; names the place, the cause and what to do."""


def parse(location: str, base: Path) -> Root:
    """Return the root that a location names; a relative folder counts from ``base``.

    Examples
    --------
    >>> parse("data/cache", Path("/repo")).as_posix()
    '/repo/data/cache'
    """
    location = location.removeprefix("file://")
    if URL.match(location):
        from upath import UPath  # costs a tenth of a second, and most caches are folders

        return UPath(location)
    return base / Path(location).expanduser()


def within(root: Path, *names: str) -> Path:
    """Make a folder below a root, with the root's permissions, and return it.

    The root itself, where it is made here, follows the umask. What is there is left as it is.
    """
    folder = root.joinpath(*names)
    if folder.is_dir():  # nearly always; to make it would lock the folder
        return folder
    if not names:
        root.mkdir(parents=True, exist_ok=True)
        return root
    above = within(root, *names[:-1])
    with suppress(FileExistsError):
        folder.mkdir()
        _like(folder, above)
    return folder


def _like(folder: Path, above: Path) -> None:
    wanted = stat.S_IMODE(above.stat().st_mode) & INHERITED
    if stat.S_IMODE(folder.stat().st_mode) & INHERITED != wanted:
        folder.chmod(wanted)


def share(handle: int, folder: Path) -> None:
    """Give an open file of ours the permissions that its folder hands on."""
    mode = stat.S_IMODE(folder.stat().st_mode) & READ_WRITE
    os.fchmod(handle, mode | stat.S_IRUSR | stat.S_IWUSR)


def local(root: Root) -> Path:
    """Return the folder of this machine for what cannot lie in an object store.

    Locks and checkpoints are rewritten in place. For a folder that is the root itself; for a URL it
    is a folder of the user's among the system's temporary files.
    """
    if isinstance(root, Path):
        return root
    name = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"multispec-{os.getuid()}" / name
