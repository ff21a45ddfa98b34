"""A corpus-to-be: its name and folder checked, its adapter chosen, its tracks listed."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline import corpora, corpus, params
from pipeline.adding import manifest
from pipeline.adding.problems import Problem
from pipeline.corpora import CorpusError, Reject, Track, listed
from pipeline.corpora._files import AUDIO, MIDI, require, walk
from pipeline.params import ParamsError

BY_FOLDER = "by-folder"
#: The user's own files; the other adapters know one published layout each.
OWN = ("folder", "listed")


@dataclass(frozen=True)
class Candidate:
    """What would be added.

    Attributes
    ----------
    name, adapter, root
        As in params.yaml.
    extra
        The adapter's own keys.
    tracks, rejects
        What the adapter says.
    table
        The labels to be written to ``extra["manifest"]``; ``None`` without a table.
    """

    name: str
    adapter: str
    root: str
    extra: Mapping[str, Any]
    tracks: tuple[Track, ...]
    rejects: tuple[Reject, ...]
    table: manifest.Matched | None


def check_name(all_params: Mapping[str, Any], name: str) -> None:
    """Raise :class:`ParamsError` unless the name can be a new key under ``corpora``.

    Examples
    --------
    >>> check_name({"corpora": {}}, "my music")
    Traceback (most recent call last):
    ...
    pipeline.params.ParamsError: 'my music' cannot name a corpus: ... 'my-music' can
    """
    if not corpus.NAME.fullmatch(name) or name.startswith("-"):
        better = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "mine"
        better = f"{better}-1" if better == "pictures" else better
        raise ParamsError(
            f"{name!r} cannot name a corpus: it names stages and folders, so letters, digits, - "
            f"and _ alone, and no - in front; {better!r} can"
        )
    if name in params.section(all_params, "corpora"):
        raise ParamsError(
            f"there is a corpus {name!r} already; choose another name, or edit corpora.{name} in "
            "params.yaml"
        )


def rooted(path: str) -> str:
    """Return a folder as params.yaml has it: from the repository where it is inside, else absolute.

    Raises
    ------
    CorpusError
        If it is no folder, or one that cannot be a dependency of a stage.
    """
    given = Path(path).expanduser()
    require(given, "a folder with music")
    # Not resolved: a root that is a link stays one, and may be turned to another disk.
    absolute, here = Path(os.path.abspath(given)), Path.cwd()  # noqa: PTH100
    if here.resolve().is_relative_to(absolute.resolve()):
        raise CorpusError(f"{path}: this folder holds the repository itself; name one with music")
    if "${" in str(absolute) or any(ord(character) < ord(" ") for character in str(absolute)):
        raise CorpusError(f"{path!r}: DVC cannot read such a path; rename the folder or link to it")
    inside = absolute.is_relative_to(here)
    return (absolute.relative_to(here) if inside else absolute).as_posix()


def candidate(name: str, root: str, labels: str, adapter: str | None) -> Candidate:
    """List the tracks.

    Parameters
    ----------
    labels
        ``by-folder``, or the path of a table.
    adapter
        A file of ``pipeline/corpora``; ``None``: the one for the user's own files.

    Raises
    ------
    CorpusError
        If nothing is found, the adapter is unknown, or the table cannot be read.
    """
    folder = Path(root)
    if labels == BY_FOLDER or _is(Path(labels).expanduser(), folder / "manifest.csv"):
        chosen = corpora.load(adapter or "folder")
        config = chosen.Config()
        tracks, rejects = chosen.tracks(folder, config)
        # As YAML has them: tuples are lists.
        extra = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(config).items()
        }
        return Candidate(
            name, adapter or "folder", root, extra, tuple(tracks), tuple(rejects), None
        )
    if adapter not in (None, "listed"):
        raise CorpusError(f"--labels TABLE is for the adapter 'listed', not for {adapter!r}")
    return _listed(name, folder, root, Path(labels).expanduser())


def _is(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)


def _listed(name: str, folder: Path, root: str, table: Path) -> Candidate:
    files, refused = walk(folder)
    audio = [file for file in files if PurePosixPath(file).suffix.lower() in AUDIO]
    midi = [file for file in files if PurePosixPath(file).suffix.lower() in MIDI]
    matched = manifest.match(table, audio, midi)
    if not matched.rows:
        first = f"; the first row: {matched.refused[0].reason}" if matched.refused else ""
        raise CorpusError(f"{table}: no row names a file under {root}{first}")
    tracks, rejects = listed.read(folder, table.name, matched.rows)
    extra = {"manifest": (listed.MANIFESTS / f"{name}.csv").as_posix()}
    every = (*matched.refused, *rejects, *refused)
    return Candidate(name, "listed", root, extra, tuple(tracks), every, matched)


def remarks(found: Candidate) -> list[Problem]:
    """Return what is to be said of table and layout, beside the files themselves."""
    said = []
    if found.table is not None and found.table.unnamed:
        count = len(found.table.unnamed)
        said.append(
            Problem(
                "note",
                f"{count} files that no row of the table names are not part of the corpus",
                found.table.unnamed,
                "add rows for them if they should be",
            )
        )
    if found.table is not None and found.table.ignored:
        names = ", ".join(found.table.ignored)
        said.append(Problem("note", f"columns of the table that mean nothing here: {names}"))
    for name in _published(found) if found.adapter in OWN else ():
        said.append(
            Problem(
                "warning",
                f"this is laid out as {corpora.load(name).INFO.title}, whose adapter knows its "
                f"groups ({corpora.load(name).INFO.group})",
                remedy=f"--adapter {name}",
            )
        )
    return said


def _published(found: Candidate) -> list[str]:
    """Return the adapters of published sets that read the folder without much refusal."""
    names = []
    for name in corpora.names():
        adapter = corpora.load(name)
        if adapter.INFO.url is None:
            continue
        try:
            tracks, rejects = adapter.tracks(Path(found.root), adapter.Config())
        except CorpusError:
            continue
        if len(rejects) <= len(tracks):
            names.append(name)
    return names
