"""EmoDB: acted emotional speech in German, 16 kHz.

Provenance: ten actors, ten sentences, seven emotions, recorded at TU Berlin.
Citation: F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss, "A Database of German
Emotional Speech", Interspeech 2005.
Licence: none stated; research use.
Expected: 535 WAV files (see ``INFO.counts``). No MIDI.

Grouping: the speaker. The ten sentences are shared by all speakers, so speaker-grouped folds have
seen every test sentence in another voice. ``group: text`` groups by the sentence instead, for the
text-independent question: no test sentence was heard in training, but every test speaker was. The
two answer different questions; give each a corpus of its own and report both. There are ten
speakers and ten sentences in the full set, so ten folds leave one out in either case.

Layout, as published: ``root/wav/<speaker, 2 digits><text, 3><emotion, 1><version, 1>.wav``, for
example ``03a01Fa.wav``; the emotion's letter is that of its German name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.corpora import Info, Reject, Track
from pipeline.corpora._files import finish, require, walk

LAYOUT = "wav/<speaker><text><emotion><version>.wav, such as wav/03a01Fa.wav"
EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
NAME = re.compile(
    r"(?P<utterance>(?P<speaker>\d\d)(?P<text>[a-z]\d\d)(?P<emotion>[A-Z])[a-z])\.wav",
    re.ASCII | re.IGNORECASE,
)

INFO = Info(
    title="Berlin Database of Emotional Speech (EmoDB)",
    citation="Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss: A Database of German Emotional"
    " Speech, Interspeech 2005",
    licence="none stated; research use",
    url="http://emodb.bilderbar.info",
    group="speaker; the sentence with 'group: text'",
    counts={
        "anger": 127,
        "boredom": 81,
        "disgust": 46,
        "fear": 69,
        "happiness": 71,
        "sadness": 62,
        "neutral": 79,
    },
)


@dataclass(frozen=True)
class Config:
    """Keys of this adapter.

    Attributes
    ----------
    classes
        Letters of the emotions to keep: W anger, L boredom, E disgust, A fear, F happiness,
        T sadness, N neutral. The others are left out without a word: they are no faults.
    group
        What must not straddle two folds: the speaker, or the text (the sentence).
    """

    classes: tuple[str, ...] = tuple(EMOTIONS)
    group: Literal["speaker", "text"] = "speaker"

    def __post_init__(self) -> None:
        wrong = [letter for letter in self.classes if letter not in EMOTIONS]
        if wrong or len(set(self.classes)) < max(2, len(self.classes)):
            raise ValueError(
                f"classes={list(self.classes)} must be at least two different letters of"
                f" {', '.join(EMOTIONS)}"
            )


def tracks(root: Path, config: Config) -> tuple[list[Track], list[Reject]]:
    """Return the utterances under ``root``, sorted by id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root or ``wav`` is missing, or nothing is found.
    """
    require(root, LAYOUT, ["wav"])
    files, refused = walk(root / "wav")
    rejects = [Reject(f"wav/{reject.file}", reject.reason) for reject in refused]
    found: dict[str, Track] = {}
    for name in files:
        match = NAME.fullmatch(name)
        if match is None or match["emotion"] not in EMOTIONS:
            rejects.append(Reject(f"wav/{name}", "name is not <speaker><text><emotion><version>"))
        elif (utterance := match["utterance"]) in found:
            rejects.append(Reject(f"wav/{name}", f"second file of utterance {utterance}"))
        elif match["emotion"] in config.classes:
            # Names are read in either case; a text written both ways must not become two groups.
            group = match[config.group].lower()
            label = EMOTIONS[match["emotion"]]
            found[utterance] = Track(utterance, f"wav/{name}", None, label, group)
    return finish(root, LAYOUT, list(found.values()), rejects)
