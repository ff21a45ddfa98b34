"""Any user's music: one folder per label.

Provenance, citation, licence, counts: the user's own.

Layout: ``root/<label>/<file>``; folders below a label are allowed. Audio is WAV, MP3, FLAC, OGG,
AIFF and whatever else libsndfile reads; MIDI is ``.mid``, ``.midi`` or ``.kar``. A MIDI file with
the stem of an audio file beside it belongs to that audio file; alone it is a track without audio.
A track's id is its path, extension included, so ``a.wav`` and ``a.mp3`` are two tracks.

Optional ``root/manifest.csv``: UTF-8, comma-separated, with the column ``file`` (path from the
root) and any of ``label``, ``group``, ``midi``. It then lists the whole corpus: a file that it does
not name is refused. An empty or absent label is the folder's name, an empty or absent ``midi`` the
file with the same stem.

Grouping: the manifest's ``group``. Without one every file is a group of its own (files that differ
by extension alone share one), and the grouped protocol is then no stricter than the random one:
write a manifest where an artist, a song or a speaker has several files. The adapter ``listed``
reads a table that lies elsewhere, or names a part of the files alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.corpora import Info, Reject, Track
from pipeline.corpora._files import AUDIO, MIDI, fault, finish, read_table, require, shown, walk

if TYPE_CHECKING:
    from pipeline.caching.places import Root

LAYOUT = "<label>/<file> with audio or MIDI files, and optionally manifest.csv"
MANIFEST = "manifest.csv"
NO_LABEL = "no label"
# Documents that may lie beside the label folders without being refused.
DOCUMENTS = frozenset(("", ".txt", ".md", ".csv", ".json", ".pdf", ".rst"))

INFO = Info(
    title="The user's own music",
    citation="none",
    licence="the user's own",
    url=None,
    group="the manifest's column 'group'; without it every file is its own group",
    counts=None,
)


@dataclass(frozen=True)
class Config:
    """No keys beside those that every corpus has."""


def tracks(root: Root, config: Config) -> tuple[list[Track], list[Reject]]:  # noqa: ARG001
    """Return the tracks under ``root``, sorted by id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root is missing, the manifest's header is wrong, or nothing is found.
    """
    require(root, LAYOUT, remotely=True)
    files, rejects = walk(root)
    known = [file for file in files if _suffix(file) in AUDIO | MIDI]
    rejects += [
        Reject(file, f"extension {_suffix(file)!r} is neither audio nor MIDI")
        for file in files
        if _suffix(file) not in AUDIO | MIDI and not _is_document(file)
    ]
    if (root / MANIFEST).is_file():
        rows = read_manifest(root / MANIFEST)
        found, refused = from_rows(root, MANIFEST, rows, known)
        named = {_normal(row.get(column, "")) for row in rows for column in ("file", "midi")}
        named |= {track.midi or "" for track in found}
        refused += [Reject(file, f"not named in {MANIFEST}") for file in known if file not in named]
    else:
        found, refused = _from_folders(known)
    return finish(root, LAYOUT, found, rejects + refused)


def _suffix(file: str) -> str:
    return PurePosixPath(file).suffix.lower()


def _is_document(file: str) -> bool:
    return "/" not in file and _suffix(file) in DOCUMENTS


def _stem(file: str) -> str:
    return str(PurePosixPath(file).with_suffix(""))


def _scores(files: list[str]) -> dict[str, str]:
    """Map path without extension -> MIDI file, the first in sorted order of several."""
    return {_stem(file): file for file in reversed(files) if _suffix(file) in MIDI}


def _from_folders(files: list[str]) -> tuple[list[Track], list[Reject]]:
    scores = _scores(files)
    audio_stems = {_stem(file) for file in files if _suffix(file) in AUDIO}
    found, rejects = [], []
    for file in files:
        is_audio = _suffix(file) in AUDIO
        if "/" not in file:
            rejects.append(Reject(file, f"{NO_LABEL}: the file lies outside any label folder"))
        elif is_audio:
            found.append(_track(file, scores.get(_stem(file)), {}))
        elif scores[_stem(file)] != file:
            rejects.append(Reject(file, f"second MIDI file of {_stem(file)}"))
        elif _stem(file) not in audio_stems:
            found.append(_track(file, file, {}))
    return found, rejects


def _track(file: str, midi: str | None, row: Mapping[str, str]) -> Track:
    audio = file if _suffix(file) in AUDIO else None
    label = row.get("label") or file.split("/")[0]
    return Track(file, audio, midi, label, row.get("group") or _stem(file))


def read_manifest(path: Root) -> list[dict[str, str]]:
    """Return the rows of a table with the column ``file`` and any of ``label, group, midi``.

    Raises
    ------
    CorpusError
        If it cannot be read, or its header is wrong.
    """
    return read_table(path, ["file"], ["label", "group", "midi"])


def from_rows(
    root: Root, name: str, rows: Iterable[Mapping[str, str]], files: list[str]
) -> tuple[list[Track], list[Reject]]:
    """Return the tracks that a table names, and the rows refused, each under its file.

    Parameters
    ----------
    root
        The corpus; paths of the table are relative to it.
    name
        What the table is called in messages.
    rows
        What :func:`read_manifest` returned.
    files
        Audio and MIDI files under the root, sorted: where scores of the same stem are looked for.
    """
    scores = _scores(files)
    found: dict[str, Track] = {}
    rejects = []
    for row in rows:
        file = _normal(row["file"])
        reason = _row_fault(root, row, found)
        if reason is not None:
            where = reason if reason.startswith(NO_LABEL) else f"{name}: {reason}"
            rejects.append(Reject(shown(file) or name, where))
            continue
        score = file if _suffix(file) in MIDI else scores.get(_stem(file))
        found[file] = _track(file, _normal(row.get("midi", "")) or score, row)
    return list(found.values()), rejects


def _normal(file: str) -> str:
    """Return the path without ``./`` and doubled slashes, so that one file has one name."""
    return str(PurePosixPath(file)) if file else ""


def _row_fault(root: Root, row: Mapping[str, str], found: Mapping[str, Track]) -> str | None:
    file, midi = _normal(row["file"]), _normal(row.get("midi", ""))
    if "" in row:
        return "more fields than columns; quote a name that holds a comma"
    if not file:
        return "a row without a file"
    if file in found:
        return "named twice"
    if (reason := fault(root, file)) is not None:
        return reason
    if _suffix(file) not in AUDIO | MIDI:
        return f"extension {_suffix(file)!r} is neither audio nor MIDI"
    if midi and (reason := fault(root, midi)) is not None:
        return f"midi {shown(midi)}: {reason}"
    if midi and _suffix(midi) not in MIDI:
        return f"midi {shown(midi)}: extension {_suffix(midi)!r} is not MIDI"
    if not row.get("label") and "/" not in file:
        return f"{NO_LABEL}: neither in the manifest nor as a folder"
    return None
