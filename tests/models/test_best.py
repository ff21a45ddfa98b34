"""The best configuration: every setting counts, inner folds and absent families."""

from dataclasses import replace

import numpy as np
import pytest

from models import best
from models.parts import kernelridge, pooling
from models.parts.guard import guarded


def fitted(config, shapes, data, split, seed=0):
    model = best.build(config, shapes, 3)
    history = model.fit(guarded(data, split.test), split, None, seed, "cpu", None)
    return model, history


@pytest.fixture
def config(configs):
    return configs["best"]


@pytest.mark.parametrize(
    "keys",
    [{"gamma": 2.0}, {"ridge": (1e-3,)}, {"clip": 0.5}],
)
def test_every_setting_counts(keys, config, shapes, data, split, changed):
    first, _ = fitted(config, shapes, data, split)
    second, _ = fitted(changed(config, keys), shapes, data, split)
    probabilities = (model.predict_proba(data, split.test) for model in (first, second))
    assert not np.array_equal(*probabilities)


def test_inner_folds_and_the_seed_reach_the_choice(config, shapes, data, split, monkeypatch):
    asked = []
    monkeypatch.setattr(
        kernelridge,
        "inner_folds",
        lambda *given: asked.append((len(given[0]), *given[2:])) or [],
    )
    fitted(replace(config, inner_folds=4), shapes, data, split, seed=9)
    assert asked == [(20, 4, 9)]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"gamma": 0.0}, "gamma: 0.0 must be above 0"),
        ({"clip": -1.0}, "clip: -1.0 must be above 0"),
        ({"ridge": ()}, "ridge: "),
        ({"ridge": (0.1, 1.0)}, "the largest first"),
        ({"ridge": (1.0, 0.0)}, "above 0"),
        ({"inner_folds": 1}, "inner_folds: 1 must be at least 2"),
    ],
)
def test_settings_are_checked(keys, message, config):
    with pytest.raises(ValueError, match=message):
        replace(config, **keys)


def test_inputs_are_those_of_the_families():
    inputs = {name for family in pooling.families().values() for name in family.INPUTS}
    assert inputs == set(best.INPUTS)


def test_probabilities_are_kernel_ridge_regression_by_hand(config, shapes, data, split):
    """One family and one ridge, solved with nothing of the model's but its statistics."""
    model, history = fitted(replace(config, ridge=(0.3,)), {"notes": shapes["notes"]}, data, split)
    both = np.arange(20)
    present = data.has_chords.astype(float)
    raw = data.notes.astype(np.float64)
    known = raw[:20][data.has_chords[:20]]
    rows = np.clip((raw - known.mean(axis=0)) / known.std(axis=0), -5, 5)
    apart = ((rows[:, None] - rows[None]) ** 2).mean(axis=-1)
    gram = np.outer(present, present) * np.exp(-0.5 * apart) + np.outer(1 - present, 1 - present)

    def solve(fit):
        targets = np.eye(3)[data.labels[fit]]
        system = gram[np.ix_(fit, fit)] + 0.3 * np.eye(len(fit))
        scores = gram[:, fit] @ np.linalg.solve(system, targets - targets.mean(axis=0))
        cut = np.maximum(scores + targets.mean(axis=0), 1e-6)
        return cut / cut.sum(axis=1, keepdims=True)

    actual = model.predict_proba(data, split.test)
    np.testing.assert_allclose(actual, solve(both)[split.test], atol=1e-9)
    hits = solve(split.train).argmax(axis=1) == data.labels
    assert [row["accuracy"] for row in history.rows] == [hits[:15].mean(), hits[15:20].mean()]


def test_a_track_without_audio_is_judged_by_its_notes(config, shapes, data, split):
    model, _ = fitted(config, shapes, data, split)
    mute = replace(data, seconds_valid=np.where(np.arange(24) == 20, 0, data.seconds_valid))
    other = replace(mute, notes=np.roll(data.notes, 1, axis=0))
    with_audio, without, other_notes = (
        model.predict_proba(corpus, np.array([20])) for corpus in (data, mute, other)
    )
    assert not np.allclose(with_audio, without)
    assert not np.allclose(without, other_notes)


def test_families_absent_while_fitting_do_not_break_prediction(config, shapes, data, split):
    mute = replace(data, seconds_valid=np.zeros(24, dtype=int))
    model, _ = fitted(config, shapes, mute, split)
    probabilities = model.predict_proba(data, np.arange(24))
    assert np.isfinite(probabilities).all()


def test_no_notes_were_asked_for(config, shapes, data, split):
    silent = replace(data, notes=None)
    model, _ = fitted(config, shapes, silent, split)
    assert np.isfinite(model.predict_proba(silent, split.test)).all()


def test_groups_stay_together_in_the_choice(config, shapes, data, split, monkeypatch):
    seen = []
    plain = kernelridge.choose_ridge

    def spy(gram, labels, n_classes, ridges, folds):
        seen.extend(folds)
        return plain(gram, labels, n_classes, ridges, folds)

    monkeypatch.setattr(kernelridge, "choose_ridge", spy)
    grouped = replace(data, groups=np.arange(24) // 3)
    fitted(config, shapes, grouped, split)
    groups = grouped.groups[:20]
    assert len(seen) == 3
    assert all(not set(groups[fit]) & set(groups[judge]) for fit, judge in seen)
    assert sorted(np.concatenate([judge for _, judge in seen])) == list(range(20))


def test_a_single_group_takes_the_strongest_ridge(config, shapes, data, split):
    alone = replace(data, groups=np.zeros(24, dtype=int))
    chosen, _ = fitted(config, shapes, alone, split)
    strongest, _ = fitted(replace(config, ridge=config.ridge[:1]), shapes, alone, split)
    assert np.array_equal(chosen.state()["coefficients"], strongest.state()["coefficients"])


def test_parameter_count_is_the_coefficients(config, shapes, data, split):
    assert best.build(config, shapes, 3).parameter_count() == 0
    assert fitted(config, shapes, data, split)[0].parameter_count() == 20 * 3
