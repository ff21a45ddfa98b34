"""All that the page shows of one corpus, and where it comes from.

Conventions
-----------
Everything is read under a repository root: ``data/index``, ``data/runs``, ``data/features``,
``reports/<corpus>`` and, where they are at hand, the recordings themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import params
from pipeline.audio import AudioConfig
from pipeline.html import (
    audited,
    cells,
    confusions,
    forest,
    hardest,
    heard,
    papers,
    scored,
    trained,
    words,
)
from pipeline.html.cells import Table
from pipeline.html.settings import Page
from pipeline.html.sounds import Library
from pipeline.reporting import accuracy_picture, differences
from pipeline.reporting.comparisons import BETTER, UNCLEAR
from pipeline.reporting.runs import GROUPED, RANDOM, Run, read_index, read_runs
from pipeline.reporting.sections import Corpus
from pipeline.reporting.settings import Settings

SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class Source:
    """Where the page's numbers come from: repository root, parameters, and what follows of them."""

    root: Path
    parameters: Mapping[str, Any]
    settings: Settings
    page: Page


@dataclass(frozen=True)
class View:
    """One corpus on the page; the fields are what the template of the same names shows."""

    corpus: Corpus
    synthetic: bool
    best: Mapping[str, Any]
    verdicts: tuple[Mapping[str, str], ...]
    forest: forest.Forest
    tables: Mapping[str, Table | None]
    comparisons: tuple[Table, ...]
    supported: tuple[int, int]
    paper: tuple[Table, ...]
    caveat: str
    confusions: tuple[confusions.Confusion, ...]
    curves: tuple[trained.Curves, ...]
    at_once: tuple[str, ...]
    reliabilities: tuple[trained.Reliability, ...]
    cards: tuple[heard.Card, ...]
    hardest: tuple[hardest.Hard, ...]
    words: words.Words | None
    checks: tuple[audited.Check, ...]
    more_quarantined: int


def view(corpus: Corpus, source: Source) -> View:
    """Gather what the page shows of one corpus."""
    name, said, root = corpus.name, corpus.summary, source.root
    index = read_index(root / "data/index" / f"{name}.csv")
    runs, _ = read_runs(root / "data/runs" / name, said["models"])
    curves = trained.curves(runs)
    in_epochs = {each.model for each in curves}
    library = _library(name, index, source)
    stores = _stores(corpus, source)
    quarantine, more = audited.quarantine(corpus)
    predicted = index[~index["track"].isin(said["not_predicted"])]
    labels = dict(zip(predicted["track"], predicted["label"], strict=True))
    return View(
        corpus=corpus,
        synthetic=corpus.adapter == SYNTHETIC,
        best=_best(corpus),
        verdicts=tuple(_verdict(corpus, model) for model in said["ours"]),
        forest=forest.forest(corpus),
        tables={**_tables(corpus), "quarantine": quarantine},
        comparisons=tuple(
            scored.comparisons(corpus, protocol)
            for protocol in (GROUPED, RANDOM)
            if protocol in said["protocols"]
        ),
        supported=_supported(corpus),
        paper=tuple(papers.beside(corpus)),
        caveat=papers.caveat(corpus),
        confusions=tuple(confusions.confusions(corpus)),
        curves=tuple(curves),
        at_once=tuple(run.model for run in runs if run.model not in in_epochs),
        reliabilities=tuple(trained.reliabilities(runs, source.page.bins)),
        cards=tuple(heard.cards(stores, labels, library)) if stores else (),
        hardest=tuple(_hardest(corpus, runs, index, library, stores, source.page.hardest)),
        words=words.words(name, corpus.words),
        checks=tuple(audited.checks(root / "reports" / name / "audit.csv")),
        more_quarantined=more,
    )


def _tables(corpus: Corpus) -> dict[str, Table | None]:
    return {
        "results": scored.results(corpus),
        "optimism": scored.optimism(corpus),
        "classes": scored.classes(corpus),
        "class_f1": scored.class_f1(corpus),
        "conditions": scored.conditions(corpus),
        "chords": scored.chords(corpus),
    }


def _supported(corpus: Corpus) -> tuple[int, int]:
    """Return how many comparisons under grouped folds are supported, and how many there are."""
    table = corpus.tables["comparisons"]
    verdicts = table[table["protocol"] == GROUPED]["verdict"]
    return int((verdicts != UNCLEAR).sum()), len(verdicts)


def _library(name: str, index: pd.DataFrame, source: Source) -> Library:
    audio = params.build(AudioConfig, params.section(source.parameters, "audio"), "audio")
    folder = params.section(source.parameters, "corpora", name, "root")
    rows = index[["track", "audio", "sha256"]].itertuples(index=False)
    return Library(
        source.root / str(folder),
        {str(track): (str(path), str(digest)) for track, path, digest in rows},
        name in source.page.sounds,
        audio,
        source.page.excerpt_seconds,
    )


def _stores(corpus: Corpus, source: Source) -> heard.Stores | None:
    if not corpus.summary["has"]["audio"]:
        return None
    return heard.Stores(
        source.root / "data/features" / corpus.name,
        tuple(params.section(source.parameters, "features")),
        source.page.excerpt_seconds,
        source.settings.report.alpha,
    )


def _hardest(
    corpus: Corpus,
    runs: list[Run],
    index: pd.DataFrame,
    library: Library,
    stores: heard.Stores | None,
    count: int,
) -> list[hardest.Hard]:
    ours = next(run for run in runs if run.model == corpus.summary["ours"][0])
    groups = dict(zip(index["track"], index["group"], strict=True))
    return hardest.hardest(ours, count, groups, library, stores)


def _best(corpus: Corpus) -> dict[str, Any]:
    """Return the row of the model with the highest accuracy under grouped folds."""
    table = corpus.tables["results"]
    model = accuracy_picture.order(table)[0]
    row = table[(table["protocol"] == GROUPED) & (table["model"] == model)].iloc[0]
    counts = corpus.summary["tracks_by_class"]
    value, low, high = (float(row[f"accuracy{end}"]) for end in ("", "_low", "_high"))
    return {
        "model": model,
        "share": f"{value:.1%}".replace("%", " %"),
        "between": f"[{low:.1%}, {high:.1%}]".replace("%", " %") if low == low else "",
        "accuracy": cells.estimate(value, low, high),
        "largest": f"{max(counts.values()) / sum(counts.values()):.1%}".replace("%", " %"),
    }


def _verdict(corpus: Corpus, model: str) -> dict[str, str]:
    """Say how one of ours fares against the best baseline, under grouped folds."""
    baseline = corpus.summary["best_baseline"]
    row = differences.between(corpus, model, baseline, GROUPED)
    words = {BETTER: "beats", UNCLEAR: "is not distinguishable from"}
    amount = cells.estimate(row["difference"], row["low"], row["high"], signed=True)
    return {
        "model": model,
        "words": words.get(row["verdict"], "loses to"),
        "baseline": baseline,
        "amount": f"{amount.text} {amount.note}".strip(),
    }
