"""What the chord words of a corpus are: counts, what is typical of a class, and a map of vectors.

Conventions
-----------
A *sentence* holds the words of one piece in the order of time. A word is *known* if it occurs
``min_count`` times in all pieces together. Everything here describes a corpus as a whole, test
pieces among the rest: it is for people to look at, and no model reads it.

*Typical* is judged by pieces, because the words of one piece are not independent: the table of
pieces with and without the word, in the class and outside it, against the one that independence
would give, as the likelihood ratio G^2 = 2 sum O ln(O / E) (Dunning, 1993, Computational
Linguistics 19), positive where the class has the word more often than the others.

The *map* is the projection of word vectors of unit length on their two first principal components;
near and far are cosines, as among the nearest words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from pipeline.skipgram import Vectors

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """How often every word occurs.

    Attributes
    ----------
    words
        The most frequent first, equals in alphabetical order.
    tokens
        Occurrences [shape=(word,), int].
    pieces
        Pieces of every class that hold the word [shape=(word, class), int].
    sizes
        Pieces of every class that have a sentence [shape=(class,), int].
    """

    words: tuple[str, ...]
    tokens: NDArray[np.int64]
    pieces: NDArray[np.int64]
    sizes: NDArray[np.int64]


def count(
    sentences: Sequence[Sequence[str] | None], labels: Sequence[str], classes: Sequence[str]
) -> Counts:
    """Count words.

    Parameters
    ----------
    sentences
        Of every piece; ``None`` without notes.
    labels
        Class of every piece.
    classes
        All classes, in the order of the columns.

    Examples
    --------
    >>> found = count([("a", "b", "a"), ("b", "c"), None], ["x", "y", "y"], ["x", "y"])
    >>> found.words, found.tokens.tolist(), found.pieces.tolist(), found.sizes.tolist()
    (('a', 'b', 'c'), [2, 2, 1], [[1, 0], [1, 1], [0, 1]], [1, 1])
    """
    tokens: Counter[str] = Counter()
    holding: dict[str, Counter[str]] = {label: Counter() for label in classes}
    sizes: Counter[str] = Counter()
    for words, label in zip(sentences, labels, strict=True):
        if words is not None:
            tokens.update(words)
            holding[label].update(set(words))
            sizes[label] += 1
    ordered = sorted(tokens, key=lambda word: (-tokens[word], word))
    pieces = [[holding[label][word] for label in classes] for word in ordered]
    return Counts(
        tuple(ordered),
        np.array([tokens[word] for word in ordered], np.int64),
        np.array(pieces, np.int64).reshape(len(ordered), len(classes)),
        np.array([sizes[label] for label in classes], np.int64),
    )


def typical(pieces: NDArray[np.int64], sizes: NDArray[np.int64]) -> Floats:
    """Return how typical every word is of every class, signed G^2 [shape=(word, class)].

    Examples
    --------
    >>> typical(np.array([[8, 8], [0, 0], [8, 0]]), np.array([8, 8])).round(1).tolist()
    [[0.0, 0.0], [0.0, 0.0], [22.2, -22.2]]
    """
    every, total = pieces.sum(axis=1, keepdims=True), sizes.sum()
    inside = np.stack([pieces, sizes - pieces])
    margin = np.concatenate([every, total - every], axis=1).T[:, :, None]
    found = np.zeros(pieces.shape)
    for observed, size in ((inside, sizes), (margin - inside, total - sizes)):
        # Where a margin is empty nothing was observed either, and the term is 0.
        expected = np.maximum(margin * size / max(total, 1), np.finfo(np.float64).tiny)
        found += 2 * xlogy(observed, observed / expected).sum(axis=0)
    more = pieces * (total - sizes) - (every - pieces) * sizes
    return np.asarray(np.sign(more) * np.maximum(found, 0.0))


def nearest(vectors: Vectors, words: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Return the known words whose vectors point most nearly the same way, the nearest first.

    Parameters
    ----------
    words
        Known words.
    count
        How many for each, at most.
    """
    unit = _unit(vectors.matrix)
    found = []
    for row in vectors.rows(words):
        # Rounded, so that equals stay in alphabetical order.
        order = np.argsort(-np.round(unit @ unit[row], 6), kind="stable")
        others = [vectors.words[i] for i in order if i != row]
        found.append(tuple(others[:count]))
    return found


def _unit(matrix: NDArray[np.float32]) -> Floats:
    long = matrix.astype(np.float64)
    return np.asarray(long / np.maximum(np.linalg.norm(long, axis=1, keepdims=True), 1e-30))


def plane(vectors: Vectors, words: Sequence[str]) -> tuple[Floats, tuple[float, float]]:
    """Return a map of words, and the share of the variance that each of its axes holds.

    Parameters
    ----------
    words
        Known words.

    Returns
    -------
    np.ndarray [shape=(word, 2)]
        Principal components; the direction of each is that in which its largest value is positive.
    tuple of float
        Shares, 0-1; zero where the words do not differ.
    """
    rows = _unit(vectors.matrix[vectors.rows(words)])
    places, shares = np.zeros((len(rows), 2)), [0.0, 0.0]
    if len(rows):
        left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
        variance = sizes**2
        for axis in range(min(2, len(sizes))):
            if variance[axis] > 1e-12 * max(float(variance.sum()), 1e-30):
                column = left[:, axis] * sizes[axis]
                places[:, axis] = column * np.sign(column[np.abs(column).argmax()])
                shares[axis] = float(variance[axis] / variance.sum())
    return places, (shares[0], shares[1])
