"""Confusion matrices as tables whose cells are coloured by the share of the true class.

Conventions
-----------
Rows are true classes, columns predicted ones. A cell runs from white to the palette's sky blue,
on which black text has a contrast of 9 to 1, in light and in dark surroundings alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.html.scored import ranked
from pipeline.reporting.runs import GROUPED
from pipeline.reporting.sections import Corpus

#: Red, green, blue of Okabe & Ito's sky blue.
FULL = np.array([0x56, 0xB4, 0xE9])


@dataclass(frozen=True)
class Square:
    """One cell: number of predictions, share of the true class as text, colour."""

    count: int
    share: str
    colour: str


@dataclass(frozen=True)
class Confusion:
    """One model's matrix: a row per true class, and what it says in a sentence."""

    model: str
    ours: bool
    rows: tuple[tuple[str, tuple[Square, ...]], ...]
    text: str


def confusions(corpus: Corpus) -> list[Confusion]:
    """Return the matrix of every model under grouped folds, the best model first."""
    table = corpus.tables["confusion_matrix"]
    classes = list(corpus.summary["classes"])
    found = []
    for model in ranked(corpus):
        part = table[(table["protocol"] == GROUPED) & (table["model"] == model)]
        counts = part.pivot(index="actual", columns="predicted", values="count")
        matrix = counts.loc[classes, classes].to_numpy(np.int64)
        rows = tuple(
            (name, tuple(_square(int(count), int(line.sum())) for count in line))
            for name, line in zip(classes, matrix, strict=True)
        )
        ours = model in corpus.summary["ours"]
        found.append(Confusion(model, ours, rows, _text(matrix, classes)))
    return found


def _square(count: int, total: int) -> Square:
    share = count / max(total, 1)
    colour = "#" + "".join(f"{round(255 + share * (end - 255)):02x}" for end in FULL)
    return Square(count, f"{share:.0%}", colour)


def _text(matrix: np.ndarray, classes: list[str]) -> str:
    """Name the most frequent mistake.

    Examples
    --------
    >>> _text(np.array([[3, 1], [0, 4]]), ["sad", "glad"])
    'Most frequent mistake: sad taken for glad, 1 of 4.'
    """
    wrong = matrix - np.diag(np.diag(matrix))
    if not wrong.any():
        return "No mistakes."
    true, said = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return (
        f"Most frequent mistake: {classes[true]} taken for {classes[said]}, "
        f"{wrong[true, said]} of {matrix[true].sum()}."
    )
