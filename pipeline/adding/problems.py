"""What is wrong with the files of a corpus-to-be, how bad it is, and what to do.

Conventions
-----------
An *error* keeps the graph from running: nothing is written. A *warning* makes results worse or less
honest than they look. A *note* is for information.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.adding.look import Seen
from pipeline.corpora import Reject, Track
from pipeline.partition import FEWEST_FOLDS

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
#: What a refusal says -> what to do about it.
REMEDIES = {
    "no label": "move the file into a folder named after its label, or name it in a table",
    "neither audio nor MIDI": "convert it (`ffmpeg -i in.m4a out.wav`) or leave it: it is not used",
    "not named in": "add a row for it to the table, or leave it: it is not used",
    "no such file|file not found": "correct the name in the table, or bring the file back",
    "named twice": "delete one of the rows",
    "files are called so": "write the path from the root in the column `file`",
    "not UTF-8|control character": "rename the file",
    "link": "copy the file into the root, or link the root itself",
    "second MIDI file": "keep one score per recording",
    "cannot be read|unreadable": "give yourself the right to read it: chmod u+r",
    "empty|not-audio|not-midi|decode|truncated": "fetch it again, or leave it: it is not used",
}
ELSE = "leave it: it is not used, and the stage `index` lists it in its quarantine"
#: Parts of a reason that differ from file to file.
DETAIL = re.compile(r"'[^']*'|\"[^\"]*\"|\(.*\)|\d+(\.\d+)?")


@dataclass(frozen=True)
class Problem:
    """One finding: how bad, what, on which files, and the remedy (empty: none needed)."""

    level: Level
    what: str
    examples: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True)
class Asked:
    """What was asked for: folds (K), crop (s) and common rate (Hz)."""

    folds: int
    crop_seconds: int
    sample_rate: int


def problems(seen: Seen, asked: Asked) -> list[Problem]:
    """Return all findings, the worst first."""
    found = [
        *refusals(seen.rejects),
        *_classes(seen.tracks, asked.folds),
        *_groups(seen.tracks, asked.folds),
        *_copies(seen),
        *_sounds(seen, asked),
    ]
    return sorted(found, key=lambda problem: LEVELS.index(problem.level))


def refusals(rejects: Sequence[Reject]) -> Iterator[Problem]:
    """Yield one problem per kind of refusal."""
    kinds: dict[str, list[Reject]] = defaultdict(list)
    for reject in rejects:
        kinds[DETAIL.sub("*", reject.reason)].append(reject)
    for same in kinds.values():
        reason = same[0].reason
        remedy = next((text for part, text in REMEDIES.items() if re.search(part, reason)), ELSE)
        files = "file" if len(same) == 1 else "files"
        names = tuple(reject.file for reject in same)
        yield Problem("warning", f"{len(same)} {files}: {reason}", names, remedy)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _classes(tracks: Sequence[Track], folds: int) -> Iterator[Problem]:
    counts = Counter(track.label for track in tracks)
    if len(counts) < 2:
        only = f"only one class, {next(iter(counts))!r}" if counts else "no class at all"
        yield Problem(
            "error",
            f"{only}; there is nothing to tell apart",
            remedy="PATH holds one folder per class; it may point one level too low or too high",
        )
    for label, count in sorted(counts.items()):
        if count < FEWEST_FOLDS:
            yield Problem(
                "error",
                f"class {label!r} has {_count(count, 'track')}; training, validation and test "
                f"need {FEWEST_FOLDS}",
                remedy="add tracks, or move the folder away",
            )
        elif count < folds:
            yield Problem(
                "warning",
                f"class {label!r} has {count} tracks, fewer than cv.folds = {folds}: there will be "
                f"at most {count} folds",
                remedy="add tracks, or accept fewer folds",
            )


def _groups(tracks: Sequence[Track], folds: int) -> Iterator[Problem]:
    groups = {track.group for track in tracks}
    if len(groups) < FEWEST_FOLDS:
        yield Problem(
            "error",
            f"{_count(len(groups), 'group')}; training, validation and test need {FEWEST_FOLDS}",
            remedy="groups are artists, songs or speakers; name them in the column `group`",
        )
    elif len(groups) == len(tracks):
        yield Problem(
            "warning",
            "every track is a group of its own: if an artist, song or speaker has several tracks, "
            "they leak from training into test and results are too good",
            remedy="name the groups: --labels TABLE.csv with the columns file,label,group",
        )
        return
    of_class: dict[str, set[str]] = defaultdict(set)
    for track in tracks:
        of_class[track.label].add(track.group)
    few = {label: len(names) for label, names in of_class.items() if len(names) < FEWEST_FOLDS}
    for label, count in sorted(few.items()):
        yield Problem(
            "warning",
            f"class {label!r} comes from {_count(count, 'group')}: some training part may lack it",
            remedy="add tracks by others",
        )
    if FEWEST_FOLDS <= len(groups) < folds:
        yield Problem("note", f"{len(groups)} groups make {len(groups)} grouped folds, not {folds}")


def _copies(seen: Seen) -> Iterator[Problem]:
    by_name = {track.track: track for track in seen.tracks}
    known = [tuple(name for name in names if name in by_name) for names in seen.copies]
    sets = [names for names in known if len(names) > 1]
    torn = [names for names in sets if len({by_name[name].label for name in names}) > 1]
    if torn:
        yield Problem(
            "warning",
            f"{len(torn)} files lie under two labels",
            tuple(" = ".join(names) for names in torn),
            "decide on one label and delete the other copy",
        )
    same = [names for names in sets if names not in torn]
    if same:
        yield Problem(
            "warning",
            f"{len(same)} files are there more than once (equal bytes)",
            tuple(" = ".join(names) for names in same),
            "delete the copies; they are kept in one fold, but count several times",
        )


def _sounds(seen: Seen, asked: Asked) -> Iterator[Problem]:
    both = sum(track.audio is not None and track.midi is not None for track in seen.tracks)
    if both:
        yield Problem("note", f"{both} recordings have a MIDI file of the same name: used together")
    rates: Mapping[int, int] = Counter(sound.rate for sound in seen.sounds.values())
    low = sum(count for rate, count in rates.items() if rate < asked.sample_rate)
    if low:
        yield Problem(
            "warning",
            f"{low} tracks are sampled below audio.sample_rate = {asked.sample_rate} Hz: the "
            "empty band above can give their origin away",
            remedy=f"set audio.sample_rate to {min(rates)} Hz (f_max of the features below half)",
        )
    if len(rates) > 1:
        listed = ", ".join(f"{count} at {rate} Hz" for rate, count in sorted(rates.items()))
        yield Problem("note", f"mixed sample rates ({listed}): all are brought to one")
    longest = max((sound.seconds for sound in seen.sounds.values()), default=0.0)
    if seen.sounds and longest + 1 <= asked.crop_seconds:
        yield Problem(
            "note",
            f"the longest track has {longest:.1f} s, crop_seconds is {asked.crop_seconds}: the "
            "rest is padding",
            remedy=f"--crop-seconds {max(1, -(-int(longest * 1000) // 1000))}",
        )
