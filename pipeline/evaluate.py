"""Stage: score every model's predictions on one corpus (``python -m pipeline.evaluate <corpus>``).

Reads ``data/index/<corpus>.csv``, ``data/runs/<corpus>/<model>/`` of every model in ``params.yaml``
and the attributes of ``data/embeddings/<corpus>.zarr``. Refuses runs that break the protocol
(:mod:`pipeline.reporting.runs`). Writes, under ``reports/<corpus>/``:

=======================  ==========================================================================
``comparisons.csv``      every model against ours and the reference, in pairs, with a verdict
``results.csv``          scores with intervals and cost, by protocol and model
``optimism.csv``         random minus grouped, by model and score, with paired intervals
``per_fold.csv``         scores of every fold
``per_condition.csv``    scores of every recording condition; no rows where there are none
``per_class.csv``        precision, recall, F1 of every class
``confusion_matrix.csv``  counts by protocol, model, actual and predicted class
``confusion.csv``        one row per prediction of the network under grouped folds
``learning_curves.csv``  mean loss (nats) and accuracy by epoch, the network under grouped folds
``chords.csv``           vocabulary, coverage and empty pieces of the chord embedding, by protocol
=======================  ==========================================================================

and ``data/evaluation/<corpus>.json``, the summary that the report stage depends on; it holds the
SHA-256 of each table. A model that does not apply to the corpus is in no table; the summary says
why, under ``skipped``. Everything is a function of the inputs: no time, host or user.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import params, stage, store
from pipeline.reporting import comparisons, conditions, scores
from pipeline.reporting.runs import GROUPED, RunError, check, read_index, read_runs
from pipeline.reporting.settings import Roles, Settings, roles
from pipeline.reporting.settings import read as read_settings
from pipeline.reporting.summary import csv, summary

CHORDS = ["protocol", "fits", "vocabulary", "coverage", "empty_pieces", "pieces_with_midi"]


def chord_table(attributes: Mapping[str, Any]) -> pd.DataFrame:
    """Describe the chord embedding per protocol, means over its fits.

    Parameters
    ----------
    attributes
        Of ``data/embeddings/<corpus>.zarr``.

    Returns
    -------
    DataFrame
        protocol,fits,vocabulary,coverage,empty_pieces,pieces_with_midi; ``coverage`` is the share
        of test tokens whose word is in the vocabulary. No rows for a corpus without chords.
    """
    if not attributes["pieces_with_midi"]:
        return pd.DataFrame(columns=CHORDS)
    table = pd.DataFrame(
        {
            "protocol": [fit["protocol"] for fit in attributes["fits"]],
            **{name: attributes[name] for name in ("vocabulary", "coverage", "empty_pieces")},
        }
    ).astype({"coverage": float})
    means = table.groupby("protocol").mean().reset_index()
    means["fits"] = means["protocol"].map(table["protocol"].value_counts())
    means["pieces_with_midi"] = attributes["pieces_with_midi"]
    return means[CHORDS]


def tables(
    counted: scores.Counted,
    index: pd.DataFrame,
    embedding: Mapping[str, Any],
    parts: Roles,
    settings: Settings,
) -> dict[str, pd.DataFrame]:
    """Compute every table of one corpus, name -> table, from runs that were checked."""
    runs, level = counted.runs, settings.report.significance
    network = next(run for run in runs if run.model == parts.network)
    grouped = network.predictions[network.predictions["protocol"] == GROUPED]
    return {
        "results": scores.results(counted, settings.bootstrap),
        "comparisons": comparisons.table(counted, parts, settings.bootstrap, level),
        "optimism": scores.optimism(counted, settings.bootstrap),
        "per_fold": scores.per_fold(runs),
        "per_condition": conditions.table(runs, index, settings.bootstrap),
        "per_class": scores.per_class(counted),
        "confusion_matrix": scores.confusion_matrix(counted),
        "confusion": grouped[["true", "predicted"]].rename(columns={"true": "actual"}),
        "learning_curves": scores.learning_curves(network, GROUPED),
        "chords": chord_table(embedding),
    }


def evaluate(root: Path, corpus: str) -> dict[str, Any]:
    """Run the stage for one corpus under a repository root and return its summary.

    Raises
    ------
    RunError
        If a run is missing or breaks the protocol, or fewer than two models apply.
    ParamsError
        If ``params.yaml`` does not hold the corpus, ``report`` or ``cv.bootstrap``.
    """
    parameters = params.read(root / "params.yaml")
    params.section(parameters, "corpora", corpus)
    settings = read_settings(parameters)
    index = read_index(root / "data/index" / f"{corpus}.csv")
    runs, skipped = read_runs(root / "data/runs" / corpus, settings.models)
    check(runs, index)
    parts = roles(settings.report, [run.model for run in runs])
    if parts is None:
        raise RunError(f"{corpus}: only {runs[0].model} applies; there is nothing to compare with")
    embedding = store.attributes(root / "data/embeddings" / f"{corpus}.zarr")
    counted = scores.Counted(runs, index)
    found = tables(counted, index, embedding, parts, settings)
    said = summary(corpus, counted, skipped, index, embedding, found, parts, settings)
    folder = root / "reports" / corpus
    folder.mkdir(parents=True, exist_ok=True)
    # The index writes this table; its hash here makes the report follow it.
    quarantine = (folder / "quarantine.csv").read_bytes()
    said["tables"]["quarantine"] = hashlib.sha256(quarantine).hexdigest()
    for name, table in found.items():
        (folder / f"{name}.csv").write_bytes(csv(table))
    target = root / "data/evaluation" / f"{corpus}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return said


def run(corpus: str) -> None:
    """Run the stage in the current folder and say how the network fares."""
    said = evaluate(Path(), corpus)
    gap = said["network_minus_baseline"]["macro_f1"]
    print(
        f"evaluate {corpus}: {said['indexed'] - len(said['not_predicted'])} tracks, "
        f"{said['groups']} groups; {said['network']} minus {said['best_baseline']}: "
        f"macro-F1 {gap['value']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}]"
    )


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, run, "corpus")


if __name__ == "__main__":
    main()
