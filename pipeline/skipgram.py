"""Chord2Vec: skip-gram vectors of chord words, and the vector of a piece.

Conventions
-----------
A *sentence* is the list of words of one piece in the order of time. Vectors have axes (word, dim),
words in alphabetical order. Skip-gram with negative sampling is gensim's (Mikolov et al. 2013). One
worker, an explicit seed and an explicit hash make equal sentences give equal bytes in any process.
The order of the sentences counts; callers pass them in the order of their tracks.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from gensim.models import Word2Vec

Pool = Literal["sum", "mean"]


@dataclass(frozen=True)
class Config:
    """Settings of skip-gram training.

    Parameters
    ----------
    dim : int >= 1
        Length of a vector.
    window : int >= 1
        Words to each side that a word predicts.
    negative : int >= 1
        Noise words per pair.
    min_count : int >= 1
        Words seen less often in the training sentences have no vector.
    epochs : int >= 1
        Passes over the training sentences.
    """

    dim: int
    window: int
    negative: int
    min_count: int
    epochs: int

    def __post_init__(self) -> None:
        for name in ("dim", "window", "negative", "min_count", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least 1")


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors of a vocabulary.

    Parameters
    ----------
    words : tuple[str, ...]
        The vocabulary, sorted.
    matrix : np.ndarray [shape=(word, dim), float32]
        One row per word: the columns of the paper's S (Eq. 3) are rows of this matrix.
    """

    words: tuple[str, ...]
    matrix: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", {word: row for row, word in enumerate(self.words)})
        if self.matrix.ndim != 2 or len(self.words) != len(self.matrix):
            raise ValueError(f"matrix: shape {self.matrix.shape} must be ({len(self.words)}, dim)")

    def rows(self, tokens: Sequence[str]) -> np.ndarray:
        """Return the rows of the known words among ``tokens``, in their order [shape=(known,)]."""
        table: dict[str, int] = self.__dict__["_rows"]
        return np.array([table[word] for word in tokens if word in table], dtype=np.int64)


def fit(sentences: Sequence[Sequence[str]], config: Config, seed: int) -> Vectors:
    """Fit skip-gram vectors to the sentences of some pieces.

    Parameters
    ----------
    sentences : sequence of sequences of str
        G of Eq. (2): one sentence per piece, in a fixed order.
    config : Config
        Training settings.
    seed : int >= 0
        Seed of every random choice.

    Returns
    -------
    Vectors
        Empty, with shape (0, dim), if no word occurs ``min_count`` times.
    """
    model = Word2Vec(
        vector_size=config.dim,
        window=config.window,
        negative=config.negative,
        min_count=config.min_count,
        epochs=config.epochs,
        sg=1,
        workers=1,
        seed=seed,
        hashfxn=_hash,
    )
    texts = [list(sentence) for sentence in sentences]
    model.build_vocab(texts)
    if not len(model.wv):
        return Vectors((), np.zeros((0, config.dim), dtype=np.float32))
    model.train(texts, total_examples=model.corpus_count, epochs=model.epochs)
    words = tuple(sorted(model.wv.key_to_index))
    rows = [model.wv.key_to_index[word] for word in words]
    return Vectors(words, np.ascontiguousarray(model.wv.vectors[rows], dtype=np.float32))


def pool(tokens: Sequence[str], vectors: Vectors, how: Pool) -> np.ndarray:
    """Return the vector of a piece from its words (paper, Eqs. 3 and 4).

    Parameters
    ----------
    tokens : sequence of str
        The M chords of the piece; words without a vector are left out.
    vectors : Vectors
        F, the vector of each word.
    how : {"sum", "mean"}
        ``sum``: Z_v = F_1v + ... + F_Mv; ``mean``: Z_v / M, which forgets the length of the piece.

    Returns
    -------
    np.ndarray [shape=(dim,), float32]
        Summed in float64; zero if no word is known.
    """
    rows = vectors.rows(tokens)
    total = vectors.matrix[rows].sum(axis=0, dtype=np.float64)
    if how == "mean" and len(rows):
        total /= len(rows)
    return np.asarray(total, dtype=np.float32)


def coverage(sentences: Sequence[Sequence[str]], vectors: Vectors) -> float:
    """Return the share of all words of some pieces that have a vector, 0-1; 0 if there is no word.

    Examples
    --------
    >>> known = Vectors(("a",), np.zeros((1, 2), dtype=np.float32))
    >>> coverage([["a", "b"], ["a", "a"]], known)
    0.75
    """
    count = sum(len(sentence) for sentence in sentences)
    return sum(len(vectors.rows(sentence)) for sentence in sentences) / count if count else 0.0


def _hash(text: str) -> int:
    # Python's own hash of a string changes with PYTHONHASHSEED.
    return zlib.crc32(text.encode())
