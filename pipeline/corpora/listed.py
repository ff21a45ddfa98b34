"""Files that a table names: labels from a CSV file, whatever the folders are called.

Provenance, citation, licence, counts: the user's own.

Layout: ``root/**/<file>``, audio or MIDI as in the adapter ``folder``, in any folders or in none. A
table names the tracks: UTF-8, comma-separated, with the column ``file`` (path from the root) and
any of ``label``, ``group``, ``midi``. A file that it does not name is not part of the corpus. An
empty or absent label is the top folder's name, an empty or absent ``midi`` the file with the same
stem.

The table is a file of ``pipeline/corpora/manifests``, where Git keeps it and the graph notices that
it changed; the root, read only or shared, stays as it is. With an empty ``manifest`` it is
``root/manifest.csv``. ``multispec add NAME ROOT --labels TABLE`` writes it.

Grouping: the table's ``group``. Without one every file is a group of its own (files that differ by
extension alone share one), and the grouped protocol is then no stricter than the random one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeline.corpora import Info, Reject, Track, folder
from pipeline.corpora._files import AUDIO, MIDI, finish, require, walk

if TYPE_CHECKING:
    from pipeline.caching.places import Root

#: Where tables lie, from the top of the repository: a dependency of the stage ``index``.
MANIFESTS = Path("pipeline/corpora/manifests")
LAYOUT = "audio or MIDI files that the table names"

INFO = Info(
    title="The user's own music, by a table",
    citation="none",
    licence="the user's own",
    url=None,
    group="the table's column 'group'; without it every file is its own group",
    counts=None,
)


@dataclass(frozen=True)
class Config:
    """Keys of this adapter.

    Attributes
    ----------
    manifest
        The table, a file of :data:`MANIFESTS` by its path from the top of the repository; empty:
        ``manifest.csv`` of the root.
    """

    manifest: str = ""

    def __post_init__(self) -> None:
        if self.manifest and PurePosixPath(self.manifest).parent != PurePosixPath(MANIFESTS):
            raise ValueError(
                f"manifest is {self.manifest!r}; it must be a file of {MANIFESTS}, or a change of "
                "it would go unnoticed (`multispec add` copies one there)"
            )


def tracks(root: Root, config: Config) -> tuple[list[Track], list[Reject]]:
    """Return the tracks that the table names, sorted by id, and the rows refused, sorted.

    Raises
    ------
    CorpusError
        If the root or the table is missing, its header is wrong, or nothing is found.
    """
    require(root, LAYOUT, remotely=True)
    table = Path(config.manifest) if config.manifest else root / folder.MANIFEST
    rows = folder.read_manifest(table)
    return read(root, table.name, rows)


def read(
    root: Root, name: str, rows: Iterable[Mapping[str, str]]
) -> tuple[list[Track], list[Reject]]:
    """Return what :func:`tracks` does, for the rows of a table called ``name``."""
    files = [file for file in walk(root)[0] if PurePosixPath(file).suffix.lower() in AUDIO | MIDI]
    found, rejects = folder.from_rows(root, name, rows, files)
    return finish(root, LAYOUT, found, rejects)
