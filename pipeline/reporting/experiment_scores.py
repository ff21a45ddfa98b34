"""What an experiment's variants score, and whether one differs from the reference.

Conventions
-----------
A result is ``data/experiments/<corpus>/<experiment>/`` with ``predictions.csv`` (variant, protocol,
seed, fold, track, true, predicted, p_<class>...), ``fits.csv`` (variant, protocol, seed, fold,
train_accuracy, training_seconds, parameters) and ``about.json``. It is read as if every variant
were a model and held to the same rules (:mod:`pipeline.reporting.runs`). Folds are pooled; scores
lie in [0, 1], times are in seconds; brackets around a score are a group-bootstrap interval.

Training accuracy has no such interval, because it is no estimate of anything but the fit itself:
its two ends are the lowest and the highest of the fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.reporting import bootstrap, comparisons, runs, scores
from pipeline.reporting.bootstrap import Bootstrap, Interval
from pipeline.reporting.runs import RunError
from pipeline.reporting.settings import Roles

REFERENCE = "reference"
COLUMNS = [
    "protocol", "variant",
    "train_accuracy", "train_accuracy_low", "train_accuracy_high",
    "accuracy", "accuracy_low", "accuracy_high",
    "macro_f1", "macro_f1_low", "macro_f1_high",
    "seconds_per_fit", "seconds", "parameters",
    "difference", "difference_low", "difference_high", "mcnemar_holm", "t_holm", "verdict",
]  # fmt: skip
PREDICTIONS = ["variant", *runs.PREDICTIONS]
FITS = [
    "variant", "protocol", "seed", "fold", "train_accuracy", "training_seconds", "parameters",
]  # fmt: skip
TEXT = runs.TEXT | {"variant": str}


@dataclass(frozen=True)
class Results:
    """One experiment on one corpus.

    Attributes
    ----------
    about
        ``about.json``.
    counted
        Counts of every variant that was trained, under its name; None where none was.
    fits
        ``fits.csv``.
    """

    about: Mapping[str, Any]
    counted: scores.Counted | None
    fits: pd.DataFrame

    @property
    def variants(self) -> list[Mapping[str, Any]]:
        """Cards of all variants, trained or skipped, in the file's order."""
        return list(self.about["variants"])

    @property
    def trained(self) -> list[str]:
        """Names of the variants that were trained."""
        return [str(card["name"]) for card in self.variants if card["skipped"] is None]


def lacking(cards: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which variants were trained without inputs that they ask for.

    Examples
    --------
    >>> lacking([{"name": "all", "skipped": None, "lacking": ["chords"]}])
    ['This corpus has no chords: *all* was trained without, and differs less than it says.']
    """
    return [
        f"This corpus has no {', '.join(card['lacking'])}: *{card['name']}* was trained without, "
        "and differs less than it says."
        for card in cards
        if card["skipped"] is None and card.get("lacking")
    ]


def read(folder: Path, index: pd.DataFrame) -> Results | None:
    """Read and check one experiment; None if it never ran.

    Raises
    ------
    RunError
        If a table is missing, or the predictions break the protocol.
    """
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RunError(f"{folder / 'about.json'}: not readable ({error})") from error
    names = [str(card["name"]) for card in about["variants"] if card["skipped"] is None]
    if not names:
        return Results(about, None, pd.DataFrame(columns=FITS))
    predictions = runs.read_table(folder / "predictions.csv", PREDICTIONS, TEXT)
    fits = runs.read_table(folder / "fits.csv", FITS, TEXT)
    card = {"classes": about["classes"], "hardware": about["hardware"], "has": {}}
    found = [
        runs.Run(
            model=name,
            predictions=_of(predictions, name),
            fits=_of(fits, name),
            history=pd.DataFrame(columns=runs.HISTORY),
            card=card,
        )
        for name in names
    ]
    runs.check(found, index)
    return Results(about, scores.Counted(found, index), fits)


def _of(table: pd.DataFrame, variant: str) -> pd.DataFrame:
    return table[table["variant"] == variant].drop(columns="variant").reset_index(drop=True)


def against(
    counted: scores.Counted, reference: str, settings: Bootstrap, significance: float
) -> pd.DataFrame:
    """Compare every other model (or variant) with one, under each protocol.

    Returns
    -------
    DataFrame
        Columns of :data:`pipeline.reporting.comparisons.COLUMNS`; the family of the adjusted p
        values is the comparisons of one protocol.
    """
    roles = Roles(ours=(), network=reference, baselines=(), reference=reference)
    return comparisons.table(counted, roles, settings, significance)


def table(results: Results, settings: Bootstrap, significance: float) -> pd.DataFrame:
    """Return one row per protocol and trained variant.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`. ``difference`` is the variant's accuracy minus the reference's, and
        the verdict that of :mod:`pipeline.reporting.comparisons`; both are empty where the
        reference was skipped.
    """
    if results.counted is None:
        return pd.DataFrame(columns=COLUMNS)
    differences = _differences(results, settings, significance)
    rows: list[dict[str, object]] = []
    for protocol in results.counted.protocols:
        for name in results.trained:
            first: dict[str, object] = {"protocol": protocol, "variant": name}
            rest = differences.get((protocol, name), {})
            rows.append(first | _scores(results, protocol, name, settings) | rest)
    return pd.DataFrame(rows, columns=COLUMNS)


def _scores(
    results: Results, protocol: str, name: str, settings: Bootstrap
) -> dict[str, float | int]:
    assert results.counted is not None
    fits = results.fits[(results.fits["variant"] == name) & (results.fits["protocol"] == protocol)]
    row: dict[str, float | int] = spread("train_accuracy", fits["train_accuracy"])
    for score in ("accuracy", "macro_f1"):
        counts = results.counted.of(protocol, name)
        row |= ends(score, bootstrap.estimate(counts, scores.SCORES[score], settings))
    return row | {
        "seconds_per_fit": float(fits["training_seconds"].mean()),
        "seconds": float(fits["training_seconds"].sum()),
        "parameters": int(fits["parameters"].max()),
    }


def spread(name: str, values: Sequence[float] | pd.Series) -> dict[str, float | int]:
    """Return mean, lowest and highest of some values as three columns."""
    column = np.asarray(values, np.float64)
    return ends(name, Interval(float(column.mean()), float(column.min()), float(column.max())))


def ends(name: str, interval: Interval) -> dict[str, float | int]:
    """Return an interval as the columns name, name_low, name_high."""
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _differences(
    results: Results, settings: Bootstrap, significance: float
) -> dict[tuple[str, str], dict[str, object]]:
    """Return (protocol, variant) -> its difference; nothing where the reference was skipped."""
    reference = str(results.about["reference"])
    if results.counted is None or reference not in results.trained:
        return {}
    rows: dict[tuple[str, str], dict[str, object]] = {
        (protocol, reference): {"verdict": REFERENCE} for protocol in results.counted.protocols
    }
    found = against(results.counted, reference, settings, significance)
    for row in found.to_dict("records"):
        rows[row["protocol"], row["model"]] = {
            "difference": row["difference"],
            "difference_low": row["low"],
            "difference_high": row["high"],
            "mcnemar_holm": row["mcnemar_holm"],
            "t_holm": row["t_holm"],
            "verdict": row["verdict"],
        }
    return rows
