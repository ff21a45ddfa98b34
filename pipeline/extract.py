"""Stage: one feature of one corpus, from the index to a feature store.

``python -m pipeline.extract <corpus> <feature>`` asks, for every track and in this order, the local
cache, the rows of the previous store, and only then computes; it assembles the store beside its
place and renames it. A run that is killed leaves finished rows in the cache and nothing under the
store's name.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import corpus, features, params, paths, previous, stage, store
from pipeline.audio import AudioConfig, Reject
from pipeline.cache import Cache
from pipeline.execute import ComputeConfig, Executor, Failure
from pipeline.plan import Layout, batches
from pipeline.recipe import Recipe, Work, compute, describe
from pipeline.rows import pad
from pipeline.stage import StageError


@dataclass(frozen=True)
class Shard:
    """One shard to assemble: one task, and the only writer of its file.

    Attributes
    ----------
    path
        The store under construction.
    layout
        Its layout.
    start
        First row.
    keys
        Cache keys of the shard's rows, in order.
    cache
        Where the rows lie.
    """

    path: Path
    layout: Layout
    start: int
    keys: tuple[str, ...]
    cache: Cache


@dataclass(frozen=True)
class Counts:
    """Where the rows of a run came from."""

    computed: int
    cached: int
    previous: int
    rejected: int

    def __str__(self) -> str:
        return (
            f"{self.computed} computed, {self.cached} from cache, "
            f"{self.previous} from previous store, {self.rejected} rejected"
        )


def recipe_of(all_params: Mapping[str, Any], name: str, feature: str) -> Recipe:
    """Read how the rows of one store are made from the parameters."""
    section = params.section(all_params, "features", feature)
    return Recipe(
        feature,
        params.build(features.load(feature).Config, section, f"features.{feature}"),
        params.build(AudioConfig, params.section(all_params, "audio"), "audio"),
        corpus.of(all_params, name).crop_seconds,
    )


def assemble(shard: Shard) -> list[int]:
    """Write one shard from cached rows; return each row's number of seconds."""
    rows = []
    for row_key in shard.keys:
        row = shard.cache.read_array(shard.layout.feature, row_key)
        if row is None:
            raise store.StoreError(
                f"{shard.path}: row {row_key} left the cache while the store was being assembled; "
                "run `dvc repro` again"
            )
        rows.append(row)
    padded = np.stack([pad(row, shard.layout.seconds) for row in rows])
    store.write_shard(shard.path, shard.layout, shard.start, padded)
    return [len(row) for row in rows]


def extract(all_params: Mapping[str, Any], name: str, feature: str) -> Counts:
    """Run the stage.

    Raises
    ------
    StageError
        If more than ``compute.max_rejected`` of the tracks are rejected.
    """
    recipe = recipe_of(all_params, name, feature)
    settings = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    cache = Cache.at(settings.cache)
    root = corpus.of(all_params, name).root
    rows = [row for row in corpus.read_index(name) if row.audio]
    keys = {row.track: recipe.key(row.sha256) for row in rows}
    label = f"extract {name}/{feature}"

    present = {row_key for row_key in keys.values() if cache.read(feature, row_key) is not None}
    adopted = set()
    wanted = set(keys.values()) - present
    for row_key, row in previous.rows(
        paths.features(name, feature), f"extract@{name}-{feature}", wanted
    ):
        cache.write_array(feature, row_key, row)
        adopted.add(row_key)
    known = present | adopted
    work = {
        keys[row.track]: (root.absolute() / row.audio, row.sha256, keys[row.track]) for row in rows
    }
    missing = [file for row_key, file in work.items() if row_key not in known]
    with Executor(settings) as executor:
        failed = _compute(missing, recipe, cache, executor, label, settings.batch_tracks)
        reasons = {track: failed[keys[track]] for track in keys if keys[track] in failed}
        _check(reasons, len(rows), settings.max_rejected, label)
        kept = {track: row_key for track, row_key in keys.items() if track not in reasons}
        _write(kept, reasons, recipe, name, cache, executor)
    counts = Counts(
        computed=sum(row_key not in known for row_key in kept.values()),
        cached=sum(row_key in present for row_key in kept.values()),
        previous=sum(row_key in adopted for row_key in kept.values()),
        rejected=len(reasons),
    )
    print(f"{label}: {counts}", flush=True)
    return counts


def _compute(
    files: list[tuple[Path, str, str]],
    recipe: Recipe,
    cache: Cache,
    executor: Executor,
    label: str,
    size: int,
) -> dict[str, Reject]:
    """Compute rows into the cache; return key -> reason for those that have none."""
    tasks = [Work(recipe, cache, tuple(part)) for part in batches(files, size)]
    failed: dict[str, Reject] = {}
    again: list[tuple[Path, str, str]] = []
    results = executor.run(compute, tasks, label, lambda task: len(task.files))
    for task, result in zip(tasks, results, strict=True):
        if not isinstance(result, Failure):
            outcome = zip(task.files, result, strict=True)
            failed |= {file[2]: reject for file, reject in outcome if reject is not None}
        elif len(task.files) > 1:
            again += task.files
        else:
            failed[task.files[0][2]] = Reject(result.code, result.reason)
    # A file that takes its worker down takes its batch along; alone, it harms nobody else.
    return failed | (_compute(again, recipe, cache, executor, label, 1) if again else {})


def _check(reasons: Mapping[str, Reject], total: int, allowed: float, label: str) -> None:
    for track, reason in reasons.items():
        print(f"{label}: rejected {track}: {reason}", flush=True)
    if len(reasons) > allowed * total:
        raise StageError(
            f"{label}: {len(reasons)} of {total} tracks were rejected, more than "
            f"compute.max_rejected = {allowed} allows; the reasons stand above"
        )


def _write(
    keys: Mapping[str, str],
    reasons: Mapping[str, Reject],
    recipe: Recipe,
    name: str,
    cache: Cache,
    executor: Executor,
) -> None:
    """Assemble the store from the cache beside its place, then rename it."""
    shape = features.load(recipe.feature).shape(recipe.config)
    layout = Layout(name, recipe.feature, recipe.crop_seconds, shape, tuple(keys))
    final = paths.features(name, recipe.feature)
    partial = paths.partial(final)
    partial.parent.mkdir(parents=True, exist_ok=True)
    final.parent.mkdir(parents=True, exist_ok=True)
    row_keys = tuple(keys.values())
    digests = np.frombuffer(b"".join(map(bytes.fromhex, row_keys)), np.uint8)
    store.create(
        partial,
        layout,
        digests.reshape(len(row_keys), store.KEY_BYTES),
        {**describe(recipe), "rejected": {track: str(why) for track, why in reasons.items()}},
    )
    shards = [
        Shard(partial.absolute(), layout, start, row_keys[start:stop], cache)
        for start, stop in layout.shards()
    ]
    seconds: list[int] = []
    label = f"write {name}/{recipe.feature}"
    for result in executor.run(assemble, shards, label, lambda task: len(task.keys), light=True):
        if isinstance(result, Failure):
            raise store.StoreError(result.reason)
        seconds += result
    store.finish(partial, np.array(seconds, np.int32))
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(
        __doc__, lambda name, feature: extract(params.read(), name, feature), "corpus", "feature"
    )


if __name__ == "__main__":
    main()
