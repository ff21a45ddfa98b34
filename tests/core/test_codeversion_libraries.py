"""What besides the code decides numbers: nothing that does is missing from the keys."""

from __future__ import annotations

import importlib.metadata
import sys

import pytest
from packaging.requirements import Requirement

import models
from pipeline import codeversion, features
from pipeline.codeversion import CARRIED, closure, libraries, path_of

#: Everything that an entry of the cache is computed with.
KEYED = [
    *[("pipeline.rows", f"pipeline.features.{name}") for name in features.names()],
    *[("pipeline.fitting", f"models.{name}") for name in models.names()],
    ("pipeline.midi",),
    ("pipeline.audio",),
]
#: Required by what is in a key, but deciding no number.
HARMLESS = {
    "downloads": "certifi charset-normalizer idna pooch pysmartdl requests urllib3",
    "pictures": "contourpy cycler fonttools kiwisolver matplotlib pillow pyparsing python-dateutil",
    "files, folders, processes, threads": "cloudpickle filelock fsspec joblib msgpack platformdirs "
    "threadpoolctl",
    "calls libsndfile, which has its own version": "cffi pycparser",
    "the compiler of torch, unused": "jinja2 markupsafe mpmath networkx sympy",
    "the Python language": "decorator lazy-loader packaging setuptools six typing-extensions",
    "decodes for librosa.load, which nothing here calls": "audioread",
    "parts of librosa that nothing here calls": "scikit-learn narwhals",
    "plays sound": "pygame-ce",
}


def requirements(distribution: str, seen: set[str]) -> set[str]:
    """Return the names of all that a distribution needs, directly or not."""
    for text in importlib.metadata.requires(distribution) or []:
        needed = Requirement(text)
        name = needed.name.lower().replace("_", "-")
        if name not in seen and (not needed.marker or needed.marker.evaluate({"extra": ""})):
            seen.add(name)
            requirements(name, seen)
    return seen


@pytest.mark.parametrize("modules", KEYED, ids=lambda modules: modules[-1])
def test_no_library_that_decides_numbers_is_missing(modules):
    """A requirement of a requirement is in the key, or is known to compute nothing."""
    found = libraries(*modules)
    behind = set[str]()
    for name in set(found) - {"python", *(each for carry in CARRIED.values() for each in carry())}:
        behind |= requirements(name, behind)
    harmless = {name for names in HARMLESS.values() for name in names.split()}
    assert behind - set(found) <= harmless


@pytest.mark.parametrize("modules", KEYED, ids=lambda modules: modules[-1])
def test_only_registries_load_by_name(modules):
    """Or a closure would miss what is loaded."""
    for name in closure(*modules).modules:
        path = path_of(name)
        if path.name != "__init__.py":
            source = path.read_text(encoding="utf-8")
            assert codeversion.LOADER not in source
            assert "__import__" not in source


def test_what_compiles_a_loop_is_in_its_key():
    found = libraries("pipeline.rows", "pipeline.features.gtf")
    assert found["llvmlite"] == importlib.metadata.version("llvmlite")
    assert found["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert {"numba", "numpy", "blas"} <= set(found)


def test_what_parses_midi_is_in_its_key():
    assert {"musicpy", "mido-fix"} <= set(libraries("pipeline.midi"))


def test_what_a_package_carries_along_is_another_key_in_another_version(monkeypatch):
    before = libraries("pipeline.audio")
    monkeypatch.setattr("soundfile.__libsndfile_version__", "0.0")
    monkeypatch.setattr("soxr.__libsoxr_version__", "0.0")
    about = {"Build Dependencies": {"blas": {"name": "mkl", "version": "0.0"}}}
    monkeypatch.setattr("numpy.show_config", lambda mode: about)  # noqa: ARG005
    after = libraries.__wrapped__("pipeline.audio")
    assert {name for name in before if before[name] != after[name]} == {
        "libsndfile",
        "libsoxr",
        "blas",
    }
