"""The Emotion dataset: music in four classes, MP3, private.

Provenance: held by the authors of MultiSpec-DNN; they do not say where it comes from. Never
published, so these files are for those who hold them.
Citation: section V.A of the paper on MultiSpec-DNN.
Licence: none stated; not distributed.
Expected: 2,978 MP3 files (see ``INFO.counts``) of 25 to 55 s; the paper uses the first 25 s of
each, ``crop_seconds: 25``.

Grouping: the manifest's ``group``, which ought to be the artist. The paper names no artists, and
no list of them is published: without a manifest every file is a group of its own, and the grouped
protocol is then no stricter than the random one.

Layout, ours, for none is published: ``root/<class>/<file>.mp3`` with the classes ``angry``,
``happy``, ``relaxed`` and ``sad``; folders below a class are allowed. Optional
``root/manifest.csv`` with the columns ``file`` and any of ``group``, ``midi``, as in the adapter
``folder``: it then lists the whole corpus. A folder that is no class is an error; a file in another
format is refused. A MIDI file with the stem of an MP3 file beside it is its score.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.corpora import Info, Reject, Track
from pipeline.corpora._classes import read

CLASSES = ("angry", "happy", "relaxed", "sad")
LAYOUT = f"<class>/<file>.mp3 with the classes {', '.join(CLASSES)}, and optionally manifest.csv"

INFO = Info(
    title="Emotion dataset, private",
    citation="the paper on MultiSpec-DNN, section V.A",
    licence="none stated; not distributed",
    url=None,
    group="the manifest's column 'group' (artist); without it every file is its own group",
    counts={"angry": 661, "happy": 739, "relaxed": 768, "sad": 810},
)


@dataclass(frozen=True)
class Config:
    """No keys beside those that every corpus has."""


def tracks(root: Path, config: Config) -> tuple[list[Track], list[Reject]]:  # noqa: ARG001
    """Return the pieces under ``root``, sorted by id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root or all classes are missing, a folder is no class, or nothing is found.
    """
    return read(root, LAYOUT, CLASSES, ".mp3")
