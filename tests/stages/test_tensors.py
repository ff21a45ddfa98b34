"""What a model gets: aligned with the index, masked where a track lacks a modality."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from pipeline import corpus, embed, paths, store
from pipeline.split import split
from pipeline.tensors import load

INPUTS = ("gtf", "mf_rp", "chords")


def some_scores(studio) -> None:
    """Prepare a project: some tracks have a score, some nothing but a score."""
    studio.album()
    studio.score("joy/04.mid", 1)
    studio.score("calm/06.mid", 2)
    for number, label in enumerate(("calm", "joy", "rage")):
        studio.score(f"{label}/score{number}.mid", 10 + number)
    (studio.music / "manifest.csv").unlink()
    studio.prepare("gtf", "mf_rp")


@pytest.fixture
def mixed(like):
    return like("mixed", some_scores)


def tensors(studio, inputs=INPUTS):
    scratch = studio.folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    return load(studio.params, "c", inputs, scratch)


def test_every_array_follows_the_index(mixed):
    found, rows = tensors(mixed), corpus.read_index("c")
    assert found.tracks == tuple(row.track for row in rows)
    assert len(found.tracks) == 12
    assert [found.classes[label] for label in found.labels] == [row.label for row in rows]
    by_number = {row.group: int(number) for row, number in zip(rows, found.groups, strict=True)}
    assert [by_number[row.group] for row in rows] == found.groups.tolist()
    assert len(set(by_number.values())) == len(by_number)
    data = found.view("grouped", 0, 0)
    for feature in ("gtf", "mf_rp"):
        with_audio = [row.track for row in rows if row.audio]
        stored = store.read_rows(paths.features("c", feature), with_audio)
        for track, row in enumerate(rows):
            values = data.features[feature][track]
            valid = int(data.seconds_valid[track])
            if row.audio:
                np.testing.assert_array_equal(values[:valid], stored[row.track])
            assert not values[valid:].any()


def test_a_track_without_a_modality_is_masked(mixed):
    found, rows = tensors(mixed), corpus.read_index("c")
    views = [found.view("grouped", 0, fold) for fold in range(3)]
    data = views[0]
    assert [bool(valid) for valid in data.seconds_valid] == [bool(row.audio) for row in rows]
    assert data.has_chords.tolist() == [bool(row.midi) for row in rows]
    assert sum(data.has_chords) == 5
    assert any(view.chords.any() for view in views)
    assert not any(view.chords[~view.has_chords].any() for view in views)


def test_each_fold_sees_the_vectors_of_its_own_fit(mixed):
    found = tensors(mixed)
    arrays, attributes = store.read_arrays(paths.embeddings("c"))
    for position, fit in enumerate(attributes["fits"]):
        data = found.view(fit["protocol"], fit["seed"], fit["fold"])
        np.testing.assert_array_equal(data.chords, arrays["vectors"][position])
    with pytest.raises(
        store.StoreError, match="no fit for grouped, seed 1, fold 0; run `dvc repro`"
    ):
        found.view("grouped", 1, 0)


def test_one_fit_on_the_corpus_serves_every_fold(mixed):
    mixed.params["chord2vec"]["fit"] = "corpus"
    embed.embed(mixed.params, "c")
    found = tensors(mixed)
    np.testing.assert_array_equal(
        found.view("grouped", 0, 0).chords, found.view("random", 7, 2).chords
    )


def test_the_flags_alone_make_another_fold(mixed):
    """A piece whose words are all unknown and one without MIDI both have a vector of zeros."""
    path = paths.embeddings("c")
    arrays, attributes = store.read_arrays(path)
    arrays["vectors"] = np.zeros_like(arrays["vectors"])
    dims = {
        "vectors": ("fit", "track", "dim"),
        "notes": ("track", "statistic"),
        "has_chords": ("track",),
    }
    fingerprints = set()
    for flags in (arrays["has_chords"], np.zeros_like(arrays["has_chords"])):
        now = arrays | {"has_chords": flags}
        store.write_arrays(path, {name: (dims[name], now[name]) for name in dims}, attributes)
        fingerprints.add(tensors(mixed).fingerprint)
    assert len(fingerprints) == 2


def test_only_the_inputs_of_the_model_are_read(mixed):
    shutil.rmtree(paths.features("c", "mf_rp"))
    found = tensors(mixed, ("gtf",))
    assert found.shapes == {"gtf": {"band": 24, "frame": 44}}
    assert not found.has_chords.any()
    assert not found.view("grouped", 0, 0).chords.any()


def test_shapes_name_what_the_corpus_has(mixed):
    assert tensors(mixed).shapes == {
        "gtf": {"band": 24, "frame": 44},
        "mf_rp": {"part": 2, "coefficient": 64, "frame": 44},
        "chords": {"dim": 4},
    }


def test_a_corpus_of_sounds_alone_has_no_chords(album):
    album.prepare("gtf")
    found = tensors(album, ("gtf", "chords", "notes"))
    assert set(found.shapes) == {"gtf"}
    assert not found.has_chords.any()
    assert found.view("grouped", 0, 0).notes is None


def test_a_corpus_of_scores_alone_has_no_audio(studio):
    for number in range(9):
        studio.score(f"{('calm', 'joy', 'rage')[number % 3]}/{number}.mid", number)
    studio.prepare("gtf", "mf_rp")
    found = tensors(studio)
    assert set(found.shapes) == {"chords"}
    data = found.view("grouped", 0, 0)
    assert data.features == {}
    assert not data.seconds_valid.any()
    assert data.has_chords.all()


def test_a_track_that_one_feature_rejected_is_masked_in_all(album):
    album.index()
    victim = "joy/04.wav"
    real = (album.music / victim).read_bytes()
    album.extract("mf_rp")
    album.tone(victim, 77)
    album.extract("gtf")  # its content is not what the index saw
    (album.music / victim).write_bytes(real)
    split(album.params, "c")
    embed.embed(album.params, "c")
    assert victim in store.Reader(paths.features("c", "mf_rp")).tracks
    found = tensors(album)
    valid = dict(zip(found.tracks, found.seconds_valid.tolist(), strict=True))
    assert valid[victim] == 0
    assert all(seconds for track, seconds in valid.items() if track != victim)
    alone = tensors(album, ("mf_rp",))
    assert alone.seconds_valid[alone.tracks.index(victim)] == 1


def test_the_fingerprint_is_that_of_the_values(mixed):
    first = tensors(mixed).fingerprint
    assert tensors(mixed).fingerprint == first
    mixed.params["compute"]["cache"] = "elsewhere"
    mixed.prepare("gtf", "mf_rp")
    assert tensors(mixed).fingerprint == first

    def spoil(_, values):
        values[3, 0, 0, 0] += 1

    mixed.change_store("gtf", spoil)
    assert tensors(mixed).fingerprint != first


@pytest.mark.parametrize("what", ["label", "group"])
def test_the_fingerprint_knows_labels_and_groups(mixed, what):
    first = tensors(mixed).fingerprint
    rows = corpus.read_index("c")
    rows[0] = type(rows[0])(**{**rows[0].__dict__, what: "rage"})
    corpus.write_index("c", rows)
    assert tensors(mixed).fingerprint != first


def test_a_missing_store_is_named(mixed):
    shutil.rmtree(paths.features("c", "gtf"))
    with pytest.raises(store.StoreError, match=r"features/c/gtf\.zarr"):
        tensors(mixed)


@pytest.mark.parametrize("change", ["a track more", "a track less"])
def test_a_store_of_another_index_is_refused(mixed, change):
    rows = corpus.read_index("c")
    if change == "a track less":
        corpus.write_index("c", rows[1:])
    else:
        corpus.write_index("c", [*rows, type(rows[0])(**{**rows[0].__dict__, "track": "z.wav"})])
    with pytest.raises(store.StoreError, match=r"index.*run `dvc repro`"):
        tensors(mixed, ("gtf",))


def test_stores_that_disagree_on_the_length_are_refused(mixed):
    mixed.params["corpora"]["c"]["crop_seconds"] = 1
    mixed.extract("mf_rp")
    with pytest.raises(store.StoreError, match="has 1 s, another feature 2 s; run `dvc repro`"):
        tensors(mixed)
