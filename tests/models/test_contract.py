"""What every model of the folder promises, tested on every one of them."""

from dataclasses import replace

import numpy as np
import pytest

import models
from models.parts.classifier import NoInputError

ALL = models.names()


def fitted(name, configs, shapes, data, split, settings, seed=0):
    model = models.load(name).build(configs[name], shapes, 3)
    history = model.fit(data, split, settings, seed, "cpu", None)
    return model, history


def same(left, right):
    return left.keys() == right.keys() and all(
        left[key].tobytes() == right[key].tobytes() for key in left
    )


def test_registry_is_the_folder():
    assert {"majority", "logistic", "svm", "multispec_music"} <= set(ALL)
    assert "parts" not in ALL


def test_registry_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'multispec_music'"):
        models.load("multispec_musik")
    with pytest.raises(ValueError, match=r"there are .*majority"):
        models.load("qqqq")


@pytest.mark.parametrize("name", ALL)
def test_probabilities_history_and_names(name, configs, shapes, data, split, settings):
    module = models.load(name)
    assert set(module.INPUTS) <= set(shapes)
    model, history = fitted(name, configs, shapes, data, split, settings)
    probabilities = model.predict_proba(data, split.test)
    assert probabilities.shape == (4, 3)
    assert probabilities.dtype == np.float64
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-9)
    assert {row["part"] for row in history.rows} == {"train", "validation"}
    assert all(set(row) == {"epoch", "part", "loss", "accuracy"} for row in history.rows)
    assert model.parameter_count() > 0


@pytest.mark.parametrize("name", ALL)
def test_state_round_trip(name, configs, shapes, data, split, settings):
    model, _ = fitted(name, configs, shapes, data, split, settings)
    state = {key: value.copy() for key, value in model.state().items()}
    assert all(value.dtype != object for value in state.values())
    other = models.load(name).build(configs[name], shapes, 3)
    other.load(state)
    everyone = np.arange(24)
    assert np.array_equal(other.predict_proba(data, everyone), model.predict_proba(data, everyone))
    assert same(other.state(), state)


@pytest.mark.parametrize("name", ALL)
def test_same_seed_same_bytes(name, configs, shapes, data, split, settings):
    first, _ = fitted(name, configs, shapes, data, split, settings)
    second, _ = fitted(name, configs, shapes, data, split, settings)
    assert same(first.state(), second.state())


@pytest.mark.parametrize("name", ALL)
def test_fit_never_reads_the_test_part(name, configs, shapes, data, split, settings, with_garbage):
    clean, _ = fitted(name, configs, shapes, data, split, settings)
    spoilt, _ = fitted(name, configs, shapes, with_garbage(data, split.test), split, settings)
    assert same(clean.state(), spoilt.state())


@pytest.mark.parametrize("name", ALL)
def test_fit_reads_train_and_validation(name, configs, shapes, data, split, settings, with_garbage):
    clean, history = fitted(name, configs, shapes, data, split, settings)
    spoilt, _ = fitted(name, configs, shapes, with_garbage(data, split.train[:2]), split, settings)
    assert not same(clean.state(), spoilt.state())
    # A network with a softmax head only takes its best epoch from the validation part.
    garbage = with_garbage(data, split.validation[:2])
    spoilt, other = fitted(name, configs, shapes, garbage, split, settings)
    assert not same(clean.state(), spoilt.state()) or history.rows != other.rows


@pytest.mark.parametrize("name", ALL)
def test_padding_and_absent_chords_are_not_read(name, configs, shapes, data, split, settings):
    model, _ = fitted(name, configs, shapes, data, split, settings)
    features = {key: array.copy() for key, array in data.features.items()}
    for array in features.values():
        array[np.arange(4) >= data.seconds_valid[:, None]] = np.nan
    chords = data.chords.copy()
    chords[~data.has_chords] = np.nan
    notes = data.notes.copy()
    notes[~data.has_chords] = np.nan
    noisy = replace(data, features=features, chords=chords, notes=notes)
    everyone = np.arange(24)
    expected = model.predict_proba(data, everyone)
    assert np.array_equal(model.predict_proba(noisy, everyone), expected)
    refitted, _ = fitted(name, configs, shapes, noisy, split, settings)
    assert same(refitted.state(), model.state())


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "kept",
    [
        *[("chords",), ("gtf", "mf_rp"), ("gtf",), ("gtf", "chords"), ("mf_rp",), ("narrowband",)],
        *[("voice",), ("tonal",), ("notes",), ("tonal", "notes")],
    ],
)
def test_modalities_may_be_absent(name, kept, configs, shapes, data, split, settings):
    fewer = {key: shape for key, shape in shapes.items() if key in kept}
    if name != "majority" and not set(models.load(name).INPUTS) & set(kept):
        with pytest.raises(NoInputError):
            models.load(name).build(configs[name], fewer, 3)
        return
    model, _ = fitted(name, configs, fewer, data, split, settings)
    assert np.isfinite(model.predict_proba(data, np.arange(24))).all()


@pytest.mark.parametrize("name", ALL)
def test_no_track_with_audio(name, configs, shapes, data, split, settings):
    mute = replace(data, seconds_valid=np.zeros(24, dtype=int))
    model, _ = fitted(name, configs, shapes, mute, split, settings)
    assert np.isfinite(model.predict_proba(mute, np.arange(24))).all()


@pytest.mark.parametrize("name", [name for name in ALL if name != "majority"])
def test_no_input_at_all(name, configs):
    inputs = ", ".join(models.load(name).INPUTS)
    with pytest.raises(NoInputError, match=f"the corpus has none of {inputs}"):
        models.load(name).build(configs[name], {"other": {"bin": 4, "frame": 3}}, 3)


@pytest.mark.parametrize("name", [name for name in ALL if name != "majority"])
def test_learns_what_can_be_learnt(name, configs, shapes, make_data, split, settings):
    data = make_data(signal=3.0)
    easy = replace(settings, epochs=25, patience=25, dropout=0.0)
    model, _ = fitted(name, configs, shapes, data, split, easy)
    everyone = np.arange(24)
    right = model.predict_proba(data, everyone).argmax(axis=1) == data.labels
    assert right.mean() > 0.9


def test_majority_predicts_frequencies(configs, shapes, data, split, settings):
    model, _ = fitted("majority", configs, shapes, data, split, settings)
    frequencies = np.bincount(data.labels[:20], minlength=3) / 20
    assert np.array_equal(model.predict_proba(data, split.test), np.tile(frequencies, (4, 1)))
