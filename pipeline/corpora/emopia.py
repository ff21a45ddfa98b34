"""EMOPIA: pop piano in MIDI, clips in the four quadrants of valence and arousal.

Provenance: piano covers from YouTube, transcribed to MIDI; clips labelled by four annotators.
Citation: H.-T. Hung, J. Ching, S. Doh, N. Kim, J. Nam, Y.-H. Yang, "EMOPIA: A Multi-Modal Pop Piano
Dataset for Emotion Recognition and Emotion-based Music Generation", ISMIR 2021.
Licence: CC BY-NC-SA 4.0.
Expected: 1,078 MIDI files: 250, 265, 253 and 310 in Q1 to Q4 (the paper's text counts 1,087).
There is no audio: the audio features of every track are masked.

Grouping: the song, that is the YouTube id of eleven characters; a song has clips in several
quadrants, and clips of one song share harmony and playing.

Layout, as published (version 1.0): ``root/midis/Q<1-4>_<YouTube id>_<clip>.mid`` and
``root/label.csv`` with the columns ``ID`` and ``4Q``. The label is the table's; a file whose name
says otherwise is refused. The MIDI has one nominal tempo, so a measure is a unit of time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpora import Info, Reject, Track
from pipeline.corpora._files import finish, read_table, require, walk

LABELS = "label.csv"
LAYOUT = f"midis/Q<1-4>_<YouTube id>_<clip>.mid and {LABELS}"
NAME = re.compile(r"((Q[1-4])_([\w-]{11})_\d+)\.mid", re.ASCII)

INFO = Info(
    title="EMOPIA 1.0",
    citation="Hung, Ching, Doh, Kim, Nam, Yang: EMOPIA: A Multi-Modal Pop Piano Dataset for Emotion"
    " Recognition and Emotion-based Music Generation, ISMIR 2021",
    licence="CC BY-NC-SA 4.0",
    url="https://annahung31.github.io/EMOPIA",
    group="song (YouTube id)",
    counts={"Q1": 250, "Q2": 265, "Q3": 253, "Q4": 310},
)


@dataclass(frozen=True)
class Config:
    """No keys beside those that every corpus has."""


def tracks(root: Path, config: Config) -> tuple[list[Track], list[Reject]]:  # noqa: ARG001
    """Return the clips under ``root``, sorted by id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root, ``midis`` or ``label.csv`` is missing, or nothing is found.
    """
    require(root, LAYOUT, ["midis"])
    labels = {row["ID"]: "Q" + row["4Q"] for row in read_table(root / LABELS, ["ID", "4Q"])}
    files, refused = walk(root / "midis")
    rejects = [Reject(f"midis/{reject.file}", reject.reason) for reject in refused]
    found = []
    for name in files:
        match = NAME.fullmatch(name)
        if match is None:
            rejects.append(Reject(f"midis/{name}", "name is not Q<1-4>_<YouTube id>_<clip>.mid"))
            continue
        clip, quadrant, song = match.groups()
        label = labels.get(clip)
        if label is None:
            rejects.append(Reject(f"midis/{name}", f"not in {LABELS}"))
        elif label != quadrant:
            rejects.append(Reject(f"midis/{name}", f"{LABELS} says {label}, its name {quadrant}"))
        else:
            found.append(Track(clip, None, f"midis/{name}", label, song))
    present = {*files, *(reject.file for reject in refused)}
    rejects += [
        Reject(f"midis/{clip}.mid", f"named in {LABELS}, but there is no such file")
        for clip in labels
        if f"{clip}.mid" not in present
    ]
    return finish(root, LAYOUT, found, rejects)
