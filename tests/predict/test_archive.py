"""The model file: nothing in it is run, and what is wrong with it is said."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from pipeline.predict import VersionWarning, choose, load
from pipeline.prediction import archive, unpacking
from pipeline.prediction.archive import Archive, ModelFileError


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("code of the file was run",))


@pytest.fixture
def held(finished) -> Archive:
    return archive.read(finished.final("svm"))


@pytest.fixture
def changed(held, tmp_path):
    """Return a function that loads the model with something of ``about`` or an array replaced."""

    def make(about=None, arrays=None, **options):
        path = tmp_path / "changed.npz"
        known = {**held.about, **(about or {})}
        archive.write(path, Archive(known, {**held.arrays, **(arrays or {})}))
        return load(path, **options)

    return make


def test_what_is_written_is_read(held, tmp_path):
    archive.write(tmp_path / "x.npz", held)
    again = archive.read(tmp_path / "x.npz")
    assert again.about == held.about
    assert again.arrays.keys() == held.arrays.keys()
    assert all((again.arrays[name] == held.arrays[name]).all() for name in held.arrays)
    assert archive.pack(again) == archive.pack(held)


@pytest.mark.parametrize("cut", [0, 10, 1000, -1])
def test_a_truncated_file_is_damaged(finished, tmp_path, cut):
    path = tmp_path / "x.npz"
    path.write_bytes(finished.final("svm").read_bytes()[:cut])
    with pytest.raises(ModelFileError, match="damaged, or no model file"):
        load(path)


def test_a_flipped_byte_is_found_or_changes_nothing(finished, held, tmp_path):
    content = finished.final("svm").read_bytes()
    for place in np.linspace(100, len(content) - 1000, 7).astype(int).tolist():
        spoilt = bytearray(content)
        spoilt[place] ^= 0xFF
        path = tmp_path / "x.npz"
        path.write_bytes(bytes(spoilt))
        try:
            again = archive.read(path)
        except ModelFileError:
            continue
        # A byte that says nothing, such as a time stamp of the ZIP.
        assert archive.pack(again) == archive.pack(held)


def test_a_foreign_archive_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", weights=np.zeros(3))
    with pytest.raises(ModelFileError, match="not a model of this project"):
        load(tmp_path / "x.npz")
    (tmp_path / "x.npz").write_text("no archive")
    with pytest.raises(ModelFileError, match="damaged, or no model file"):
        load(tmp_path / "x.npz")
    with pytest.raises(FileNotFoundError, match="no such model file"):
        load(tmp_path / "y.npz")


def test_a_pickle_is_never_opened(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, about=np.array([Bomb()], dtype=object))
    with pytest.raises(ModelFileError, match="not what its header says"):
        load(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match="no model file"):
        load(path)


def test_sizes_are_compared_before_they_are_believed(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, about=np.zeros(10**6, np.uint8))
    with pytest.raises(ModelFileError, match="is compressed"):
        load(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    )
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("about.npy", header.getvalue())
    with pytest.raises(ModelFileError, match="not what its header says"):
        load(path)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"model": "os"}, "no model 'os'"),
        ({"model": "../best"}, "no model"),
        ({"features": {"gft": {}}}, "no feature 'gft'"),
        ({"config": {"c": [1.0]}}, "missing key 'statistics'|unknown key"),
        ({"classes": ["calm", "joy"]}, "damaged, or of other code"),
        ({"temperature": "1"}, "'temperature' is '1'"),
        ({"version": 2}, "model file version 2; this code reads 1"),
        ({"shapes": {}}, "damaged, or of other code"),
    ],
)
def test_what_does_not_fit_is_said(changed, about, message):
    with pytest.raises(ModelFileError, match=message):
        changed(about)


def test_a_state_that_does_not_fit_is_found_before_the_first_file(changed, held):
    name = next(name for name in held.arrays if name.startswith("state/") and "duals" in name)
    with pytest.raises(ModelFileError, match="damaged, or of other code"):
        changed(arrays={name: np.zeros((2, 2))})


def test_other_code_is_refused_unless_asked_for_and_both_versions_are_named(changed, held):
    versions = json.loads(json.dumps(held.about["versions"]))
    now = versions["features"]["gtf"]["code"]
    versions["features"]["gtf"]["code"] = "0123456789abcdef"
    with pytest.raises(ModelFileError, match=f"feature gtf: file 0123456789abcdef, here {now}"):
        changed({"versions": versions})
    with pytest.warns(VersionWarning, match="made by other code"):
        changed({"versions": versions}, other_code=True)


def test_other_libraries_are_a_warning(changed, held):
    versions = json.loads(json.dumps(held.about["versions"]))
    versions["features"]["gtf"]["libraries"]["numpy"] = "0.1"
    with pytest.warns(VersionWarning, match=r"numpy: file 0\.1, here "):
        changed({"versions": versions})
    del versions["model"]
    with pytest.raises(ModelFileError, match="its versions cannot be read"):
        changed({"versions": versions})


def test_a_model_is_found_by_name(finished, tmp_path):
    path = finished.final("svm")
    assert choose("c-svm") == path
    assert choose(str(path)) == path
    for name in ("c-svm", "c-best", "other-svm"):
        (tmp_path / f"{name}.npz").touch()
    assert choose("other", tmp_path).name == "other-svm.npz"
    with pytest.raises(FileNotFoundError, match="several models: name one of c-best, c-svm"):
        choose("c", tmp_path)
    with pytest.raises(FileNotFoundError, match="several models"):
        choose(None, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no model 'x' in .*; there are c-best"):
        choose("x", tmp_path)
    with pytest.raises(FileNotFoundError, match="make one with `dvc repro`"):
        choose(None, tmp_path / "empty")


def test_reading_leaves_the_file_name_in_the_message(tmp_path):
    path = tmp_path / "my model.npz"
    path.write_bytes(b"PK")
    with pytest.raises(ModelFileError, match=r"my model\.npz"):
        unpacking.unpack(path, None)
