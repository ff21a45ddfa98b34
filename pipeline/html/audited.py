"""What the audit found and what was left out, in plain words.

Conventions
-----------
Reads ``reports/<corpus>/audit.csv`` (check,severity,what,value,limit,detail). A check is a question
whose answer is the worst of its findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.html import cells
from pipeline.html.cells import Table
from pipeline.reporting.sections import Corpus

#: Check -> the question that it answers.
QUESTIONS = {
    "groups": "Is an artist, song or speaker in training and test at once under grouped folds?",
    "files": "Is one file in two folds under two names?",
    "classes": "Is every class tested in every fold?",
    "labels": "Does one file have two labels?",
    "purity": "Does the group of a track give its class away?",
    "copies": "Are near-identical recordings on both sides of a fold?",
    "chord vectors": "Were chord vectors fitted on test pieces?",
    "facts": "Do facts about a file (its rate, length, format) give its class away?",
}
#: Severity -> mark, answer; from harmless to harmful.
ANSWERS = {
    "pass": ("✓", "in order"),
    "warn": ("!", "to be judged by the reader"),
    "fail": ("✗", "fails"),
}
#: Rows of the quarantine that are shown; all of them are in the CSV.
MOST = 40


@dataclass(frozen=True)
class Check:
    """One question: its answer, and the findings behind it as (what, numbers, detail)."""

    question: str
    severity: str
    mark: str
    answer: str
    findings: tuple[tuple[str, str, str], ...]


def checks(path: Path) -> list[Check]:
    """Return the audit's checks in the order of the table; none where the audit did not run."""
    if not path.is_file():
        return []
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [
        _check(str(name), [*rows.itertuples(index=False)])
        for name, rows in table.groupby("check", sort=False)
    ]


def _check(name: str, rows: Sequence[tuple[str, ...]]) -> Check:
    severities = list(ANSWERS)
    worst = max((row[1] for row in rows), key=severities.index)
    findings = []
    for _, severity, what, value, limit, detail in rows:
        numbers = f"{value}, limit {limit}" if value and limit else value
        if severity != "pass":
            detail = f"{ANSWERS[severity][1]}: {detail}"
        findings.append((what, numbers, detail))
    mark, answer = ANSWERS[worst]
    return Check(QUESTIONS.get(name, name), worst, mark, answer, tuple(findings))


def quarantine(corpus: Corpus) -> tuple[Table | None, int]:
    """Return the files that could not be used, and how many more there are than are shown."""
    table = corpus.tables["quarantine"]
    if table.empty:
        return None, 0
    rows = [
        [row["file"], row["stage"], row["reason"]]
        for row in table.head(MOST).astype(str).to_dict("records")
    ]
    made = cells.table(
        f"{corpus.name}-quarantine",
        "Files that could not be used",
        ["file", "stage", "reason"],
        rows,
    )
    return made, max(len(table) - MOST, 0)
