"""Which entries the present parameters would ask for.

Conventions
-----------
Keys are those that the stages themselves make. An entry is *reachable* if ``params.yaml`` and the
indices name it, or a feature store on this disk holds its row. Trained folds, and kinds that this
version does not know, cannot be judged without doing the work they stand for: they are kept.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import corpus, features, params, paths, pieces, probe, store
from pipeline.audio import AudioConfig
from pipeline.extract import recipe_of
from pipeline.remote import local
from pipeline.rows import sha256_of

if TYPE_CHECKING:
    from pipeline.caching.places import Root

#: Rows that were computed ahead of their own stage have the keys of their feature.
AHEAD = "ahead-"


@dataclass(frozen=True)
class Reach:
    """The reachable keys of each kind that can be judged."""

    keys: Mapping[str, frozenset[str]]

    def judges(self, kind: str) -> bool:
        """Whether the keys of a kind are known."""
        return kind.removeprefix(AHEAD) in self.keys

    def has(self, kind: str, key: str) -> bool:
        """Whether an entry is reachable, or of a kind that cannot be judged."""
        return not self.judges(kind) or key in self.keys[kind.removeprefix(AHEAD)]


def reach(all_params: Mapping[str, Any]) -> Reach:
    """Return what the present parameters, indices and stores reach.

    Raises
    ------
    FileNotFoundError
        If a corpus has no index: nothing would be known of its entries.
    """
    kinds = {*features.names(), pieces.KIND, probe.KIND}
    keys: dict[str, set[str]] = {kind: set() for kind in kinds}
    for kind, entry in _asked(all_params):
        keys[kind].add(entry)
    for path in sorted(Path("data/features").glob("*/*.zarr")):
        keys.setdefault(path.stem, set()).update(_stored(path))
    return Reach({kind: frozenset(each) for kind, each in keys.items()})


def _asked(all_params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (kind, key) of all that the stages index, extract and embed ask for."""
    audio = params.build(AudioConfig, params.section(all_params, "audio"), "audio")
    for name in params.section(all_params, "corpora"):
        which, rows = corpus.of(all_params, name), corpus.read_index(name)
        for feature in params.section(all_params, "features"):
            recipe = recipe_of(all_params, name, feature)
            yield from ((feature, recipe.key(row.sha256)) for row in rows if row.audio)
        contents = defaultdict(set)
        for row in rows:
            if row.audio:
                contents[Path(row.audio).suffix].add(row.sha256)
            if row.midi:
                yield pieces.KIND, pieces.entry_of(row.midi_sha256)
        for path in _quarantined(name, which.root):
            try:
                with local(path) as file:
                    digest = sha256_of(file)
            except OSError:  # unreadable, as the index has said: nothing of it is kept
                continue
            contents[path.suffix].add(digest)
            yield pieces.KIND, pieces.entry_of(digest)
        for suffix, found in contents.items():
            for digest in found:
                yield probe.KIND, probe.entry_of(digest, suffix, audio, which.crop_seconds)


def _quarantined(name: str, root: Root) -> Iterator[Root]:
    """Yield the files that the index refused: why is cached too."""
    path = paths.quarantine(name)
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            found = {root / row["file"] for row in csv.DictReader(file)}
        yield from sorted(each for each in found if each.is_file())


def _stored(path: Path) -> list[str]:
    try:
        return list(store.Reader(path).keys)
    except store.StoreError:  # unreadable: its rows will be asked for under the present keys
        return []
