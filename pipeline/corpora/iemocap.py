"""IEMOCAP: emotional dialogues of actors in English, 16 kHz.

Provenance: ten actors in five sessions of one woman and one man each, University of Southern
California; scripted plays and improvisations, cut into utterances, each labelled by at least three
people.
Citation: C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee,
S. S. Narayanan, "IEMOCAP: Interactive emotional dyadic motion capture database", Language Resources
and Evaluation 42, 2008.
Licence: research use, on signing USC's release form.
Expected: 10,039 utterances, of which 5,531 in the four classes (see ``INFO.counts``): angry,
happy, sad, neutral, with ``exc`` (excited) counted as happy; 4,490 without it (happy 595). No MIDI.
What was labelled otherwise (``fru``, ``sur``, ``fea``, ``dis``, ``oth``, or ``xxx``, no majority)
is left out without a word: it is no fault.

Grouping: the session, so that no voice and no conversation straddles two folds; five groups, hence
at most five folds. ``group: speaker`` gives ten (``Ses01F``, ``Ses01M``, ...), the usual
leave-one-speaker-out; the test speaker's partner, with the same scripts and the same conversation,
is then in training. Every session plays the same three scripts, so that in a scripted utterance the
very sentence may have been heard in training, whatever the grouping: ``condition`` holds
``improvised`` or ``scripted`` to tell the two apart.

Layout, as published, ``root`` being the folder ``IEMOCAP_full_release``:
``Session<1-5>/sentences/wav/<dialog>/<utterance>.wav`` and
``Session<1-5>/dialog/EmoEvaluation/<dialog>.txt`` with one line per utterance: start and end in
seconds, ``[6.2901 - 8.2357]``, utterance, label, and ``[2.5000, 2.5000, 2.5000]`` (valence,
activation, dominance), separated by tabs; the annotators' own lines between them are not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pipeline.corpora import CorpusError, Info, Reject, Track
from pipeline.corpora._files import finish, require, shown, walk

SESSIONS = tuple(f"Session{number}" for number in range(1, 6))
WAVS = "sentences/wav"
SHEETS = "dialog/EmoEvaluation"
LAYOUT = f"Session<1-5>/{WAVS}/<dialog>/<utterance>.wav and Session<1-5>/{SHEETS}/<dialog>.txt"
LABELS = {"ang": "angry", "hap": "happy", "exc": "happy", "sad": "sad", "neu": "neutral"}
OTHERS = frozenset(("fru", "sur", "fea", "dis", "oth", "xxx"))
CONDITIONS = {"impro": "improvised", "script": "scripted"}
#: The first letter after the session is the actor with the markers, the last one who speaks.
UTTERANCE = re.compile(
    r"(?P<dialog>(?P<session>Ses0[1-5])[FM]_(?P<condition>impro|script)\w+)_(?P<voice>[FM])[^\W_]+",
    re.ASCII,
)
LINE = re.compile(
    r"\[[\d.]+ - [\d.]+\]\s+(?P<utterance>\w+)\s+(?P<label>\w+)\s+\[[\d., -]+\]", re.ASCII
)
#: Label of an utterance that has two.
TWO = ""

INFO = Info(
    title="IEMOCAP, four classes",
    citation="Busso, Bulut, Lee, Kazemzadeh, Mower, Kim, Chang, Lee, Narayanan: IEMOCAP:"
    " Interactive emotional dyadic motion capture database, Language Resources and Evaluation 42,"
    " 2008",
    licence="research use, on signing the University of Southern California's release form",
    url="https://sail.usc.edu/iemocap/",
    group="session (a pair of speakers); the speaker with 'group: speaker'",
    counts={"angry": 1103, "happy": 1636, "sad": 1084, "neutral": 1708},
)


@dataclass(frozen=True)
class Config:
    """Keys of this adapter.

    Attributes
    ----------
    group
        What must not straddle two folds: the session or the speaker.
    conditions
        Which dialogues to keep: improvised, scripted, or both.
    join_excited
        Whether ``exc`` counts as happy, as in most of the literature; otherwise it is left out.
    """

    group: Literal["session", "speaker"] = "session"
    conditions: tuple[str, ...] = tuple(CONDITIONS.values())
    join_excited: bool = True

    def __post_init__(self) -> None:
        known = tuple(CONDITIONS.values())
        wrong = not self.conditions or any(name not in known for name in self.conditions)
        if wrong or len(set(self.conditions)) < len(self.conditions):
            raise ValueError(
                f"conditions={list(self.conditions)} must be one or both of {', '.join(known)}"
            )

    def label(self, code: str) -> str | None:
        """Return the class of a published label, ``None`` for one that is left out."""
        return None if code == "exc" and not self.join_excited else LABELS.get(code)


def tracks(root: Path, config: Config) -> tuple[list[Track], list[Reject]]:
    """Return the utterances under ``root``, sorted by id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root, all sessions or one of a session's two folders is missing, or nothing is found.
    """
    require(root, LAYOUT, SESSIONS)
    found: list[Track] = []
    rejects: list[Reject] = []
    for session in SESSIONS:
        if (root / session).is_dir():
            labels, bad_lines = _labels(root, session)
            wavs, bad_files = _wavs(root, session)
            some, bad_pairs = _join(session, labels, wavs, config)
            found += some
            rejects += bad_lines + bad_files + bad_pairs
    return finish(root, LAYOUT, found, rejects)


def parse(utterance: str) -> dict[str, str] | None:
    """Return what the name of an utterance says, or ``None`` if it is not as published.

    Examples
    --------
    >>> parse("Ses01F_script01_1b_M012")["dialog"]
    'Ses01F_script01_1b'
    >>> parse("Ses01F_script01_1b_M012")["speaker"]
    'Ses01M'
    >>> parse("ses01f_impro01_f000") is None
    True
    """
    match = UTTERANCE.fullmatch(utterance)
    if match is None:
        return None
    said = match.groupdict()
    condition = CONDITIONS[said["condition"]]
    return {**said, "condition": condition, "speaker": said["session"] + said["voice"]}


def _walk(root: Path, folder: str) -> tuple[list[str], list[Reject]]:
    """Return the files of a folder that must be there, as paths from it, and the refused."""
    path = root / folder
    if not path.is_dir():
        raise CorpusError(f"{path}: is not there; expected {LAYOUT}")
    if not path.resolve().is_relative_to(root.resolve()):
        raise CorpusError(f"{path}: the link leaves the corpus root; copy the folder to its place")
    files, refused = walk(path)
    return files, [Reject(f"{folder}/{reject.file}", reject.reason) for reject in refused]


def _labels(root: Path, session: str) -> tuple[dict[str, str], list[Reject]]:
    """Return the published label of every utterance of a session, and the lines refused.

    The folders below, ``Attribute``, ``Categorical`` and ``Self-evaluation``, hold the annotators'
    own answers and are not looked at.
    """
    folder = f"{session}/{SHEETS}"
    files, rejects = _walk(root, folder)
    labels: dict[str, str] = {}
    for name in files:
        if "/" in name:
            continue
        sheet, path = f"{folder}/{name}", root / folder / name
        try:
            # Annotators' comments are in any encoding; in Latin-1 every byte is a character.
            lines = path.read_bytes().decode("latin-1").split("\n")
        except OSError as error:
            rejects.append(Reject(sheet, f"cannot be read: {error.strerror}"))
            continue
        for number, line in enumerate(lines, 1):
            text = line.strip()
            reason = _line(text, path.stem, labels) if text.startswith("[") else None
            if reason is not None:
                rejects.append(Reject(sheet, f"line {number}: {reason}"))
    return labels, rejects


def _line(text: str, dialog: str, labels: dict[str, str]) -> str | None:
    """Put the label of one line into ``labels``, or return what is wrong with the line."""
    match = LINE.fullmatch(text)
    if match is None:
        return f"not '[start - end] utterance label [v, a, d]': {shown(text[:60])}"
    utterance, label = match["utterance"], match["label"]
    said = parse(utterance)
    if said is None or said["dialog"] != dialog:
        return f"{utterance} is no utterance of {shown(dialog)}"
    if label not in LABELS and label not in OTHERS:
        return f"label {label!r} is none of {', '.join(sorted({*LABELS, *OTHERS}))}"
    if utterance not in labels:
        labels[utterance] = label
        return None
    if labels[utterance] == label:
        return f"{utterance} is named twice"
    labels[utterance] = TWO
    return f"{utterance} has two labels; here it is {label}"


def _wavs(root: Path, session: str) -> tuple[dict[str, str | None], list[Reject]]:
    """Map utterance -> WAV file, ``None`` where there is one that was refused."""
    folder = f"{session}/{WAVS}"
    files, rejects = _walk(root, folder)
    wavs: dict[str, str | None] = {PurePosixPath(reject.file).stem: None for reject in rejects}
    for name in files:
        file, pure = f"{folder}/{name}", PurePosixPath(name)
        said = parse(pure.stem)
        if said is None or pure.suffix.lower() != ".wav":
            reason = "name is not Ses<01-05><F|M>_<impro|script>..._<F|M><number>.wav, letter case"
            rejects.append(Reject(file, f"{reason} included"))
        elif str(pure.parent) != said["dialog"] or said["session"][-1] != session[-1]:
            rejects.append(Reject(file, f"lies outside the folder of its dialog {said['dialog']}"))
        elif wavs.get(pure.stem) is not None:
            rejects.append(Reject(file, f"second file of utterance {pure.stem}"))
        else:
            wavs[pure.stem] = file
    return wavs, rejects


def _join(
    session: str, labels: dict[str, str], wavs: dict[str, str | None], config: Config
) -> tuple[list[Track], list[Reject]]:
    found, rejects = [], []
    for utterance in sorted({*labels, *wavs}):
        said, code, file = parse(utterance), labels.get(utterance), wavs.get(utterance)
        if said is None or said["condition"] not in config.conditions:
            continue
        sheet = f"{session}/{SHEETS}/{said['dialog']}.txt"
        if file is None:
            # A file that was refused is listed already.
            if utterance not in wavs and config.label(code or TWO) is not None:
                rejects.append(Reject(sheet, f"{utterance}: there is no such WAV file"))
        elif code is None:
            rejects.append(Reject(file, f"no line with a label in {sheet}"))
        elif code == TWO:
            rejects.append(Reject(file, f"two labels in {sheet}"))
        elif (label := config.label(code)) is not None:
            group, condition = said[config.group], said["condition"]
            found.append(Track(utterance, file, None, label, group, condition))
    return found, rejects
