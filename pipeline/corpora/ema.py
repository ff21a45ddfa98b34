"""EMA (Emotion Music Analysis): instrumental music in four classes, private.

Provenance: collected from the internet by the authors of MultiSpec-DNN and converted to WAV; never
published, so these files are for those who hold them.
Citation: section V.A of the paper on MultiSpec-DNN.
Licence: none stated; not distributed.
Expected: 4,412 WAV files (see ``INFO.counts``). Table III of the paper counts 3,895 pieces, and
says nothing of the 517 others.

Grouping: the manifest's ``group``, which ought to be the artist. The paper names no artists, and
no list of them is published: without a manifest every file is a group of its own, and the grouped
protocol is then no stricter than the random one.

Layout, ours, for none is published: ``root/<class>/<file>.wav`` with the classes ``cheerful``,
``exciting``, ``tense`` and ``joyful``; folders below a class are allowed. A MIDI file with the stem
of a WAV file beside it is its score (the paper learns its chords from EMA). Optional
``root/manifest.csv`` with the columns ``file`` and any of ``group``, ``midi``, as in the adapter
``folder``: it then lists the whole corpus. A folder that is no class is an error; a file in another
format is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.corpora import Info, Reject, Track
from pipeline.corpora._classes import read

CLASSES = ("cheerful", "exciting", "tense", "joyful")
LAYOUT = f"<class>/<file>.wav with the classes {', '.join(CLASSES)}, and optionally manifest.csv"

INFO = Info(
    title="EMA (Emotion Music Analysis), private",
    citation="the paper on MultiSpec-DNN, section V.A",
    licence="none stated; not distributed",
    url=None,
    group="the manifest's column 'group' (artist); without it every file is its own group",
    counts={"cheerful": 1251, "exciting": 1072, "tense": 948, "joyful": 1141},
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
    return read(root, LAYOUT, CLASSES, ".wav")
