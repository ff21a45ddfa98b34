"""The guard: what it lets through, what it refuses, and every model fitted behind it."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import models
from models.parts.guard import Guarded, LeakError, guarded

N = 12
VALUES = np.arange(N * 3).reshape(N, 3)
MASK = np.isin(np.arange(N), [0, 7, 11])
#: Forms of an index over tracks: (name, index from a list of track numbers).
FORMS = {
    "list": list,
    "array": np.array,
    "small integers": lambda tracks: np.array(tracks, dtype=np.int8),
    "negative": lambda tracks: np.array(tracks) - N,
    "tuple": lambda tracks: (np.array(tracks), slice(0, 2)),
    "two axes": lambda tracks: (np.array(tracks), 1),
}


@pytest.fixture
def array() -> Guarded:
    return Guarded("labels", VALUES, MASK)


@given(st.lists(st.integers(0, N - 1), min_size=1, max_size=6), st.sampled_from(sorted(FORMS)))
def test_an_index_is_refused_exactly_if_it_picks_a_forbidden_track(tracks, form):
    key = FORMS[form](tracks)
    if MASK[tracks].any():
        first = next(track for track in tracks if MASK[track])
        with pytest.raises(LeakError, match=f"labels: track {first} is in the test part"):
            Guarded("labels", VALUES, MASK)[key]
    else:
        np.testing.assert_array_equal(Guarded("labels", VALUES, MASK)[key], VALUES[key])


@given(
    st.slices(N), st.lists(st.booleans(), min_size=N, max_size=N), st.integers(-N, N - 1), st.data()
)
def test_slices_masks_and_integers_follow_the_same_rule(rows, mask, track, data):
    key = data.draw(st.sampled_from([rows, np.array(mask), mask, track, np.int64(track)]))
    key = data.draw(st.sampled_from([key, (key, 0)]))
    picked = np.atleast_1d(np.arange(N)[key[0] if isinstance(key, tuple) else key])
    if MASK[picked].any():
        with pytest.raises(LeakError, match="in the test part"):
            Guarded("labels", VALUES, MASK)[key]
    else:
        np.testing.assert_array_equal(Guarded("labels", VALUES, MASK)[key], VALUES[key])


@pytest.mark.parametrize(
    "read",
    [
        np.asarray,
        np.array,
        np.mean,
        lambda a: np.concatenate([a, a]),
        lambda a: a == 1,
        lambda a: a != 1,
        lambda a: a > 1,
        lambda a: 1 + a,
        lambda a: VALUES * a,
        lambda a: -a,
        lambda a: np.eye(99)[a],
        lambda a: a.mean(axis=0),
        lambda a: a.astype(float),
        lambda a: a.T,
        lambda a: a[...],
        lambda a: a[()],
        lambda a: a[None],
        lambda a: a[..., 0],
        lambda a: a[:],
        list,
    ],
)
def test_reading_everything_is_refused(array, read):
    with pytest.raises(LeakError, match=r"labels: .*(test part|index the tracks first)"):
        read(array)


def test_torch_cannot_take_it_whole_either(array):
    with pytest.raises((ValueError, TypeError)):
        torch.as_tensor(array)


def test_it_is_an_array_for_all_that_does_not_read(array):
    assert (len(array), array.shape, array.dtype, array.ndim) == (N, (N, 3), VALUES.dtype, 2)
    assert repr(array) == f"Guarded(labels, shape=(12, 3), dtype={VALUES.dtype})"
    assert array[[]].shape == (0, 3)


def test_it_cannot_be_written(array):
    with pytest.raises(TypeError, match="item assignment"):
        array[1] = 0


def test_an_unknown_name_is_no_leak(array):
    assert not hasattr(array, "meen")


def test_an_index_beyond_the_tracks_is_an_index_error(array):
    with pytest.raises(IndexError, match="out of bounds"):
        array[N]


def test_it_survives_the_way_to_another_process(array):
    again = pickle.loads(pickle.dumps(array))
    np.testing.assert_array_equal(again[1:7], VALUES[1:7])
    with pytest.raises(LeakError, match="track 7"):
        again[7]


def test_memory_maps_are_guarded_without_being_read(tmp_path):
    np.save(tmp_path / "values.npy", VALUES)
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r")
    array = Guarded("chords", mapped, MASK)
    np.testing.assert_array_equal(array[3, :2], VALUES[3, :2])
    with pytest.raises(LeakError, match="chords: track 11"):
        array[np.array([3, 11])]


def test_what_is_guarded_and_what_is_not(data, split):
    assert guarded(replace(data, notes=None), split.test).notes is None
    data = replace(data, notes=np.arange(2.0 * len(data.labels)).reshape(-1, 2))
    view = guarded(data, split.test)
    np.testing.assert_array_equal(view.notes[split.train], data.notes[split.train])
    assert view.seconds_valid.max() == data.seconds_valid.max()
    assert view.has_chords is data.has_chords
    assert view.groups is data.groups
    reads = {
        "features['gtf']": lambda: view.features["gtf"][22, :1],
        "features['mf_rp']": lambda: view.features["mf_rp"][np.array([1, 22])],
        "chords": lambda: view.chords[22],
        "notes": lambda: view.notes[22],
        "labels": lambda: view.labels[22],
    }
    for name, read in reads.items():
        with pytest.raises(LeakError) as caught:
            read()
        assert str(caught.value).startswith(f"{name}: track 22 ")


def test_a_forbidden_track_must_exist(data):
    with pytest.raises(IndexError):
        guarded(data, np.array([99]))


def test_a_forbidden_track_never_means_the_last_one_by_accident(data):
    np.testing.assert_array_equal(guarded(data, np.array([], dtype=int)).labels[:], data.labels)


@pytest.mark.parametrize("name", models.names())
def test_a_model_fits_behind_the_guard_to_the_same_bytes(
    name, data, split, settings, configs, shapes
):
    if name not in configs:
        pytest.skip(f"no small settings for {name} among the toys")

    def fitted(seen):
        model = models.load(name).build(configs[name], shapes, 3)
        history = model.fit(seen, split, settings, 5, "cpu", None)
        return model, history.rows

    open_model, open_rows = fitted(data)
    model, rows = fitted(guarded(data, split.test))
    assert rows == open_rows
    for key, value in open_model.state().items():
        assert value.tobytes() == model.state()[key].tobytes(), key
    if name != "majority":  # which hears nothing
        with pytest.raises(LeakError):
            model.predict_proba(guarded(data, split.test), split.test)
