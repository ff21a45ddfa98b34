"""Scores by recording condition, such as improvised and scripted dialogues.

Conventions
-----------
Nothing is trained or predicted again: these are the predictions of the other tables, looked at in
parts. Tracks without a condition are left out. Scores lie in [0, 1]; folds are pooled, seeds
averaged, intervals resample groups, as in :mod:`pipeline.reporting.scores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from pipeline.reporting.bootstrap import Bootstrap
from pipeline.reporting.runs import Run
from pipeline.reporting.scores import SCORES, WITH_INTERVAL, Counted, intervals

COLUMNS = [
    "protocol", "model", "condition", "tracks", "groups",
    "accuracy", "accuracy_low", "accuracy_high",
    "macro_f1", "macro_f1_low", "macro_f1_high",
]  # fmt: skip


def table(runs: Sequence[Run], index: pd.DataFrame, resampling: Bootstrap) -> pd.DataFrame:
    """Score each condition's tracks by themselves.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, in the order protocol, condition, model; no rows for a corpus
        without conditions. The ends of an interval are empty where a condition has one group.
    """
    rows = []
    for condition in sorted(set(index["condition"]) - {""}):
        tracks = list(index.loc[index["condition"] == condition, "track"])
        kept = [
            replace(run, predictions=run.predictions[run.predictions["track"].isin(tracks)])
            for run in runs
        ]
        if not kept[0].predictions.empty:
            rows += _rows(Counted(kept, index), condition, resampling)
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.sort_values("protocol", kind="stable", ignore_index=True)


def _rows(counted: Counted, condition: str, resampling: Bootstrap) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for protocol in counted.protocols:
        for run in counted.runs:
            counts = counted.of(protocol, run.model)
            row: dict[str, object] = {
                "protocol": protocol,
                "model": run.model,
                "condition": condition,
                "tracks": int(counts.sum()) // len(counts),
                "groups": len(counted.groups),
            }
            row |= {name: float(SCORES[name](counts.sum(1)).mean()) for name in WITH_INTERVAL}
            rows.append(row | intervals(counts, resampling))
    return rows
