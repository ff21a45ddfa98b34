"""Rows of the store that the last run left, read straight from the DVC cache.

Before a stage runs, DVC deletes its outputs; ``dvc.lock`` still records them, and the DVC cache
still holds them. Read from there, a fresh ``dvc pull`` of a teammate's features is enough to
compute nothing that they computed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from pipeline.store import Reader, StoreError

Row = NDArray[np.float32]


def rows(out: Path, stage: str, wanted: Collection[str]) -> Iterator[tuple[str, Row]]:
    """Yield wanted rows of the previous version of a stage's feature store.

    Parameters
    ----------
    out
        The store's path, as dvc.yaml names it.
    stage
        The stage's name in dvc.lock.
    wanted
        Content keys.

    Yields
    ------
    (str, numpy.ndarray)
        Key and valid seconds [shape=(second, ...)] of every wanted row that is there and intact;
        nothing where there was no previous run, or the DVC cache does not hold all of it.
    """
    listing = _locked(out, stage) if wanted else None
    if listing is None:
        return
    with TemporaryDirectory() as scratch:
        view = Path(scratch) / out.name
        for relative, source in listing.items():
            target = view / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
        try:
            reader = Reader(view)
        except StoreError:  # written by an older version: nothing to reuse
            return
        yield from _wanted(reader, wanted)


def _wanted(reader: Reader, wanted: Collection[str]) -> Iterator[tuple[str, Row]]:
    """Yield from each shard that holds a wanted row, reading it once."""
    for start in range(0, len(reader.keys), reader.per_shard):
        held = reader.keys[start : start + reader.per_shard]
        if not set(held).intersection(wanted):
            continue
        try:
            values = reader.rows(start, start + len(held))
        except StoreError:  # damaged in the DVC cache: its rows are computed again
            continue
        for offset, row_key in enumerate(held):
            if row_key in wanted:
                yield row_key, values[offset, : int(reader.seconds_valid[start + offset])]


def _locked(out: Path, stage: str) -> dict[str, Path] | None:
    """Return relative path -> file in the DVC cache, for the recorded version of an output."""
    lock = Path("dvc.lock")
    if not lock.is_file():
        return None
    stages = YAML(typ="safe", pure=True).load(lock.read_text(encoding="utf-8"))["stages"]
    outs = stages.get(stage, {}).get("outs", [])
    digest = next((entry.get("md5") for entry in outs if entry["path"] == out.as_posix()), None)
    if digest is None:
        return None
    root = _cache_root()
    try:
        entries = json.loads(_object(root, digest).read_bytes())
    except FileNotFoundError:
        return None
    files = {entry["relpath"]: _object(root, entry["md5"]) for entry in entries}
    return files if all(path.is_file() for path in files.values()) else None


def _cache_root() -> Path:
    from dvc.repo import Repo

    with Repo() as repo:  # DVC knows best where its cache is: config, environment, experiments
        return Path(repo.cache.local.path)


def _object(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest[2:]
