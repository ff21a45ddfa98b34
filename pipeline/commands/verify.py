"""Recompute rows of the feature stores from the raw files and compare them bit for bit.

Run it after a pull, a library update or on a new machine. Every store named by params.yaml is
checked, or those of --corpus and --feature; --sample takes K tracks of each store, drawn by
--seed. The exit status is 1 if a row differs, is missing, or was made by other code, settings or
files than the present ones; the track is named.

Typical calls:
  multispec verify
  multispec verify --corpus demo --feature gtf
  multispec verify --sample 5
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline import corpus, params, paths, store
from pipeline.audio import Reject
from pipeline.extract import recipe_of
from pipeline.recipe import Recipe
from pipeline.remote import RefusedError, local
from pipeline.rows import compute_row


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--corpus", metavar="C", help="only this corpus (default: all)")
    parser.add_argument("--feature", metavar="F", help="only this feature (default: all)")
    parser.add_argument("--sample", metavar="K", type=int, help="only K tracks of each store")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: 0)")


def run(namespace: argparse.Namespace) -> int:
    """Verify stores; return 1 if a row is not what it should be."""
    all_params = params.read()
    if namespace.sample is not None and namespace.sample < 1:
        raise ValueError(f"--sample is {namespace.sample}; it must be at least 1")
    wrong = 0
    for name in _chosen(all_params, "corpora", namespace.corpus):
        for feature in _chosen(all_params, "features", namespace.feature):
            wrong += _store(all_params, name, feature, namespace.sample, namespace.seed)
    return int(wrong > 0)


def _chosen(all_params: Mapping[str, Any], section: str, one: str | None) -> list[str]:
    if one is not None:
        params.section(all_params, section, one)
        return [one]
    return list(params.section(all_params, section))


def _store(
    all_params: Mapping[str, Any], name: str, feature: str, sample: int | None, seed: int
) -> int:
    """Verify one store; return the number of wrong rows."""
    label = f"verify {name}/{feature}"
    recipe = recipe_of(all_params, name, feature)
    rows = {row.track: row for row in corpus.read_index(name) if row.audio}
    reader = store.Reader(paths.features(name, feature))
    absent = set(rows) - set(reader.tracks) - set(reader.attributes["rejected"])
    problems = [(track, "is in the index, but not in the store") for track in sorted(absent)]
    positions = np.arange(len(reader.tracks))
    if sample is not None and sample < len(positions):
        positions = np.sort(np.random.default_rng(seed).choice(positions, sample, replace=False))
    root = corpus.of(all_params, name).root
    for position in positions.tolist():
        problem = _row(reader, position, rows, root, recipe)
        if problem is not None:
            problems.append((reader.tracks[position], problem))
    for track, problem in problems:
        print(f"{label}: {track}: {problem}")
    print(f"{label}: {len(positions)} rows recomputed, {len(problems)} wrong", flush=True)
    return len(problems)


def _row(
    reader: store.Reader, position: int, rows: Mapping[str, corpus.Row], root: Any, recipe: Recipe
) -> str | None:
    """Return what is wrong with one row, or ``None``."""
    row = rows.get(reader.tracks[position])
    if row is None:
        return "is in the store, but not in the index; run `dvc repro`"
    if reader.keys[position] != recipe.key(row.sha256):
        return "was made from another file, configuration, code or library; run `dvc repro`"
    try:
        with threadpool_limits(limits=1), local(root / row.audio) as path:
            again = compute_row(path, row.sha256, recipe.audio, recipe.crop_seconds, recipe.extract)
    except RefusedError as error:
        return f"cannot be recomputed: {error.strerror}"
    if isinstance(again, Reject):
        return f"cannot be recomputed: {again}"
    try:
        stored = reader.rows(position, position + 1)[0]
    except store.StoreError as error:
        return str(error)
    return next(_differences(stored, int(reader.seconds_valid[position]), again), None)


def _differences(stored: np.ndarray, valid: int, again: np.ndarray) -> Iterator[str]:
    if valid != len(again):
        yield f"the store has {valid} s, recomputing gives {len(again)} s"
        return
    padded = np.zeros_like(stored)
    padded[:valid] = again
    differing = stored.view(np.uint32) != padded.view(np.uint32)
    if differing.any():
        where = tuple(int(axis[0]) for axis in np.nonzero(differing))
        yield (
            f"{int(differing.sum())} of {stored.size} values differ; the first, at {where}, is "
            f"{stored[where]!r} in the store and {padded[where]!r} recomputed"
        )
