"""The plot of results: a line per model, with its accuracy, its interval and its verdicts.

Conventions
-----------
Positions are per cent of the plot's width, which stands for accuracies from 0 to 1, so that the
plot is as wide as its reader's screen. Grouped folds are a round blue dot, random folds an orange
diamond below; the thin line through each is its interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import accuracy_picture, differences
from pipeline.reporting.comparisons import BETTER, UNCLEAR
from pipeline.reporting.runs import GROUPED, RANDOM
from pipeline.reporting.sections import Corpus

#: Verdict -> mark, word behind the mark.
MARKS = {BETTER: ("▲", "better than"), UNCLEAR: ("≈", "not distinguishable from")}
WORSE_MARK = ("▼", "worse than")


@dataclass(frozen=True)
class Dot:
    """An estimate: protocol, positions of value and interval, and the same as text."""

    protocol: str
    at: str
    low: str
    high: str
    text: str


@dataclass(frozen=True)
class Mark:
    """A verdict: mark, its meaning, and the model compared with."""

    mark: str
    meaning: str
    against: str


@dataclass(frozen=True)
class Line:
    """One model: name, whether it is ours, dots by protocol, verdicts."""

    model: str
    ours: bool
    dots: tuple[Dot, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Forest:
    """The plot: lines from best to worst, and the share of the largest class."""

    lines: tuple[Line, ...]
    largest: str
    largest_text: str
    random: bool


def forest(corpus: Corpus) -> Forest:
    """Lay out the plot of one corpus."""
    table, said = corpus.tables["results"], corpus.summary
    rows = {(str(row["protocol"]), str(row["model"])): row for row in table.to_dict("records")}
    counts = said["tracks_by_class"]
    largest = max(counts.values()) / sum(counts.values())
    lines = []
    for model in accuracy_picture.order(table):
        protocols = [name for name in (GROUPED, RANDOM) if (name, model) in rows]
        dots = tuple(_dot(name, rows[name, model]) for name in protocols)
        lines.append(Line(model, model in said["ours"], dots, marks(corpus, model)))
    both = any(protocol == RANDOM for protocol, _ in rows)
    return Forest(tuple(lines), _percent(largest), f"{largest:.3f}", both)


def _dot(protocol: str, row: Mapping[Any, Any]) -> Dot:
    value, low, high = (float(row[f"accuracy{end}"]) for end in ("", "_low", "_high"))
    if not math.isfinite(low + high):
        return Dot(protocol, _percent(value), _percent(value), _percent(value), f"{value:.3f}")
    text = f"{value:.3f} [{low:.3f}, {high:.3f}]"
    return Dot(protocol, _percent(value), _percent(low), _percent(high), text)


def _percent(value: float) -> str:
    return f"{100 * min(max(value, 0.0), 1.0):.2f}%"


def marks(corpus: Corpus, model: str) -> tuple[Mark, ...]:
    """Return the verdicts on a model against ours and the reference, under grouped folds."""
    said = corpus.summary
    found = []
    for against in dict.fromkeys([*said["ours"], said["reference"]]):
        if against != model:
            row = differences.between(corpus, model, against, GROUPED)
            mark, meaning = MARKS.get(row["verdict"], WORSE_MARK)
            found.append(Mark(mark, meaning, against))
    return tuple(found)
