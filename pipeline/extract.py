"""Stage: one feature of one corpus, from the index to a feature store.

``python -m pipeline.extract <corpus> <feature>`` asks, for every track and in this order, the local
cache, the rows of the previous store, and only then computes; it assembles the store beside its
place and renames it. A run that is killed leaves finished rows in the cache and nothing under the
store's name.

A file that has to be decoded is decoded once: rows of it that the other features of params.yaml
lack are computed ahead (:mod:`pipeline.recipe`), and count as computed where their own stage runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline import assembly, corpus, features, params, stage
from pipeline.audio import AudioConfig, Reject
from pipeline.cache import Cache
from pipeline.caching import rows as stored
from pipeline.companions import Companions
from pipeline.execute import ComputeConfig, Executor, Failure
from pipeline.plan import Layout, batches, tapered
from pipeline.previous import Previous
from pipeline.recipe import File, Found, Recipe, Work, ahead, compute, describe, held
from pipeline.stage import StageError
from pipeline.store import StoreError
from pipeline.target import Target

if TYPE_CHECKING:
    from pipeline.caching.places import Root

#: Reasons that may lie with the machine, not with the file.
MACHINE = frozenset({"unreadable", "worker-died"})
#: How often rows that are found damaged are made again; a sound disk needs one time.
ATTEMPTS = 3


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


def extract(
    all_params: Mapping[str, Any], name: str, feature: str, to: Root | None = None
) -> Counts:
    """Run the stage.

    Parameters
    ----------
    to
        Folder or URL below which the store goes; ``None`` is its place in the graph.

    Raises
    ------
    StageError
        If more than ``compute.max_rejected`` of the tracks are rejected.
    """
    recipe = recipe_of(all_params, name, feature)
    settings = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    root = corpus.of(all_params, name).root.absolute()
    rows = [row for row in corpus.read_index(name) if row.audio]
    keys = {row.track: recipe.key(row.sha256) for row in rows}
    files = {keys[row.track]: (root / row.audio, row.sha256, keys[row.track]) for row in rows}
    label = f"extract {name}/{feature}"
    target = Target.below(to, name, feature) if to else Target.of_stage(name, feature)
    with (
        # The graph knows of no store elsewhere, and none of its rows is sent through here.
        Previous(Path(str(target.final)), f"extract@{name}-{feature}") as previous,
        Executor(settings) as executor,
    ):
        supply = Supply(recipe, Cache.at(settings.cache), executor, previous, label, files)
        if settings.together:
            supply.companions = _companions(all_params, name, feature, supply.cache)
        wanted = files.keys() - held(supply.cache, feature, files)
        supply.source = dict.fromkeys(files.keys() - wanted, "cached")
        for _ in range(ATTEMPTS):
            supply.obtain(wanted)
            reasons = {t: supply.failed[key] for t, key in keys.items() if key in supply.failed}
            _check(reasons, len(rows), settings.max_rejected, label)
            kept = {track: key for track, key in keys.items() if track not in reasons}
            wanted = _write(kept, reasons, name, supply, target)
            if not wanted:
                break
        else:
            raise StoreError(
                f"{label}: {len(wanted)} rows are damaged as often as they are written to "
                f"{supply.cache.root}; see whether its disk is sound, or change compute.cache"
            )
    found = [supply.source[key] for key in kept.values()]
    counts = Counts(
        found.count("computed"), found.count("cached"), found.count("previous"), len(reasons)
    )
    print(f"{label}: {counts}", flush=True)
    return counts


def _companions(all_params: Mapping[str, Any], name: str, but: str, cache: Cache) -> Companions:
    """Return the features of params.yaml but one, to be computed from the same files."""
    others = [each for each in params.section(all_params, "features") if each != but]
    return Companions(
        {each: partial(recipe_of, all_params, name, each) for each in others}, name, cache
    )


@dataclass
class Supply:
    """Brings the rows of one store into the cache.

    Attributes
    ----------
    recipe, cache, executor, previous, label
        How, where to, by whom, what there was, and what messages begin with.
    files
        Content key -> file.
    companions
        Features to compute ahead.
    source
        Content key -> where its row came from.
    failed
        Content key -> why there is none.
    """

    recipe: Recipe
    cache: Cache
    executor: Executor
    previous: Previous
    label: str
    files: Mapping[str, File]
    companions: Companions | None = None
    source: dict[str, Literal["computed", "cached", "previous"]] = field(default_factory=dict)
    failed: dict[str, Reject] = field(default_factory=dict)

    def obtain(self, wanted: Iterable[str]) -> None:
        """Bring rows into the cache; ``source`` and ``failed`` tell of each."""
        missing = dict.fromkeys(key for key in self.files if key in set(wanted))
        feature = self.recipe.feature
        for key in held(self.cache, ahead(feature), missing):
            self.source[key] = "computed"  # whoever assembles its shard makes it an ordinary entry
            del missing[key]
        for key, row in self.previous.rows(missing):
            stored.write(self.cache, feature, key, row.current())
            self.source[key] = "previous"
        self._compute([self.files[k] for k in missing if self.source.get(k) != "previous"])

    def _compute(self, files: Sequence[File], again: bool = False) -> None:
        """Compute rows; a file that takes its worker down takes its batch along: once more, alone.

        Nothing is computed ahead then: it may have been a companion's fault.
        """
        if not files:
            return
        size, workers = self.executor.config.batch_tracks, self.executor.width
        parts = tapered(files, size, workers) if workers > 1 else batches(files, size)
        if again:
            parts = batches(files, 1)
        ask = None if again or self.companions is None else self.companions.of(files)
        tasks = [Work(self.recipe, self.cache, tuple(p), ask(p) if ask else ()) for p in parts]
        results = self.executor.run(
            compute, tasks, self.label, lambda task: len(task.files), patient=True
        )
        died: list[File] = []
        for task, result in zip(tasks, results, strict=True):
            if not isinstance(result, Failure):
                self._note(task, result, again)
            elif len(task.files) > 1 or task.companions:
                died += task.files
            else:
                self.failed[task.files[0][2]] = Reject(result.code, result.reason)
        self._compute(died, again=True)

    def _note(self, task: Work, result: Sequence[Reject | Found | None], again: bool) -> None:
        for (_, _, key), outcome in zip(task.files, result, strict=True):
            if isinstance(outcome, Reject):
                self.failed[key] = outcome
            else:  # what a dead worker had finished is of this run as well
                self.source[key] = "cached" if outcome is not None and not again else "computed"


def _check(reasons: Mapping[str, Reject], total: int, allowed: float, label: str) -> None:
    for track, reason in reasons.items():
        print(f"{label}: rejected {track}: {reason}", flush=True)
    if any(reason.code in MACHINE for reason in reasons.values()):
        print(
            f"{label}: a file that cannot be read, or whose process dies, may be the machine's "
            f"fault; to ask again: dvc repro -f -s {label.replace(' ', '@').replace('/', '-')}"
        )
    if len(reasons) > allowed * total:
        raise StageError(
            f"{label}: {len(reasons)} of {total} tracks were rejected, more than "
            f"compute.max_rejected = {allowed} allows; the reasons stand above"
        )


def _write(
    keys: Mapping[str, str],
    reasons: Mapping[str, Reject],
    name: str,
    supply: Supply,
    target: Target,
) -> set[str]:
    """Assemble the store and give it its name; return the keys of lost rows."""
    recipe = supply.recipe
    shape = features.load(recipe.feature).shape(recipe.config)
    layout = Layout(name, recipe.feature, recipe.crop_seconds, shape, tuple(keys))
    target.open()
    about = {**describe(recipe), "rejected": {track: str(why) for track, why in reasons.items()}}
    lost = assembly.write(
        target, layout, tuple(keys.values()), about, supply.cache, supply.executor, supply.previous
    )
    if not lost:
        target.close()
    return lost


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(
        __doc__, lambda name, feature: extract(params.read(), name, feature), "corpus", "feature"
    )


if __name__ == "__main__":
    main()
