"""The parts of the report that frame the numbers: how to read, what the paper says, commands."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.reporting import markdown, paper
from pipeline.reporting.sections import Corpus


def introduction() -> list[str]:
    """Say what the page is and how to read it."""
    return [
        "# Results",
        "Written by the pipeline (`dvc repro`); do not edit by hand. The tables behind it are the "
        "CSV files in the folder of each corpus; `dvc plots show` and `dvc metrics show` read the "
        "same files.",
        "**Grouped** folds keep all tracks of an artist, song or speaker in one fold and are the "
        "measure here. **Random** folds are the paper's protocol and are shown beside them: the "
        "difference, the *optimism gap*, is what recognising the artist is worth.",
    ]


def counterpart(corpus: Corpus) -> list[str]:
    """Say which of the paper's numbers this corpus speaks to."""
    heading = "#### Beside the paper"
    known = paper.COUNTERPARTS.get(corpus.adapter)
    if known is None:
        return [
            heading,
            "The paper reports nothing on this corpus: none of its numbers is confirmed or refuted "
            "here. They are [at the end of this page](#the-papers-numbers).",
        ]
    parts = [heading]
    if known.tables:
        links = ", ".join(f"[Table {name}](#{_anchor(name)})" for name in known.tables)
        parts.append(f"The paper's numbers for this corpus or its nearest relative: {links}.")
    if known.headline:
        value = paper.HEADLINES[known.headline]
        parts.append(f"The paper's recognition rate on {known.headline}: {value:.2%} (Section VI).")
    return [*parts, known.caveat]


def commands(corpus: Corpus) -> list[str]:
    """Say how to make each table and picture again."""
    name = corpus.name
    return [
        "#### Making it again",
        markdown.table(
            ["what", "command", "written to"],
            [
                ["tables", f"`dvc repro evaluate@{name}`", f"[`{name}/`]({name}/)"],
                ["pictures and this page", "`dvc repro report`", "[`pictures/`](pictures/)"],
                ["confusions, learning curves", "`dvc plots show`", "`dvc_plots/index.html`"],
            ],
        ),
    ]


def tables(corpora: Sequence[Corpus]) -> list[str]:
    """Set out the paper's own tables, and say which corpora of this run each is about."""
    parts = [
        "## The paper's numbers",
        "Transcribed from Tables III to IX and Section VI; times on the paper's unnamed hardware. "
        "Where its text and its tables disagree (61.8 % against 0.624 on EMA, 63.8 % against 0.647 "
        "on Emotion) the tables are taken.",
    ]
    for entry in paper.TABLES:
        spoken = [
            corpus.name
            for corpus in corpora
            if (known := paper.COUNTERPARTS.get(corpus.adapter)) and entry.number in known.tables
        ]
        speaks = f"This run speaks to it with {', '.join(spoken)}." if spoken else ""
        rows = [[_cell(cell) for cell in row] for row in entry.rows]
        parts += [
            f"### Table {entry.number}: {entry.title}, {entry.corpus}",
            markdown.table(entry.columns, rows),
            speaks or "Nothing in this run speaks to it directly.",
        ]
    rates = [[name, f"{value:.2%}"] for name, value in paper.HEADLINES.items()]
    spoken = [
        corpus.name
        for corpus in corpora
        if (known := paper.COUNTERPARTS.get(corpus.adapter)) and known.headline
    ]
    speaks = f"This run speaks to them with {', '.join(spoken)}." if spoken else ""
    return [
        *parts,
        "### Section VI: recognition rates",
        markdown.table(["corpus", "recognition rate"], rates),
        speaks or "Nothing in this run speaks to them directly.",
    ]


def _cell(cell: str | float) -> str:
    """Print a cell as the paper does."""
    return cell if isinstance(cell, str) else f"{cell:g}"


def _anchor(number: str) -> str:
    """Return the anchor that GitHub gives a table's heading."""
    entry = paper.table(number)
    kept = f"Table {number}: {entry.title}, {entry.corpus}".lower()
    return "".join(c for c in kept if c.isalnum() or c in " -_").replace(" ", "-")
