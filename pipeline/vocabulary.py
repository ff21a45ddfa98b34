"""Stage: the chord words of one corpus, for people to look at.

``python -m pipeline.vocabulary <corpus>`` counts the words of all pieces, says what each means and
for which class it is typical, and fits vectors to all of them for a map and for the nearest words.
The report shows it. No model and no other stage reads it: what models get is fitted fold by fold in
:mod:`pipeline.embed`, without the test part.

Conventions
-----------
``data/vocabulary/<corpus>.json`` holds the tokeniser; ``pieces``, those with notes; ``tokens``, all
words of all pieces; ``distinct`` words, those that occur ``once``, those ``known``, which occur
``chord2vec.min_count`` times, and the tokens ``covered`` by these; ``kinds``, the same by kind of
word; ``classes`` with their pieces; ``words``, the most frequent known ones with their counts,
meaning, nearest words and place on the map; ``axes``, the share of variance of the map's axes; and
``typical``, known words by class, the best of every kind and then the best, each with the number of
pieces that hold it in the class and outside (:mod:`pipeline.wordcount`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline import (
    chord2vec,
    corpus,
    params,
    paths,
    pieces,
    skipgram,
    stage,
    tokenizers,
    wordcount,
)
from pipeline.cache import Cache
from pipeline.embed import read_config
from pipeline.midi import MidiError
from pipeline.notes import Notes
from pipeline.stage import StageError
from pipeline.wordcount import Counts

#: Digits of places and shares on the map: fewer than those in which two machines differ.
DIGITS = 4
SEED = 0


@dataclass(frozen=True)
class Config:
    """Section ``vocabulary`` of params.yaml.

    Attributes
    ----------
    words
        The most frequent words, which are listed and mapped; at least 1.
    nearest
        Words listed beside each as the nearest.
    typical
        Words listed for each class.
    """

    words: int
    nearest: int
    typical: int

    def __post_init__(self) -> None:
        for name, least in (("words", 1), ("nearest", 0), ("typical", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} = {getattr(self, name)}: must be at least {least}")


def vocabulary(all_params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Run the stage for one corpus and return what it wrote."""
    config = params.build(Config, params.section(all_params, "vocabulary"), "vocabulary")
    chords, own = read_config(all_params)
    rows = corpus.read_index(name)
    notes = read(all_params, name, rows, chords.time_limit_seconds)
    sentences = chord2vec.sentences(notes, chords.tokenizer, own)
    found = describe(sentences, [row.label for row in rows], chords, own, config)
    target = paths.vocabulary(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def read(
    all_params: Mapping[str, Any], name: str, rows: Sequence[corpus.Row], limit: float
) -> list[Notes | None]:
    """Return the notes of every track, from the cache that the index filled.

    ``None`` where a track has no MIDI, or one that gives no notes, as in :mod:`pipeline.embed`.

    Raises
    ------
    StageError
        If a file is not there any more, or another: its words would silently be missing.
    """
    cache = Cache.at(params.section(all_params, "compute", "cache"))
    root = corpus.of(all_params, name).root.absolute()
    found: list[Notes | None] = []
    for row in rows:
        notes = pieces.read(root / row.midi, row.midi_sha256, cache, limit) if row.midi else None
        if isinstance(notes, MidiError) and notes.code == "unreadable":
            raise StageError(
                f"vocabulary {name}: {row.track}: {notes}; bring it back, or `dvc pull`"
            )
        found.append(notes if isinstance(notes, Notes) else None)
    return found


def describe(
    sentences: chord2vec.Sentences,
    labels: Sequence[str],
    chords: chord2vec.Config,
    own: Any,
    config: Config,
) -> dict[str, Any]:
    """Return what the stage writes, from the words of every piece and its class.

    Parameters
    ----------
    chords, own
        Section ``chord2vec``, and the tokeniser's ``Config``.
    """
    classes = sorted(set(labels))
    counts = wordcount.count(sentences, labels, classes)
    known = int((counts.tokens >= chords.min_count).sum())  # the most frequent come first
    spelled = {word: tokenizers.spell(chords.tokenizer, word, own) for word in counts.words}
    return {
        "tokenizer": chords.tokenizer,
        "min_count": chords.min_count,
        "pieces": int(counts.sizes.sum()),
        "classes": dict(zip(classes, counts.sizes.tolist(), strict=True)),
        **_sizes(counts.tokens, known),
        "kinds": _kinds(counts, known, [spelled[word][0] for word in counts.words]),
        **_words(counts, known, sentences, chords, spelled, config),
        "typical": _typical(counts, known, spelled, config.typical),
        "config": asdict(config),
    }


def _words(
    counts: Counts,
    known: int,
    sentences: chord2vec.Sentences,
    chords: chord2vec.Config,
    spelled: Mapping[str, tuple[str, str]],
    config: Config,
) -> dict[str, Any]:
    """Return the most frequent words with their neighbours and places, and the map's axes."""
    texts = [words for words in sentences if words is not None]
    top = counts.words[: min(known, config.words)]
    with threadpool_limits(limits=1):
        vectors = skipgram.fit(texts, chords.training, SEED)
        near = wordcount.nearest(vectors, top, config.nearest)
        places, axes = wordcount.plane(vectors, top)
    words = [
        {
            "word": word,
            "kind": spelled[word][0],
            "meaning": spelled[word][1],
            "tokens": int(counts.tokens[i]),
            "pieces": int(counts.pieces[i].sum()),
            "nearest": list(near[i]),
            "place": [round(float(value), DIGITS) for value in places[i]],
        }
        for i, word in enumerate(top)
    ]
    return {"words": words, "axes": [round(share, DIGITS) for share in axes]}


def _sizes(tokens: np.ndarray, known: int) -> dict[str, int]:
    return {
        "tokens": int(tokens.sum()),
        "distinct": len(tokens),
        "once": int((tokens == 1).sum()),
        "known": known,
        "covered": int(tokens[:known].sum()),
    }


def _kinds(counts: Counts, known: int, kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return sizes by kind; the kind of the most frequent word comes first."""
    found = {}
    for kind in dict.fromkeys(kinds):
        inside = np.array([each == kind for each in kinds])
        found[kind] = _sizes(counts.tokens[inside], int(inside[:known].sum()))
    return found


def _typical(
    counts: Counts, known: int, spelled: Mapping[str, tuple[str, str]], most: int
) -> list[list[dict[str, Any]]]:
    """Return the most typical known words of every class, the first ones first."""
    scores = wordcount.typical(counts.pieces[:known], counts.sizes)
    kinds = [spelled[word][0] for word in counts.words[:known]]
    every = counts.pieces.sum(axis=1)
    return [
        [
            {
                "word": counts.words[i],
                "kind": kinds[i],
                "meaning": spelled[counts.words[i]][1],
                "inside": int(counts.pieces[i, number]),
                "outside": int(every[i] - counts.pieces[i, number]),
                "score": round(float(column[i]), DIGITS),
            }
            for i in _chosen(column, kinds, most)
        ]
        for number, column in enumerate(scores.T)
    ]


def _chosen(scores: np.ndarray, kinds: Sequence[str], most: int) -> list[int]:
    """Return the best word of every kind and then the best of the rest, in the order of scores."""
    order = [int(i) for i in np.argsort(-scores, kind="stable") if scores[i] > 0]
    first: dict[str, int] = {}
    for i in order:
        first.setdefault(kinds[i], i)
    chosen = [*first.values(), *(i for i in order if i not in set(first.values()))][:most]
    return sorted(chosen, key=order.index)


def run(name: str) -> None:
    """Run the stage with ``params.yaml`` and say what was found."""
    found = vocabulary(params.read(), name)
    print(
        f"vocabulary {name}: {found['pieces']} pieces, {found['tokens']} words, "
        f"{found['distinct']} different, {found['known']} known",
        flush=True,
    )


def main() -> None:
    """Run the stage."""
    stage.main(__doc__, run, "corpus")


if __name__ == "__main__":
    main()
