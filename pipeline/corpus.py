"""Corpora as the stages see them: the ``corpora`` section and the index files.

Conventions
-----------
``data/index/<corpus>.csv`` has one row per usable track, sorted by id, with the columns of
:class:`Row`. Everything is text; ``audio`` and ``midi`` are relative to the corpus's root and
empty where a track has none; durations are seconds, rates hertz. ``sha256`` is the content hash of
the audio (of the MIDI where there is no audio), ``midi_sha256`` that of the MIDI. ``condition`` is
what the corpus says of a track beside its class (improvised, scripted), mostly empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import params, paths
from pipeline.caching import places

if TYPE_CHECKING:
    from pipeline.caching.places import Root

#: Names of stages and folders: DVC splits at dots and the shell at blanks; the report's pictures
#: have the folder beside those of the corpora.
NAME = re.compile(r"(?!pictures$)[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Row:
    """One track of an index; the fields are the columns."""

    track: str
    audio: str
    midi: str
    label: str
    group: str
    duration_seconds: str
    sample_rate: str
    sha256: str
    midi_sha256: str
    condition: str = ""


@dataclass(frozen=True)
class Corpus:
    """One entry of the ``corpora`` section.

    Attributes
    ----------
    name
        Key in params.yaml.
    adapter
        Module name under ``pipeline/corpora``.
    root
        Folder of the raw files, or URL of an object store.
    crop_seconds
        Seconds of each track that are used, s.
    extra
        The adapter's own keys, as they stand in params.yaml; the adapter's ``Config`` checks them.
    """

    name: str
    adapter: str
    root: Root
    crop_seconds: int
    extra: Mapping[str, Any]


def of(all_params: Mapping[str, Any], name: str) -> Corpus:
    """Read one corpus from the parameters.

    Raises
    ------
    pipeline.params.ParamsError
        If it is not there, or no mapping, or ``adapter``, ``root`` or ``crop_seconds`` is missing
        or wrong.
    """
    where = f"corpora.{name}"
    if not NAME.fullmatch(name):
        raise params.ParamsError(
            f"{where}: a corpus is named by letters, digits, - and _ (it names stages and folders)"
        )
    found = params.section(all_params, "corpora", name)
    if not isinstance(found, Mapping):
        raise params.ParamsError(f"{where}: expected a mapping, got {found!r}")
    section = dict(found)
    common = {
        field.name: section.pop(field.name) for field in fields(_Common) if field.name in section
    }
    for field in fields(_Common):
        if field.name not in common:
            raise params.absent(where, field.name, section)
    shared = params.build(_Common, common, where)
    url = places.URL.match(shared.root)
    root = places.parse(shared.root, Path()) if url else Path(shared.root)
    return Corpus(name, shared.adapter, root, shared.crop_seconds, section)


@dataclass(frozen=True)
class _Common:
    adapter: str
    root: str
    crop_seconds: int

    def __post_init__(self) -> None:
        if self.crop_seconds < 1:
            raise ValueError(f"crop_seconds is {self.crop_seconds} s; it must be at least 1")


def read_index(name: str) -> list[Row]:
    """Read an index.

    Raises
    ------
    FileNotFoundError
        If the index stage has not run, or something else has changed its table's columns.
    """
    path = paths.index(name)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; run `dvc repro index@{name}`")
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return [Row(**row) for row in csv.DictReader(file, strict=True)]
        except (TypeError, UnicodeDecodeError, csv.Error):
            columns = ",".join(field.name for field in fields(Row))
            raise FileNotFoundError(
                f"{path} is not an index with the columns {columns}; delete it and run "
                f"`dvc repro index@{name}`"
            ) from None


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a CSV file; one line end on every system, so that equal rows give equal bytes.

    It is written beside its place and renamed: a run that is killed leaves no half of a table.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


def write_index(name: str, rows: Sequence[Row]) -> None:
    """Write an index."""
    columns = [field.name for field in fields(Row)]
    write_rows(paths.index(name), columns, [asdict(row) for row in rows])
