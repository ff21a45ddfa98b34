"""The sections of the report that speak of scores, as Markdown.

Conventions
-----------
Every function takes a :class:`Corpus` and returns a list of blocks. Scores lie in [0, 1]; square
brackets hold group-bootstrap intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipeline.reporting import bootstrap, markdown
from pipeline.reporting.runs import GROUPED, RANDOM


@dataclass(frozen=True)
class Corpus:
    """All that the report says about one corpus.

    Attributes
    ----------
    name, adapter, about
        Name, adapter, and the first line of the adapter's documentation.
    summary
        ``data/evaluation/<corpus>.json``.
    tables
        Name -> ``reports/<corpus>/<name>.csv``.
    quarantined, rejected
        Reason -> number of files that the index refused, and of tracks that extraction did.
    words
        ``data/vocabulary/<corpus>.json``.
    """

    name: str
    adapter: str
    about: str
    summary: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    quarantined: Mapping[str, int]
    rejected: Mapping[str, int]
    words: Mapping[str, Any] = field(default_factory=dict)


def description(corpus: Corpus) -> list[str]:
    """Say what the corpus is and how much of it there is."""
    said = corpus.summary
    parts = [f"*{corpus.about}* (adapter `{corpus.adapter}`)"]
    if corpus.adapter == "synthetic":
        parts.append(
            "**This corpus is synthesised by the pipeline itself. Its results show that every "
            "stage works; they say nothing about real music.**"
        )
    classes = ", ".join(f"{name} {count}" for name, count in said["tracks_by_class"].items())
    rows = [
        ["tracks in the index", said["indexed"]],
        ["tracks by class", classes],
        ["groups (artists, songs, speakers)", said["groups"]],
        ["hours", said["hours"]],
        ["quarantined files", _reasons(corpus.quarantined)],
        ["tracks rejected while extracting", _reasons(corpus.rejected)],
        ["indexed but not predicted", len(said["not_predicted"])],
    ]
    for name, sizes in said["protocols"].items():
        rows.append([f"folds x seeds, {name}", f"{sizes['folds']} x {sizes['seeds']}"])
    return [*parts, markdown.table(["", corpus.name], rows)]


def _reasons(counts: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"{sum(counts.values())} ({reasons})" if counts else "0"


def skipped(corpus: Corpus) -> list[str]:
    """Name the models that were left out on this corpus, with the reason."""
    reasons = corpus.summary["skipped"]
    if not reasons:
        return []
    lines = [f"- `{model}`: {reason}" for model, reason in reasons.items()]
    return ["Models that were left out here and are in no table:", "\n".join(lines)]


def results(corpus: Corpus) -> list[str]:
    """Put every model under both protocols, with what it cost."""
    table = corpus.tables["results"]
    hardware = sorted(set(table["hardware"]))
    parts = []
    for protocol, title in (
        (GROUPED, "Grouped folds: no artist, song or speaker is in training and test"),
        (RANDOM, "Random folds: the paper's protocol"),
    ):
        part = table[table["protocol"] == protocol]
        part = part.sort_values("macro_f1", ascending=False, kind="stable")
        columns = [
            "model", "accuracy", "macro-F1", "macro precision", "macro recall", "paper's F1",
            "accuracy in training", "parameters", "training (s)",
        ]  # fmt: skip
        columns += ["trained on"] if len(hardware) > 1 else []
        rows = [_result(row)[: len(columns)] for row in part.to_dict("records")]
        if rows:
            parts += [f"#### {title}", markdown.table(columns, rows)]
    level = f"{corpus.summary['bootstrap']['confidence']:.0%}"
    where = f" on {hardware[0]}" if len(hardware) == 1 else ""
    parts.append(
        f"Brackets: {level} intervals from {corpus.summary['bootstrap']['resamples']:,} resamples "
        "of the groups. *Accuracy in training* is that on the tracks a model learned from, mean "
        "over its fits: far above the accuracy, it means learning by heart. Training seconds are "
        f"the sum over the folds and seeds of that protocol{where}. macro-F1 is the mean of the "
        "class F1; the paper's F1 is 2PR / (P + R) of macro precision and recall, never smaller."
    )
    groups = corpus.summary["groups"]
    if groups < bootstrap.FEW_GROUPS:
        parts.append(
            f"With {groups} groups the interval of macro-F1 is too narrow and lies too low: "
            f"simulated coverage of a 95 % interval is {bootstrap.COVERAGE}."
        )
    return parts


def _result(row: Mapping[Any, Any]) -> list[object]:
    cells: list[object] = [row["model"]]
    cells += [
        markdown.interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
        for name in ("accuracy", "macro_f1")
    ]
    cells += [row[name] for name in ("macro_precision", "macro_recall", "paper_f1")]
    cells += [row["train_accuracy"], row["parameters"]]
    return [*cells, markdown.number(float(row["training_seconds"]), 1), row["hardware"]]


def optimism(corpus: Corpus) -> list[str]:
    """Show what random folds add to each score."""
    table = corpus.tables["optimism"]
    if table.empty:
        return []
    rows = [
        [row["model"], row["score"].replace("_", "-"), row["grouped"], row["random"],
         markdown.interval(row["gap"], row["gap_low"], row["gap_high"], signed=True)]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return [
        "#### Optimism gap: random minus grouped",
        "What the score gains when tracks of one group may sit on both sides of a fold. The paper "
        "reports random folds alone.",
        markdown.table(["model", "score", "grouped", "random", "gap"], rows),
    ]


def classes(corpus: Corpus) -> list[str]:
    """Show the network's scores by class under grouped folds, beside the best baseline's F1."""
    table = corpus.tables["per_class"]
    table = table[table["protocol"] == GROUPED]
    network, baseline = corpus.summary["network"], corpus.summary["best_baseline"]
    other = table[table["model"] == baseline].set_index("class")["f1"]
    rows = [
        [row["class"], row["tracks"], row["precision"], row["recall"], row["f1"],
         float(other[row["class"]])]
        for row in table[table["model"] == network].to_dict("records")
    ]  # fmt: skip
    columns = ["class", "tracks", "precision", "recall", "F1", f"F1 of `{baseline}`"]
    return [
        f"#### Classes: `{network}` under grouped folds",
        markdown.table(columns, rows),
        "The paper gives no scores by class.",
    ]


def chords(corpus: Corpus) -> list[str]:
    """Show how much of the chord vocabulary the test pieces hit."""
    table, said = corpus.tables["chords"], corpus.summary["embedding"]
    if table.empty:
        return ["#### Chords", "No piece has MIDI: the chord vector is masked for every track."]
    rows = [
        [row["protocol"], int(row["fits"]), markdown.number(float(row["vocabulary"]), 1),
         f"{row['coverage']:.1%}" if row["coverage"] == row["coverage"] else "–",
         f"{row['empty_pieces']:g} of {row['pieces_with_midi']:g}"]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return [
        "#### The chord vocabulary",
        f"Tokeniser `{said['tokenizer']}`, {said['dim']} dimensions, pooled by {said['pool']}; "
        "means over the fits. Coverage is the share of test tokens whose word is in the "
        "vocabulary; an empty piece has MIDI and no known word. The paper gives neither.",
        markdown.table(["protocol", "fits", "vocabulary", "coverage", "empty pieces"], rows),
        *_words(corpus.words),
    ]


def _words(said: Mapping[str, Any]) -> list[str]:
    """Name the words that are typical of each class."""
    if not said or not any(said["typical"]):
        return []
    rows = [
        [label, "; ".join(f"{each['meaning']} (`{each['word']}`)" for each in found) or "–"]
        for label, found in zip(said["classes"], said["typical"], strict=True)
    ]
    return [
        f"All pieces together hold {said['tokens']:,} words, {said['distinct']:,} different ones, "
        f"{said['known']:,} of them {said['min_count']} times or more. More pieces of a class than "
        "of the others have, by the likelihood ratio (a description of the whole corpus, which no "
        "model reads):",
        markdown.table(["class", "typical words"], rows),
    ]
