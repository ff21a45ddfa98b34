"""What a model hears of a sound file: its features, window by window.

Conventions
-----------
Recipes are those of the feature stores (:mod:`pipeline.recipe`), and so are the keys under which
the first window's rows are looked for and kept in the per-track cache: a file that was trained on,
or predicted before, is not computed again. Later windows of long files are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import features, params, shards
from pipeline.audio import AudioConfig, Reject, Sound
from pipeline.cache import Cache
from pipeline.caching import rows as stored
from pipeline.caching.places import CacheError
from pipeline.dsp.signal import Signal
from pipeline.prediction.windows import windows
from pipeline.recipe import Recipe
from pipeline.rows import _whole_seconds, finished, sha256_of

Rows = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Heard:
    """One window.

    Attributes
    ----------
    start, seconds
        Where it begins in the file and how long it is, s.
    rows
        Feature -> array [shape=(second, ...)], or why there is none.
    """

    start: float
    seconds: float
    rows: Rows | Reject


@dataclass(frozen=True)
class Listener:
    """How a model hears; without a recipe it hears nothing.

    Attributes
    ----------
    recipes
        Feature -> recipe.
    cache
        Where rows are looked for and kept; ``None`` for nowhere.
    """

    recipes: Mapping[str, Recipe]
    cache: Cache | None

    def listen(self, path: Path) -> Iterator[Heard]:
        """Yield what the windows of a file hold; memory is bounded by the window."""
        recipe = next(iter(self.recipes.values()))
        for window in windows(path, recipe.audio, recipe.crop_seconds):
            sound = window.sound
            rows: Rows | Reject
            if isinstance(sound, Reject):
                rows = sound
            elif window.start == 0 and self.cache is not None:
                rows = self._kept(path, sound, self.cache)
            else:
                rows = self._computed(sound, self.recipes)
            yield Heard(window.start, window.seconds, rows)

    def _kept(self, path: Path, sound: Sound, cache: Cache) -> Rows | Reject:
        sha256 = sha256_of(path)
        keys = {name: recipe.key(sha256) for name, recipe in self.recipes.items()}
        found = {name: stored.read(cache, name, keys[name]) for name in keys}
        known = {name: row.array() for name, row in found.items() if row is not None}
        missing = {name: each for name, each in self.recipes.items() if name not in known}
        computed = self._computed(sound, missing)
        if isinstance(computed, Reject):
            return computed
        with suppress(CacheError):  # predicting goes on where the cache may only be read
            for name, row in computed.items():
                crop = self.recipes[name].crop_seconds
                stored.write(cache, name, keys[name], shards.padded(row, crop))
        return {name: {**known, **computed}[name] for name in self.recipes}

    def _computed(self, sound: Sound, recipes: Mapping[str, Recipe]) -> Rows | Reject:
        """Compute features of a window, as :func:`pipeline.rows.compute_row` does of a file."""
        if not recipes:
            return {}
        signal = Signal(_whole_seconds(sound.samples, sound.sample_rate), sound.sample_rate)
        rows = {}
        for name, recipe in recipes.items():
            row = finished(recipe.of(signal), recipe.crop_seconds)
            if isinstance(row, Reject):
                return row
            rows[name] = row
        return rows


def listener(about: Mapping[str, Any], where: str, cache: Cache | None) -> Listener:
    """Return how the model of a model file hears.

    Parameters
    ----------
    about
        What the file says: audio, crop_seconds, features (name -> config).
    where
        The file, for messages.

    Raises
    ------
    ValueError
        If a feature does not exist here, or a setting is not one.
    """
    audio = params.build(AudioConfig, about["audio"], f"{where}: audio")
    recipes = {
        name: Recipe(
            name,
            params.build(features.load(name).Config, config, f"{where}: features.{name}"),
            audio,
            about["crop_seconds"],
        )
        for name, config in about["features"].items()
    }
    if recipes and about["crop_seconds"] < 1:
        raise ValueError(f"{where}: crop_seconds is {about['crop_seconds']}")
    return Listener(recipes, cache)
