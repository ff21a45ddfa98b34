"""Every leak that the audit knows, planted into a clean corpus and found; and the clean one."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from pipeline import audit as stage_module
from pipeline import paths, store
from pipeline.auditing.findings import Finding, some, verdict
from pipeline.params import ParamsError
from pipeline.stage import StageError

GROUPED, RANDOM = ("grouped", 0), ("random", 0)


def of(rows, check, severity=None):
    return [r for r in rows if r["check"] == check and severity in (None, r["severity"])]


def test_a_clean_corpus_passes(tiny, capsys):
    rows = tiny.run()
    assert {row["severity"] for row in rows} == {"pass"}, [
        r for r in rows if r["severity"] != "pass"
    ]
    checks = {"groups", "files", "classes", "purity", "copies", "chord vectors", "facts"}
    assert {row["check"] for row in rows} == checks
    assert capsys.readouterr().out == f"audit tiny: pass, {len(rows)} findings\n"
    summary = tiny.summary()
    assert summary["verdict"] == "pass"
    assert summary["findings"] == rows
    assert sum(summary["similarities"]["counts"]) == 40 * 39 // 2


def test_the_report_is_a_function_of_its_inputs(tiny):
    tiny.run()
    before = stage_module.summary_path("tiny").read_bytes()
    tiny.run()
    assert stage_module.summary_path("tiny").read_bytes() == before


def test_a_group_in_two_grouped_folds_fails(tiny):
    tiny.folds[GROUPED]["t00"] = 3
    with pytest.raises(StageError, match="groups in several folds: g0; tracks of 'g0': t00, t10"):
        tiny.run()
    assert of(tiny.report(), "groups", "fail")[0]["what"] == "grouped, seed 0"


@pytest.mark.parametrize("kind", ["sha256", "midi_sha256"])
def test_one_file_in_two_grouped_folds_fails(tiny, kind):
    for number in (0, 1):
        tiny.change(number, **{kind: "same"})
    with pytest.raises(StageError, match=rf"tracks t00, t01 are one file \({kind}\)"):
        tiny.run()


def test_one_file_in_two_random_folds_alone_warns(tiny):
    for number in (0, 10):  # of one group, and of two classes
        tiny.change(number, sha256="same")
    rows = tiny.run()
    assert [row["what"] for row in of(rows, "files", "warn")] == ["random, seed 0: t00, t10"]
    assert "the labels a, b" in of(rows, "labels", "warn")[0]["detail"]
    assert not of(rows, "files", "fail")


def test_a_class_missing_from_a_fold_warns(tiny):
    for number, row in enumerate(tiny.rows):
        if tiny.folds[GROUPED][row.track] == 2:
            tiny.change(number, label="a")
    rows = of(tiny.run(), "classes", "warn")
    assert [row["what"] for row in rows] == ["grouped, seed 0"]
    assert "b in fold 2" in rows[0]["detail"]


def test_groups_that_tell_the_class_warn(tiny):
    for number in range(len(tiny.rows)):
        tiny.change(number, label="ab"[(number % 10) // 5])
    assert of(tiny.run(), "purity", "warn")[0]["value"] == "1.000"


def test_groups_of_one_track_tell_nothing(tiny):
    for number in range(len(tiny.rows)):
        tiny.change(number, group=f"own{number}")
    row = of(tiny.run(), "purity")[0]
    assert (row["severity"], row["what"]) == ("pass", "0 tracks in groups of several")


def test_vectors_fitted_on_a_test_piece_fail(tiny):
    tiny.fitted_on = lambda protocol, _seed, fold, train: (
        [*train, "t03"] if (protocol, fold) == ("grouped", 3) else train
    )
    with pytest.raises(StageError, match=r"1 of .*\n.*chord vectors: grouped, seed 0, fold 3: "):
        tiny.run()


def test_vectors_fitted_on_everything_warn_loudly(tiny, capsys):
    tiny.fit = "corpus"
    row = of(tiny.run(), "chord vectors", "warn")[0]
    assert "fitted on ALL pieces, the test pieces among them, the paper's way" in row["detail"]
    assert "fitted on ALL pieces" in capsys.readouterr().out


def test_a_fold_without_a_fit_fails(tiny):
    tiny.write()
    path = paths.embeddings("tiny")
    arrays, attributes = store.read_arrays(path)
    for name in ("fits", "fitted_on"):
        attributes[name] = attributes[name][:-1]
    kept = {
        "vectors": (("fit", "track", "dim"), arrays["vectors"][:-1]),
        "has_chords": (("track",), arrays["has_chords"]),
    }
    store.write_arrays(path, kept, attributes)
    with pytest.raises(StageError, match="random, seed 0, fold 4: there is no fit for this fold"):
        stage_module.audit(tiny.parameters(), "tiny")


def test_vectors_that_do_not_say_fail(tiny):
    tiny.write()
    path = paths.embeddings("tiny")
    arrays, attributes = store.read_arrays(path)
    del attributes["fitted_on"]
    kept = {
        "vectors": (("fit", "track", "dim"), arrays["vectors"]),
        "has_chords": (("track",), arrays["has_chords"]),
    }
    store.write_arrays(path, kept, attributes)
    with pytest.raises(StageError, match=r"do not say on what.*run `dvc repro embed`"):
        stage_module.audit(tiny.parameters(), "tiny")


def test_stale_folds_are_refused(tiny):
    tiny.write()
    text = paths.folds("tiny").read_text(encoding="utf-8")
    paths.folds("tiny").write_text(text.replace("t07", "t77"), encoding="utf-8")
    with pytest.raises(StageError, match="'t07' is not in both it and the index"):
        stage_module.audit(tiny.parameters(), "tiny")


def test_a_leak_ends_the_stage_with_an_error_and_leaves_the_report(tiny, monkeypatch):
    tiny.levels["t01"] = tiny.levels["t00"]
    tiny.write()
    monkeypatch.setattr(stage_module.params, "read", tiny.parameters)
    monkeypatch.setattr(sys, "argv", ["audit.py", "tiny"])
    with pytest.raises(SystemExit) as ended:
        stage_module.main()
    text = str(ended.value.code)
    assert text.startswith("error: audit tiny: 1 of ")
    assert re.search(r"fail: copies: t00 = t01 \+0.00 s \(1.000; limit 0.850\)", text)
    assert "grouped, seed 0" in text
    assert "give the two tracks one group, or remove one" in text
    assert tiny.summary()["verdict"] == "fail"
    assert len(of(tiny.report(), "copies", "fail")) == 1


def test_a_wrong_key_is_an_error_that_names_it(tiny):
    tiny.settings["copies"]["similarty"] = tiny.settings["copies"].pop("similarity")
    with pytest.raises(ParamsError, match=r"audit.copies: unknown key 'similarty'"):
        tiny.run()


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ("copies", "features", []),
        ("copies", "step_seconds", 0.0),
        ("copies", "quiet", 1.5),
        ("copies", "coarse", 0.9),
        ("copies", "similarity", 1.1),
        ("facts", "leaf", 0),
        ("facts", "alpha", 0.0),
        (None, "purity", 0.0),
    ],
)
def test_values_are_checked(tiny, where, key, value):
    (tiny.settings[where] if where else tiny.settings)[key] = value
    with pytest.raises(ParamsError, match=rf"audit.*{key} (is )?{re.escape(str(value))}"):
        tiny.run()


def test_the_verdict_is_the_worst_finding():
    found = [Finding("x", severity, "", "", "", "") for severity in ("pass", "fail", "warn")]
    assert verdict([]) == "pass"
    assert verdict(found) == "fail"
    assert verdict([found[0], found[2]]) == "warn"
    assert some(["b", "a"]) == "a, b"


def test_vectors_of_pieces_without_chords_are_left_out_of_the_account(tiny):
    tiny.fitted_on = lambda _p, _s, _k, train: [track for track in train if track != "t05"]
    tiny.write()
    path = paths.embeddings("tiny")
    arrays, attributes = store.read_arrays(path)
    has = arrays["has_chords"].copy()
    has[5] = 0
    assert np.count_nonzero(has) == 39
    kept = {
        "vectors": (("fit", "track", "dim"), arrays["vectors"]),
        "has_chords": (("track",), has),
    }
    store.write_arrays(path, kept, attributes)
    findings = stage_module.audit(tiny.parameters(), "tiny")
    assert {finding.severity for finding in findings} == {"pass"}
