"""How the models learned, and whether their probabilities can be believed: charts of the runs.

Conventions
-----------
Reads ``data/runs/<corpus>/<model>/``. Grouped folds; means over folds and seeds. Losses are in
nats, accuracies and probabilities in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.html import charts
from pipeline.html.charts import Chart
from pipeline.prediction import calibration
from pipeline.reporting import scores
from pipeline.reporting.runs import GROUPED, Run

PARTS = ("train", "validation")
#: Mean probability this close to the share right is called even.
EVEN = 0.01
RAW = "none"
#: Scaling -> its name in a legend.
SCALINGS = {RAW: "as it comes", "temperature": "after scaling"}


@dataclass(frozen=True)
class Curves:
    """One network's learning: loss and accuracy by epoch."""

    model: str
    loss: Chart
    accuracy: Chart
    text: str


@dataclass(frozen=True)
class Reliability:
    """One model's calibration.

    Attributes
    ----------
    chart
        Share of right answers against probability.
    before, after
        Expected calibration error before and after temperature scaling, in [0, 1].
    temperature
        Mean over the tracks.
    leaning
        Whether it is surer or less sure than it is right.
    """

    model: str
    chart: Chart
    before: float
    after: float
    temperature: float
    leaning: str


def curves(runs: Sequence[Run]) -> list[Curves]:
    """Draw loss and accuracy of every model that learns in epochs."""
    found = []
    for run in runs:
        table = scores.learning_curves(run, GROUPED)
        if len(table) > 1:
            last = int(table["epoch"].max())
            together = int(table[table["fits"] == table["fits"].max()]["epoch"].max())
            text = f"{last} epochs at most" + (
                f"; pale after epoch {together}, where the first fits have stopped"
                if together < last
                else ""
            )
            loss, accuracy = (
                _curve(run.model, table, value, together) for value in ("loss", "accuracy")
            )
            found.append(Curves(run.model, loss, accuracy, text))
    return found


def _curve(model: str, table: pd.DataFrame, value: str, together: int) -> Chart:
    columns = [f"{part}_{value}" for part in PARTS]
    up = charts.axis("loss, nats", [0.0, *table[columns].to_numpy().ravel()])
    if value == "accuracy":
        up = charts.shares("accuracy")
    axes = (charts.axis("epoch", table["epoch"], whole=True), up)
    lines = []
    for number, (part, column) in enumerate(zip(PARTS, columns, strict=True)):
        early, late = table[table["epoch"] <= together], table[table["epoch"] >= together]
        name = {"train": "training", "validation": "validation"}[part]
        lines.append(charts.series(name, early["epoch"], early[column], axes, number))
        if len(late) > 1:
            lines.append(charts.series("", late["epoch"], late[column], axes, number, "faint"))
    ends = table[columns].ffill().iloc[-1]
    text = (
        f"{value} of {model} by epoch: at the end {ends.iloc[0]:.2f} in training and "
        f"{ends.iloc[1]:.2f} in validation"
    )
    return charts.chart(model, text.capitalize(), axes, lines)


def reliabilities(runs: Sequence[Run], bins: int) -> list[Reliability]:
    """Draw the reliability of every model under grouped folds, before and after scaling."""
    found = []
    for run in runs:
        table = calibration.reliability(run.predictions, GROUPED, bins)
        errors = calibration.errors(run.predictions, GROUPED, bins).set_index("scaling")
        found.append(_reliability(run.model, table.dropna(), errors))
    return found


def _leaning(excess: float) -> str:
    """Say what mean probability minus share right means.

    Examples
    --------
    >>> _leaning(0.2), _leaning(0.001)
    ('surer than it is right', 'as sure as it is right')
    """
    if abs(excess) < EVEN:
        return "as sure as it is right"
    return "surer than it is right" if excess > 0 else "less sure than it is right"


def _reliability(model: str, table: pd.DataFrame, errors: pd.DataFrame) -> Reliability:
    axes = (charts.shares("probability given to the answer"), charts.shares("share right"))
    lines = [charts.series("", [0, 1], [0, 1], axes, 0, "guide")]
    for number, (scaling, name) in enumerate(SCALINGS.items()):
        part = table[table["scaling"] == scaling]
        for look, label in (("line", name), ("dots", "")):
            lines.append(
                charts.series(label, part["confidence"], part["accuracy"], axes, number, look)
            )
    raw = table[table["scaling"] == RAW]
    answers = raw["tracks"] / raw["tracks"].sum()
    bars = list(zip(raw["low"], raw["high"], answers, strict=True))
    mean = float(np.average(raw["confidence"], weights=raw["tracks"]))
    right = float(np.average(raw["accuracy"], weights=raw["tracks"]))
    before, after = (float(errors["ece"][scaling]) for scaling in SCALINGS)
    leaning = _leaning(mean - right)
    text = (
        f"Reliability of {model}: mean probability {mean:.2f}, share right {right:.2f}, so it is "
        f"{leaning}; expected calibration error {before:.3f}, {after:.3f} after scaling"
    )
    drawn = charts.chart(model, text, axes, lines, bars)
    return Reliability(
        model, drawn, before, after, float(errors["temperature"]["temperature"]), leaning
    )
