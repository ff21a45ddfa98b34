"""The demo: short pieces composed and rendered by this project (``python -m pipeline.synthesize``).

Provenance: rules from music psychology and a seed; see ``pipeline/demo``. Results on it say nothing
about real music.
Citation: none. Licence: that of this project; nothing in it was recorded.
Expected: 16 pieces in each of the quadrants ``Q1`` to ``Q4`` with the shipped parameters.

Grouping: the invented composer, who has habits that a model could learn in place of the emotion.

Layout: ``root/pieces.csv`` with at least piece, file, midi, label, group; paths from the root.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.corpora import CorpusError, Info, Reject, Track
from pipeline.corpora._files import fault, finish, read_table, require

PIECES = "pieces.csv"
LAYOUT = f"{PIECES}, audio and midi as written by the stage 'synthesize' (dvc repro synthesize)"

INFO = Info(
    title="The demo corpus",
    citation="none: composed and rendered by this project",
    licence="as this project",
    url=None,
    group="invented composer",
    counts={"Q1": 16, "Q2": 16, "Q3": 16, "Q4": 16},
)


@dataclass(frozen=True)
class Config:
    """No keys beside those that every corpus has."""


def tracks(root: Path, config: Config) -> tuple[list[Track], list[Reject]]:  # noqa: ARG001
    """Return the pieces under ``root``, sorted by id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root or its table is missing, a piece is named twice, or nothing is found.
    """
    require(root, LAYOUT)
    found: dict[str, Track] = {}
    rejects = []
    for row in read_table(root / PIECES, ["piece", "file", "midi", "label", "group"]):
        if row["piece"] in found:
            raise CorpusError(f"{root / PIECES}: piece {row['piece']!r} is named twice")
        faults = [(name, fault(root, name)) for name in (row["file"], row["midi"])]
        wrong = [Reject(name, f"{PIECES}: {reason}") for name, reason in faults if reason]
        rejects += wrong
        if not wrong:
            piece, audio, midi = row["piece"], row["file"], row["midi"]
            found[piece] = Track(piece, audio, midi, row["label"], row["group"])
    return finish(root, LAYOUT, list(found.values()), rejects)
