"""Chord vectors of all pieces of a corpus for one fit: the pure part of the embed stage.

Conventions
-----------
A *fit* is one training of skip-gram vectors, named by (protocol, seed, fold); its training part is
every piece outside the fold's test part and inner validation part. Axes are (track, dim), tracks in
the order of the index. A piece without MIDI has no sentence (``None``) and a zero vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline import skipgram, tokenizers
from pipeline.notes import Notes

#: Words of every track, ``None`` where it has no notes.
Sentences = tuple[tuple[str, ...] | None, ...]


@dataclass(frozen=True)
class Config:
    """Section ``chord2vec`` of params.yaml, without the tokenisers' own settings.

    Parameters
    ----------
    tokenizer : str
        A file of ``pipeline/tokenizers``.
    dim, window, negative, min_count, epochs : int
        See :class:`pipeline.skipgram.Config`.
    pool : {"sum", "mean"}
        See :func:`pipeline.skipgram.pool`.
    fit : {"fold", "corpus"}
        ``fold``: once per fold, on its training part; ``corpus``: once, on all pieces, the test
        pieces among them.
    time_limit_seconds : float > 0
        For reading one MIDI file, s.
    """

    tokenizer: str
    dim: int
    window: int
    negative: int
    min_count: int
    epochs: int
    pool: skipgram.Pool
    fit: Literal["fold", "corpus"]
    time_limit_seconds: float

    def __post_init__(self) -> None:
        tokenizers.load(self.tokenizer)
        if not self.time_limit_seconds > 0:
            raise ValueError(f"time_limit_seconds: {self.time_limit_seconds} must be positive")
        _ = self.training

    @property
    def training(self) -> skipgram.Config:
        """Settings of skip-gram."""
        return skipgram.Config(self.dim, self.window, self.negative, self.min_count, self.epochs)


@dataclass(frozen=True)
class Task:
    """One independent fit.

    Attributes
    ----------
    protocol, seed, fold
        Which fit; ``seed`` is also that of skip-gram.
    sentences
        Of every track.
    train, test
        Positions in ``sentences``.
    config
        Settings.
    """

    protocol: str
    seed: int
    fold: int
    sentences: Sentences
    train: tuple[int, ...]
    test: tuple[int, ...]
    config: Config


@dataclass(frozen=True, eq=False)
class Embedding:
    """What one fit gives.

    Attributes
    ----------
    vectors : np.ndarray [shape=(track, dim), float32]
        Zero where a piece has no MIDI or no known word.
    vocabulary
        Number of words that have a vector.
    coverage
        Share of the words of the test part that have a vector, 0-1.
    empty_pieces
        Pieces, of all parts, that have MIDI but no known word.
    fitted_on
        Positions of the pieces whose words were handed to skip-gram.
    """

    vectors: np.ndarray
    vocabulary: int
    coverage: float
    empty_pieces: int
    fitted_on: tuple[int, ...]


def embed(task: Task) -> Embedding:
    """Fit on the training part and pool every piece.

    Examples
    --------
    >>> config = Config("paper", 4, 5, 5, 1, 1, "sum", "fold", 10.0)
    >>> found = embed(Task("grouped", 0, 0, (("C4",), None, ("D4",)), (0, 1), (2,), config))
    >>> found.vectors.shape, found.vocabulary, found.coverage, found.empty_pieces
    ((3, 4), 1, 0.0, 1)
    >>> found.fitted_on
    (0,)
    """
    present = {i: words for i, words in enumerate(task.sentences) if words is not None}
    fitted_on = tuple(i for i in task.train if i in present)
    vectors = skipgram.fit([present[i] for i in fitted_on], task.config.training, task.seed)
    pooled = np.zeros((len(task.sentences), task.config.dim), dtype=np.float32)
    for i, words in present.items():
        pooled[i] = skipgram.pool(words, vectors, task.config.pool)
    return Embedding(
        vectors=pooled,
        vocabulary=len(vectors.words),
        coverage=skipgram.coverage([present[i] for i in task.test if i in present], vectors),
        empty_pieces=sum(len(vectors.rows(words)) == 0 for words in present.values()),
        fitted_on=fitted_on,
    )


def sentences(pieces: Sequence[Notes | None], tokenizer: str, settings: Any) -> Sentences:
    """Return the words of every piece.

    Parameters
    ----------
    pieces : sequence of Notes or None
        One per track.
    tokenizer : str
        A file of ``pipeline/tokenizers``.
    settings
        That tokeniser's ``Config``.
    """
    module = tokenizers.load(tokenizer)
    return tuple(
        None if notes is None else tuple(module.tokenize(notes, settings)) for notes in pieces
    )
