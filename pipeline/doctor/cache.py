"""The per-track cache: where it lies, and whether it can be read and written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pipeline import params
from pipeline.cache import VARIABLE, Cache, key
from pipeline.caching.places import CacheError
from pipeline.doctor import Finding, Patient
from pipeline.doctor.room import existing
from pipeline.execute import ComputeConfig

ELSEWHERE = f"name another one: compute.cache in params.yaml, or the variable {VARIABLE}"


def check(patient: Patient) -> Iterator[Finding]:
    """Look at the root of the cache."""
    section = params.section(patient.needed(), "compute")
    cache = Cache.at(params.build(ComputeConfig, section, "compute").cache)
    said = f" (by {VARIABLE})" if os.environ.get(VARIABLE) else ""
    if isinstance(cache.root, Path):
        yield from _folder(cache.root, said)
    else:
        yield _store(cache, said)


def _folder(root: Path, said: str) -> Iterator[Finding]:
    there = existing(root)
    if not there.is_dir():
        yield Finding("fail", f"cache {root}{said}: {there} is no folder", ELSEWHERE)
        return
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        remedy = f"ask its owner for the right to write (docs/cache.md), or {ELSEWHERE}"
        yield Finding("fail", f"cache {root}{said}: {there} may not be written to", remedy)
        return
    same = there.stat().st_dev == existing(Path("data")).stat().st_dev
    disk = "the disk of data/" if same else "another disk than data/"
    yield Finding("ok", f"cache {root}{said}: can be written to, on {disk}")
    mode = there.stat().st_mode
    if there == root and mode & stat.S_IWGRP and not mode & stat.S_ISGID:
        what = f"cache {root}: its group may write, but new folders get the group of their maker"
        yield Finding("warn", what, f"`chmod g+s {root}`; see docs/cache.md")


def _store(cache: Cache, said: str) -> Finding:
    try:
        cache.read("doctor", key(doctor="is there an answer?"))
    except CacheError as error:
        return Finding("fail", str(error), ELSEWHERE)
    return Finding("ok", f"cache {cache.root}{said}: answers")
