"""How the rows of one store are made, and the task that makes a batch of them.

Nothing is gathered: a worker writes each row to the per-track cache, and another task assembles the
shard from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import codeversion, features
from pipeline.audio import AudioConfig, Reject
from pipeline.cache import Cache, key
from pipeline.rows import compute_row


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

    @property
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

    @property
    def version(self) -> str:
        """Code version, see :mod:`pipeline.codeversion`."""
        return codeversion.version(*self.modules)

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that decide a row's bytes."""
        return codeversion.libraries(*self.modules)

    @property
    def extract(self) -> partial[Any]:
        """The feature as a function of (samples, rate in Hz)."""
        return partial(features.load(self.feature).extract, config=self.config)

    def key(self, sha256: str) -> str:
        """Return the content key of the row of a file."""
        return key(
            content=sha256,
            config=self.effective,
            code=self.version,
            libraries=self.libraries,
        )


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
        (absolute path, expected SHA-256, key) of each row.
    """

    recipe: Recipe
    cache: Cache
    files: tuple[tuple[Path, str, str], ...]


def compute(work: Work) -> list[Reject | None]:
    """Compute a batch and write each row to the cache; ``None`` where all went well."""
    recipe, outcome = work.recipe, list[Reject | None]()
    for path, sha256, row_key in work.files:
        try:
            row = compute_row(path, sha256, recipe.audio, recipe.crop_seconds, recipe.extract)
        except Exception as error:  # a feature that fails on one file must not lose the others
            row = Reject("failed", f"{type(error).__name__}: {error}")
        if isinstance(row, Reject):
            outcome.append(row)
        else:
            work.cache.write_array(recipe.feature, row_key, row)
            outcome.append(None)
    return outcome


def describe(recipe: Recipe) -> Mapping[str, Any]:
    """Return the attributes that tell a store's reader how its rows came to be."""
    return {
        "config": asdict(recipe.config),
        "sample_rate": recipe.audio.sample_rate,
        "crop_seconds": recipe.crop_seconds,
        "code_version": recipe.version,
        "libraries": recipe.libraries,
    }
