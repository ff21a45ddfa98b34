"""What other features want of files that are decoded for one of them.

A row is wanted that no cache holds: neither as an ordinary entry, nor computed ahead, nor in the
previous store of its own stage. A feature with which something is wrong wants nothing; its own
stage says what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from pipeline import paths, previous
from pipeline.cache import Cache
from pipeline.recipe import Companion, File, Recipe, ahead, held


class Companions:
    """The other features of one corpus.

    Parameters
    ----------
    recipes
        Feature -> function that returns its recipe, or raises.
    corpus
        Name.
    cache
        The per-track cache.
    """

    def __init__(
        self, recipes: Mapping[str, Callable[[], Recipe]], corpus: str, cache: Cache
    ) -> None:
        self.recipes, self.corpus, self.cache = recipes, corpus, cache

    def of(self, files: Sequence[File]) -> Callable[[Sequence[File]], tuple[Companion, ...]]:
        """Return a function that gives the companions of a batch of these files."""
        wanted: list[tuple[Recipe, dict[str, str]]] = []
        for make in self.recipes.values():
            with suppress(Exception):
                recipe = make()
                wanted.append((recipe, self._wanted(recipe, files)))

        def batch(part: Sequence[File]) -> tuple[Companion, ...]:
            found = (
                Companion(recipe, tuple(keys.get(sha256) for _, sha256, _ in part))
                for recipe, keys in wanted
            )
            return tuple(companion for companion in found if any(companion.keys))

        return batch

    def _wanted(self, recipe: Recipe, files: Sequence[File]) -> dict[str, str]:
        """Return content of the file -> key of the row that is wanted."""
        feature = recipe.feature
        keys = {sha256: recipe.key(sha256) for _, sha256, _ in files}
        there = held(self.cache, feature, keys.values())
        there |= held(self.cache, ahead(feature), keys.values())
        missing = {sha256: key for sha256, key in keys.items() if key not in there}
        if not missing:
            return {}
        stage = f"extract@{self.corpus}-{feature}"
        stored = previous.keys(paths.features(self.corpus, feature), stage)
        return {sha256: key for sha256, key in missing.items() if key not in stored}
