"""The parts of the report that frame the numbers: how to read, what the paper says, commands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.reporting import markdown, paper
from pipeline.reporting.sections import Corpus


def introduction(models: Mapping[str, str], ours: Collection[str]) -> list[str]:
    """Say what the page is, what each model is, and how to read the numbers.

    Parameters
    ----------
    models
        Model -> what it is, in one line.
    ours
        Those of them that are this project's own.
    """
    named = " and ".join(f"`{name}`" for name in ours)
    return [
        "# Results",
        "Written by the pipeline (`dvc repro`); do not edit by hand. The tables behind it are the "
        "CSV files in the folder of each corpus; `dvc plots show` and `dvc metrics show` read the "
        "same files.",
        "Each model hears a recording, or reads its notes where there is a MIDI file, and names "
        "the emotion that people gave it. It learns from one part of a corpus and is scored on "
        "tracks that it has not met. Several of the models were proposed or compared by the paper "
        "*Music Emotion Recognition and Analysis Based on Neural Network* (Zhao, Jin and Guo), and "
        "are built again here from its text; whether they keep what it promises is the question. "
        f"This project stands behind {named}: every other model is compared with these.",
        "\n".join(f"- `{name}`: {text}" for name, text in models.items()),
        "*Accuracy* is the share of right answers; *macro-F1* weighs every emotion alike, however "
        "rare, and falls when a model avoids some. **Grouped** folds keep all tracks of an artist, "
        "song or speaker in one fold and are the measure here. **Random** folds are the paper's "
        "protocol and are shown beside them: the difference, the *optimism gap*, is what "
        "recognising the artist is worth.",
    ]


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
