"""The table of comparisons: pairs, families, verdicts, and what grouping does to McNemar alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.reporting import comparisons, paired
from pipeline.reporting.bootstrap import Bootstrap
from pipeline.reporting.runs import Run, RunError
from pipeline.reporting.scores import Counted
from pipeline.reporting.settings import Roles

GROUPS, PER_GROUP, FOLDS, SEEDS = 40, 5, 5, 2
RESAMPLING = Bootstrap(resamples=300, confidence=0.95, seed=0)
ROLES = Roles(("a",), "a", ("b",), "b")


def make_index() -> pd.DataFrame:
    groups = np.repeat(np.arange(GROUPS), PER_GROUP).astype(str)
    tracks = [f"{number:03d}" for number in range(len(groups))]
    return pd.DataFrame({"track": tracks, "group": groups, "label": "yes", "condition": ""})


def make_run(model: str, right: np.ndarray) -> Run:
    """``right`` [shape=(seed, track)]; track order is turned, which must not matter."""
    index = make_index()
    rows = [
        ["grouped", seed, int(index["group"][n]) % FOLDS, index["track"][n], "yes",
         "yes" if answers[n] else "no"]
        for seed, answers in enumerate(right)
        for n in reversed(range(len(index)))
    ]  # fmt: skip
    names = ["protocol", "seed", "fold", "track", "true", "predicted"]
    table = pd.DataFrame(rows, columns=names)
    return Run(model, table, pd.DataFrame(), pd.DataFrame(), {"classes": ["no", "yes"]})


def compare(rights: dict[str, np.ndarray], roles: Roles = ROLES) -> pd.DataFrame:
    runs = [make_run(model, right) for model, right in rights.items()]
    return comparisons.table(Counted(runs, make_index()), roles, RESAMPLING, 0.05)


def drawn(share: float, seed: int, seeds: int = SEEDS) -> np.ndarray:
    return np.random.default_rng(seed).random((seeds, GROUPS * PER_GROUP)) < share


def test_the_numbers_of_a_row_are_those_of_their_tests() -> None:
    right, other = drawn(0.8, 0, seeds=1), drawn(0.6, 1, seeds=1)
    row = compare({"a": right, "b": other}).iloc[0]
    assert (row["model"], row["against"]) == ("b", "a")
    assert row["difference"] == pytest.approx(other.mean() - right.mean())
    only_b, only_a = int((other & ~right).sum()), int((right & ~other).sum())
    assert (row["only_model_right"], row["only_other_right"]) == (only_b, only_a)
    assert row["mcnemar_p"] == pytest.approx(stats.binomtest(only_b, only_b + only_a).pvalue)
    fold = make_index()["group"].astype(int).to_numpy() % FOLDS
    gaps = [(other[0] * 1.0 - right[0])[fold == k].mean() for k in range(FOLDS)]
    # Of 5 folds of 40 tracks one is test, one validation, three are trained on.
    t = np.mean(gaps) / np.sqrt((1 / 5 + 1 / 3) * np.var(gaps, ddof=1))
    assert (row["t"], row["t_df"]) == (pytest.approx(t), 4)
    assert row["t_p"] == pytest.approx(2 * stats.t.sf(abs(t), 4))


def test_swapping_the_models_turns_the_row() -> None:
    rights = {"a": drawn(0.9, 0), "b": drawn(0.5, 1)}
    one = compare(rights).iloc[0]
    other = compare(rights, Roles(("b",), "b", ("a",), "a")).iloc[0]
    assert (one["model"], other["model"]) == ("b", "a")
    assert (one["verdict"], other["verdict"]) == ("worse", "better")
    for name in ("mcnemar_p", "mcnemar_holm", "t_p", "t_holm"):
        assert one[name] == other[name]
    turned = [-other["difference"], -other["high"], -other["low"], -other["t"]]
    assert [one["difference"], one["low"], one["high"], one["t"]] == pytest.approx(turned)
    assert one["only_model_right"] == other["only_other_right"]


def test_a_family_is_all_pairs_each_once() -> None:
    rights = {name: drawn(share, n) for n, (name, share) in enumerate(
        {"a": 0.9, "b": 0.6, "c": 0.7, "d": 0.5}.items()
    )}  # fmt: skip
    found = compare(rights)
    pairs = {frozenset(pair) for pair in zip(found["model"], found["against"], strict=True)}
    assert len(found) == len(pairs) == 5
    assert all(pair & {"a", "b"} for pair in pairs)
    for test in ("mcnemar", "t"):
        assert list(found[f"{test}_holm"]) == paired.holm(list(found[f"{test}_p"]))


def test_equal_answers_are_not_distinguishable() -> None:
    right = drawn(0.7, 0)
    row = compare({"a": right, "b": right}).iloc[0]
    assert row["verdict"] == comparisons.UNCLEAR
    assert (row["mcnemar_p"], row["t"], row["t_p"]) == (1.0, 0.0, 1.0)


def test_groups_that_fall_as_a_whole_deceive_mcnemar_but_not_the_verdict() -> None:
    """Two equally good models, each right on whole groups: the truth is no difference."""
    bold = supported = 0
    for seed in range(60):
        groups = np.random.default_rng(seed).random((2, 1, GROUPS)) < 0.6
        first, second = np.repeat(groups, PER_GROUP, axis=2)
        row = compare({"a": first, "b": second}).iloc[0]
        bold += row["mcnemar_holm"] < 0.05
        supported += row["verdict"] != comparisons.UNCLEAR
    assert bold > 60 * 0.2, "the example must be one where McNemar alone errs"
    assert supported <= 60 * 0.1


def test_a_track_that_one_seed_lacks_is_named() -> None:
    runs = []
    for model in "ab":
        run = make_run(model, drawn(0.7, 0))
        lacking = (run.predictions["seed"] == 1) & (run.predictions["track"] == "007")
        runs.append(replace(run, predictions=run.predictions[~lacking]))
    with pytest.raises(RunError, match="grouped: not under every seed: 007"):
        comparisons.Answers(runs, "grouped")
