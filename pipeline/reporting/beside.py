"""Our numbers beside the paper's, as Markdown.

Conventions
-----------
The paper's protocol is ours of ``random`` folds, so differences are ours under random folds minus
the paper's; grouped folds stand beside them. Scores lie in [0, 1]; precision and recall are macro
means, and F1 is the paper's, 2PR / (P + R). Times are seconds: the paper's as printed, without a
word on what they cover; ours of one fold, mean over folds and seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import markdown, paper
from pipeline.reporting.runs import GROUPED, RANDOM
from pipeline.reporting.sections import Corpus

#: The model whose recognition rates Section VI gives.
SPEECH = "multispec_speech"
#: Heading, key in ``results.csv``, column of the paper's tables; those with a difference first.
SCORES = (
    ("accuracy", "accuracy", 1, True),
    ("F1", "paper_f1", 4, True),
    ("precision", "macro_precision", 2, False),
    ("recall", "macro_recall", 3, False),
)
SECONDS = 5
Row = Mapping[Any, Any]


def counterpart(corpus: Corpus) -> list[str]:
    """Put this corpus's results beside the paper's, or say that it has none."""
    heading = "### Beside the paper"
    known = paper.COUNTERPARTS.get(corpus.adapter)
    if known is None:
        return [
            heading,
            "The paper reports nothing on this corpus: none of its numbers is confirmed or refuted "
            "here. They are [at the end of this page](#the-papers-numbers).",
        ]
    parts = [heading]
    scored = [number for number in known.tables if number in paper.SCORED]
    for number in scored:
        parts += _table(corpus, number)
    if known.headline:
        parts += _headline(corpus, known.headline)
    others = [number for number in known.tables if number not in scored]
    if others:
        links = ", ".join(f"[Table {number}](#{anchor(number)})" for number in others)
        parts.append(f"Also of this corpus or its nearest relative: {links}.")
    return [*parts, known.caveat]


def _results(corpus: Corpus) -> dict[tuple[str, str], Row]:
    rows = corpus.tables["results"].to_dict("records")
    return {(str(row["protocol"]), str(row["model"])): row for row in rows}


def _table(corpus: Corpus, number: str) -> list[str]:
    """Lay out Table VII, VIII or IX in the paper's order, ours beside it."""
    found = _results(corpus)
    columns = ["paper's model", "ours"]
    for heading, _, _, main in SCORES:
        columns += [f"{heading}: paper", "ours, random"]
        columns += ["difference", "ours, grouped"] if main else []
    columns += ["time (s): paper", "ours, one fold"]
    names = {theirs: ours for ours, theirs in paper.ROWS.items()}
    rows = []
    for theirs in paper.table(number).rows:
        ours = names[str(theirs[0])]
        random, grouped = found.get((RANDOM, ours)), found.get((GROUPED, ours))
        rows.append([theirs[0], ours, *_cells(theirs, random, grouped, _fits(corpus))])
    absent = [name for name in names.values() if name not in corpus.summary["models"]]
    return [
        f"[Table {number}](#{anchor(number)}) of the paper, row by row. *Random* folds are its "
        "protocol, so the difference is ours under random folds minus the paper's; *grouped* folds "
        "are the honest measure. Times are not of the same machine.",
        markdown.table(columns, rows),
        f"Without a run here: {', '.join(f'`{name}`' for name in absent)}." if absent else "",
    ]


def _cells(
    theirs: tuple[str | float, ...], random: Row | None, grouped: Row | None, fits: int
) -> list[object]:
    cells: list[object] = []
    for _, key, column, main in SCORES:
        paper_score = float(theirs[column])
        cells += [paper_score, random[key] if random else "–"]
        if main:
            cells.append(f"{random[key] - paper_score:+.3f}" if random else "–")
            cells.append(grouped[key] if grouped else "–")
    seconds = markdown.number(random["training_seconds"] / fits, 2) if random else "–"
    return [*cells, markdown.number(float(theirs[SECONDS]), 2), seconds]


def _fits(corpus: Corpus) -> int:
    """Return the number of fits of one model under random folds, at least 1."""
    sizes = corpus.summary["protocols"].get(RANDOM, {"seeds": 1, "folds": 1})
    return int(sizes["seeds"] * sizes["folds"])


def _headline(corpus: Corpus, headline: str) -> list[str]:
    """Put the recognition rate of Section VI beside the speech network's accuracy."""
    rate = paper.HEADLINES[headline]
    text = f"The paper's recognition rate on {headline} is {rate:.2%} (Section VI)."
    found = _results(corpus)
    rows = [
        [f"`{SPEECH}`, {protocol} folds", rate,
         markdown.interval(row["accuracy"], row["accuracy_low"], row["accuracy_high"]),
         f"{row['accuracy'] - rate:+.3f}"]
        for protocol in (RANDOM, GROUPED)
        if (row := found.get((protocol, SPEECH)))
    ]  # fmt: skip
    if not rows:
        return [f"{text} Its speech network, `{SPEECH}`, has no run here to set beside it."]
    return [text, markdown.table(["", "paper", "accuracy", "difference"], rows)]


def anchor(number: str) -> str:
    """Return the anchor that GitHub gives the heading of one of the paper's tables.

    Examples
    --------
    >>> anchor("VII")
    'table-vii-model-comparison-ema'
    """
    entry = paper.table(number)
    kept = f"Table {number}: {entry.title}, {entry.corpus}".lower()
    return "".join(c for c in kept if c.isalnum() or c in " -_").replace(" ", "-")
