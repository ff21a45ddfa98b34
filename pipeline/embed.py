"""Stage: chord vectors of one corpus, fitted on each training part, and statistics of its notes.

``python -m pipeline.embed <corpus>`` reads each piece's MIDI, turns it into words, fits skip-gram
vectors once per (protocol, seed, fold) to the pieces that are in neither the test part nor the
inner validation part, and stores one vector per fit and track. Statistics of the notes are stored
beside them; nothing is fitted for those (:mod:`pipeline.notestats`).

Conventions
-----------
``data/embeddings/<corpus>.zarr`` holds ``vectors`` (fit, track, dim), zero where a piece has no
MIDI or no known word, ``notes`` (track, statistic), zero where it has no MIDI, and ``has_chords``
(track), 1 where its MIDI gave notes. The attributes name the fits, the tracks and the statistics,
and give per fit the size of the vocabulary, the share of the *test* words that it covers, how many
pieces it leaves empty, and ``fitted_on``, the digest of the ids of the pieces it was fitted on
(:func:`pipeline.auditing.identity.digest`), which the audit recomputes.
"""

from __future__ import annotations

import csv
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline import (
    chord2vec,
    corpus,
    notestats,
    params,
    paths,
    pieces,
    stage,
    store,
    tokenizers,
)
from pipeline.auditing.identity import digest
from pipeline.cache import Cache
from pipeline.chord2vec import Config, Task
from pipeline.execute import ComputeConfig, Executor, Failure
from pipeline.midi import MidiError
from pipeline.notes import Notes
from pipeline.partition import parts as parts_of
from pipeline.plan import batches
from pipeline.stage import StageError

T = TypeVar("T")

#: What the store's attributes say of each fit, from :class:`pipeline.chord2vec.Embedding`.
ACCOUNT = ("vocabulary", "coverage", "empty_pieces")


def read_config(all_params: Mapping[str, Any]) -> tuple[Config, Any]:
    """Return the section ``chord2vec`` and the chosen tokeniser's own ``Config``.

    Raises
    ------
    pipeline.params.ParamsError
        If a key is missing, unknown or of the wrong type, or a tokeniser does not exist.
    """
    section = dict(params.section(all_params, "chord2vec"))
    params.section(all_params, "chord2vec", "notes")
    params.section(all_params, "chord2vec", "tokenizers")
    for other in ("tokenizers", "notes"):
        section.pop(other, None)
    config = params.build(Config, section, "chord2vec")
    where = f"chord2vec.tokenizers.{config.tokenizer}"
    module = tokenizers.load(config.tokenizer)
    own = params.section(all_params, "chord2vec", "tokenizers", config.tokenizer)
    return config, params.build(module.Config, own, where)


def read_notes_config(all_params: Mapping[str, Any]) -> notestats.Config:
    """Return the section ``chord2vec.notes``.

    Raises
    ------
    pipeline.params.ParamsError
        If a key is missing, unknown or of the wrong type.
    """
    section = params.section(all_params, "chord2vec", "notes")
    return params.build(notestats.Config, section, "chord2vec.notes")


def tasks(
    name: str, tracks: Sequence[str], texts: chord2vec.Sentences, config: Config
) -> list[Task]:
    """Return one task per fit, in the order of the folds file.

    Raises
    ------
    FileNotFoundError
        If the split stage has not run.
    KeyError
        If a track of the index has no fold.
    """
    every = tuple(range(len(tracks)))
    if config.fit == "corpus":
        return [Task("corpus", 0, 0, texts, every, every, config)]
    path = paths.folds(name)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; run `dvc repro split@{name}`")
    folds: dict[tuple[str, int], dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            entry = folds.setdefault((row["protocol"], int(row["seed"])), {})
            entry[row["track"]] = int(row["fold"])
    found = []
    for (protocol, seed), fold_of in folds.items():
        fold = np.array([fold_of[track] for track in tracks])
        for k in range(int(fold.max()) + 1):
            train, _, test = (tuple(part.tolist()) for part in parts_of(fold, k))
            found.append(Task(protocol, seed, k, texts, train, test, config))
    return found


def embed(all_params: Mapping[str, Any], name: str, target: Path | None = None) -> None:
    """Run the stage for one corpus.

    Parameters
    ----------
    target
        Where the store goes; ``None`` is its place in the graph.

    Raises
    ------
    StageError
        If more than ``compute.max_rejected`` of the MIDI files are rejected, or a fit fails.
    """
    (config, own), statistic = read_config(all_params), read_notes_config(all_params)
    settings = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    rows, label = corpus.read_index(name), f"embed {name}"
    tracks = [row.track for row in rows]
    with Executor(settings) as executor:
        notes, rejected = _notes(corpus.of(all_params, name), rows, config, executor, label)
        numbers = _statistics(notes, tracks, statistic, executor, label)
        texts = chord2vec.sentences([notes.get(track) for track in tracks], config.tokenizer, own)
        plan = tasks(name, tracks, texts, config)
        results = [
            _sound(result, label)
            for result in executor.run(chord2vec.embed, plan, label, light=not notes)
        ]
    attributes = {
        "corpus": name,
        "tracks": tracks,
        "fits": [{"protocol": t.protocol, "seed": t.seed, "fold": t.fold} for t in plan],
        "config": {
            **asdict(config),
            "tokenizers": {config.tokenizer: asdict(own)},
            "notes": asdict(statistic),
        },
        "tokenizer": config.tokenizer,
        "dim": config.dim,
        "pool": config.pool,
        **{key: [getattr(result, key) for result in results] for key in ACCOUNT},
        "fitted_on": [digest(tracks[i] for i in result.fitted_on) for result in results],
        "statistics": list(notestats.names()),
        "pieces_with_midi": len(notes),
        "rejected": rejected,
    }
    arrays = {
        "vectors": (("fit", "track", "dim"), np.stack([result.vectors for result in results])),
        "notes": (("track", "statistic"), numbers),
        "has_chords": (("track",), np.array([track in notes for track in tracks], np.uint8)),
    }
    target = target or paths.embeddings(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    store.write_arrays(target, arrays, attributes)
    _say(label, attributes)


def _notes(
    which: corpus.Corpus, rows: Sequence[corpus.Row], config: Config, executor: Executor, label: str
) -> tuple[dict[str, Notes], dict[str, str]]:
    """Return (track -> notes, track -> why its MIDI gave none) of the tracks that have MIDI."""
    cache, limit = Cache.at(executor.config.cache), config.time_limit_seconds
    root, having = which.root.absolute(), [row for row in rows if row.midi]
    work = [
        pieces.Work(cache, limit, tuple((root / row.midi, row.midi_sha256) for row in part))
        for part in batches(having, executor.config.batch_tracks)
    ]
    # The index has read these files already, so they come from the cache unless it was emptied.
    outcomes = executor.run(
        pieces.read_batch, work, f"{label}: notes", lambda w: len(w.files), light=True
    )
    flat: list[Notes | MidiError | Failure] = []
    for batch, outcome in zip(work, outcomes, strict=True):
        flat += [outcome] * len(batch.files) if isinstance(outcome, Failure) else outcome
    notes, rejected = {}, {}
    for row, answer in zip(having, flat, strict=True):
        if isinstance(answer, Notes):
            notes[row.track] = answer
        else:
            rejected[row.track] = f"{answer.code}: {answer.reason}"
            print(f"{label}: rejected {row.track}: {rejected[row.track]}", flush=True)
    if len(rejected) > executor.config.max_rejected * len(having):
        raise StageError(
            f"{label}: {len(rejected)} of {len(having)} MIDI files were rejected, more than"
            f" compute.max_rejected = {executor.config.max_rejected} allows"
        )
    return notes, rejected


def _statistics(
    notes: Mapping[str, Notes],
    tracks: Sequence[str],
    config: notestats.Config,
    executor: Executor,
    label: str,
) -> np.ndarray:
    """Return the statistics of every track's notes [shape=(track, statistic), float32]."""
    having = [i for i, track in enumerate(tracks) if track in notes]
    parts = batches(having, executor.config.batch_tracks)
    work = [notestats.Work([notes[tracks[i]] for i in part], config) for part in parts]
    results = executor.run(
        notestats.table, work, f"{label}: statistics", lambda w: len(w.pieces), light=True
    )
    found = np.zeros((len(tracks), len(notestats.names())), np.float32)
    for part, result in zip(parts, results, strict=True):
        found[part] = _sound(result, label)
    return found


def _sound(result: T | Failure, label: str) -> T:
    if isinstance(result, Failure):
        raise StageError(f"{label}: a task failed ({result.code}: {result.reason})")
    return result


def _say(label: str, attributes: Mapping[str, Any]) -> None:
    vocabulary, coverage, empty = (statistics.median(attributes[key]) for key in ACCOUNT)
    print(
        f"{label}: {len(attributes['fits'])} fits, vocabulary {vocabulary:g}, coverage"
        f" {coverage:.3f}, {empty:g} of {attributes['pieces_with_midi']} pieces empty",
        flush=True,
    )


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda name: embed(params.read(), name), "corpus")


if __name__ == "__main__":
    main()
