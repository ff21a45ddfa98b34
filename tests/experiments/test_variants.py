"""Experiments as data: what is read, and which mistakes are named before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

import models
from pipeline import params, variants
from pipeline.codeversion import ROOT
from pipeline.params import ParamsError

SHIPPED = ROOT / "experiments/params.yaml"
TEXT = """
models: {}
experiments:
  one:
    title: T
    question: Q?
    paper: P.
    reference: all
    protocols: [grouped]
    variants:
      all: {model: svm}
      few: {model: svm, inputs: [chords, gtf], set: {models.svm.c: [1.0], chord2vec.dim: 8}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(TEXT)
    return path


def test_an_experiment_is_what_the_file_says(file: Path) -> None:
    found = variants.read("one", file)
    assert (found.title, found.reference, found.protocols) == ("T", "all", ("grouped",))
    first, second = found.variants
    assert first.reads() == models.load("svm").INPUTS
    assert not first.embeds_anew()
    assert second.reads() == ("gtf", "chords"), "the model's order, not the file's"
    assert second.embeds_anew()
    assert second.changes == {"models.svm.c": [1.0], "chord2vec.dim": 8}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reference: all", "reference: al", "no key 'al'; did you mean 'all'"),
        ("[grouped]", "[groups]", r"protocols: \['groups'\] must be one or more of grouped"),
        ("[grouped]", "[random]", r"protocols: \['random'\] must have 'grouped'"),
        ("[chords, gtf]", "gtf", r"few\.inputs: expected a list, got 'gtf'"),
        (
            "set: {models.svm.c: [1.0], chord2vec.dim: 8}",
            "set: [train.epochs]",
            r"few\.set: expected",
        ),
        ("[grouped]", "[]", r"protocols: \[\] must be one or more"),
        ("all: {model: svm}", "all: {model: smv}", "did you mean 'svm'"),
        ("all: {model: svm}", "all: {}", "no key 'model'"),
        ("all: {model: svm}", "all: {model: svm, sets: {}}", "unknown key 'sets'"),
        ("[chords, gtf]", "[chord]", "svm reads .*, not 'chord'"),
        ("    title: T\n", "", "missing key 'title'"),
    ],
)
def test_a_mistake_is_named(file: Path, old: str, new: str, message: str) -> None:
    file.write_text(TEXT.replace(old, new))
    with pytest.raises(ValueError, match=message):
        variants.read("one", file)


def test_an_unknown_experiment_is_answered_with_the_nearest(file: Path) -> None:
    with pytest.raises(ParamsError, match="experiments: no key 'on'; did you mean 'one'"):
        variants.read("on", file)


@pytest.mark.parametrize("key", ["features.gtf.bands", "cv.folds", "corpora.demo.crop_seconds"])
def test_what_variants_share_cannot_differ(key: str) -> None:
    variant = variants.Variant("v", "svm", None, {key: 1})
    with pytest.raises(ParamsError, match="they share index, folds and features"):
        variants.applied(params.read(ROOT / "params.yaml"), variant)


def test_a_model_stands_in_one_file_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file.write_text("models: {svm: {}}\n")
    with pytest.raises(ParamsError, match=r"models\.svm: is in params\.yaml and in"):
        variants.all_parameters(file)
    file.write_text("models: {extra: {a: 1}}\n")
    found = variants.all_parameters(file)["models"]
    assert found["extra"] == {"a": 1}
    assert "svm" in found


@pytest.mark.parametrize("name", list(params.read(SHIPPED)["experiments"]))
def test_every_shipped_variant_can_be_applied(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    experiment = variants.read(name)
    everything = variants.all_parameters()
    assert "grouped" in experiment.protocols, "the report compares under grouped folds"
    for variant in experiment.variants:
        applied = variants.applied(everything, variant)
        section = params.section(applied, "models", variant.model)
        params.build(models.load(variant.model).Config, section, variant.name)
