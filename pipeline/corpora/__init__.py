"""Corpus adapters: from a folder on disk to labelled, grouped tracks.

Conventions
-----------
An adapter is one file of this folder; the folder is the registry (a name with a leading
underscore is a helper). It reads names and tables, never audio or MIDI: whether a file can be
decoded is the index's business. Paths are relative to the corpus root, with forward slashes. A
*group* is what must not straddle two folds: an artist, a song, a speaker, a composer.

An adapter exposes ``INFO`` (:class:`Info`), ``Config`` (a frozen dataclass of the keys that it
adds to ``adapter``, ``root`` and ``crop_seconds``) and ``tracks(root, config)``, which returns the
tracks in sorted order of their ids, and a :class:`Reject` for every file that only the adapter can
refuse.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from pipeline.stage import StageError

if TYPE_CHECKING:
    from pipeline.caching.places import Root


class CorpusError(StageError):
    """A corpus is not there, or is not laid out as its adapter expects."""


@dataclass(frozen=True, order=True)
class Track:
    """One piece or utterance.

    Attributes
    ----------
    track
        Its id.
    audio, midi
        Where its files lie, from the corpus root; ``None`` where there is none.
    label, group
        Its class, and what must not straddle two folds.
    condition
        Under which circumstances it came about, where the corpus tells (improvised or scripted);
        results can be told apart by it. Empty elsewhere.
    """

    track: str
    audio: str | None
    midi: str | None
    label: str
    group: str
    condition: str = ""

    def __post_init__(self) -> None:
        if self.audio is None and self.midi is None:
            raise ValueError(f"track {self.track!r} has neither audio nor MIDI")
        for name in ("track", "label", "group"):
            if not getattr(self, name):
                raise ValueError(f"track {self.track!r}: {name} must not be empty")


@dataclass(frozen=True, order=True)
class Reject:
    """A file that an adapter refused, as a printable path, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Info:
    """Where a corpus comes from.

    Attributes
    ----------
    title, citation, licence
        For people and for reports.
    url
        Where to ask for the files; ``None`` where there is no such place.
    group
        What a group is, in words.
    counts
        Label to number of tracks in the full published set; ``None`` where there is none.
    """

    title: str
    citation: str
    licence: str
    url: str | None
    group: str
    counts: Mapping[str, int] | None


class Adapter(Protocol):
    """What every module of this folder exposes."""

    INFO: Info
    Config: type[Any]

    def tracks(self, root: Root, config: Any) -> tuple[list[Track], list[Reject]]:
        """Return the tracks under ``root``, sorted by id, and the files refused, sorted.

        A root that is a URL reaches the adapters that can read one, and is an error of the others.
        """
        ...


def names() -> list[str]:
    """Return the names of all adapters.

    Examples
    --------
    >>> "folder" in names()
    True
    """
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def load(name: str) -> Adapter:
    """Return the adapter called ``name``.

    Raises
    ------
    CorpusError
        If there is none; the message gives the nearest name.

    Examples
    --------
    >>> load("emopa")
    Traceback (most recent call last):
    ...
    pipeline.corpora.CorpusError: no corpus adapter 'emopa'; did you mean 'emopia'?
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        raise CorpusError(f"no corpus adapter {name!r}; {hint}")
    return cast(Adapter, importlib.import_module(f"{__name__}.{name}"))
