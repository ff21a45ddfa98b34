"""Room on the disks for the feature stores and cache entries that are still to be made.

The estimate is tracks times seconds times the bytes of one second (4 for each number of a feature's
``shape``), once for the store and once for the cache; compression would save a quarter at best, and
is left out.
"""

from __future__ import annotations

import math
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline import corpora, corpus, features, params, paths
from pipeline.cache import Cache
from pipeline.caching.inventory import size
from pipeline.doctor import Finding, Patient
from pipeline.execute import ComputeConfig
from pipeline.stage import StageError

#: Share of the free room above which a warning is given: training needs some too.
TIGHT = 0.7
NUMBER_BYTES = 4


def check(patient: Patient) -> Iterator[Finding]:
    """Compare what is to be written with what is free, on each disk."""
    all_params = patient.needed()
    compute = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    store, entries = needed(all_params)
    demands: dict[int, list[tuple[Path, int]]] = defaultdict(list)
    root = Cache.at(compute.cache).root
    wanted = [(Path("data"), store), *([(root, entries)] if isinstance(root, Path) else [])]
    for path, count in wanted:
        there = existing(path)
        demands[there.stat().st_dev].append((there, count))
    for parts in demands.values():
        total, free = sum(count for _, count in parts), shutil.disk_usage(parts[0][0]).free
        where = " and ".join(dict.fromkeys(str(path.absolute()) for path, _ in parts))
        what = f"{where}: about {size(total)} still to be written, {size(free)} free"
        if total > free:
            yield Finding("fail", what, "move compute.cache or data/ to a larger disk")
        elif total > TIGHT * free:
            yield Finding("warn", what, "`multispec cache prune`, `dvc gc -w`, or a larger disk")
        else:
            yield Finding("ok", what)


def needed(all_params: Mapping[str, Any]) -> tuple[int, int]:
    """Return bytes of the (stores, cache entries) that are not there yet."""
    store = entries = 0
    for name in params.section(all_params, "corpora"):
        crop = corpus.of(all_params, name).crop_seconds
        try:
            seconds = lengths(all_params, name)
        except (ValueError, StageError):
            continue  # the check of the corpora says what is wrong
        for feature in params.section(all_params, "features"):
            if not paths.features(name, feature).is_dir():
                one = second_bytes(all_params, feature)
                store += one * crop * len(seconds)
                entries += round(one * sum(min(each, crop) for each in seconds))
    return store, entries


def lengths(all_params: Mapping[str, Any], name: str) -> list[float]:
    """Return the seconds of every track with audio; the crop where no index tells."""
    if paths.index(name).is_file():
        return [float(row.duration_seconds) for row in corpus.read_index(name) if row.audio]
    which = corpus.of(all_params, name)
    adapter = corpora.load(which.adapter)
    config = params.build(adapter.Config, which.extra, f"corpora.{name}")
    tracks, _ = adapter.tracks(which.root, config)
    return [float(which.crop_seconds) for track in tracks if track.audio is not None]


def second_bytes(all_params: Mapping[str, Any], feature: str) -> int:
    """Return the bytes of one second of a feature."""
    module = features.load(feature)
    section = params.section(all_params, "features", feature)
    config = params.build(module.Config, section, f"features.{feature}")
    return int(NUMBER_BYTES * math.prod(module.shape(config).values()))


def existing(path: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    path = path.absolute()
    while not os.path.lexists(path):
        path = path.parent
    return path
