"""The notes of MIDI files, cached by content: a file is parsed once, whoever asks.

The index reads every file to know
whether it can be used, the embeddings read it for its notes; both come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import codeversion
from pipeline.cache import Cache, key
from pipeline.midi import MidiError, read_notes
from pipeline.notes import Notes
from pipeline.remote import local
from pipeline.rows import sha256_of

if TYPE_CHECKING:
    from pipeline.caching.places import Root

KIND = "notes"
MODULE = "pipeline.midi"


@dataclass(frozen=True)
class Work:
    """A batch of MIDI files to read: one task.

    Attributes
    ----------
    cache
        Where their notes go.
    time_limit_seconds
        For each file, s.
    files
        (absolute path or URL, SHA-256 of the content) of each.
    """

    cache: Cache
    time_limit_seconds: float
    files: tuple[tuple[Root, str], ...]


def entry_of(sha256: str) -> str:
    """Return the key of the notes of a file with this content."""
    return key(
        content=sha256, code=codeversion.version(MODULE), libraries=codeversion.libraries(MODULE)
    )


def read(path: Root, sha256: str, cache: Cache, time_limit_seconds: float) -> Notes | MidiError:
    """Return a file's notes, from the cache where they are there.

    Parameters
    ----------
    sha256
        Hash of the file's content.
    time_limit_seconds
        Limit for one file, s.
    """
    entry = entry_of(sha256)
    cached = cache.read_json(KIND, entry)
    if cached is not None:
        return _from_json(cached)
    try:
        with local(path) as file:
            if sha256_of(file) != sha256:
                raise MidiError("unreadable", "changed since it was indexed")
            notes = read_notes(file, time_limit_seconds)
    except OSError as error:
        return MidiError("unreadable", f"cannot be read ({error.strerror})")
    except MidiError as error:
        # A time-out or a crash may be the machine's fault, so the next run tries again.
        # An entry belongs to the content, so no file's name may be in it.
        error = MidiError(error.code, error.reason.removeprefix(f"{path.name}: "))
        if error.code not in MidiError.TRANSIENT:
            cache.write_json(KIND, entry, {"code": error.code, "reason": error.reason})
        return error
    cache.write_json(KIND, entry, _to_json(notes))
    return notes


def read_batch(work: Work) -> list[Notes | MidiError]:
    """Read a batch of files."""
    return [read(path, sha256, work.cache, work.time_limit_seconds) for path, sha256 in work.files]


def _to_json(notes: Notes) -> dict[str, Any]:
    columns = ("pitch", "onset", "duration", "velocity")
    return {"bpm": notes.bpm} | {name: getattr(notes, name).tolist() for name in columns}


def _from_json(entry: dict[str, Any]) -> Notes | MidiError:
    if "code" in entry:
        return MidiError(entry["code"], entry["reason"])
    return Notes(
        pitch=np.array(entry["pitch"], np.int64),
        onset=np.array(entry["onset"], np.float64),
        duration=np.array(entry["duration"], np.float64),
        velocity=np.array(entry["velocity"], np.int64),
        bpm=entry["bpm"],
    )
