"""Stage: score every model's predictions on one corpus (``python -m pipeline.evaluate <corpus>``).

Reads ``data/index/<corpus>.csv``, ``data/runs/<corpus>/<model>/`` of every model in ``params.yaml``
and the attributes of ``data/embeddings/<corpus>.zarr``. Refuses runs that break the protocol
(:mod:`pipeline.reporting.runs`). Writes, under ``reports/<corpus>/``:

=======================  ==========================================================================
``results.csv``          scores with intervals and cost, by protocol and model
``optimism.csv``         random minus grouped, by model and score, with paired intervals
``per_fold.csv``         scores of every fold
``per_class.csv``        precision, recall, F1 of every class
``confusion_matrix.csv``  counts by protocol, model, actual and predicted class
``confusion.csv``        one row per prediction of the network under grouped folds
``learning_curves.csv``  mean loss (nats) and accuracy by epoch, the network under grouped folds
``chords.csv``           vocabulary, coverage and empty pieces of the chord embedding, by protocol
=======================  ==========================================================================

and ``data/evaluation/<corpus>.json``, the summary that the report stage depends on; it holds the
SHA-256 of each table. Everything is a function of the inputs: no time, host or user.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import params, stage, store
from pipeline.reporting import bootstrap, scores
from pipeline.reporting.runs import GROUPED, check, read_index, read_runs
from pipeline.reporting.settings import Settings
from pipeline.reporting.settings import read as read_settings

#: Six significant digits: far below any interval's width, and readable in a diff.
FLOAT_FORMAT = "%.6g"
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
    counted: scores.Counted, embedding: Mapping[str, Any], settings: Settings
) -> dict[str, pd.DataFrame]:
    """Compute every table of one corpus, name -> table, from runs that were checked."""
    runs = counted.runs
    network = next(run for run in runs if run.model == settings.report.network)
    grouped = network.predictions[network.predictions["protocol"] == GROUPED]
    return {
        "results": scores.results(counted, settings.bootstrap),
        "optimism": scores.optimism(counted, settings.bootstrap),
        "per_fold": scores.per_fold(runs),
        "per_class": scores.per_class(counted),
        "confusion_matrix": scores.confusion_matrix(counted),
        "confusion": grouped[["true", "predicted"]].rename(columns={"true": "actual"}),
        "learning_curves": scores.learning_curves(network, GROUPED),
        "chords": chord_table(embedding),
    }


def best_baseline(results: pd.DataFrame, settings: Settings) -> str:
    """Return the baseline of the highest macro-F1 under grouped folds; the first of equals."""
    grouped = results[results["protocol"] == GROUPED].set_index("model")
    ranked = grouped.loc[list(settings.report.baselines), "macro_f1"]
    return str(ranked.idxmax())


def comparison(
    counted: scores.Counted, baseline: str, settings: Settings
) -> dict[str, dict[str, float]]:
    """Return network minus baseline under grouped folds, score -> value, low, high."""
    network = counted.of(GROUPED, settings.report.network)
    other = counted.of(GROUPED, baseline)
    return {
        name: asdict(bootstrap.difference(network, other, scores.SCORES[name], settings.bootstrap))
        for name in scores.WITH_INTERVAL
    }


def summary(
    corpus: str,
    counted: scores.Counted,
    index: pd.DataFrame,
    embedding: Mapping[str, Any],
    found: Mapping[str, pd.DataFrame],
    settings: Settings,
) -> dict[str, Any]:
    """Return what the report says beside the tables (JSON values)."""
    run = counted.runs[0]
    predictions = run.predictions
    predicted = set(predictions["track"])
    baseline = best_baseline(found["results"], settings)
    folds = predictions.groupby("protocol")[["seed", "fold"]].nunique()
    return {
        "corpus": corpus,
        "classes": run.classes,
        "tracks_by_class": {name: int((index["label"] == name).sum()) for name in run.classes},
        "indexed": len(index),
        "not_predicted": sorted(set(index["track"]) - predicted),
        "groups": int(index["group"].nunique()),
        "hours": round(float(pd.to_numeric(index["duration_seconds"]).sum()) / 3600, 3),
        "protocols": {
            str(name): {"seeds": int(row["seed"]), "folds": int(row["fold"])}
            for name, row in folds.iterrows()
        },
        "has": dict(run.card["has"]),
        "network": settings.report.network,
        "baselines": list(settings.report.baselines),
        "best_baseline": baseline,
        "network_minus_baseline": comparison(counted, baseline, settings),
        "bootstrap": asdict(settings.bootstrap),
        "embedding": {name: embedding[name] for name in ("tokenizer", "dim", "pool")},
        "tables": {name: hashlib.sha256(_csv(table)).hexdigest() for name, table in found.items()},
    }


def _csv(table: pd.DataFrame) -> bytes:
    text = table.to_csv(index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    return text.encode("utf-8")


def evaluate(root: Path, corpus: str) -> dict[str, Any]:
    """Run the stage for one corpus under a repository root and return its summary.

    Raises
    ------
    RunError
        If a run is missing or breaks the protocol.
    ParamsError
        If ``params.yaml`` does not hold the corpus, ``report`` or ``cv.bootstrap``.
    """
    parameters = params.read(root / "params.yaml")
    params.section(parameters, "corpora", corpus)
    settings = read_settings(parameters)
    index = read_index(root / "data/index" / f"{corpus}.csv")
    runs = read_runs(root / "data/runs" / corpus, settings.models)
    check(runs, index)
    embedding = store.attributes(root / "data/embeddings" / f"{corpus}.zarr")
    counted = scores.Counted(runs, index)
    found = tables(counted, embedding, settings)
    said = summary(corpus, counted, index, embedding, found, settings)
    folder = root / "reports" / corpus
    folder.mkdir(parents=True, exist_ok=True)
    # The index writes this table; its hash here makes the report follow it.
    quarantine = (folder / "quarantine.csv").read_bytes()
    said["tables"]["quarantine"] = hashlib.sha256(quarantine).hexdigest()
    for name, table in found.items():
        (folder / f"{name}.csv").write_bytes(_csv(table))
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
