"""The summary of one corpus: what the report says beside the tables, as JSON values.

Conventions
-----------
``data/evaluation/<corpus>.json`` holds it. Under ``tables`` is the SHA-256 of each table, so that
the report refuses tables that are not those evaluated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from pipeline.reporting import bootstrap, scores
from pipeline.reporting.runs import GROUPED
from pipeline.reporting.settings import Roles, Settings

#: Six significant digits: far below any interval's width, and readable in a diff.
FLOAT_FORMAT = "%.6g"


def csv(table: pd.DataFrame) -> bytes:
    """Return a table as the bytes that are written to ``reports/<corpus>/``."""
    text = table.to_csv(index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    return text.encode("utf-8")


def best_baseline(results: pd.DataFrame, roles: Roles) -> str:
    """Return the baseline of the highest macro-F1 under grouped folds; the first of equals."""
    grouped = results[results["protocol"] == GROUPED].set_index("model")
    return str(grouped.loc[list(roles.baselines), "macro_f1"].idxmax())


def comparison(
    counted: scores.Counted, model: str, baseline: str, resampling: bootstrap.Bootstrap
) -> dict[str, dict[str, float]]:
    """Return model minus baseline under grouped folds, score -> value, low, high."""
    ours, other = counted.of(GROUPED, model), counted.of(GROUPED, baseline)
    return {
        name: asdict(bootstrap.difference(ours, other, scores.SCORES[name], resampling))
        for name in scores.WITH_INTERVAL
    }


def summary(
    corpus: str,
    counted: scores.Counted,
    skipped: Mapping[str, str],
    index: pd.DataFrame,
    embedding: Mapping[str, Any],
    found: Mapping[str, pd.DataFrame],
    roles: Roles,
    settings: Settings,
) -> dict[str, Any]:
    """Return what the report says beside the tables ``found``."""
    run = counted.runs[0]
    predictions = run.predictions
    baseline = best_baseline(found["results"], roles)
    folds = predictions.groupby("protocol")[["seed", "fold"]].nunique()
    return {
        "corpus": corpus,
        "classes": run.classes,
        "tracks_by_class": {name: int((index["label"] == name).sum()) for name in run.classes},
        "indexed": len(index),
        "not_predicted": sorted(set(index["track"]) - set(predictions["track"])),
        "groups": int(index["group"].nunique()),
        "hours": round(float(pd.to_numeric(index["duration_seconds"]).sum()) / 3600, 3),
        "protocols": {
            str(name): {"seeds": int(row["seed"]), "folds": int(row["fold"])}
            for name, row in folds.iterrows()
        },
        "has": {
            kind: any(each.card["has"][kind] for each in counted.runs)
            for kind in ("audio", "chords")
        },
        "models": [each.model for each in counted.runs],
        "skipped": dict(skipped),
        "ours": list(roles.ours),
        "network": roles.network,
        "asked_network": settings.report.network,
        "baselines": list(roles.baselines),
        "reference": roles.reference,
        "asked_reference": settings.report.reference,
        "significance": settings.report.significance,
        "best_baseline": baseline,
        "network_minus_baseline": comparison(counted, roles.network, baseline, settings.bootstrap),
        "bootstrap": asdict(settings.bootstrap),
        "embedding": {name: embedding[name] for name in ("tokenizer", "dim", "pool")},
        "tables": {name: hashlib.sha256(csv(table)).hexdigest() for name, table in found.items()},
    }
