"""A table of labels as people write it, to the table that the adapter ``listed`` reads.

Conventions
-----------
The table has a header with ``file`` and ``label``, and maybe ``group`` and ``midi``; other columns
are left out. A file is named by its path from the corpus's root, or, where only one file has it,
by its name or its name without extension. Rows and files that find no partner are problems, not
errors: the rest is usable.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.corpora import CorpusError, Reject
from pipeline.corpora._files import read_table, shown

COLUMNS = ("file", "label", "group", "midi")


@dataclass(frozen=True)
class Matched:
    """A table beside the files of a folder.

    Attributes
    ----------
    rows
        With the columns of :data:`COLUMNS`; every file is a path from the root, sorted.
    refused
        Rows that name no file, or more than one.
    unnamed
        Audio files that no row names.
    ignored
        Columns that mean nothing here.
    """

    rows: tuple[Mapping[str, str], ...]
    refused: tuple[Reject, ...]
    unnamed: tuple[str, ...]
    ignored: tuple[str, ...]


def match(path: Path, audio: Sequence[str], midi: Sequence[str]) -> Matched:
    """Find the file of every row.

    Parameters
    ----------
    path
        The table.
    audio, midi
        Files under the root, sorted.

    Raises
    ------
    pipeline.corpora.CorpusError
        If the table cannot be read, or lacks a column.
    """
    if not path.is_file():
        raise CorpusError(
            f"--labels {path}: no such file; name a table with the columns file,label[,group,midi],"
            " or leave it out where folders are the labels"
        )
    table = read_table(path, ["file", "label"])
    paired = {str(PurePosixPath(file).with_suffix("")) for file in audio}
    alone = [file for file in midi if str(PurePosixPath(file).with_suffix("")) not in paired]
    names = _names([*audio, *alone])
    every = {*audio, *midi}
    rows: dict[str, Mapping[str, str]] = {}
    refused = []
    for row in table:
        given = row["file"]
        candidates = [given] if given in every else names.get(_key(given), [])
        fault = _fault(row, candidates, rows)
        if fault is not None:
            refused.append(Reject(shown(given) or path.name, f"{path.name}: {fault}"))
            continue
        rows[candidates[0]] = {name: row.get(name, "") for name in COLUMNS} | {
            "file": candidates[0]
        }
    known = tuple(name for name in (table[0] if table else ()) if name not in (*COLUMNS, ""))
    unnamed = tuple(file for file in (*audio, *alone) if file not in rows)
    return Matched(tuple(rows[file] for file in sorted(rows)), tuple(refused), unnamed, known)


def _names(files: Sequence[str]) -> dict[str, list[str]]:
    """Map every way to name a file -> the files so named."""
    names: dict[str, list[str]] = defaultdict(list)
    for file in files:
        pure = PurePosixPath(file)
        for name in {file, pure.name, pure.stem, str(pure.with_suffix(""))}:
            names[name].append(file)
    return names


def _key(given: str) -> str:
    return str(PurePosixPath(given.replace("\\", "/"))) if given else ""


def _fault(
    row: Mapping[str, str], candidates: Sequence[str], rows: Mapping[str, object]
) -> str | None:
    if "" in row:
        return "more fields than columns; quote a name that holds a comma"
    if not row["file"]:
        return "a row without a file"
    if not row["label"]:
        return "no label in this row"
    if not candidates:
        return "no such file"
    if len(candidates) > 1:
        return f"{len(candidates)} files are called so; write the path from the root"
    return "named twice" if candidates[0] in rows else None


def text(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the table as CSV; a column that is empty in all rows is left out."""
    columns = [name for name in COLUMNS if name == "file" or any(row[name] for row in rows)]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
