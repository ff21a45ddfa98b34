"""EmoDB: what a file name says, and what must not straddle two folds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import params
from pipeline.corpora import Reject, Track
from pipeline.corpora.emodb import Config, tracks


def touch(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    return root


def tree(root: Path) -> Path:
    return touch(root, *(f"wav/03a01{letter}a.wav" for letter in "WLEAFTN"), "wav/16b10Wb.wav")


def read(root: Path, **keys) -> tuple[list[Track], list[Reject]]:
    return tracks(root, Config(**keys))


def test_letters_and_speakers(tmp_path):
    found, _ = read(tree(tmp_path))
    assert Counter(t.group for t in found) == {"03": 7, "16": 1}
    assert {t.track[5]: t.label for t in found} == {
        "W": "anger",
        "L": "boredom",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    }


def test_classes_can_be_chosen(tmp_path):
    found, rejects = read(tree(tmp_path), classes=("W", "T"))
    assert {track.label for track in found} == {"anger", "sadness"}
    assert rejects == []


def test_odd_names_are_refused(tmp_path):
    _, rejects = read(touch(tree(tmp_path), "wav/03a01Xa.wav", "wav/read.me"))
    assert [reject.file for reject in rejects] == ["wav/03a01Xa.wav", "wav/read.me"]


def test_a_group_is_the_speaker_or_the_sentence(tmp_path):
    root = touch(tree(tmp_path), "wav/16a01Na.wav", "wav/16A01Tb.wav")
    by_text, _ = read(root, group="text")
    assert Counter(track.group for track in by_text) == {"a01": 9, "b10": 1}
    by_speaker, _ = read(root)
    assert Counter(track.group for track in by_speaker) == {"03": 7, "16": 3}
    ungrouped = [[replace(t, group="-") for t in found] for found in (by_text, by_speaker)]
    assert ungrouped[0] == ungrouped[1]


def test_a_wrong_group_is_named():
    with pytest.raises(params.ParamsError, match=r"corpora\.e\.group: 'voice' is not one of"):
        params.build(Config, {"classes": ["W", "T"], "group": "voice"}, "corpora.e")


@pytest.mark.parametrize("classes", [("W",), ("W", "X"), ("W", "W")])
def test_wrong_classes_are_named(classes):
    with pytest.raises(ValueError, match="at least two different letters of W, L, E"):
        Config(classes=classes)
