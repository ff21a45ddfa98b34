"""The ledger as a page of Markdown and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

import pandas as pd

from pipeline.reporting import markdown
from pipeline.reporting.bootstrap import Interval
from pipeline.reporting.ledger import CONTRADICTED, NOWHERE, SUPPORTED, UNTESTED, VERDICTS, Row

COLUMNS = [
    "claim", "source", "corpus", "what", "claimed", "our_corpus", "protocol",
    "measured", "measured_low", "measured_high",
    "grouped", "grouped_low", "grouped_high", "verdict", "reason",
]  # fmt: skip
#: Larger numbers are seconds or counts, not shares.
SHARE = 1.5


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the ledger as a table with columns :data:`COLUMNS`; empty cells where nothing is."""
    return pd.DataFrame([_flat(row) for row in rows], columns=COLUMNS)


def _flat(row: Row) -> dict[str, object]:
    flat: dict[str, object] = {}
    for field in fields(Row):
        value = getattr(row, field.name)
        if isinstance(value, Interval):
            flat |= {
                field.name: value.value,
                f"{field.name}_low": value.low,
                f"{field.name}_high": value.high,
            }
        else:
            flat[field.name] = value
    return flat


def introduction(confidence: float, corpora: Sequence[str]) -> list[str]:
    """Say what the page is, and the rule."""
    return [
        "# The paper's claims",
        "Written by the pipeline (`dvc repro experiments/dvc.yaml:claims`); do not edit by hand. "
        "Every number of Tables IV to IX, the two headline rates and the comparisons in the text "
        "of *Music Emotion Recognition and Analysis Based on Neural Network*, each against what "
        f"was measured here on: {', '.join(corpora)}. The same as a table: "
        "[claims.csv](claims.csv).",
        "## The rule",
        f"- **{SUPPORTED}**: the printed number, give or take half a unit of its last digit and "
        "the sampling error of the paper's own test part (binomial, a tenth of its corpus, 95 %; "
        f"it prints no spread), meets our {confidence:.0%} interval. Wide intervals meet much; "
        "the ends of ours are shown.\n"
        f"- **{CONTRADICTED}**: it lies further above or below: we do not reproduce the number.\n"
        f"- **{UNTESTED}**: the corpus, the model or the protocol is missing here, or what is here "
        "cannot tell. The reason names what would.",
        "*Better* is supported if ours is better than each of the others by all three tests of "
        "[the report](README.md), contradicted if one of the others is better than it; *within* if "
        "the interval of the difference lies within the limit, or outside it; *faster* if every "
        "fold is, or none. Otherwise our tracks cannot tell.",
        "A number is compared with its like alone: random folds, the paper's protocol, on a corpus "
        "of the same adapter. Grouped folds, which keep an artist, song or speaker on one side, "
        "stand beside and decide nothing there. A comparison without a table of its own is tested "
        "on every corpus (of a synthesised one only the times), and, if its experiment has grouped "
        "folds alone, on those: the column *protocol* says which. Where our corpus is another "
        "edition or a part of the paper's, the reason says so: that verdict speaks of the nearest "
        "relative. Intervals of test scores come from resampling groups; those of training "
        "accuracies and seconds are the lowest and highest fit. Intervals are one by one: among a "
        f"hundred true claims about {100 * (1 - confidence):.0f} would be contradicted by chance.",
    ]


def summary(parts: Sequence[tuple[str, Sequence[Row]]]) -> list[str]:
    """Count the verdicts by part."""
    lines: list[list[object]] = []
    for title, rows in parts:
        counts = Counter(row.verdict for row in rows)
        lines.append([title, len(rows), *(counts[verdict] for verdict in VERDICTS)])
    return ["## Verdicts", markdown.table(["", "rows", *VERDICTS], lines)]


def section(title: str, rows: Sequence[Row]) -> list[str]:
    """Return one part of the ledger."""
    columns = [
        "claim", "source", "corpus", "what", "claimed", "our corpus", "protocol", "measured",
        "grouped beside", "verdict", "reason",
    ]  # fmt: skip
    body = [
        [
            f"`{row.claim}`",
            row.source,
            row.corpus or "–",
            row.what,
            "–" if row.claimed is None else _number(row.claimed),
            row.our_corpus if row.our_corpus != NOWHERE else "none",
            row.protocol or "–",
            _shown(row.measured),
            _shown(row.grouped),
            f"**{row.verdict}**" if row.verdict != UNTESTED else row.verdict,
            row.reason,
        ]
        for row in rows
    ]
    return [f"## {title}", markdown.table(columns, body)]


def _number(value: float) -> str:
    if float(value).is_integer() and abs(value) > SHARE:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) <= SHARE else f"{value:,.2f}"


def _shown(found: Interval | None) -> str:
    if found is None:
        return "–"
    value, low, high = (_number(each) for each in (found.value, found.low, found.high))
    return value if low == high else f"{value} [{low}, {high}]"
