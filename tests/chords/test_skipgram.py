"""Equations 2 to 4, determinism, and what skip-gram is for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline import skipgram
from pipeline.skipgram import Config, Vectors, coverage, fit, pool

CONFIG = Config(dim=16, window=3, negative=5, min_count=2, epochs=3)


def corpus() -> list[list[str]]:
    """Two families of words that never meet in a piece."""
    rng = np.random.default_rng(7)
    return [[f"{'ab'[i % 2]}{n}" for n in rng.integers(0, 6, size=60)] for i in range(60)]


def digest(vectors: Vectors) -> str:
    return hashlib.sha256(" ".join(vectors.words).encode() + vectors.matrix.tobytes()).hexdigest()


def known() -> Vectors:
    return Vectors(("a", "b"), np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], np.float32))


def test_equations_3_and_4_sum_the_columns_of_s() -> None:
    tokens = ["b", "a", "b"]
    s = np.array([[10.0, 1.0, 10.0], [20.0, 2.0, 20.0], [30.0, 3.0, 30.0]])  # V x M
    assert pool(tokens, known(), "sum").tolist() == s.sum(axis=1).tolist()
    assert pool(tokens, known(), "mean") == pytest.approx(s.mean(axis=1))


def test_a_piece_repeated_has_twice_the_sum_and_the_same_mean() -> None:
    once, twice = ["a", "b", "a"], ["a", "b", "a"] * 2
    assert pool(twice, known(), "sum") == pytest.approx(2 * pool(once, known(), "sum"))
    assert pool(twice, known(), "mean") == pytest.approx(pool(once, known(), "mean"))


@pytest.mark.parametrize("how", ["sum", "mean"])
def test_unknown_words_count_neither_in_sum_nor_in_mean(how: skipgram.Pool) -> None:
    assert pool(["x", "a", "y"], known(), how).tolist() == [1.0, 2.0, 3.0]
    assert pool(["x"], known(), how).tolist() == [0.0, 0.0, 0.0]


def test_equation_2_one_sentence_per_piece_no_context_across_pieces() -> None:
    # If pieces ran into each other, a and b would be neighbours and their vectors alike.
    vectors = fit(corpus(), Config(16, 3, 5, 2, 20), seed=1)
    unit = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    alike = unit @ unit.T
    same = np.array([[x[0] == y[0] for y in vectors.words] for x in vectors.words])
    off = ~np.eye(len(same), dtype=bool)
    assert alike[same & off].min() > alike[~same].max()


def test_words_are_sorted_and_rare_ones_left_out() -> None:
    vectors = fit([["b", "a", "b", "a", "rare"]], CONFIG, seed=1)
    assert vectors.words == ("a", "b")
    assert vectors.matrix.shape == (2, 16)
    assert vectors.matrix.dtype == np.float32


@pytest.mark.parametrize("sentences", [[], [[]], [["a"], ["b", "c"]]])
def test_no_frequent_word_gives_an_empty_vocabulary(sentences: list[list[str]]) -> None:
    vectors = fit(sentences, CONFIG, seed=1)
    assert vectors.matrix.shape == (0, 16)
    assert pool(["a"], vectors, "mean").tolist() == [0.0] * 16
    assert coverage(sentences, vectors) == 0.0


def test_equal_input_and_seed_give_equal_bytes_another_seed_does_not() -> None:
    first = digest(fit(corpus(), CONFIG, seed=1))
    assert digest(fit(corpus(), CONFIG, seed=1)) == first
    assert digest(fit(corpus(), CONFIG, seed=2)) != first


def test_equal_bytes_in_any_process() -> None:
    code = (
        "import hashlib\nfrom pipeline.skipgram import Config, fit\n"
        "v = fit([['a', 'b', 'c', 'd', 'e'] * 9] * 5, Config(8, 3, 5, 2, 3), 1)\n"
        "print(hashlib.sha256(' '.join(v.words).encode() + v.matrix.tobytes()).hexdigest())\n"
    )
    top = str(Path(skipgram.__file__).parents[1])
    here = digest(fit([["a", "b", "c", "d", "e"] * 9] * 5, Config(8, 3, 5, 2, 3), 1))
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=top, env=environment
    )
    assert done.stdout.strip() == here


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="min_count: 0 must be at least 1"):
        Config(dim=16, window=3, negative=5, min_count=0, epochs=3)
    with pytest.raises(ValueError, match=r"shape \(1, 3\) must be \(2, dim\)"):
        Vectors(("a", "b"), np.zeros((1, 3), np.float32))
