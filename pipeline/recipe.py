"""How the rows of one store are made, and the task that makes a batch of them.

Nothing is gathered: a worker writes each row, encoded, to the per-track cache, and another task
copies it from there into its shard. A file is read and decoded once for several features: the task
writes the rows of the *companions*, features that have no row of it yet, to the cache as rows
computed *ahead*, kind ``ahead-<feature>``. Their own stages find them there.

Memory of a task: one file at a time, its samples within the crop (8 bytes each), what its features
share (:mod:`pipeline.dsp.signal`), and one row with the work of the feature that makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline import codeversion, features, shards
from pipeline.audio import AudioConfig, Reject
from pipeline.cache import AHEAD, DIGEST_BYTES, Cache, key, name_of
from pipeline.caching import rows
from pipeline.caching.claims import claim
from pipeline.caching.objects import Objects
from pipeline.dsp.signal import Signal
from pipeline.remote import RefusedError, local
from pipeline.rows import compute_row, finished
from pipeline.stage import StageError, check_disk

if TYPE_CHECKING:
    from pipeline.caching.places import Root

File: TypeAlias = "tuple[Root, str, str]"


@dataclass(frozen=True)
class Recipe:
    """How every row of one store is computed; the same for all tracks of a corpus.

    Attributes
    ----------
    feature
        Name of the feature module.
    config
        Its ``Config``.
    audio
        Section ``audio``.
    crop_seconds
        Seconds kept of each track, s.
    """

    feature: str
    config: Any
    audio: AudioConfig
    crop_seconds: int

    @cached_property
    def effective(self) -> dict[str, Any]:
        """Every setting that decides a row's bytes, as JSON values."""
        return {
            "sample_rate": self.audio.sample_rate,
            "crop_seconds": self.crop_seconds,
            self.feature: asdict(self.config),
        }

    @property
    def modules(self) -> tuple[str, str]:
        """Project modules whose closures compute a row."""
        return ("pipeline.rows", f"pipeline.features.{self.feature}")

    @cached_property
    def version(self) -> str:
        """Code version, see :mod:`pipeline.codeversion`."""
        return codeversion.version(*self.modules)

    @cached_property
    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that decide a row's bytes."""
        return codeversion.libraries(*self.modules)

    @property
    def extract(self) -> partial[Any]:
        """The feature as a function of (samples, rate in Hz)."""
        return partial(features.load(self.feature).extract, config=self.config)

    def of(self, signal: Signal) -> NDArray[np.float32]:
        """Return the feature of a signal, sharing what other features left in it.

        A feature module that knows no signals has ``extract`` alone, to the same effect.
        """
        module = features.load(self.feature)
        if hasattr(module, "from_signal"):
            return np.asarray(module.from_signal(signal, self.config))
        return np.asarray(module.extract(signal.samples, signal.sample_rate, self.config))

    def key(self, sha256: str) -> str:
        """Return the content key of the row of a file."""
        return key(
            content=sha256,
            config=self.effective,
            code=self.version,
            libraries=self.libraries,
        )


@dataclass(frozen=True)
class Companion:
    """Another feature, to be computed ahead from files that are decoded anyway.

    Attributes
    ----------
    recipe
        How.
    keys
        Key of its row, for each file of the batch; ``None`` where there is one already.
    """

    recipe: Recipe
    keys: tuple[str | None, ...]


@dataclass(frozen=True)
class Work:
    """A batch of rows to compute: one task.

    Attributes
    ----------
    recipe
        How.
    cache
        Where the rows go.
    files
        (absolute path or URL, expected SHA-256, key) of each row.
    companions
        What else is computed from them.
    """

    recipe: Recipe
    cache: Cache
    files: tuple[File, ...]
    companions: tuple[Companion, ...] = ()


def ahead(feature: str) -> str:
    """Kind under which the cache holds rows that another feature's stage computed."""
    return f"{AHEAD}{feature}"


def has(cache: Cache, kind: str, row_key: str) -> bool:
    """Whether the cache has such an entry; whether it is sound shows where it is read."""
    if isinstance(place := cache.place, Objects):
        return place.size(name_of(kind, row_key)) > DIGEST_BYTES
    try:
        return cache.path(kind, row_key).stat().st_size > DIGEST_BYTES
    except OSError:
        return False


def held(cache: Cache, kind: str, keys: Collection[str]) -> set[str]:
    """Return those of many keys that :func:`has` is true of; an object store is listed instead."""
    if isinstance(place := cache.place, Objects):
        return place.listed(kind, DIGEST_BYTES).intersection(keys)
    return {each for each in keys if has(cache, kind, each)}


class Found:
    """The row of a file was there when its turn came: another process had computed it."""


Outcome = Reject | Found | None


def compute(work: Work) -> list[Outcome]:
    """Compute a batch and write each row to the cache; ``None`` where all went well.

    Files that another process is at work on come last, and are waited for.
    """
    outcome: dict[int, Outcome] = {}
    for last in (False, True):
        for place in range(len(work.files)):
            if place not in outcome:
                kind, row_key = work.recipe.feature, work.files[place][2]
                with claim(work.cache.root, kind, row_key, wait=last) as mine:
                    if not mine:
                        continue
                    signal, outcome[place] = _own(work, work.files[place])
                if signal is not None:
                    _companions(work, place, signal)
    return [outcome[place] for place in range(len(work.files))]


def _own(work: Work, file: File) -> tuple[Signal | None, Outcome]:
    """Compute and write the row that the task is for; return the file's signal as well."""
    recipe, (path, sha256, row_key) = work.recipe, file
    if has(work.cache, recipe.feature, row_key):
        return None, Found()
    if work.cache.move(ahead(recipe.feature), recipe.feature, row_key):
        return None, None
    signals: list[Signal] = []

    def extract(samples: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
        signals.append(Signal(samples, rate))
        return recipe.of(signals[0])

    try:
        with local(path) as here:
            row = compute_row(here, sha256, recipe.audio, recipe.crop_seconds, extract)
    except RefusedError as error:
        row = Reject("unreadable", f"the file cannot be read ({error.strerror})")
    except StageError:  # an object store that does not answer is no file's fault
        raise
    except Exception as error:  # a feature that fails on one file must not lose the others
        check_disk(error)
        row = Reject("failed", f"{type(error).__name__}: {error}")
    if not isinstance(row, Reject):
        _write(work.cache, recipe.feature, row_key, recipe, row)
    return next(iter(signals), None), row if isinstance(row, Reject) else None


def _companions(work: Work, place: int, signal: Signal) -> None:
    """Compute what other features want of a file; what goes wrong is for their stages to say."""
    for companion in work.companions:
        recipe, row_key = companion.recipe, companion.keys[place]
        if row_key is None:
            continue
        kinds = (recipe.feature, ahead(recipe.feature))
        with suppress(Exception), claim(work.cache.root, recipe.feature, row_key) as mine:
            if mine and not any(has(work.cache, kind, row_key) for kind in kinds):
                row = finished(recipe.of(signal), recipe.crop_seconds)
                if not isinstance(row, Reject):
                    _write(work.cache, ahead(recipe.feature), row_key, recipe, row)


def _write(cache: Cache, kind: str, row_key: str, recipe: Recipe, row: NDArray[np.float32]) -> None:
    rows.write(cache, kind, row_key, shards.padded(row, recipe.crop_seconds))


def describe(recipe: Recipe) -> Mapping[str, Any]:
    """Return the attributes that tell a store's reader how its rows came to be."""
    return {
        "config": asdict(recipe.config),
        "sample_rate": recipe.audio.sample_rate,
        "crop_seconds": recipe.crop_seconds,
        "code_version": recipe.version,
        "libraries": recipe.libraries,
    }
