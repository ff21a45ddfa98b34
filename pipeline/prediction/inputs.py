"""What to predict: files, folders and patterns, and which score belongs to which sound.

Conventions
-----------
An *item* is a sound, a score, or both; it is known by the path of its sound, or of its score where
there is no sound. Pairing is that of the adapter ``folder``: a MIDI file with the stem of an audio
file beside it belongs to it. A folder gives the audio and MIDI files below it, in order, and leaves
out all else; a file that is named is taken at its word, whatever its extension.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpora._files import AUDIO, MIDI, walk

#: What a user may name: a path, a pattern, or a pair of sound and score that have other names.
Named = str | Path | tuple[str | Path, str | Path]


@dataclass(frozen=True)
class Item:
    """One piece.

    Attributes
    ----------
    audio, midi
        Its files; ``None`` where there is none.
    reason
        Why there is nothing to predict; empty where there is.
    """

    audio: Path | None
    midi: Path | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """The path that results are listed under."""
        return str(self.audio if self.audio is not None else self.midi)


def find(named: Iterable[Named]) -> list[Item]:
    """Return what some paths mean; each piece once, in the order in which it was named.

    Examples
    --------
    >>> find(["nowhere/*.mp3"])[0].reason
    'no file matches'
    """
    found: dict[tuple[Path | None, Path | None], Item] = {}
    items: list[Item] = []
    for one in named:
        pair = isinstance(one, tuple)
        items += [Item(*map(Path, one))] if pair else _expand(Path(one))  # type: ignore[arg-type]
    # A sound that is named brings its score along, so the score is no piece of its own.
    taken = {item.midi for item in items if item.audio is not None}
    for item in items:
        if item.audio is not None or item.midi not in taken:
            found.setdefault((item.audio, item.midi), item)
    return list(found.values())


def _expand(path: Path) -> Iterator[Item]:
    if path.is_dir():
        files, rejects = walk(path)
        known = [path / file for file in files if _suffix(path / file) in AUDIO | MIDI]
        yield from (_item(file) for file in known)
        yield from (Item(path / reject.file, reason=reject.reason) for reject in rejects)
        if not known:
            yield Item(path, reason="no audio or MIDI file in this folder")
    elif path.is_file():
        yield _item(path)
    elif glob.has_magic(str(path)):
        # A pattern may be absolute, which Path.glob refuses.
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
        yield from (item for match in matches for item in _expand(Path(match)))
        if not matches:
            yield Item(path, reason="no file matches")
    else:
        yield Item(path, reason="not a file or folder" if path.exists() else "no such file")


def _item(path: Path) -> Item:
    if _suffix(path) in MIDI:
        return Item(None, path)
    return Item(path, _score(path))


def _score(path: Path) -> Path | None:
    """Return the MIDI file beside a sound, the first in sorted order of several."""
    try:
        beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*"))
    except OSError:
        return None
    return next((file for file in beside if _suffix(file) in MIDI and file.is_file()), None)


def _suffix(path: Path) -> str:
    return path.suffix.lower()
