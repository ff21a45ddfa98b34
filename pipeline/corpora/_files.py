"""Looking at corpus folders and tables safely: names, links and encodings are not to be trusted.

Conventions
-----------
A relative path is a string with forward slashes. A fault is a short reason in words, fit for the
``reason`` column of a quarantine table; no fault is ``None``.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import unicodedata
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeline import remote
from pipeline.corpora import CorpusError, Reject, Track

if TYPE_CHECKING:
    from upath import UPath

    from pipeline.caching.places import Root

# What libsndfile 1.2 reads.
AUDIO = (
    frozenset((".wav", ".wave", ".w64", ".rf64", ".mp3", ".flac"))
    | frozenset((".ogg", ".oga", ".opus"))
    | frozenset((".aiff", ".aif", ".aifc", ".au", ".snd", ".caf"))
)
MIDI = frozenset((".mid", ".midi", ".kar"))


def shown(name: str) -> str:
    r"""Return a printable form of a file name that may hold bytes that are not UTF-8.

    Examples
    --------
    >>> shown("caf\udce9.wav")
    'caf\\xe9.wav'
    >>> shown("two\nlines.wav")
    'two\\nlines.wav'
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if unicodedata.category(c) != "Cc" else ascii(c)[1:-1] for c in text)


def require(root: Root, layout: str, folders: Collection[str] = (), remotely: bool = False) -> None:
    """Raise :class:`CorpusError` unless ``root`` is a folder that holds one of ``folders``.

    Where the adapter works ``remotely``, the URL of one in an object store will do.
    """
    if not isinstance(root, Path):
        if not remotely:
            raise CorpusError(
                f"{root}: this adapter reads folders alone; copy the corpus to one, or use the "
                "adapter 'folder' or 'listed'"
            )
        if not remote.is_folder(root):
            raise CorpusError(f"{root}: no object lies there; expected {layout}")
        return
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise CorpusError(f"{root}: {what}; expected {layout}; check the corpus's 'root'")
    if folders and not any((root / name).is_dir() for name in folders):
        raise CorpusError(
            f"{root}: holds no folder {' or '.join(sorted(folders))}; expected {layout};"
            " 'root' may point one level too high or too low"
        )


def finish(
    root: Root, layout: str, tracks: list[Track], rejects: list[Reject]
) -> tuple[list[Track], list[Reject]]:
    """Sort both lists; raise :class:`CorpusError` where there is no track at all."""
    if not tracks:
        first = min(rejects, default=None)
        cause = f"{len(rejects)} refused, such as {first.file}: {first.reason}" if first else ""
        raise CorpusError(f"{root}: no track found; expected {layout}; {cause or 'it is empty'}")
    return sorted(tracks), sorted(rejects)


def walk(root: Root) -> tuple[list[str], list[Reject]]:
    """Return the sorted relative paths of all plain, visible files under ``root``.

    Hidden files and folders are skipped. Links that leave the root, links to folders, names that
    are not UTF-8 and things that are not files are refused; in an object store, names that are no
    paths.
    """
    if not isinstance(root, Path):
        return _objects(root)
    found: list[str] = []
    rejects: list[Reject] = []

    def unreadable(error: OSError) -> None:
        where = Path(error.filename).relative_to(root).as_posix()
        rejects.append(Reject(shown(where), f"folder cannot be read: {error.strerror}"))

    for folder, below, files in os.walk(root, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        links = [name for name in below if (Path(folder) / name).is_symlink()]
        for name in (*files, *links):
            if name.startswith("."):
                continue
            relative = (Path(folder) / name).relative_to(root).as_posix()
            reason = fault(root, relative)
            if reason is None:
                found.append(relative)
            else:
                rejects.append(Reject(shown(relative), reason))
    return sorted(found), rejects


def _objects(root: UPath) -> tuple[list[str], list[Reject]]:
    found: list[str] = []
    rejects: list[Reject] = []
    for name in remote.names(root):
        path = PurePosixPath(name)
        reason = _name_fault(name) or ("the name is no path" if str(path) != name else None)
        if reason is not None:
            rejects.append(Reject(shown(name), reason))
        elif not any(part.startswith(".") for part in path.parts):
            found.append(name)
    return found, rejects


def fault(root: Root, relative: str) -> str | None:
    """Return why ``relative`` cannot be a file of the corpus at ``root``, or ``None``.

    Examples
    --------
    >>> fault(Path("/tmp"), "../etc/passwd")
    'the path leaves the corpus root'
    """
    if (reason := _name_fault(relative)) is not None:
        return reason
    if isinstance(root, Path):
        return _file_fault(root, root / relative)
    there = remote.is_file(root / relative)
    return None if there else f"file not found ({os.strerror(errno.ENOENT)})"


def _name_fault(relative: str) -> str | None:
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError:
        return "the file name is not UTF-8"
    if any(unicodedata.category(character) == "Cc" for character in relative):
        return "control character in the file name"
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts:
        return "the path leaves the corpus root"
    return None


def _file_fault(root: Path, path: Path) -> str | None:
    try:
        path.lstat()
    except OSError as error:
        return f"file not found ({error.strerror})"
    if not path.exists():
        return "broken or circular link"
    if not path.resolve().is_relative_to(root.resolve()):
        return "the link leaves the corpus root"
    return None if path.is_file() else "not a plain file"


def read_table(
    path: Root, required: Collection[str], optional: Collection[str] | None = None
) -> list[dict[str, str]]:
    """Return the rows of a CSV file as mappings of stripped strings.

    UTF-8 with or without a byte-order mark, else Latin-1, in which every byte is a character.

    Parameters
    ----------
    path
        The file.
    required
        Columns that must be there.
    optional
        Columns that may be there; any other column is an error. ``None`` allows all.

    Raises
    ------
    CorpusError
        If the file is missing, or its header is not as asked for.
    """
    try:
        with remote.local(path) as file:
            raw = file.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}; is this the root?") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="", strict=False)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        _check_header(path, header, required, optional)
        # restkey holds the fields beyond the header, as a list; its presence alone matters.
        return [
            {key: "" if key == "" else value.strip() for key, value in r.items()} for r in reader
        ]
    except csv.Error as error:
        raise CorpusError(f"{path}: line {reader.line_num}: not CSV: {error}") from None


def _check_header(
    path: Root, header: list[str], required: Collection[str], optional: Collection[str] | None
) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        raise CorpusError(
            f"{path}: no column {missing[0]!r} among {', '.join(map(repr, header)) or 'none'};"
            " the first line must name the columns, separated by commas"
        )
    unknown = [] if optional is None else [n for n in header if n not in {*required, *optional}]
    if unknown or len(set(header)) < len(header):
        what = f"unknown column {unknown[0]!r}" if unknown else "a column appears twice"
        allowed = ", ".join([*required, *(optional or ())])
        raise CorpusError(f"{path}: {what}; the columns may be {allowed}")
