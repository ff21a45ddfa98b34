"""DVC: the repository, its locks, dvc.lock, the remote, the run cache."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.doctor import Finding, Patient


def check(patient: Patient) -> Iterator[Finding]:
    """Look at the DVC repository."""
    del patient
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        repo = Repo()
    except DvcException as error:
        remedy = "run from the top of the repository, a clone of it made by Git"
        yield Finding("fail", f"DVC: {error}", remedy)
        return
    with repo:
        yield Finding("ok", f"DVC repository {repo.root_dir}")
        yield from _torn(Path(repo.tmp_dir) / "rwlock")
        yield _lock(Path(repo.root_dir) / "dvc.lock")
        runs = sum(1 for _ in Path(repo.stage_cache.cache_dir).glob("*/*/*"))
        yield Finding("ok", f"DVC cache {repo.cache.local.path}: {runs} runs can be reused")
        yield _remote(repo)  # last: it may never answer


def _torn(path: Path) -> Iterator[Finding]:
    """Say whether DVC was killed while it wrote, in place, who uses which file."""
    try:
        if path.is_file():
            json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        shown = os.path.relpath(path)
        what = f"{shown} is torn: DVC was killed while it wrote it, and no command goes on"
        yield Finding("fail", what, f"`rm {shown}`, while no other dvc runs; nothing is lost")


def _lock(path: Path) -> Finding:
    if not path.is_file():
        return Finding("ok", "dvc.lock: none yet; `dvc repro` writes it")
    try:
        stages = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["stages"]
    except (YAMLError, KeyError, TypeError, ValueError) as error:
        first = str(error).splitlines()[0]
        remedy = "if it holds marks of a merge: `git checkout --ours dvc.lock`, then `dvc repro`"
        return Finding("fail", f"dvc.lock cannot be read: {first}", remedy)
    return Finding("ok", f"dvc.lock: {len(stages)} stages")


def _remote(repo: Any) -> Finding:
    name = repo.config["core"].get("remote")
    if not name:
        remedy = "to share results: `dvc remote add -d <name> <url>`, see docs/sharing.md"
        return Finding("ok", f"DVC: no default remote; {remedy}")
    try:
        remote = repo.cloud.get_remote(name)
        remote.fs.exists(remote.path)  # raises where nobody answers
        url = remote.fs.unstrip_protocol(remote.path)
    except Exception as error:  # every remote has its own kinds
        trouble = " ".join(str(error).split()) or type(error).__name__
    else:
        return Finding("ok", f"DVC remote {name} ({url}): answers")
    remedy = "check the network, its keys, and `dvc remote list`; `dvc pull` and `push` need it"
    return Finding("warn", f"DVC remote {name}: {trouble}", remedy)
