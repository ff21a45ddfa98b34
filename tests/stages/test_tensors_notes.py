"""Statistics of notes as a model gets them: aligned, masked, and independent of the chords."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from pipeline import paths, store
from pipeline.tensors import load


def with_and_without(studio) -> None:
    """Prepare a project of nine sounds and three scores."""
    studio.album()
    (studio.music / "manifest.csv").unlink()
    for number, label in enumerate(("calm", "joy", "rage")):
        studio.score(f"{label}/score{number}.mid", number)
    studio.prepare()


@pytest.fixture
def noted(like):
    return like("noted", with_and_without)


def tensors(studio, inputs):
    scratch = studio.folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    return load(studio.params, "c", inputs, scratch)


def rewrite(**changes):
    """Replace arrays of the store of embeddings; ``None`` leaves one out."""
    path = paths.embeddings("c")
    arrays, attributes = store.read_arrays(path)
    dims = {"vectors": ("fit", "track", "dim"), "notes": ("track", "statistic")}
    arrays |= changes
    kept = {name: array for name, array in arrays.items() if array is not None}
    named = {name: (dims.get(name, ("track",)), array) for name, array in kept.items()}
    store.write_arrays(path, named, attributes)


def test_notes_are_those_of_the_store_in_every_fold(noted):
    found = tensors(noted, ("notes",))
    stored, attributes = store.read_arrays(paths.embeddings("c"))
    assert found.shapes["notes"] == {"statistic": len(attributes["statistics"])}
    assert "chords" not in found.shapes
    for fold in range(3):
        data = found.view("grouped", 0, fold)
        np.testing.assert_array_equal(data.notes, stored["notes"])
        assert data.notes.dtype == np.float32
        assert data.notes[data.has_chords].any(axis=1).all()
        assert not data.notes[~data.has_chords].any()
        assert not data.chords.any()
    assert data.has_chords.sum() == 3
    assert isinstance(data.notes, np.memmap)


def test_a_model_without_notes_has_none_and_does_not_depend_on_them(noted):
    before = tensors(noted, ("chords",))
    assert before.view("grouped", 0, 0).notes is None
    stored = store.read_arrays(paths.embeddings("c"))[0]["notes"]
    for other in (stored + 1, None):
        rewrite(notes=other)
        assert tensors(noted, ("chords",)).fingerprint == before.fingerprint


def test_notes_alone_do_not_depend_on_the_vectors_or_their_fits(noted):
    before = tensors(noted, ("notes",))
    vectors = store.read_arrays(paths.embeddings("c"))[0]["vectors"]
    rewrite(vectors=vectors[:1] + 1)
    after = tensors(noted, ("notes",))
    assert after.fingerprint == before.fingerprint
    np.testing.assert_array_equal(
        after.view("grouped", 0, 2).notes, before.view("random", 9, 1).notes
    )


def test_the_fingerprint_knows_the_notes(noted):
    notes = store.read_arrays(paths.embeddings("c"))[0]["notes"]
    fingerprints = {tensors(noted, ("chords",)).fingerprint}
    for changed in (notes, notes * np.float32(1.5)):
        rewrite(notes=changed)
        fingerprints.add(tensors(noted, ("chords", "notes")).fingerprint)
        fingerprints.add(tensors(noted, ("notes",)).fingerprint)
    assert len(fingerprints) == 5


def test_notes_of_a_track_without_chords_are_masked(noted):
    stored = store.read_arrays(paths.embeddings("c"))[0]
    rewrite(notes=np.ones_like(stored["notes"]))
    data = tensors(noted, ("notes",)).view("grouped", 0, 0)
    np.testing.assert_array_equal(data.notes.any(axis=1), stored["has_chords"].astype(bool))


def test_a_store_without_notes_is_refused_by_those_who_read_them(noted):
    rewrite(notes=None)
    with pytest.raises(
        store.StoreError, match=r"holds no statistics of the notes; run `dvc repro`"
    ):
        tensors(noted, ("notes",))
