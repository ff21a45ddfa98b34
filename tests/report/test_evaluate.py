"""The evaluate stage on a small finished pipeline, and each way a run can break the protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from pipeline import evaluate
from pipeline.params import ParamsError
from pipeline.reporting.runs import RunError

TABLES = [
    "results", "comparisons", "optimism", "per_fold", "per_condition", "per_class",
    "confusion_matrix", "confusion", "learning_curves", "chords",
]  # fmt: skip


def read(world: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(world / "reports/demo" / f"{table}.csv")


def predictions(world: Path, model: str = "svm") -> pd.DataFrame:
    path = world / "data/runs/demo" / model / "predictions.csv"
    return pd.read_csv(path, dtype={"track": str})


def test_scores_equal_scikit_learn_per_seed_and_averaged(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    results = read(world, "results").set_index(["protocol", "model"])
    for protocol in ("grouped", "random"):
        table = predictions(world)
        seeds = [rows for _, rows in table[table["protocol"] == protocol].groupby("seed")]
        assert len(seeds) == 2
        accuracy = np.mean([accuracy_score(rows["true"], rows["predicted"]) for rows in seeds])
        macro = np.mean([f1_score(r["true"], r["predicted"], average="macro") for r in seeds])
        row = results.loc[(protocol, "svm")]
        assert row["accuracy"] == pytest.approx(accuracy, abs=1e-6)
        assert row["macro_f1"] == pytest.approx(macro, abs=1e-6)
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]


def test_cost_is_that_of_the_protocols_own_fits(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    results = read(world, "results").set_index(["protocol", "model"])
    for protocol, seconds in (("grouped", 8 * 1.5), ("random", 8 * 3.0)):  # 4 folds, 2 seeds
        row = results.loc[(protocol, "svm")]
        assert (row["training_seconds"], row["parameters"]) == (seconds, 12348)
        assert row["train_accuracy"] == pytest.approx(0.915)
        assert row["hardware"] == "cpu (test)"


def test_counts_agree_between_the_tables(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    counts = read(world, "confusion_matrix")
    ours = counts[(counts["protocol"] == "grouped") & (counts["model"] == "multispec_music")]
    one_by_one = read(world, "confusion").value_counts()
    filled = ours[ours["count"] > 0].set_index(["actual", "predicted"])["count"]
    assert filled.to_dict() == one_by_one.to_dict()
    assert counts.groupby(["protocol", "model"])["count"].sum().eq(96).all()
    assert read(world, "per_fold").groupby(["protocol", "model"])["tracks"].sum().eq(96).all()
    assert read(world, "per_class").groupby(["protocol", "model"])["tracks"].sum().eq(48).all()


def test_optimism_is_random_minus_grouped(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    results = read(world, "results").set_index(["protocol", "model"])
    for row in read(world, "optimism").itertuples():
        both = [results.loc[(protocol, row.model), row.score] for protocol in ("random", "grouped")]
        assert row.gap == pytest.approx(both[0] - both[1], abs=2e-6)
        assert row.gap_low <= row.gap <= row.gap_high


def test_learning_curves_average_the_fits_that_go_on(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    curves = read(world, "learning_curves")
    history = pd.read_csv(world / "data/runs/demo/multispec_music/history.csv")
    assert list(curves["epoch"]) == list(range(1, 13))
    # Fold k stops k epochs early, under 2 seeds.
    assert list(curves["fits"]) == [8] * 9 + [6, 4, 2]
    here = history[(history["protocol"] == "grouped") & (history["epoch"] == 11)]
    expected = here[here["part"] == "validation"]["loss"].mean()
    assert curves["validation_loss"][10] == pytest.approx(expected, rel=1e-5)


def test_chords_average_over_fits(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    chords = read(world, "chords").set_index("protocol")
    assert list(chords.index) == ["grouped", "random"]
    assert chords.loc["grouped"].to_dict() == pytest.approx(
        {"fits": 8, "vocabulary": 101.5, "coverage": 0.815, "empty_pieces": 1,
         "pieces_with_midi": 48}
    )  # fmt: skip


def test_no_midi_means_no_chord_rows() -> None:
    attributes = {"pieces_with_midi": 0, "fits": [], "vocabulary": [], "coverage": []}
    assert evaluate.chord_table(attributes).empty


def test_the_summary_says_who_is_best_and_by_how_much(world: Path) -> None:
    said = evaluate.evaluate(world, "demo")
    assert said == json.loads((world / "data/evaluation/demo.json").read_text())
    assert said["best_baseline"] == "svm"
    gap = said["network_minus_baseline"]["macro_f1"]
    assert gap["low"] < gap["value"] < gap["high"] < 0
    assert said["protocols"]["grouped"] == {"seeds": 2, "folds": 4}
    assert sorted(said["tables"]) == sorted([*TABLES, "quarantine"])
    assert said["not_predicted"] == []


def test_equal_inputs_give_equal_bytes(world: Path) -> None:
    def content() -> dict[str, bytes]:
        evaluate.evaluate(world, "demo")
        return {name: (world / f"reports/demo/{name}.csv").read_bytes() for name in TABLES}

    assert content() == content()


def test_a_missing_run_is_named(world: Path) -> None:
    (world / "data/runs/demo/svm/model.json").unlink()
    with pytest.raises(RunError, match=r"no run of svm; run `dvc repro`"):
        evaluate.evaluate(world, "demo")


def test_an_unknown_corpus_and_an_unknown_network_are_named(world: Path) -> None:
    with pytest.raises(ParamsError, match=r"corpora: no key 'demi'; did you mean 'demo'"):
        evaluate.evaluate(world, "demi")
    path = world / "params.yaml"
    path.write_text(path.read_text().replace("reference: svm", "reference: smv"))
    with pytest.raises(ParamsError, match="reference = 'smv': must be one of baselines"):
        evaluate.evaluate(world, "demo")
    path.write_text(path.read_text().replace("reference: smv", "reference: svm"))
    path.write_text(path.read_text().replace("models: {majority: {}, ", "models: {"))
    with pytest.raises(ParamsError, match="'majority' is not under `models`"):
        evaluate.evaluate(world, "demo")


def _twice(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table.iloc[[7]]])


def _unknown(table: pd.DataFrame) -> pd.DataFrame:
    return table.replace({"track": {"021": "stranger"}})


def _label(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[table["track"] == "021", "true"] = "sad"
    return table


def _class(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[3, "predicted"] = "bored"
    return table


def _hollow(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[3, "p_sad"] = np.nan
    return table


def _column(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="p_sad")


def _fold(table: pd.DataFrame) -> pd.DataFrame:
    one = (table["track"] == "021") & (table["protocol"] == "grouped") & (table["seed"] == 1)
    table.loc[one, "fold"] = 3
    return table


def _fewer(table: pd.DataFrame) -> pd.DataFrame:
    return table[~((table["track"] == "021") & (table["seed"] == 1))]


def _random_only(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["protocol"] == "random"]


def _other_fold(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[(table["track"] == "021") & (table["protocol"] == "random"), "fold"] = 0
    return table


def _nothing(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[:0]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_twice, "svm: predicted more than once under one seed: 021"),
        (_unknown, "svm: predicts tracks that the index lacks: stranger"),
        (_label, "svm: `true` is not the index's label for 021"),
        (_class, "svm: classes bored are not in model.json"),
        (_hollow, "svm: probabilities that are not finite: 010"),
        (_column, "svm: predictions.csv lacks a column p_<class>"),
        (_fold, "svm: groups on both sides of a grouped fold: artist2"),
        (_fewer, r"svm and majority do not predict the same tracks: grouped/1/021, random/1/021"),
        (_other_fold, r"same tracks in the same folds: random/0/021, random/1/021"),
        (_random_only, "svm: fits.csv does not have one row for each fold: grouped/0/0"),
        (_nothing, "svm: no predictions"),
    ],
)
def test_a_broken_protocol_is_refused_with_names(
    world: Path, damage: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    path = world / "data/runs/demo/svm/predictions.csv"
    damage(predictions(world)).to_csv(path, index=False)
    with pytest.raises(RunError, match=message):
        evaluate.evaluate(world, "demo")


def test_a_table_without_its_column_is_named(world: Path) -> None:
    path = world / "data/runs/demo/svm/history.csv"
    path.write_text("protocol,seed,fold,epoch,part,loss\n")
    with pytest.raises(RunError, match=r"history\.csv: no column accuracy"):
        evaluate.evaluate(world, "demo")


def test_grouped_alone_has_no_gap(world: Path) -> None:
    for folder in (world / "data/runs/demo").iterdir():
        table = predictions(world, folder.name)
        table[table["protocol"] == "grouped"].to_csv(folder / "predictions.csv", index=False)
        fits = pd.read_csv(folder / "fits.csv")
        fits[fits["protocol"] == "grouped"].to_csv(folder / "fits.csv", index=False)
    evaluate.evaluate(world, "demo")
    assert read(world, "optimism").empty
    assert set(read(world, "results")["protocol"]) == {"grouped"}
