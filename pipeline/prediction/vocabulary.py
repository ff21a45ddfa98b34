"""The chord vectors of a final model: one fit, on all pieces of the corpus.

Conventions
-----------
Words are sentences of :mod:`pipeline.chord2vec` in index order, fitted by
:mod:`pipeline.skipgram` with one worker: equal pieces give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import chord2vec, corpus, params, pieces, skipgram
from pipeline.cache import Cache
from pipeline.embed import read_config
from pipeline.midi import MidiError
from pipeline.notes import Notes
from pipeline.skipgram import Vectors
from pipeline.stage import StageError
from pipeline.tensors import Tensors


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Vectors of words, and of the pieces they were fitted on.

    Attributes
    ----------
    vectors
        Of the words.
    pooled
        Of the tracks [shape=(track, dim), float32]; zero without a score.
    """

    vectors: Vectors
    pooled: NDArray[np.float32]

    @property
    def digest(self) -> str:
        """Hash of the tracks' vectors."""
        return hashlib.sha256(self.pooled.tobytes()).hexdigest()


def fit(all_params: Mapping[str, Any], name: str, tensors: Tensors, seed: int) -> Vocabulary:
    """Fit vectors on all pieces that the corpus's embeddings know.

    Raises
    ------
    StageError
        If one of them can no longer be read.
    """
    config, own = read_config(all_params)
    cache = Cache.at(params.section(all_params, "compute", "cache"))
    root = corpus.of(all_params, name).root.absolute()
    notes: list[Notes | None] = []
    for row, has in zip(corpus.read_index(name), tensors.has_chords, strict=True):
        found = None
        if has:
            found = pieces.read(root / row.midi, row.midi_sha256, cache, config.time_limit_seconds)
        if isinstance(found, MidiError):
            raise StageError(f"final {name}: {row.track}: {found}; run `dvc repro`")
        notes.append(found)
    sentences = chord2vec.sentences(notes, config.tokenizer, own)
    vectors = skipgram.fit(
        [words for words in sentences if words is not None], config.training, seed
    )
    pooled = np.zeros((len(notes), config.dim), np.float32)
    for row_of, words in zip(pooled, sentences, strict=True):
        if words is not None:
            row_of[:] = skipgram.pool(words, vectors, config.pool)
    return Vocabulary(vectors, pooled)
