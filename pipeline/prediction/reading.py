"""What a model reads of a score: its chord vector and the statistics of its notes.

Conventions
-----------
Both come from the code and the settings that made the training corpus's embeddings; words without
a vector in the model file are left out, and a piece without any known word has a zero vector, as in
training. Scores are read whole, however much of the sound is heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import chord2vec, notestats, params, pieces, skipgram, tokenizers
from pipeline.cache import Cache
from pipeline.caching.places import CacheError
from pipeline.midi import MidiError, read_notes
from pipeline.notes import Notes, measure_seconds, ordered
from pipeline.rows import sha256_of
from pipeline.skipgram import Vectors

#: Of a longer score no curve is drawn, s: corrupt times reach for hours.
LONGEST_CURVE = 3600


@dataclass(frozen=True, eq=False)
class Read:
    """What a model reads of one score.

    Attributes
    ----------
    chords
        Chord vector [shape=(dim,), float32].
    notes
        Statistics [shape=(statistic,), float32]; none where the model reads none.
    """

    chords: NDArray[np.float32]
    notes: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reader:
    """How a model reads.

    Attributes
    ----------
    chords
        Section ``chord2vec`` of the training; ``None`` where the model reads no chords.
    tokenizer
        The tokeniser's own settings.
    vectors
        Of the words of all training pieces.
    notes
        Settings of the statistics; ``None`` where the model reads none.
    limit
        For reading one file, s.
    cache
        Where parsed files are looked for and kept; ``None`` for nowhere.
    """

    chords: chord2vec.Config | None
    tokenizer: Any
    vectors: Vectors
    notes: notestats.Config | None
    limit: float
    cache: Cache | None

    def parse(self, path: Path) -> Notes | MidiError:
        """Return the notes of a file, or why there are none."""
        try:
            if self.cache is not None:
                with suppress(CacheError):  # predicting goes on where the cache may only be read
                    return pieces.read(path, sha256_of(path), self.cache, self.limit)
            return read_notes(path, self.limit)
        except MidiError as error:
            return error
        except OSError as error:
            return MidiError("unreadable", f"cannot be read ({error.strerror})")

    def read(self, notes: Notes) -> Read:
        """Return what the model reads of some notes."""
        chords, statistics = np.zeros(1, np.float32), np.zeros(0, np.float32)
        if self.chords is not None:
            sentence = chord2vec.sentences([notes], self.chords.tokenizer, self.tokenizer)[0]
            chords = skipgram.pool(sentence or (), self.vectors, self.chords.pool)
        if self.notes is not None:
            statistics = notestats.statistics(notes, self.notes).astype(np.float32)
        return Read(chords, statistics)

    def windows(self, notes: Notes, seconds: int) -> Iterator[tuple[float, float, Read]]:
        """Yield (start, stop, what is read) of a window that slides over a score by 1 s.

        Windows in which no note begins are left out.
        """
        unit = measure_seconds(notes.bpm)
        last = min(length(notes), LONGEST_CURVE)
        for start in range(max(int(np.ceil(last)) - seconds, 0) + 1):
            own = (notes.onset_seconds >= start) & (notes.onset_seconds < start + seconds)
            if own.any():
                onset, stop = notes.onset[own], (start + seconds) / unit
                duration = np.clip(notes.duration[own], 0.0, np.maximum(stop - onset, 0.0))
                shifted = np.maximum(onset - start / unit, 0.0)
                part = ordered(notes.pitch[own], shifted, duration, notes.velocity[own], notes.bpm)
                yield float(start), min(float(start + seconds), last), self.read(part)


def length(notes: Notes) -> float:
    """Return when the last note ends, s."""
    return float((notes.onset_seconds + notes.duration_seconds).max())


def reader(
    about: Mapping[str, Any], matrix: NDArray[np.float32], where: str, cache: Cache | None
) -> Reader | None:
    """Return how the model of a model file reads, or ``None`` if it reads no scores.

    Parameters
    ----------
    about
        What the file says: ``chord2vec`` ({config, tokenizer, words, limit}) and ``notes``
        ({config, names, limit}).
    matrix
        Vectors of the words [shape=(word, dim)].
    where
        The file, for messages.

    Raises
    ------
    ValueError
        If something of it does not exist here, or does not fit.
    """
    own, statistics = about["chord2vec"], about["notes"]
    if own is None and statistics is None:
        return None
    config, settings, vectors = None, None, Vectors((), np.zeros((0, 1), np.float32))
    limit = float((own or statistics)["limit"])
    if own is not None:
        config = params.build(chord2vec.Config, own["config"], f"{where}: chord2vec")
        module = tokenizers.load(config.tokenizer)
        settings = params.build(module.Config, own["tokenizer"], f"{where}: tokenizer")
        vectors = Vectors(tuple(own["words"]), matrix)
    notes = None
    if statistics is not None:
        notes = params.build(notestats.Config, statistics["config"], f"{where}: notes")
        if tuple(statistics["names"]) != notestats.names():
            raise ValueError(f"{where}: its statistics of the notes are not those of this code")
    return Reader(config, settings, vectors, notes, limit, cache)
