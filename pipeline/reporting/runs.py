"""Reading the runs of one corpus and refusing those that break the honest protocol.

Conventions
-----------
A *run* is one model on one corpus: ``data/runs/<corpus>/<model>/`` with ``predictions.csv``
(protocol,seed,fold,track,true,predicted,p_<class>...), ``fits.csv``
(protocol,seed,fold,train_accuracy,training_seconds,parameters), ``history.csv``
(protocol,seed,fold,epoch,part,loss,accuracy) and ``model.json``. The run of a model that does not
apply to the corpus is ``model.json`` with the reason under ``skipped``, and no more. Track, label,
group and condition are text: an identifier may look like a number.

A score means what it says only if

* every (protocol, seed) predicts a track at most once, and only tracks of the index, with the
  index's label;
* every model predicts the same tracks under the same protocols and seeds, in the same folds, so
  that models compare in pairs;
* every fold has its fit, and every fit its fold;
* under ``grouped`` no group is split over folds;
* probabilities are finite (an argmax over NaN is a silent vote for the first class).

:func:`check` raises :class:`RunError` with names where this does not hold.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.stage import StageError

GROUPED, RANDOM = "grouped", "random"
KEY = ["protocol", "seed"]
FOLD = [*KEY, "fold"]
PREDICTIONS = ["protocol", "seed", "fold", "track", "true", "predicted"]
FITS = ["protocol", "seed", "fold", "train_accuracy", "training_seconds", "parameters"]
HISTORY = ["protocol", "seed", "fold", "epoch", "part", "loss", "accuracy"]
INDEX = ["track", "label", "group", "duration_seconds", "condition"]
CARD = ["classes", "hardware", "has"]
TEXT = {"protocol": str, "track": str, "true": str, "predicted": str, "part": str}
SHOWN = 5


class RunError(StageError):
    """A run is missing, unreadable, or breaks the protocol."""


@dataclass(frozen=True)
class Run:
    """One model's predictions on one corpus.

    Attributes
    ----------
    model
        Name.
    predictions, fits, history
        Tables as in the module's conventions.
    card
        ``model.json``.
    """

    model: str
    predictions: pd.DataFrame
    fits: pd.DataFrame
    history: pd.DataFrame
    card: Mapping[str, Any]

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the probability columns."""
        return [str(name) for name in self.card["classes"]]


def read_table(path: Path, columns: Sequence[str], text: Mapping[str, type] | None = None) -> Any:
    """Read a CSV and insist on its columns.

    Parameters
    ----------
    columns
        Must all be there.
    text
        Columns to keep as text, never turned into missing values; all when None.

    Raises
    ------
    RunError
        If the file is missing or lacks a column.
    """
    try:
        table = pd.read_csv(
            path,
            dtype=str if text is None else dict(text),
            keep_default_na=False,
            na_values=None if text is None else {c: ["", "nan"] for c in ("loss", "accuracy")},
        )
    except (FileNotFoundError, pd.errors.EmptyDataError):
        raise RunError(f"{path}: missing or empty; run `dvc repro`") from None
    absent = [name for name in columns if name not in table.columns]
    if absent:
        raise RunError(f"{path}: no column {', '.join(absent)}")
    return table


def read_index(path: Path) -> pd.DataFrame:
    """Read a corpus index, all columns as text."""
    index: pd.DataFrame = read_table(path, INDEX)
    return index


def read_runs(folder: Path, models: Iterable[str]) -> tuple[list[Run], dict[str, str]]:
    """Read the runs of the named models.

    Returns
    -------
    list of Run
        Of the models that apply to the corpus, in the order given.
    dict
        Model that does not apply -> reason.

    Raises
    ------
    RunError
        Naming every model whose run is missing, and how to make it; or if no model applies.
    """
    models = list(models)
    missing = [name for name in models if not (folder / name / "model.json").is_file()]
    if missing:
        raise RunError(f"{folder}: no run of {listed(missing)}; run `dvc repro` first")
    cards = {name: _card(folder / name / "model.json") for name in models}
    skipped = {name: str(card["skipped"]) for name, card in cards.items() if "skipped" in card}
    runs = [read_run(folder / name, card) for name, card in cards.items() if name not in skipped]
    if not runs:
        raise RunError(f"{folder}: none of {listed(models)} applies to this corpus")
    return runs, skipped


def _card(path: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: not readable ({error})") from error
    absent = [key for key in CARD if key not in card and "skipped" not in card]
    if absent:
        raise RunError(f"{path}: no key {', '.join(absent)}")
    return card


def read_run(folder: Path, card: Mapping[str, Any]) -> Run:
    """Read the run in one folder, named after its model; ``card`` is its ``model.json``."""
    predictions = read_table(folder / "predictions.csv", PREDICTIONS, TEXT)
    fits = read_table(folder / "fits.csv", FITS, TEXT)
    history = read_table(folder / "history.csv", HISTORY, TEXT)
    return Run(folder.name, predictions, fits, history, card)


def check(runs: Sequence[Run], index: pd.DataFrame) -> None:
    """Raise :class:`RunError` where the runs break the protocol (see the module's conventions)."""
    labels = dict(zip(index["track"], index["label"], strict=True))
    groups = dict(zip(index["track"], index["group"], strict=True))
    for run in runs:
        _check_rows(run, labels)
        _check_groups(run, groups)
        _check_fits(run)
    _check_same(runs)
    if GROUPED not in set(runs[0].predictions["protocol"]):
        raise RunError(f"no predictions under {GROUPED!r} folds; every comparison rests on them")


def _check_rows(run: Run, labels: Mapping[str, str]) -> None:
    table = run.predictions
    if table.empty:
        raise RunError(f"{run.model}: no predictions")
    twice = table[table.duplicated([*KEY, "track"])]["track"]
    if not twice.empty:
        raise RunError(f"{run.model}: predicted more than once under one seed: {listed(twice)}")
    unknown = [track for track in table["track"] if track not in labels]
    if unknown:
        raise RunError(f"{run.model}: predicts tracks that the index lacks: {listed(unknown)}")
    wrong = table[table["track"].map(labels) != table["true"]]["track"]
    if not wrong.empty:
        raise RunError(f"{run.model}: `true` is not the index's label for {listed(wrong)}")
    foreign = sorted(set(table["true"]).union(table["predicted"]) - set(run.classes))
    if foreign:
        raise RunError(f"{run.model}: classes {listed(foreign)} are not in model.json")
    chances = table[[f"p_{name}" for name in run.classes if f"p_{name}" in table]]
    if chances.shape[1] != len(run.classes):
        raise RunError(f"{run.model}: predictions.csv lacks a column p_<class> of {run.classes}")
    finite = np.isfinite(chances.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64))
    hollow = table["track"][~finite.all(axis=1)]
    if not hollow.empty:
        raise RunError(f"{run.model}: probabilities that are not finite: {listed(hollow)}")


def _check_groups(run: Run, groups: Mapping[str, str]) -> None:
    table = run.predictions[run.predictions["protocol"] == GROUPED]
    rows = table.assign(group=table["track"].map(groups))[["seed", "group", "fold"]]
    twice = rows.drop_duplicates()
    split = twice["group"][twice.duplicated(["seed", "group"])]
    if not split.empty:
        raise RunError(f"{run.model}: groups on both sides of a grouped fold: {listed(split)}")


def _check_fits(run: Run) -> None:
    fits, predicted = (
        [tuple(row) for row in table[FOLD].itertuples(index=False)]
        for table in (run.fits, run.predictions.drop_duplicates(FOLD))
    )
    odd = set(fits) ^ set(predicted) or {fit for fit in fits if fits.count(fit) > 1}
    if odd:
        text = listed("/".join(map(str, fold)) for fold in odd)
        raise RunError(f"{run.model}: fits.csv does not have one row for each fold: {text}")


def _check_same(runs: Sequence[Run]) -> None:
    first = runs[0]
    expected = _predicted(first)
    for run in runs[1:]:
        if run.classes != first.classes:
            raise RunError(f"{run.model} has classes {run.classes}, {first.model} {first.classes}")
        found = _predicted(run)
        odd = {key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)}
        if odd:
            what = "tracks" if expected.keys() ^ found.keys() else "tracks in the same folds"
            text = listed("/".join(map(str, key)) for key in odd)
            raise RunError(f"{run.model} and {first.model} do not predict the same {what}: {text}")


def _predicted(run: Run) -> dict[tuple[str, int, str], int]:
    columns = (run.predictions[name] for name in (*KEY, "track"))
    return dict(zip(zip(*columns, strict=True), run.predictions["fold"], strict=True))


def listed(names: Iterable[Any]) -> str:
    """Name the first few, and say how many more there are.

    Examples
    --------
    >>> listed(["b", "a", "a"]), listed("abcdefg")
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    unique: Collection[str] = sorted({str(name) for name in names})
    shown = ", ".join(list(unique)[:SHOWN])
    return f"{shown} and {len(unique) - SHOWN} more" if len(unique) > SHOWN else shown
