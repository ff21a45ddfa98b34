"""Tables of scores on the page: results, differences, optimism gap, classes, chords.

Conventions
-----------
Every function takes a :class:`pipeline.reporting.sections.Corpus` and reads the tables that
``evaluate`` wrote; nothing is computed again. Scores lie in [0, 1], times are in seconds; brackets
hold group-bootstrap intervals.
"""

from __future__ import annotations

import pandas as pd

from pipeline.html import cells
from pipeline.html.cells import GAP, Cell, Head, Table
from pipeline.reporting.runs import GROUPED
from pipeline.reporting.sections import Corpus

#: p values below this are printed as such.
SMALLEST_P = 0.001
#: Key in ``optimism.csv`` -> heading.
GAPS = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
RESULTS = (
    ("model", ""),
    ("folds", ""),
    ("accuracy", "share of right answers, with its interval"),
    ("macro-F1", "mean of the F1 of the classes, with its interval"),
    ("macro precision", ""),
    ("macro recall", ""),
    ("paper’s F1", "2PR / (P + R) of macro precision and recall"),
    ("training accuracy", "on the tracks that were learned from"),
    ("parameters", "the most that one fit had"),
    ("training, s", "sum over folds and seeds"),
)


def results(corpus: Corpus) -> Table:
    """Set out ``results.csv``."""
    table = corpus.tables["results"]
    hardware = sorted(set(table["hardware"]))
    columns = [*RESULTS, ("trained on", "")] if len(hardware) > 1 else [*RESULTS]
    rows = []
    for row in table.sort_values(["protocol", "macro_f1"], ascending=[True, False]).to_dict(
        "records"
    ):
        line: list[object] = [row["model"], row["protocol"]]
        for name in ("accuracy", "macro_f1"):
            line.append(cells.estimate(row[name], row[f"{name}_low"], row[f"{name}_high"]))
        line += [row[name] for name in ("macro_precision", "macro_recall", "paper_f1")]
        line += [row["train_accuracy"], row["parameters"]]
        line += [cells.cell(float(row["training_seconds"]), 1), row["hardware"]]
        rows.append(line[: len(columns)])
    caption = f"Scores and cost of every model on {corpus.name}"
    return cells.table(f"{corpus.name}-results", caption, columns, rows)


def hardware(corpus: Corpus) -> str:
    """Name what all models were trained on; empty where that differs."""
    names = sorted(set(corpus.tables["results"]["hardware"]))
    return names[0] if len(names) == 1 else ""


def comparisons(corpus: Corpus, protocol: str) -> Table:
    """Set out one protocol of ``comparisons.csv``."""
    table = corpus.tables["comparisons"]
    rows = [
        [
            row["model"],
            row["against"],
            row["verdict"],
            cells.estimate(row["difference"], row["low"], row["high"], signed=True),
            row["only_model_right"],
            row["only_other_right"],
            *(_p(float(row[name])) for name in ("mcnemar_p", "mcnemar_holm", "t_p", "t_holm")),
        ]
        for row in table[table["protocol"] == protocol].to_dict("records")
    ]
    columns: list[Head] = [
        "model",
        "against",
        "verdict",
        ("difference of accuracy", "model minus the other, with its interval"),
        ("only the model right", "tracks"),
        ("only the other right", "tracks"),
        ("McNemar p", ""),
        ("adjusted", "Holm, for the comparisons of this table"),
        ("t-test p", "over folds, corrected for overlapping training parts"),
        ("adjusted", "Holm"),
    ]
    name = f"{corpus.name}-comparisons-{protocol}"
    return cells.table(name, f"Every comparison, {protocol} folds", columns, rows)


def _p(value: float) -> Cell:
    """Make a cell of a p value.

    Examples
    --------
    >>> _p(1e-9).text, _p(0.0321).text
    ('<0.001', '0.032')
    """
    if value != value:
        return Cell(GAP, "", "number")
    text = f"{value:.3f}" if value >= SMALLEST_P else f"<{SMALLEST_P:g}"
    return Cell(text, repr(value), "number")


def optimism(corpus: Corpus) -> Table | None:
    """Set out ``optimism.csv``, a row per model, or None where one protocol is missing."""
    table = corpus.tables["optimism"]
    if table.empty:
        return None
    found = {(row["model"], row["score"]): row for row in table.to_dict("records")}
    columns: list[Head] = ["model"]
    for score in GAPS.values():
        columns += [f"{score}, grouped", f"{score}, random"]
        columns += [(f"gap of {score}", "random minus grouped")]
    rows = []
    for model in dict.fromkeys(table["model"]):
        line: list[object] = [model]
        for key in GAPS:
            row = found[model, key]
            gap = cells.estimate(row["gap"], row["gap_low"], row["gap_high"], signed=True)
            line += [row["grouped"], row["random"], gap]
        rows.append(line)
    return cells.table(f"{corpus.name}-optimism", "Random folds minus grouped folds", columns, rows)


def classes(corpus: Corpus) -> Table:
    """Set out ``per_class.csv`` under grouped folds."""
    table = corpus.tables["per_class"]
    rows = [
        [row[name] for name in ("model", "class", "tracks", "precision", "recall", "f1")]
        for row in table[table["protocol"] == GROUPED].to_dict("records")
    ]
    columns = ["model", "class", "tracks", "precision", "recall", "F1"]
    caption = "Precision, recall and F1 of every class, grouped folds"
    return cells.table(f"{corpus.name}-classes", caption, columns, rows)


def class_f1(corpus: Corpus) -> Table:
    """Put the F1 of every class side by side, a row per model, best macro-F1 first."""
    table = corpus.tables["per_class"]
    table = table[table["protocol"] == GROUPED]
    scores = {(row["model"], row["class"]): float(row["f1"]) for row in table.to_dict("records")}
    names = list(corpus.summary["classes"])
    rows = [[model, *(scores[model, name] for name in names)] for model in ranked(corpus)]
    caption = "F1 of every class, grouped folds"
    return cells.table(f"{corpus.name}-f1", caption, ["model", *names], rows)


def ranked(corpus: Corpus) -> list[str]:
    """Return the models by macro-F1 under grouped folds, the best first, equals by name."""
    table = corpus.tables["results"]
    grouped = table[table["protocol"] == GROUPED]
    order = grouped.sort_values(["macro_f1", "model"], ascending=[False, True])
    return [str(model) for model in order["model"]]


def conditions(corpus: Corpus) -> Table | None:
    """Set out ``per_condition.csv`` under grouped folds, or None where there are none."""
    table = corpus.tables["per_condition"]
    table = table[table["protocol"] == GROUPED]
    if table.empty:
        return None
    rows = [
        [row["model"], row["condition"], row["tracks"]]
        + [
            cells.estimate(row[name], row[f"{name}_low"], row[f"{name}_high"])
            for name in ("accuracy", "macro_f1")
        ]
        for row in table.to_dict("records")
    ]
    columns = ["model", "condition", "tracks", "accuracy", "macro-F1"]
    caption = "Scores by recording condition, grouped folds"
    return cells.table(f"{corpus.name}-conditions", caption, columns, rows)


def chords(corpus: Corpus) -> Table | None:
    """Set out ``chords.csv``, or None for a corpus without MIDI."""
    table: pd.DataFrame = corpus.tables["chords"]
    if table.empty:
        return None
    rows = [
        [
            row["protocol"],
            int(row["fits"]),
            cells.cell(float(row["vocabulary"]), 1),
            cells.share(float(row["coverage"])),
            cells.cell(float(row["empty_pieces"]), 1),
            int(row["pieces_with_midi"]),
        ]
        for row in table.to_dict("records")
    ]
    columns: list[Head] = [
        "folds",
        ("fits", "one per fold and seed"),
        ("vocabulary", "words, mean over fits"),
        ("coverage", "share of test tokens whose word is known"),
        ("empty pieces", "with MIDI and no known word, mean over fits"),
        "pieces with MIDI",
    ]
    return cells.table(f"{corpus.name}-chords", "Chord vocabulary", columns, rows)
