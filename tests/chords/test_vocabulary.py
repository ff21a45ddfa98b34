"""The vocabulary for people: counts by hand, statistics and vectors against independent oracles."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from pipeline import chord2vec, params, tokenizers, vocabulary, wordcount
from pipeline.notes import ordered
from pipeline.skipgram import Vectors
from pipeline.stage import StageError
from pipeline.tokenizers import expressive


def _sibling(name: str) -> ModuleType:
    """Import a module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CORPUS = _sibling("test_embed")
SECTION = {"words": 4, "nearest": 2, "typical": 2}


def run(root: Path, monkeypatch: pytest.MonkeyPatch, with_midi: bool = True, **changes: Any) -> Any:
    monkeypatch.chdir(root)
    CORPUS.write_corpus(root, with_midi)
    settings = {**CORPUS.parameters(), "vocabulary": {**SECTION, **changes}}
    found = vocabulary.vocabulary(settings, "tiny")
    assert json.loads((root / "data/vocabulary/tiny.json").read_text()) == found
    return found


def test_the_stage_counts_every_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(tmp_path, monkeypatch)
    # Eleven pieces of 18 notes one after another: track 0 D F# A, the others on C, E or F, G.
    assert (found["pieces"], found["tokens"], found["classes"]) == (11, 11 * 18, {"happy": 11})
    words = {word["word"]: word for word in found["words"]}
    assert (words["0"]["tokens"], words["0"]["pieces"], words["0"]["meaning"]) == (60, 10, "C")
    assert words["7"]["tokens"] == 60
    assert len(words) == SECTION["words"]
    assert found["typical"] == [[]], "one class alone has nothing typical"
    assert found["known"] == found["distinct"] == 7
    assert found["covered"] == found["tokens"]


def test_equal_pieces_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(tmp_path / name, monkeypatch)
    paths = [tmp_path / name / "data/vocabulary/tiny.json" for name in ("one", "two")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_corpus_without_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(tmp_path, monkeypatch, with_midi=False)
    assert (found["pieces"], found["tokens"], found["words"], found["axes"]) == (0, 0, [], [0, 0])


def test_a_score_that_is_gone_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, monkeypatch)
    (tmp_path / "music/t00.mid").unlink()  # no other file has its content
    shutil.rmtree(tmp_path / "cache")
    settings = {**CORPUS.parameters(), "vocabulary": SECTION}
    with pytest.raises(StageError, match=r"vocabulary tiny: t00: .*cannot be read"):
        vocabulary.vocabulary(settings, "tiny")


@pytest.mark.parametrize(("key", "value"), [("words", 0), ("nearest", -1), ("typical", -1)])
def test_a_wrong_setting_is_named(key: str, value: int) -> None:
    with pytest.raises(params.ParamsError, match=f"{key} = {value}"):
        params.build(vocabulary.Config, {**SECTION, key: value}, "vocabulary")


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=5),
    st.tuples(st.integers(30, 40), st.integers(30, 40)),
)
def test_typical_is_the_likelihood_ratio_of_scipy(
    pieces: list[tuple[int, int]], sizes: tuple[int, int]
) -> None:
    found = wordcount.typical(np.array(pieces), np.array(sizes))
    for row, (first, second) in zip(found, pieces, strict=True):
        assert row[0] == pytest.approx(-row[1], abs=1e-9)
        if first + second in (0, sum(sizes)):
            assert row.tolist() == [0, 0]
            continue
        table = [[first, second], [sizes[0] - first, sizes[1] - second]]
        expected = chi2_contingency(table, correction=False, lambda_="log-likelihood")[0]
        assert abs(row[0]) == pytest.approx(expected, abs=1e-9)
        assert np.sign(row[0].round(9)) == np.sign(round(first / sizes[0] - second / sizes[1], 12))


def test_every_kind_of_word_has_its_say() -> None:
    # Ten loud and nine other words are typical of the first class; the loud ones most of all.
    loud, other = [f"v{n}" for n in range(5)], ["i1", "m+1", "3:0.7"]
    sentences = [(*loud, *other)] * 8 + [("i1", "m+1", "3:0.7")] * 2 + [("4:0",)] * 10
    labels = ["a"] * 8 + ["b"] * 12
    config = chord2vec.Config("expressive", 4, 5, 5, 1, 1, "mean", "fold", 30.0)
    settings = vocabulary.Config(words=4, nearest=1, typical=5)
    found = vocabulary.describe(tuple(sentences), labels, config, expressive.Config(), settings)
    kinds = [each["kind"] for each in found["typical"][0]]
    assert sorted(kinds) == ["chord", "loudness", "loudness", "melody", "time"]
    scores = [each["score"] for each in found["typical"][0]]
    assert scores == sorted(scores, reverse=True)


def test_neighbours_and_map_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(4)
    names = tuple(f"w{number:02d}" for number in range(20))
    vectors = Vectors(names, generator.normal(size=(20, 8)).astype(np.float32))
    likeness = cosine_similarity(vectors.matrix)
    for row, near in enumerate(wordcount.nearest(vectors, names, 3)):
        assert [names[i] for i in np.argsort(-likeness[row])[1:4]] == list(near)
    places, shares = wordcount.plane(vectors, names)
    unit = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    oracle = PCA(2).fit(unit)
    assert shares == pytest.approx(oracle.explained_variance_ratio_, rel=1e-5)
    assert np.abs(places) == pytest.approx(np.abs(oracle.transform(unit)), abs=1e-5)
    assert all(column[np.abs(column).argmax()] > 0 for column in places.T)


@pytest.mark.parametrize("name", tokenizers.names())
def test_every_word_of_a_tokeniser_can_be_spelled(name: str) -> None:
    generator = np.random.default_rng(1)
    module = tokenizers.load(name)
    pitch, onset = generator.integers(21, 109, 200), generator.integers(0, 80, 200) / 16
    notes = ordered(pitch, onset, np.full(200, 0.1), generator.integers(1, 128, 200), 120.0)
    for word in module.tokenize(notes, module.Config()):
        kind, meaning = tokenizers.spell(name, word, module.Config())
        assert kind
        assert len(meaning) >= 1


def test_a_tokeniser_without_spelling_shows_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tokenizers.load("pitch_class"), "spell")
    assert tokenizers.spell("pitch_class", "0.4.7", None) == ("word", "0.4.7")


def test_time_classes_meet_at_the_edges() -> None:
    config = expressive.Config(onset_edges_seconds=(0.1, 0.5))
    said = [expressive.spell(f"i{number}", config)[1] for number in range(3)]
    assert said == [
        "next chord within 0.1 s",
        "next chord after 0.1 to 0.5 s",
        "next chord after 0.5 s or more",
    ]
    assert expressive.spell("i0", expressive.Config(onset_edges_seconds=()))[1].endswith("any time")
    assert expressive.spell("v15", expressive.Config())[1] == "loudness 120 to 127 of 127"
