"""The floor on statistics of notes: its columns, its mask, and the models that read no notes."""

from dataclasses import replace

import numpy as np
import pytest

from models import svm
from models.parts.classifier import score
from models.parts.floor import FloorClassifier

STATISTICS = ("mean",)


@pytest.fixture
def build():
    def make(*inputs):
        return FloorClassifier(
            svm.Svm(svm.Config(STATISTICS, (1.0, 10.0), (1.0,))), inputs, STATISTICS, 3
        )

    return make


def columns(model, data, split):
    model.fit(data, split, None, 0, "cpu", None)
    return len(model.scaler["mean"])


@pytest.fixture
def noted(data):
    rng = np.random.default_rng(2)
    notes = rng.standard_normal((len(data.labels), 4)) * 0.3 + data.labels[:, None]
    return replace(data, notes=np.where(data.has_chords[:, None], notes, 0.0).astype(np.float32))


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (("notes",), 4 + 1),
        (("chords",), 5 + 1),
        (("chords", "notes"), 5 + 4 + 1),
        (("gtf", "notes"), 6 + 1 + 4 + 1),
    ],
)
def test_notes_are_columns_and_share_the_flag_of_the_chords(build, noted, split, inputs, expected):
    assert columns(build(*inputs), noted, split) == expected


def test_classes_are_learnt_from_notes_alone(build, noted, split):
    model = build("notes")
    model.fit(noted, split, None, 0, "cpu", None)
    assert score(model.predict_proba(noted, split.test), noted.labels[split.test])[1] == 1.0


def test_a_track_without_notes_is_zeros_whatever_stands_there(build, noted, split):
    notes = noted.notes.copy()
    notes[~noted.has_chords] = 1e6
    states = []
    for data in (noted, replace(noted, notes=notes)):
        model = build("notes")
        model.fit(data, split, None, 0, "cpu", None)
        states.append(model.state())
    assert all(states[0][key].tobytes() == states[1][key].tobytes() for key in states[0])


@pytest.mark.parametrize("inputs", [("chords",), ("gtf", "mf_rp", "chords")])
def test_models_that_read_no_notes_do_not_see_them(build, noted, split, inputs):
    states = []
    for data in (noted, replace(noted, notes=None)):
        model = build(*inputs)
        model.fit(data, split, None, 0, "cpu", None)
        states.append(model.state())
    assert all(states[0][key].tobytes() == states[1][key].tobytes() for key in states[0])


def test_notes_of_another_number_of_tracks_are_refused(data):
    with pytest.raises(ValueError, match="notes: 3 tracks, but there are 24 labels"):
        replace(data, notes=np.zeros((3, 2), np.float32))
