"""The page of experiments: what was asked, what differs, what came out, as Markdown and pictures.

Conventions
-----------
Every function takes :class:`Section` or part of it and returns blocks of Markdown, or a figure. The
page is for readers who do not know the paper: what a variant changes is said in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from pipeline.reporting import bootstrap, comparisons, markdown, paper
from pipeline.reporting.experiment_scores import REFERENCE, Results, lacking
from pipeline.reporting.pictures import BLUE, ORANGE, figure, style
from pipeline.reporting.runs import GROUPED, RANDOM

PROTOCOLS = {
    GROUPED: "Grouped folds: no artist, song or speaker is in training and test",
    RANDOM: "Random folds: the paper's protocol",
}
LOOKS = {GROUPED: (BLUE, "o", -0.12), RANDOM: (ORANGE, "s", 0.12)}


@dataclass(frozen=True)
class Section:
    """One experiment on one corpus.

    Attributes
    ----------
    corpus, adapter
        Name and adapter.
    groups
        Number of groups in the index.
    results, table
        What was found, and :func:`pipeline.reporting.experiment_scores.table` of it.
    """

    corpus: str
    adapter: str
    groups: int
    results: Results
    table: pd.DataFrame

    @property
    def reference(self) -> str:
        """Name of the variant that the others are compared with."""
        return str(self.results.about["reference"])


def introduction(confidence: float, significance: float) -> list[str]:
    """Say what the page is and how to read it."""
    return [
        "# Experiments",
        "Written by the pipeline (`dvc repro experiments/dvc.yaml`); do not edit by hand. How to "
        "run one, or add one, is in [docs/experiments.md](../docs/experiments.md); "
        "[claims.md](claims.md) holds the paper's statements against these results.",
        "Every experiment asks one question. Its *variants* differ in what the question is about "
        "and in nothing else: same tracks, same folds, same training. One of them is the "
        "*reference*, which all others are compared with.",
        "**Training accuracy** is the share of right answers on the tracks a model was trained on, "
        "the mean over its fits; **test accuracy** that on tracks it never saw, all folds "
        "together; **macro-F1** weighs every class alike. Brackets are "
        f"{confidence:.0%} intervals from resampling groups. **Difference** is test accuracy minus "
        "that of the reference, paired over the same groups. It is called *better* or *worse* only "
        "if its interval leaves out zero and both McNemar's test and the corrected t-test over "
        f"folds fall below {significance:g} after Holm's correction for the number of variants; "
        f"otherwise it is *{comparisons.UNCLEAR}*, which does not mean equal.",
    ]


def missing(corpus: str, experiment: str) -> str:
    """Say that an experiment has not run, and how to run it."""
    return f"Not run on {corpus}: `dvc repro experiments/dvc.yaml:run@{corpus}-{experiment}`."


def words(card: Mapping[str, Any], reference: Mapping[str, Any]) -> str:
    """Say what a variant is: its model, its inputs, and what it changes.

    Examples
    --------
    >>> card = {"model": "svm", "inputs": ["chords"], "set": {"models.svm.c": [1.0]}}
    >>> words(card, {"model": "svm", "inputs": ["gtf", "chords"]})
    '`svm`; reads chords; c: 1.0'
    """
    parts = [f"`{card['model']}`"]
    if list(card["inputs"]) != list(reference["inputs"]) or card["model"] != reference["model"]:
        parts.append(f"reads {', '.join(card['inputs']) or 'nothing'}")
    for key, value in card["set"].items():
        shown = key.removeprefix(f"models.{card['model']}.")
        parts.append(f"{shown.replace('_', ' ')}: {_value(value)}")
    return "; ".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value)
    return str(value)


def section(part: Section) -> list[str]:
    """Return an experiment's results on one corpus, without the picture."""
    parts = []
    if part.adapter == "synthetic":
        parts.append(
            "**This corpus is synthesised by the pipeline: its numbers show that the experiment "
            "runs, and say nothing about real music.**"
        )
    skipped = [card for card in part.results.variants if card["skipped"] is not None]
    parts += [f"Skipped: *{card['name']}*: {card['skipped']}." for card in skipped]
    parts += lacking(part.results.variants)
    for protocol in () if part.table.empty else part.table["protocol"].unique():
        rows = part.table[part.table["protocol"] == protocol]
        parts += [f"**{PROTOCOLS[protocol]}.** {verdict(part, rows)}", _scores(part, rows)]
    if not part.table.empty:
        parts.append(f"Trained on {part.results.about['hardware']}.")
    if part.groups < bootstrap.FEW_GROUPS:
        parts.append(
            f"With {part.groups} groups the interval of macro-F1 is too narrow: simulated coverage "
            f"of a 95 % interval is {bootstrap.COVERAGE}."
        )
    return [*parts, *_chords(part.results.variants)]


def verdict(part: Section, rows: pd.DataFrame) -> str:
    """Sum up one protocol in a sentence."""
    if part.reference not in set(rows["variant"]):
        return f"The reference, *{part.reference}*, was skipped: nothing is compared."
    others = rows[rows["verdict"] != REFERENCE]
    said = [
        f"{word} than *{part.reference}*: {', '.join(f'*{name}*' for name in found)}"
        for word in (comparisons.BETTER, comparisons.WORSE)
        if len(found := others[others["verdict"] == word]["variant"])
    ]
    unclear = int((others["verdict"] == comparisons.UNCLEAR).sum())
    said.append(f"{comparisons.UNCLEAR} from *{part.reference}*: {unclear} of {len(others)}")
    best = max(rows.to_dict("records"), key=lambda row: float(row["accuracy"]))
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}. Highest: *{best['variant']}*, {best['accuracy']:.3f}."


def _scores(part: Section, rows: pd.DataFrame) -> str:
    cards = {str(card["name"]): card for card in part.results.variants}
    printed = {name: paper.sweep_row(name) for name in cards}
    # The paper trained under random folds: its numbers stand there and nowhere else.
    beside = any(printed.values()) and rows["protocol"].iloc[0] == RANDOM
    columns = [
        "variant", "what it is", "training accuracy", "test accuracy", "macro-F1",
        "s per fit", "s in all", "parameters", "difference", "verdict",
    ]  # fmt: skip
    if beside:
        columns[5:5] = ["paper: table, corpus", "paper: training", "paper: test"]
    body = []
    for row in rows.to_dict("records"):
        name = str(row["variant"])
        line: list[object] = [name, words(cards[name], cards[part.reference])]
        line += [row["train_accuracy"], _interval(row, "accuracy"), _interval(row, "macro_f1")]
        if beside:
            line += _printed(printed[name])
        line += [markdown.number(float(row[key]), 1) for key in ("seconds_per_fit", "seconds")]
        line += [int(row["parameters"]), _interval(row, "difference", signed=True)]
        body.append([*line, row["verdict"] if isinstance(row["verdict"], str) else "–"])
    return markdown.table(columns, body)


def _interval(row: Mapping[Any, Any], name: str, signed: bool = False) -> str:
    if pd.isna(row[name]):
        return "–"
    return markdown.interval(row[name], row[f"{name}_low"], row[f"{name}_high"], signed)


def _printed(found: paper.SweepRow | None) -> list[object]:
    if found is None:
        return ["–", "–", "–"]
    return [f"{found.table}, {found.corpus}", f"{found.train:.2f}", f"{found.test:.2f}"]


def _chords(cards: Sequence[Mapping[str, Any]]) -> list[str]:
    """Show how variants make chord vectors, where they differ in that."""
    accounts = {str(card["name"]): card["chords"] for card in cards if card["chords"]}
    if len({str(account) for account in accounts.values()}) < 2:
        return []
    rows = [
        [name, said["tokenizer"], said["dim"], said["pool"], said["fit"],
         f"{said['vocabulary']:g}",
         f"{said['coverage']:.1%}" if said["coverage"] == said["coverage"] else "–",
         f"{said['empty_pieces']:g} of {said['pieces_with_midi']:g}"]
        for name, said in accounts.items()
    ]  # fmt: skip
    columns = ["variant", "words", "dimensions", "pooled by", "fitted on each"]
    columns += ["vocabulary", "coverage", "pieces left empty"]
    text = "Chord vectors: medians over the fits. Coverage: the share of test words in the "
    text += "vocabulary; a piece is left empty if it has MIDI and no known word."
    if leaking := [f"*{name}*" for name, said in accounts.items() if said["fit"] == "corpus"]:
        text += f" **Fitted on all pieces, test pieces among them: {', '.join(leaking)}.**"
    return [text, markdown.table(columns, rows)]


def dots(part: Section) -> Figure:
    """Draw every variant's test accuracy with its interval, the reference marked."""
    names = list(dict.fromkeys(part.table["variant"]))
    with style():
        made = figure(7.5, 1.6 + 0.32 * len(names))
        axes = made.subplots()
        for protocol in part.table["protocol"].unique():
            rows = part.table[part.table["protocol"] == protocol].set_index("variant").loc[names]
            colour, marker, shift = LOOKS[protocol]
            heights = [number + shift for number in range(len(names))]
            ends = [
                (rows["accuracy"] - rows["accuracy_low"]).clip(lower=0),
                (rows["accuracy_high"] - rows["accuracy"]).clip(lower=0),
            ]
            axes.errorbar(
                rows["accuracy"],
                heights,
                xerr=ends,
                fmt=marker,
                color=colour,
                label=f"{protocol} folds",
            )
            if part.reference in names:
                axes.axvline(rows.loc[part.reference, "accuracy"], color=colour, ls=":", lw=1)
        labels = [f"{n} (reference)" if n == part.reference else n for n in names]
        axes.set_yticks(range(len(names)), labels)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="test accuracy (share right)")
        made.suptitle(f"{part.corpus}: {part.results.about['title']}")
        made.legend(loc="outside lower center", ncols=3)
    return made


def alternative(part: Section) -> str:
    """Return the picture in words."""
    protocol = part.table["protocol"].iloc[0]
    rows = part.table[part.table["protocol"] == protocol]
    pairs = zip(rows["variant"], rows["accuracy"], strict=True)
    found = "; ".join(f"{name} {value:.3f}" for name, value in pairs)
    return (
        f"Dot plot of test accuracy with intervals on {part.corpus}, {protocol} folds, "
        f"reference {part.reference}: {found}"
    )
