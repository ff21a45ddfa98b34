"""Do facts about the files alone tell the label? Then a model can be right without listening.

Conventions
-----------
Axis ``track``. *Container* facts (rate, bit rate, duration, format) say how a file was made, and
reach a model through its sound: an empty upper band, coding noise, the number of seconds. Told from
them better than by the largest class, the label is a **warning**. Two kinds are for information and
always pass: names, because no model reads an id or a path, and loudness, because a calm piece is
quieter as a matter of music.

Accuracies come from a decision tree under the first grouped cross-validation, trained on all other
folds. The p-value is that of a sign-flip test over groups, whose tracks are not independent: each
group's sum of (hit - share of the largest class) is symmetric about 0, at best, for a fact that
tells nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from pipeline.auditing.findings import Finding
from pipeline.auditing.folds import Folds
from pipeline.auditing.settings import Facts
from pipeline.corpus import Row

if TYPE_CHECKING:
    from pipeline.caching.places import Root

CHECK = "facts"
BITS = 8  # bits per byte
#: Of a number in an id, what is looked at: the tree keeps facts in float32, which ends at 3e38.
DIGITS = 30
#: Stands for a fact that a track lacks; no real one is negative.
ABSENT = -1.0
Column = np.ndarray


@dataclass(frozen=True)
class Told:
    """How well labels are told from some facts.

    Attributes
    ----------
    accuracy
        Share of tracks, 0-1.
    p
        See the module.
    """

    accuracy: float
    p: float


def container(rows: Sequence[Row], root: Root) -> dict[str, Column]:
    """Return the facts of the files [shape=(track,), float64 each].

    Parameters
    ----------
    rows
        The index.
    root
        Of the corpus; sizes of files that are not there are left out.
    """
    paths = [root / row.audio if row.audio else None for row in rows]
    sizes = [float(p.stat().st_size) if p is not None and p.is_file() else ABSENT for p in paths]
    seconds = np.array([float(row.duration_seconds or ABSENT) for row in rows])
    bits = BITS * np.array(sizes) / np.where(seconds > 0, seconds, 1.0)
    return {
        "sample rate": np.array([float(row.sample_rate or ABSENT) for row in rows]),
        "duration": seconds,
        "bit rate": np.where((np.array(sizes) > 0) & (seconds > 0), bits, ABSENT),
        "format": codes([PurePosixPath(row.audio).suffix.lower() for row in rows]),
    }


def names(rows: Sequence[Row]) -> dict[str, Column]:
    """Return what stands in the ids and folders [shape=(track,), float64 each]."""
    numbers = [max(re.findall(r"\d+", row.track), key=len, default="") for row in rows]
    return {
        "number in the id": np.array([float(n[:DIGITS]) if n else ABSENT for n in numbers]),
        "letters of the id": codes([re.sub(r"\d+", "", row.track) for row in rows]),
        "folder": codes([str(PurePosixPath(row.audio or row.midi).parent) for row in rows]),
    }


def codes(words: Sequence[str]) -> Column:
    """Return a number for every word, the most frequent first.

    Examples
    --------
    >>> codes([".mp3", ".wav", ".wav"]).tolist()
    [1.0, 0.0, 0.0]
    """
    counts = Counter(words)
    order = {word: n for n, word in enumerate(sorted(counts, key=lambda w: (-counts[w], w)))}
    return np.array([float(order[word]) for word in words])


def check(
    rows: Sequence[Row],
    folds: Folds,
    root: Root,
    loudness: Mapping[str, float],
    config: Facts,
) -> list[Finding]:
    """Try every fact alone, and all of the container together.

    Parameters
    ----------
    folds
        The cross-validation to use, a grouped one.
    root
        Of the corpus.
    loudness
        Track -> mean level, dB; empty where there is none.
    """
    own = {name: column for name, column in container(rows, root).items() if _varies(column)}
    if len(own) > 1:
        own["all of these"] = np.column_stack(list(own.values()))
    heard = np.array([loudness.get(row.track, np.nan) for row in rows])
    told = {"loudness": np.nan_to_num(heard, nan=np.nanmin(heard))} if loudness else {}
    informative = {n: c for n, c in (names(rows) | told).items() if _varies(c)}
    labels = np.unique([row.label for row in rows], return_inverse=True)[1]
    groups = np.unique([row.group for row in rows], return_inverse=True)[1]
    share = float(np.bincount(labels).max() / len(labels))
    found = []
    for name, column in (own | informative).items():
        result = tell(column, labels, groups, folds.fold, config)
        level = config.alpha / len(own) if name in own else 0.0
        found.append(_finding(name, result, share, level, config.gain))
    same = [name for name, column in container(rows, root).items() if not _varies(column)]
    if same:
        detail = "the same for every track, or not known: it tells nothing"
        found.append(Finding(CHECK, "pass", ", ".join(same), "", "", detail))
    return found


def tell(
    facts: Column, labels: np.ndarray, groups: np.ndarray, fold: np.ndarray, config: Facts
) -> Told:
    """Predict the labels from facts across folds, and test the hits against the largest class.

    Parameters
    ----------
    facts
        [shape=(track,)] or [shape=(track, fact)].
    labels, groups, fold
        Numbers [shape=(track,), int].
    """
    table = facts.reshape(len(labels), -1)
    hits = np.zeros(len(labels))
    for k in range(int(fold.max()) + 1):
        test = fold == k
        tree = DecisionTreeClassifier(
            max_depth=config.depth, min_samples_leaf=config.leaf, random_state=config.seed
        )
        hits[test] = tree.fit(table[~test], labels[~test]).predict(table[test]) == labels[test]
    share = np.bincount(labels).max() / len(labels)
    sums = np.bincount(groups, weights=hits - share)
    signs = np.random.default_rng(config.seed).choice([-1.0, 1.0], (config.flips, len(sums)))
    # The tolerance counts flips that only rounding makes smaller than the sum itself.
    larger = (signs @ sums >= sums.sum() - 1e-9).sum()
    return Told(float(hits.mean()), float((1 + larger) / (1 + config.flips)))


def _varies(column: Column) -> bool:
    return len(np.unique(column)) > 1


def _finding(name: str, told: Told, share: float, level: float, gain: float) -> Finding:
    value, limit = f"{told.accuracy:.3f}", f"{share + gain:.3f}"
    measured = f"accuracy {told.accuracy:.3f}, largest class {share:.3f}, p = {told.p:.4f}"
    if level == 0.0:
        why = "loudness is music as well" if name == "loudness" else "no model reads names"
        return Finding(CHECK, "pass", name, value, limit, f"for information ({why}): {measured}")
    if told.p > level or told.accuracy < share + gain:
        return Finding(CHECK, "pass", name, value, limit, f"tells no more than chance: {measured}")
    detail = (
        f"tells the label alone: {measured}; a model may hear how the files were made instead of "
        "the music (a bit rate that varies follows the music, too); compare its accuracy with this"
    )
    return Finding(CHECK, "warn", name, value, limit, detail)
