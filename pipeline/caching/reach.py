"""Which entries the present parameters would ask for.

Conventions
-----------
Keys are those that the stages themselves make. An entry is *reachable* if ``params.yaml`` and the
indices name it, or a feature store on this disk holds its row. A trained fold is reachable if the
last run of a training or of a variant that ``params.yaml`` or ``experiments/params.yaml`` still
name asked for it (:mod:`pipeline.caching.asked`); where a run on this disk has no such note, as in
a fresh clone, folds cannot be judged. Those and kinds that this version does not know are kept.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import corpus, features, folds, params, paths, pieces, probe, store, variants
from pipeline.audio import AudioConfig
from pipeline.cache import AHEAD
from pipeline.caching import asked
from pipeline.extract import recipe_of
from pipeline.remote import local
from pipeline.rows import sha256_of

if TYPE_CHECKING:
    from pipeline.caching.places import Root


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
    trained = _trained(all_params)
    if trained is not None:
        keys[folds.KIND] = trained
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


def _trained(all_params: Mapping[str, Any]) -> set[str] | None:
    """Return the keys of all folds that were asked for; ``None`` where a run's are not known."""
    found: set[str] = set()
    for label, run in _runs(all_params):
        keys = asked.noted(label)
        if keys is None and run is not None and run.exists():
            return None
        found |= keys or set()
    return found


def _runs(all_params: Mapping[str, Any]) -> Iterator[tuple[str, Path | None]]:
    """Yield (label, file that tells that it ran) of all trainings and variants.

    A sweep runs in a folder of its own, and its results are DVC's: what it noted here counts, and
    is not missed.
    """
    own = list(params.section(all_params, "models"))
    more = experiments()
    extra = list(params.section(params.read(variants.FILE), "models") or ()) if more else []
    for name in params.section(all_params, "corpora"):
        for model in own:
            yield f"train {name}/{model}", paths.run(name, model) / "predictions.csv"
        for model in own + extra:
            yield f"sweep {name}/{model}", None
        for each in more:
            skipped = _skipped(paths.experiment(name, each.name) / "about.json")
            for variant in each.variants:
                table = paths.experiment(name, each.name) / "predictions.csv"
                ran = None if variant.name in skipped else table
                yield f"experiment {name}/{each.name}/{variant.name}", ran


def experiments() -> list[variants.Experiment]:
    """Return all experiments of this clone."""
    if not variants.FILE.is_file():
        return []
    return [
        variants.read(name) for name in params.section(params.read(variants.FILE), "experiments")
    ]


def _skipped(path: Path) -> set[str]:
    """Return the variants that an experiment did not train on a corpus, by its account."""
    try:
        cards = json.loads(path.read_text(encoding="utf-8"))["variants"]
    except (OSError, ValueError, KeyError):
        return set()
    return {card["name"] for card in cards if card["skipped"]}


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
