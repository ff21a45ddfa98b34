"""The published sets, where they are at hand: every file has a label and a group."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from pipeline import corpora
from pipeline.partition import assign

REAL = os.environ.get("MULTISPEC_CORPORA")

pytestmark = pytest.mark.skipif(
    REAL is None, reason="MULTISPEC_CORPORA does not name the folder of real sets"
)


@pytest.mark.parametrize(
    ("name", "folder", "counts", "groups"),
    [
        ("four_q", "4qaed", {"Q1": 100, "Q2": 98, "Q3": 98, "Q4": 100}, 307),
        ("emopia", "emopia", {"Q1": 186, "Q2": 196, "Q3": 185, "Q4": 219}, 294),
        (
            "emodb",
            "emodb",
            {
                **{"anger": 88, "neutral": 61, "happiness": 54, "sadness": 45},
                **{"boredom": 5, "fear": 4, "disgust": 1},
            },
            7,
        ),
    ],
)
def test_the_real_sets(name, folder, counts, groups):
    adapter = corpora.load(name)
    found, rejects = adapter.tracks(Path(REAL) / folder, adapter.Config())
    assert Counter(track.label for track in found) == counts
    assert len({track.group for track in found}) == groups
    assert rejects == []


def test_sentences_as_groups_of_the_real_emodb():
    adapter = corpora.load("emodb")
    root = Path(REAL) / "emodb"
    found, rejects = adapter.tracks(root, adapter.Config(group="text"))
    by_speaker, _ = adapter.tracks(root, adapter.Config())
    assert rejects == []
    assert [track.track for track in found] == [track.track for track in by_speaker]
    assert Counter(track.group for track in found) == {
        **{"a01": 20, "a02": 29, "a04": 28, "a05": 31, "a07": 25},
        **{"b01": 23, "b02": 27, "b03": 24, "b09": 26, "b10": 25},
    }
    found, _ = adapter.tracks(root, adapter.Config(classes=("W", "F", "N", "T"), group="text"))
    groups = [track.group for track in found]
    folds = assign([track.label for track in found], groups, "grouped", 10, 0)
    pairs = set(zip(groups, map(int, folds), strict=True))
    assert (
        len(pairs) == len({group for group, _ in pairs}) == len({fold for _, fold in pairs}) == 10
    )
