"""The claims ledger: every number of the paper, judged by one rule and never typed by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline import claims, experiment_report, metrics
from pipeline.reporting import paper
from pipeline.reporting.bootstrap import Interval
from pipeline.reporting.ledger import CONTRADICTED, SUPPORTED, UNTESTED, judge
from pipeline.reporting.ledger_printed import f1_bounds
from pipeline.reporting.runs import RunError


@pytest.fixture(scope="module")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("claimed")
    shutil.copytree(template, root, dirs_exist_ok=True)
    claims.claims(root)
    return root


@pytest.fixture(scope="module")
def ledger(finished: Path) -> pd.DataFrame:
    return pd.read_csv(finished / "reports/claims.csv", keep_default_na=False, na_values=[""])


def only(ledger: pd.DataFrame, claim: str, corpus: str = "four") -> pd.Series:
    rows = ledger[(ledger["claim"] == claim) & (ledger["our_corpus"] == corpus)]
    assert len(rows) == 1, claim
    return rows.iloc[0]


def test_every_number_of_the_tables_is_a_row(ledger: pd.DataFrame) -> None:
    printed: list[float] = [
        float(cell)
        for entry in paper.TABLES
        for row in entry.rows
        for cell in row
        if not isinstance(cell, str)
    ]
    numbers = ledger[ledger["claim"].str.match(r"table-|headline-")]
    assert len(printed) == 120
    assert sorted(numbers["claimed"]) == sorted([*printed, *paper.HEADLINES.values()])
    assert not ledger["claim"][ledger["our_corpus"] != "demo"].duplicated().any()


def test_verdicts_follow_the_rule(ledger: pd.DataFrame) -> None:
    assert only(ledger, "table-vi-1-testing")["verdict"] == SUPPORTED
    row = only(ledger, "table-vi-2-testing")
    assert (row["verdict"], row["claimed"], row["measured"]) == (CONTRADICTED, 0.63, 0.95)
    assert row["reason"].startswith("ours is higher than claimed")
    row = only(ledger, "table-ix-rcnn_lstm-accuracy")
    assert row["verdict"] == CONTRADICTED
    assert row["reason"].startswith("ours is lower than claimed")
    tested = ledger[(ledger["our_corpus"] == "four") & ledger["source"].str.startswith("Table")]
    judged = tested[tested["verdict"] != UNTESTED]
    assert set(judged["protocol"]) == {"random"}
    assert judged["reason"].str.contains("120 of the 900 tracks").all()


def test_measured_values_are_those_of_the_runs(ledger: pd.DataFrame, finished: Path) -> None:
    table = pd.read_csv(finished / "data/runs/four/lstm_bls/predictions.csv", dtype=str)
    index = sorted(set(table["true"]))
    for protocol, column in (("random", "measured"), ("grouped", "grouped")):
        rows = table[table["protocol"] == protocol]
        codes = [rows[name].map(index.index).to_numpy() for name in ("true", "predicted")]
        counts = metrics.confusion(codes[0], codes[1], len(index))
        for short, score in (
            ("accuracy", metrics.accuracy),
            ("precision", metrics.macro_precision),
            ("recall", metrics.macro_recall),
            ("f1", metrics.paper_f1),
        ):
            row = only(ledger, f"table-ix-lstm_bls-{short}")
            assert row[column] == pytest.approx(float(score(counts)), abs=1e-5)


def test_times_are_shown_and_never_judged(ledger: pd.DataFrame) -> None:
    times = ledger[ledger["claim"].str.endswith("training-time")]
    assert len(times) == 18
    assert set(times["verdict"]) == {UNTESTED}
    row = only(ledger, "table-ix-mcc_bls-training-time")
    assert row["measured"] == pytest.approx(1.5 * 1.25)
    assert "the paper names neither" in row["reason"]


def test_comparisons_are_tested(ledger: pd.DataFrame) -> None:
    assert only(ledger, "rcnn-accuracy-ix")["verdict"] == SUPPORTED
    assert only(ledger, "chords-help")["verdict"] == SUPPORTED
    assert only(ledger, "chords-help")["protocol"] == "grouped"
    row = only(ledger, "mcc-time")
    assert (row["verdict"], row["measured"]) == (SUPPORTED, pytest.approx(6))
    row = only(ledger, "rcnn-time")
    assert row["verdict"] == UNTESTED
    assert "folds disagree" in row["reason"]
    row = only(ledger, "mcc-within-ix")
    assert row["verdict"] == UNTESTED
    assert "too few tracks to tell" in row["reason"]
    row = only(ledger, "chords-help", "demo")
    assert row["reason"] == "synthesised music is no evidence about music"
    # Section IV speaks of speech; no corpus here has any.
    row = ledger[ledger["claim"] == "kernel-7-emodb"].iloc[0]
    assert row["verdict"] == UNTESTED
    assert "run@NAME-attention" in row["reason"]


def test_another_that_is_better_contradicts_the_best(world: Path) -> None:
    table = pd.read_csv(world / "data/runs/four/rcnn_bls/predictions.csv", dtype=str)
    table["predicted"] = table["true"]
    table.to_csv(world / "data/runs/four/rcnn_bls/predictions.csv", index=False)
    claims.claims(world)
    ledger = pd.read_csv(world / "reports/claims.csv", keep_default_na=False)
    row = only(ledger, "best-lstm-bls-ix")
    assert row["verdict"] == CONTRADICTED
    assert row["reason"].startswith("`rcnn_bls` better than `lstm_bls`")
    assert float(row["measured_high"]) < 0


def test_the_demo_alone_tests_next_to_nothing_and_says_what_would(world: Path) -> None:
    yaml = YAML()
    parameters = yaml.load(world / "params.yaml")
    del parameters["corpora"]["four"]
    yaml.dump(parameters, world / "params.yaml")
    page = claims.claims(world)
    ledger = pd.read_csv(world / "reports/claims.csv", keep_default_na=False)
    ours = ledger[ledger["protocol"] != "as printed"]
    assert set(ours["verdict"]) == {UNTESTED}
    numbers = ours[ours["claim"].str.match("table-|headline-")]
    assert numbers["reason"].str.contains("dvc repro .*NAME.* test it").all()
    assert "adapter `iemocap`" in only(numbers, "headline-iemocap", "")["reason"]
    assert "| not testable here |" in page


def test_the_papers_arithmetic(ledger: pd.DataFrame) -> None:
    rows = ledger.set_index("claim")
    wrong = rows[rows["verdict"] == CONTRADICTED].index
    assert {name for name in wrong if name.startswith("f1-")} == {
        "f1-viii-mcclstm", "f1-viii-multispec-dnn",
    }  # fmt: skip
    assert {name for name in wrong if name.startswith(("text-", "count-"))} == {
        "text-ema", "text-ema-mcclstm", "text-emotion", "text-emotion-mcclstm",
        "text-emotion-rcnnbl", "text-emotion-lstm-bls",
        "count-ema", "count-4q", "count-chord-dimensions",
    }  # fmt: skip
    printed = rows[rows.index.str.endswith("-printed")]
    assert set(printed["verdict"]) == {SUPPORTED}, "the tables agree with the text's comparisons"


def test_a_model_that_was_not_trained_is_named_with_its_command(world: Path) -> None:
    shutil.rmtree(world / "data/runs/four/lstm_bls")
    claims.claims(world)
    ledger = pd.read_csv(world / "reports/claims.csv", keep_default_na=False)
    row = only(ledger, "table-ix-lstm_bls-recall")
    assert row["verdict"] == UNTESTED
    assert "`dvc repro train@four-lstm_bls`" in row["reason"]


def test_a_corpus_on_which_every_model_was_skipped_is_no_error(world: Path) -> None:
    for folder in (world / "data/runs/four").iterdir():
        shutil.rmtree(folder)
    folder = world / "data/runs/four/mcc_lstm"
    folder.mkdir()
    (folder / "model.json").write_text('{"skipped": "it has no sound"}')
    claims.claims(world)
    ledger = pd.read_csv(world / "reports/claims.csv", keep_default_na=False)
    row = only(ledger, "table-ix-mcc_lstm-recall")
    assert (row["verdict"], row["reason"]) == (
        UNTESTED, "`mcc_lstm` has no run on four: it has no sound",
    )  # fmt: skip
    assert "was not trained on four" in only(ledger, "table-ix-lstm_bls-recall")["reason"]
    (folder / "model.json").write_text("{")
    with pytest.raises(RunError, match=r"model\.json: not readable"):
        claims.claims(world)


def test_an_experiment_without_a_trained_variant_is_said_to_have_run(world: Path) -> None:
    folder = world / "data/experiments/four/channels"
    about = json.loads((folder / "about.json").read_text())
    for card in about["variants"]:
        card["skipped"] = "no sound"
    (folder / "about.json").write_text(json.dumps(about))
    claims.claims(world)
    ledger = pd.read_csv(world / "reports/claims.csv", keep_default_na=False)
    row = only(ledger, "table-vi-1-testing")
    assert (row["verdict"], row["reason"]) == (UNTESTED, "variant vi-1 was not trained on four")


def test_a_corpus_without_chords_tests_no_claim_about_them(world: Path) -> None:
    path = world / "data/experiments/four/chords/about.json"
    about = json.loads(path.read_text())
    about["variants"][0]["lacking"] = ["chords"]
    path.write_text(json.dumps(about))
    for card in (world / "data/runs/four").glob("*/model.json"):
        card.write_text(card.read_text().replace('"chords": true', '"chords": false'))
    claims.claims(world)
    ledger = pd.read_csv(world / "reports/claims.csv", keep_default_na=False)
    row = only(ledger, "chords-help")
    assert row["verdict"] == UNTESTED
    assert row["reason"] == "four has no chords, which the compared variants read"
    assert "no MIDI" in only(ledger, "table-ix-lstm_bls-accuracy")["reason"]
    assert "This corpus has no chords: *with chords*" in experiment_report.report(world)


def test_the_page_says_by_what_rule_comparisons_are_judged(finished: Path) -> None:
    page = (finished / "reports/claims.md").read_text(encoding="utf-8")
    for word in ("*Better* is supported", "*within* if", "*faster* if", "column *protocol*"):
        assert word in page


def test_page_and_table_are_reproducible(finished: Path) -> None:
    before = [(finished / name).read_bytes() for name in (claims.PAGE, claims.TABLE)]
    claims.claims(finished)
    assert [(finished / name).read_bytes() for name in (claims.PAGE, claims.TABLE)] == before


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from([2, 3, 4]))
def test_the_rule_is_that_rounding_and_interval_meet(
    claimed: float, one: float, other: float, digits: int
) -> None:
    low, high = min(one, other), max(one, other)
    verdict, _ = judge(claimed, digits, Interval((low + high) / 2, low, high))
    half = 0.5 * 10**-digits
    nearest = min(max(claimed, low), high)
    assert (verdict == SUPPORTED) == (abs(nearest - claimed) <= half or nearest == claimed)


@given(st.integers(1, 999), st.integers(1, 999))
def test_bounds_of_f1_hold_what_rounds_to_the_same(precision: int, recall: int) -> None:
    found = f1_bounds(precision / 1000, recall / 1000)
    assert found.low <= found.value <= found.high
    assert found.high - found.low < 0.0025
