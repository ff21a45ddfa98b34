"""Models that do not apply to a corpus, who stands in for them, fits, and recording conditions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline import evaluate
from pipeline.reporting.runs import RunError
from pipeline.reporting.settings import Report, roles


def read(world: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(world / "reports/demo" / f"{table}.csv")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"baselines": ()}, "name at least one model"),
        ({"ours": ("net", "net")}, "a model is named twice"),
        ({"ours": ("net", "svm")}, "'svm' is among the baselines"),
        ({"network": "other"}, "network = 'other': must be one of ours"),
        ({"reference": "other"}, "reference = 'other': must be one of baselines"),
        ({"significance": 0.0}, "significance = 0.0: must lie between 0 and 1"),
        ({"alpha": 1.5}, "alpha = 1.5"),
    ],
)
def test_a_contradiction_in_the_settings_is_named(changed: dict, message: str) -> None:
    right = {
        "ours": ("net",), "network": "net", "baselines": ("svm",), "reference": "svm",
        "significance": 0.05, "alpha": 0.5,
    }  # fmt: skip
    Report(**right)
    with pytest.raises(ValueError, match=message):
        Report(**(right | changed))


@pytest.mark.parametrize(
    ("applicable", "ours", "baselines"),
    [
        (["a", "b"], ("a",), ("b",)),
        (["a", "other"], ("a",), ("other",)),
        (["other", "svm"], ("other",), ("svm",)),
        (["floor", "svm"], ("floor",), ("svm",)),
        (["x", "y"], ("x",), ("y",)),
    ],
)
def test_there_are_always_two_sides(applicable: list, ours: tuple, baselines: tuple) -> None:
    report = Report(("a", "b"), "b", ("floor", "svm"), "svm", 0.05, 0.5)
    found = roles(report, applicable)
    assert found is not None
    assert (found.ours, found.baselines) == (ours, baselines)
    assert found.network in ours
    assert found.reference in baselines
    assert roles(report, applicable[:1]) is None


def test_a_run_without_its_fits_is_refused(world: Path) -> None:
    path = world / "data/runs/demo/svm/fits.csv"
    table = pd.read_csv(path)
    pd.concat([table, table.iloc[[2]]]).to_csv(path, index=False)
    with pytest.raises(RunError, match=r"svm: fits\.csv does not have one row for each fold"):
        evaluate.evaluate(world, "demo")
    path.unlink()
    with pytest.raises(RunError, match=r"fits\.csv: missing"):
        evaluate.evaluate(world, "demo")


def test_a_model_that_does_not_apply_is_in_no_table(
    world: Path, skip: Callable[[str, str], None]
) -> None:
    skip("majority", "no audio")
    said = evaluate.evaluate(world, "demo")
    assert said["skipped"] == {"majority": "no audio"}
    assert (said["models"], said["baselines"]) == (["svm", "multispec_music"], ["svm"])
    for name in ("results", "comparisons", "optimism", "per_fold", "per_class"):
        assert "majority" not in (world / f"reports/demo/{name}.csv").read_text()


def test_others_stand_in_for_those_that_do_not_apply(
    world: Path, skip: Callable[[str, str], None]
) -> None:
    skip("multispec_music", "no audio")
    said = evaluate.evaluate(world, "demo")
    assert (said["network"], said["asked_network"]) == ("majority", "multispec_music")
    assert (said["ours"], said["baselines"]) == (["majority"], ["svm"])
    skip("svm", "no notes")
    with pytest.raises(RunError, match="only majority applies"):
        evaluate.evaluate(world, "demo")
    skip("majority", "no tracks")
    with pytest.raises(RunError, match="none of majority, multispec_music, svm applies"):
        evaluate.evaluate(world, "demo")


def test_conditions_are_parts_of_the_same_predictions(world: Path) -> None:
    path = world / "data/index/demo.csv"
    index = pd.read_csv(path, dtype=str, keep_default_na=False)
    kinds = ["improvised", "scripted", ""]
    index["condition"] = [kinds[number % 3] for number in range(len(index))]
    index.to_csv(path, index=False)
    evaluate.evaluate(world, "demo")
    found = read(world, "per_condition").set_index(["protocol", "model", "condition"])
    assert len(found) == 2 * 3 * 2
    svm = pd.read_csv(world / "data/runs/demo/svm/predictions.csv", dtype={"track": str})
    table = svm.merge(index[["track", "condition"]], on="track")
    one = table[(table["protocol"] == "random") & (table["condition"] == "scripted")]
    row = found.loc[("random", "svm", "scripted")]
    assert row["accuracy"] == pytest.approx((one["true"] == one["predicted"]).mean(), abs=1e-6)
    assert (row["tracks"], row["groups"]) == (16, 16)
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
