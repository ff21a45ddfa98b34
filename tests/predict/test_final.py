"""The final model: everything in one file, equal bytes, and what it is made of."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict

import numpy as np
import pytest

import models
from pipeline import corpus, crossval, embed, features, notestats, paths, pieces, skipgram, store
from pipeline.cache import Cache
from pipeline.final import FinalConfig, train_final
from pipeline.params import ParamsError
from pipeline.predict import load
from pipeline.prediction import archive, calibration, evidence
from pipeline.stage import StageError
from pipeline.tensors import load as load_tensors


def test_the_file_says_what_it_is(finished):
    about = archive.read(finished.final("svm")).about
    assert (about["corpus"], about["model"], about["classes"]) == (
        "c",
        "svm",
        ["calm", "joy", "rage"],
    )
    assert about["features"] == {
        name: finished.params["features"][name] for name in ("gtf", "mf_rp")
    }
    assert about["audio"] == finished.params["audio"]
    assert about["crop_seconds"] == 2
    assert about["metrics"]["accuracy"] == 0.5
    assert about["metrics"]["macro_f1_high"] == 0.5
    assert about["presence"] == [[True, False], [True, True]]
    assert about["training"]["tracks"] == 9
    assert about["training"]["groups"] == 4
    assert 0 < about["training"]["validation"] < 9
    assert "no sound" in about["licence"]
    assert about["config"] == json.loads(
        json.dumps(asdict(crossval.model_config(finished.params, "svm")))
    )
    reader = store.Reader(paths.features("c", "gtf"))
    assert about["versions"]["features"]["gtf"]["code"] == reader.attributes["code_version"]


def test_two_runs_give_the_same_bytes(finished):
    path = finished.final("svm")
    first = path.read_bytes()
    path.unlink()
    finished.params["compute"]["cache"] = "another"
    try:
        train_final(finished.params, "c", "svm")
    finally:
        finished.params["compute"]["cache"] = "data/cache"
    assert path.read_bytes() == first


def test_the_temperature_is_that_of_the_predictions_of_all_folds(finished):
    table = evidence.predictions("c", "svm", "grouped")
    probabilities, labels, _ = calibration.read(table)
    expected = calibration.temperature(probabilities, labels)
    assert archive.read(finished.final("svm")).about["temperature"] == expected


def test_the_chord_vectors_are_fitted_on_all_pieces(finished):
    config, own = embed.read_config(finished.params)
    rows = [row for row in corpus.read_index("c") if row.midi]
    cache = Cache.at("data/cache")
    notes = [pieces.read(finished.music / r.midi, r.midi_sha256, cache, 30.0) for r in rows]
    words = [embed.chord2vec.sentences([n], config.tokenizer, own)[0] for n in notes]
    vectors = skipgram.fit(words, config.training, 0)
    held = archive.read(finished.final("svm"))
    assert tuple(held.about["chord2vec"]["words"]) == vectors.words
    np.testing.assert_array_equal(held.arrays["chords/vectors"], vectors.matrix)


@pytest.mark.parametrize("model", models.names())
def test_every_model_comes_back_with_the_same_probabilities(finished, model, tmp_path):
    predictor = load(finished.final(model), cache="data/cache")
    rows = corpus.read_index("c")
    tensors = load_tensors(finished.params, "c", models.load(model).INPUTS, tmp_path)
    data = predictor._model.data([{}], None)
    read = {n: store.read_rows(paths.features("c", n), tensors.tracks) for n in tensors.arrays}
    found = predictor.predict([(finished.music / r.audio) for r in rows])
    assert found["class"].notna().all(), found["reason"].tolist()
    for row, (_, said) in zip(rows, found.iterrows(), strict=True):
        score = None
        if row.midi and predictor._model.reader is not None:
            score = predictor._model.reader.read(
                predictor._model.reader.parse(finished.music / row.midi)
            )
        data = predictor._model.data([{name: read[name][row.track] for name in read}], score)
        raw = predictor._model.classifier.predict_proba(data, np.arange(1))
        expected = calibration.scaled(raw, predictor.about["temperature"])[0]
        own = [said[f"p_{name}"] for name in predictor.classes]
        np.testing.assert_allclose(own, expected, rtol=1e-12)


def test_a_model_without_cross_validation_is_refused(finished):
    with pytest.raises(StageError, match=r"predictions\.csv is missing.*dvc repro evaluate@c"):
        evidence.predictions("c", "rcnn", "grouped")
    with pytest.raises(StageError, match=r"no scores of rcnn; run `dvc repro evaluate@c`"):
        evidence.metrics("c", "rcnn", "grouped")
    finished.final("svm")
    with pytest.raises(ParamsError, match="did you mean 'svm'"):
        train_final(finished.params, "c", "svn")


@pytest.mark.parametrize(
    ("key", "value"),
    [("window_seconds", 0), ("neighbours", 0), ("quantile", 0.0), ("quantile", 1.1)],
)
def test_wrong_settings_are_named(key, value):
    good = {"models": {}, "window_seconds": 1, "neighbours": 1, "quantile": 0.5}
    with pytest.raises(ValueError, match=f"{key} is {value}"):
        FinalConfig(**good | {key: value})


def test_a_corpus_that_is_not_there_and_a_model_that_is_left_out(finished):
    with pytest.raises(ParamsError, match="no key 'nosuch'; there are c"):
        train_final(finished.params, "nosuch", "svm")
    left_out = finished.params | {"train": finished.params["train"] | {"skip": {"c": ["svm"]}}}
    with pytest.raises(StageError, match=r"train\.skip\.c of params.yaml leaves svm out"):
        train_final(left_out, "c", "svm")


def test_registries_hold_what_the_file_names(finished):
    about = archive.read(finished.final("best")).about
    assert set(about["features"]) <= set(features.names())
    assert tuple(about["notes"]["names"]) == notestats.names()
    assert about["chord2vec"] is None


def test_the_evidence_is_of_the_model_that_is_fitted(finished):
    finished.invent("logistic")
    other = deepcopy(finished.params)
    other["models"]["logistic"]["c"] = [1.0]
    with pytest.raises(StageError, match="cross-validated with other config than those of now"):
        train_final(other, "c", "logistic")
