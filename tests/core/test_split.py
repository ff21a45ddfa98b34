"""Folds: every track is test once, no group straddles, and too little is said to be too little."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline import corpus, paths
from pipeline.params import ParamsError
from pipeline.partition import FEWEST_FOLDS, assign, parts
from pipeline.split import COLUMNS, split
from pipeline.stage import StageError

# Pieces as (label, group); the smallest corpora are the difficult ones.
PIECES = st.lists(
    st.tuples(st.sampled_from(["Q1", "Q2", "Q3"]), st.integers(0, 8).map(str)),
    min_size=6,
    max_size=50,
)
BOTH = pytest.mark.parametrize("protocol", ["grouped", "random"])


def possible(pieces: list[tuple[str, str]], protocol: str, folds: int) -> int:
    """How many folds a corpus allows; 0 where it allows none."""
    labels = Counter(label for label, _ in pieces)
    units = len({group for _, group in pieces}) if protocol == "grouped" else len(pieces)
    found = min(folds, units, min(labels.values()))
    return found if found >= FEWEST_FOLDS and len(labels) > 1 else 0


@BOTH
@given(pieces=PIECES, folds=st.integers(3, 10), seed=st.integers(0, 5))
def test_every_track_is_test_once_in_as_many_folds_as_there_can_be(protocol, pieces, folds, seed):
    count = possible(pieces, protocol, folds)
    assume(count)
    labels, groups = zip(*pieces, strict=True)
    fold = assign(labels, groups, protocol, folds, seed)
    assert fold.shape == (len(pieces),)
    assert set(fold.tolist()) == set(range(count))
    if protocol == "grouped":
        where = set(zip(groups, fold.tolist(), strict=True))
        assert len(where) == len(set(groups))


@BOTH
@given(pieces=PIECES, folds=st.integers(3, 10))
def test_parts_partition_the_tracks(protocol, pieces, folds):
    assume(possible(pieces, protocol, folds))
    labels, groups = (np.array(column) for column in zip(*pieces, strict=True))
    fold = assign(labels.tolist(), groups.tolist(), protocol, folds, 0)
    tested = []
    for number in range(int(fold.max()) + 1):
        found = parts(fold, number)
        assert sorted(np.concatenate(found).tolist()) == list(range(len(pieces)))
        assert min(map(len, found)) > 0
        if protocol == "grouped":
            train, validation, test = (set(groups[part]) for part in found)
            assert len(train | validation | test) == len(train) + len(validation) + len(test)
        tested += found[2].tolist()
    assert sorted(tested) == list(range(len(pieces)))


def test_validation_is_the_next_fold():
    train, validation, test = parts(np.array([0, 1, 2, 3, 1, 0]), 1)
    assert (train.tolist(), validation.tolist(), test.tolist()) == ([0, 3, 5], [2], [1, 4])


def balanced(tracks: int = 160, groups: int = 40) -> tuple[list[str], list[str]]:
    """Four classes in equal shares; every group has pieces of all of them."""
    return [f"Q{i % 4 + 1}" for i in range(tracks)], [f"g{i // 4 % groups}" for i in range(tracks)]


@BOTH
def test_every_fold_has_the_corpus_shares_of_the_classes(protocol):
    labels, groups = balanced()
    fold = assign(labels, groups, protocol, 10, 0)
    for number in range(10):
        shares = Counter(label for label, at in zip(labels, fold, strict=True) if at == number)
        assert shares == dict.fromkeys(["Q1", "Q2", "Q3", "Q4"], 4)


def test_rare_classes_are_spread_over_the_folds():
    labels = ["common"] * 90 + ["rare"] * 10
    fold = assign(labels, [str(i) for i in range(100)], "random", 10, 0)
    assert sorted(fold[90:].tolist()) == list(range(10))


@BOTH
def test_the_seed_decides_and_nothing_else(protocol):
    labels, groups = balanced()
    first = assign(labels, groups, protocol, 10, 0)
    np.random.seed(1)  # noqa: NPY002 - the global generator must not matter
    np.testing.assert_array_equal(first, assign(labels, groups, protocol, 10, 0))
    assert (first != assign(labels, groups, protocol, 10, 1)).any()


def test_names_of_groups_do_not_matter_under_random():
    labels, groups = balanced()
    one = assign(labels, groups, "random", 5, 0)
    np.testing.assert_array_equal(one, assign(labels, ["x"] * len(labels), "random", 5, 0))


@pytest.mark.parametrize(
    ("protocol", "labels", "groups", "count"),
    [
        ("grouped", ["a", "b"] * 20, [str(i // 10) for i in range(40)], 4),
        ("random", ["a", "b"] * 20, [str(i // 10) for i in range(40)], 10),
        ("random", ["a"] * 30 + ["b"] * 5, ["g"] * 35, 5),
        ("grouped", ["a"] * 30 + ["b"] * 5, [str(i) for i in range(35)], 5),
    ],
)
def test_what_is_scarce_lowers_the_number_of_folds(protocol, labels, groups, count):
    assert assign(labels, groups, protocol, 10, 0).max() + 1 == count


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("sizes", "folds"),
    [
        # (label, group, tracks): scikit-learn 1.7 leaves a fold of these empty.
        ([("0", "0", 7), ("1", "0", 7), ("0", "1", 4), ("1", "2", 6)], 3),
        ([("2", "0", 6), ("1", "1", 4), ("1", "2", 7), ("2", "2", 7)], 3),
    ],
)
def test_no_fold_is_left_empty(sizes, folds, seed):
    pieces = [(label, group) for label, group, count in sizes for _ in range(count)]
    labels, groups = zip(*pieces, strict=True)
    fold = assign(labels, groups, "grouped", folds, seed)
    assert sorted(set(fold.tolist())) == [0, 1, 2]
    assert len(set(zip(groups, fold.tolist(), strict=True))) == 3


@pytest.mark.parametrize(
    ("labels", "groups", "protocol", "message"),
    [
        ("aabbab", "ggghhh", "grouped", "there are 2 classes, 2 groups, and 3 of 'a'"),
        ("aaabb", "ghijk", "grouped", "there are 2 classes, 5 groups, and 2 of 'b'"),
        ("aaabb", "ghijk", "random", "random folds need .* 3 tracks per class.* 2 of 'b'"),
        ("aaaaa", "ghijk", "random", "at least 2 classes.* there are 1 classes"),
        ("", "", "grouped", "there are 0 classes, 0 groups"),
    ],
)
def test_too_little_is_refused(labels, groups, protocol, message):
    with pytest.raises(ValueError, match=message):
        assign(list(labels), list(groups), protocol, 10, 0)


CV = {
    "folds": 4,
    "folds_on": {"other": 3},
    "seeds": [0, 1],
    "protocols": ["grouped", "random"],
    "bootstrap": {"resamples": 100, "confidence": 0.95, "seed": 0},
}


def row(track: str, label: str, group: str) -> corpus.Row:
    return corpus.Row(track, f"{track}.wav", "", label, group, "1.0", "16000", track, "")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels, groups = balanced(40, 5)
    tracks = [f"{i:03d}" for i in range(40)]
    corpus.write_index("tiny", list(map(row, tracks, labels, groups)))
    return tmp_path


@pytest.mark.usefixtures("repository")
def test_the_stage_writes_one_row_per_protocol_seed_and_track(capsys):
    split({"cv": CV}, "tiny")
    with paths.folds("tiny").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    runs = Counter((found["protocol"], found["seed"]) for found in rows)
    assert runs == {(p, s): 40 for p in ("grouped", "random") for s in ("0", "1")}
    tracks = [found["track"] for found in rows][:40]
    assert tracks == [f"{i:03d}" for i in range(40)]  # ids that look like numbers stay text
    assert "split tiny: grouped, seed 0: 4 folds\n" in capsys.readouterr().out


@pytest.mark.usefixtures("repository")
def test_the_stage_is_deterministic_and_says_when_there_are_fewer_folds(capsys):
    config = {"cv": CV | {"folds": 10}}
    split(config, "tiny")
    first = paths.folds("tiny").read_bytes()
    split(config, "tiny")
    assert paths.folds("tiny").read_bytes() == first
    assert b"\r" not in first
    assert "grouped, seed 0: 5 folds of the 10 asked for\n" in capsys.readouterr().out


@pytest.mark.usefixtures("repository")
def test_the_stage_names_the_corpus():
    corpus.write_index("thin", [row(str(i), "ab"[i % 2], "g") for i in range(8)])
    with pytest.raises(StageError, match="split thin: grouped folds need"):
        split({"cv": CV}, "thin")
    with pytest.raises(
        FileNotFoundError, match=r"none\.csv is missing; run `dvc repro index@none`"
    ):
        split({"cv": CV}, "none")


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": 2}, "folds is 2; test, validation and training need at least 3"),
        ({"seeds": []}, "there must be a seed"),
        ({"protocols": []}, "`grouped` among the protocols"),
        ({"seeds": [0, 0]}, r"seeds is \[0, 0\]; each may be named once"),
        ({"protocols": ["grouped", "grouped"]}, "each may be named once"),
        ({"protocols": ["artist"]}, r"cv\.protocols\[0\]: 'artist' is not one of"),
    ],
)
def test_the_config_refuses(change, message):
    with pytest.raises(ParamsError, match=message):
        split({"cv": CV | change}, "tiny")


def test_a_corpus_may_have_a_number_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    corpus.write_index("tiny", [row(f"{n}", "ab"[n % 2], f"g{n}") for n in range(16)])
    split({"cv": CV | {"folds_on": {"tiny": 3, "other": 5}}}, "tiny")
    assert "split tiny: grouped, seed 0: 3 folds\n" in capsys.readouterr().out
    with pytest.raises(ParamsError, match="tiny is 2; test, validation and training"):
        split({"cv": CV | {"folds_on": {"tiny": 2}}}, "tiny")
    with pytest.raises(ParamsError, match=r"cv\.folds_on: expected a mapping, got 3"):
        split({"cv": CV | {"folds_on": 3}}, "tiny")
