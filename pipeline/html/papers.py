"""The paper's numbers, alone and beside ours.

Conventions
-----------
The paper's protocol is ours of random folds: differences are ours under random folds minus the
paper's, and grouped folds stand beside them. Scores lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.html import cells
from pipeline.html.cells import GAP, Head, Table
from pipeline.reporting import paper
from pipeline.reporting.runs import GROUPED, RANDOM
from pipeline.reporting.sections import Corpus

#: Heading, key in ``results.csv``, column of the paper's tables.
SCORES = (
    ("accuracy", "accuracy", 1),
    ("F1", "paper_f1", 4),
    ("precision", "macro_precision", 2),
    ("recall", "macro_recall", 3),
)
Row = Mapping[Any, Any]


def beside(corpus: Corpus) -> list[Table]:
    """Put this corpus's results beside the paper's; empty where it has no counterpart."""
    known = paper.COUNTERPARTS.get(corpus.adapter)
    if known is None:
        return []
    rows = corpus.tables["results"].to_dict("records")
    found = {(str(row["protocol"]), str(row["model"])): row for row in rows}
    made = [_table(corpus, number, found) for number in known.tables if number in paper.SCORED]
    if known.headline:
        made.append(_rate(corpus, known.headline, found))
    return made


def caveat(corpus: Corpus) -> str:
    """Say why the paper's numbers are not the same experiment; empty without a counterpart."""
    known = paper.COUNTERPARTS.get(corpus.adapter)
    return known.caveat if known else ""


def _table(corpus: Corpus, number: str, found: Mapping[tuple[str, str], Row]) -> Table:
    names = {theirs: ours for ours, theirs in paper.ROWS.items()}
    columns: list[Head] = ["model", "paper’s name"]
    for heading, _, _ in SCORES:
        columns += [
            f"{heading}: paper",
            (f"{heading}: random", "ours, the paper’s protocol"),
            ("difference", "ours under random folds minus the paper’s"),
            (f"{heading}: grouped", "ours, the honest measure"),
        ]
    rows = []
    for theirs in paper.table(number).rows:
        model = names[str(theirs[0])]
        line: list[object] = [model, theirs[0]]
        for _, key, column in SCORES:
            line += _cells(float(theirs[column]), key, model, found)
        rows.append(line)
    caption = f"Table {number} of the paper ({paper.table(number).corpus}), row by row"
    return cells.table(f"{corpus.name}-paper-{number.lower()}", caption, columns, rows)


def _cells(
    theirs: float, key: str, model: str, found: Mapping[tuple[str, str], Row]
) -> list[object]:
    random, grouped = found.get((RANDOM, model)), found.get((GROUPED, model))
    return [
        theirs,
        float(random[key]) if random else GAP,
        cells.signed(float(random[key]) - theirs) if random else GAP,
        float(grouped[key]) if grouped else GAP,
    ]


def _rate(corpus: Corpus, headline: str, found: Mapping[tuple[str, str], Row]) -> Table:
    rate = paper.HEADLINES[headline]
    rows: list[list[object]] = []
    for protocol in (RANDOM, GROUPED):
        row = found.get((protocol, paper.HEADLINE_MODEL))
        ours = (
            [cells.estimate(*(float(row[f"accuracy{end}"]) for end in ("", "_low", "_high"))),
             cells.signed(float(row["accuracy"]) - rate)]
            if row
            else [GAP, GAP]
        )  # fmt: skip
        rows.append([f"{paper.HEADLINE_MODEL}, {protocol} folds", rate, *ours])
    caption = f"The paper’s recognition rate on {headline} (Section VI)"
    columns = ["model", "paper", "accuracy", "difference"]
    return cells.table(f"{corpus.name}-paper-rate", caption, columns, rows)


def scores() -> Table:
    """Set out the paper's Tables VII to IX: accuracy and F1 of its models on its three corpora."""
    tables = [paper.table(number) for number in paper.SCORED]
    columns = ["paper’s name", "here"]
    columns += [f"{entry.corpus}: {score}" for entry in tables for score in ("accuracy", "F1")]
    rows = []
    for ours, theirs in paper.ROWS.items():
        line: list[object] = [theirs, ours]
        for entry in tables:
            row = next(each for each in entry.rows if each[0] == theirs)
            line += [row[1], row[4]]
        rows.append(line)
    return cells.table("paper-scores", "Tables VII to IX of the paper", columns, rows)


def rates() -> Table:
    """Set out the recognition rates of the paper's Section VI."""
    rows = [[name, cells.share(value, 2)] for name, value in paper.HEADLINES.items()]
    caption = "Recognition rates of the paper’s Section VI"
    return cells.table("paper-rates", caption, ["corpus", "recognition rate"], rows)
