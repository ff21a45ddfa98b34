"""Tables of scores from the checked runs of one corpus.

Conventions
-----------
Folds are pooled: a protocol's score under one seed is that of all its test predictions together,
and the score is the mean over the seeds. ``per_fold`` tables show the spread over folds instead.
Scores lie in [0, 1]; times are in seconds. Rows are in the order protocol, model, seed, fold,
class, so that equal runs give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import metrics
from pipeline.reporting import bootstrap
from pipeline.reporting.runs import GROUPED, RANDOM, Run

SCORES: dict[str, metrics.Metric] = {
    "accuracy": metrics.accuracy,
    "macro_f1": metrics.macro_f1,
    "macro_precision": metrics.macro_precision,
    "macro_recall": metrics.macro_recall,
    "paper_f1": metrics.paper_f1,
}
WITH_INTERVAL = ("accuracy", "macro_f1")
RESULTS = [
    "protocol", "model",
    "accuracy", "accuracy_low", "accuracy_high",
    "macro_f1", "macro_f1_low", "macro_f1_high",
    "macro_precision", "macro_recall", "paper_f1",
    "train_accuracy", "training_seconds", "parameters", "hardware",
]  # fmt: skip


class Counted:
    """Counts of every run by protocol, seed and group.

    Parameters
    ----------
    runs
        Checked runs of one corpus.
    index
        Its index; gives each track its group.
    """

    def __init__(self, runs: Sequence[Run], index: pd.DataFrame) -> None:
        self.runs = list(runs)
        self.classes = runs[0].classes
        self.protocols = sorted(set(runs[0].predictions["protocol"]))
        group_of = dict(zip(index["track"], index["group"], strict=True))
        self.groups = sorted({group_of[track] for track in runs[0].predictions["track"]})
        self._group_of = group_of
        self._counts = {
            (protocol, run.model): self._count(run, protocol)
            for protocol in self.protocols
            for run in runs
        }

    def of(self, protocol: str, model: str) -> metrics.Counts:
        """Return counts [shape=(seed, group, class [true], class [predicted])]."""
        return self._counts[protocol, model]

    def _count(self, run: Run, protocol: str) -> metrics.Counts:
        table = run.predictions[run.predictions["protocol"] == protocol]
        seeds = [
            metrics.grouped_confusion(
                codes(rows["true"], self.classes),
                codes(rows["predicted"], self.classes),
                codes(rows["track"].map(self._group_of), self.groups),
                len(self.classes),
                len(self.groups),
            )
            for _, rows in table.groupby("seed")
        ]
        return np.stack(seeds)


def codes(values: pd.Series, names: Sequence[str]) -> NDArray[np.int64]:
    """Return each value's position in ``names``."""
    where = {name: number for number, name in enumerate(names)}
    return np.array([where[value] for value in values], np.int64)


def results(counted: Counted, settings: bootstrap.Bootstrap) -> pd.DataFrame:
    """One row per protocol and model: scores, intervals and cost.

    ``train_accuracy`` is the mean over the protocol's fits of the accuracy on their own training
    parts; ``training_seconds`` the sum over them; ``parameters`` the most that one of them fitted
    (a head chosen on validation data differs between folds); ``hardware`` what took that time.
    """
    rows = []
    for protocol in counted.protocols:
        for run in counted.runs:
            counts = counted.of(protocol, run.model)
            fits = run.fits[run.fits["protocol"] == protocol]
            row: dict[str, object] = {"protocol": protocol, "model": run.model}
            for name, metric in SCORES.items():
                row[name] = float(metric(counts.sum(1)).mean())
            row |= intervals(counts, settings) | {
                "train_accuracy": float(fits["train_accuracy"].mean()),
                "training_seconds": float(fits["training_seconds"].sum()),
                "parameters": int(fits["parameters"].max()),
                "hardware": run.card["hardware"],
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=RESULTS)


def intervals(counts: metrics.Counts, settings: bootstrap.Bootstrap) -> dict[str, float]:
    """Return the ends of each score's interval; not a number where one group is all there is."""
    found: dict[str, float] = {}
    for name in WITH_INTERVAL:
        ends = (np.nan, np.nan)
        if counts.shape[1] > 1:
            interval = bootstrap.estimate(counts, SCORES[name], settings)
            ends = interval.low, interval.high
        found |= {f"{name}_low": ends[0], f"{name}_high": ends[1]}
    return found


def optimism(counted: Counted, settings: bootstrap.Bootstrap) -> pd.DataFrame:
    """Return the optimism gap, random minus grouped, per model and score; empty without both."""
    columns = ["model", "score", "grouped", "random", "gap", "gap_low", "gap_high"]
    rows = []
    for run in counted.runs if {GROUPED, RANDOM} <= set(counted.protocols) else ():
        random, grouped = (counted.of(protocol, run.model) for protocol in (RANDOM, GROUPED))
        for score in WITH_INTERVAL:
            metric = SCORES[score]
            gap = bootstrap.difference(random, grouped, metric, settings)
            each = [float(metric(counts.sum(1)).mean()) for counts in (grouped, random)]
            rows.append([run.model, score, *each, gap.value, gap.low, gap.high])
    return pd.DataFrame(rows, columns=columns)


def _by_rows(
    runs: Sequence[Run],
    keys: list[str],
    score: Callable[[metrics.Counts], list[dict[str, object]]],
) -> pd.DataFrame:
    """Apply a score to the counts of every subset of predictions that shares the keys."""
    rows = []
    for run in runs:
        for values, table in run.predictions.groupby(keys):
            counts = metrics.confusion(
                codes(table["true"], run.classes),
                codes(table["predicted"], run.classes),
                len(run.classes),
            )
            named = dict(zip(keys, values, strict=True))
            first = {"protocol": named.pop("protocol"), "model": run.model, **named}
            rows += [first | part for part in score(counts)]
    return pd.DataFrame(rows).sort_values(["protocol"], kind="stable", ignore_index=True)


def per_fold(runs: Sequence[Run]) -> pd.DataFrame:
    """Scores of every fold: protocol,model,seed,fold,tracks,accuracy,macro_f1,...,paper_f1."""

    def score(counts: metrics.Counts) -> list[dict[str, object]]:
        scores = {name: float(metric(counts)) for name, metric in SCORES.items()}
        return [{"tracks": int(counts.sum()), **scores}]

    return _by_rows(runs, ["protocol", "seed", "fold"], score)


def per_class(counted: Counted) -> pd.DataFrame:
    """Scores of every class, mean over seeds: protocol,model,class,precision,recall,f1,tracks."""
    rows = []
    for protocol in counted.protocols:
        for run in counted.runs:
            scores = metrics.class_scores(counted.of(protocol, run.model).sum(1))
            means = {name: values.mean(0) for name, values in scores.items()}
            for number, name in enumerate(counted.classes):
                parts = {key: float(means[key][number]) for key in ("precision", "recall", "f1")}
                tracks = {"tracks": int(means["support"][number])}
                rows.append(
                    {"protocol": protocol, "model": run.model, "class": name} | parts | tracks
                )
    return pd.DataFrame(rows)


def confusion_matrix(counted: Counted) -> pd.DataFrame:
    """Return counts summed over seeds, long form: protocol,model,actual,predicted,count."""
    rows = [
        [protocol, run.model, actual, predicted, int(counts[i, j])]
        for protocol in counted.protocols
        for run in counted.runs
        for counts in [counted.of(protocol, run.model).sum((0, 1))]
        for i, actual in enumerate(counted.classes)
        for j, predicted in enumerate(counted.classes)
    ]
    return pd.DataFrame(rows, columns=["protocol", "model", "actual", "predicted", "count"])


def learning_curves(run: Run, protocol: str) -> pd.DataFrame:
    """Mean loss and accuracy per epoch over folds and seeds, training beside validation.

    Returns
    -------
    DataFrame
        epoch,fits,train_loss,validation_loss,train_accuracy,validation_accuracy. ``fits`` counts
        the fits (fold x seed) still training at that epoch: fits stop at different epochs, and
        a mean over the few that went on is not comparable with one over all. Cells are empty where
        nothing was recorded; no rows for a model without epochs. Loss in nats.
    """
    history = run.history[run.history["protocol"] == protocol]
    table = pd.DataFrame({"epoch": sorted(history["epoch"].unique())})
    fits = history.drop_duplicates(["epoch", "seed", "fold"]).groupby("epoch").size()
    table["fits"] = table["epoch"].map(fits)
    for value in ("loss", "accuracy"):
        for part in ("train", "validation"):
            means = history[history["part"] == part].groupby("epoch")[value].mean()
            table[f"{part}_{value}"] = table["epoch"].map(means).astype(float)
    return table
