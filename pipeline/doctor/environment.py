"""Python, the installed packages against requirements.lock, the build of PyTorch."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.doctor import Finding, Patient

LOCK = Path("requirements.lock")
PYTHON = (3, 11)
#: Named in a message before "and N more".
SHOWN = 5
INSTALL = f"`make env`, or `pip install -r {LOCK}`"


def check(patient: Patient) -> Iterator[Finding]:
    """Look at the environment."""
    del patient
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == PYTHON:
        yield Finding("ok", f"Python {version}")
    else:
        wanted = ".".join(map(str, PYTHON))
        yield Finding("fail", f"Python {version}; {wanted} is needed", f"install Python {wanted}")
    yield _packages()
    yield _torch()


def _packages() -> Finding:
    if not LOCK.is_file():
        return Finding("fail", f"{LOCK} is missing", "run from the top of the repository")
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.M)
    absent, other = [], []
    for name, version in pinned:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
            continue
        if found != version:
            other.append(f"{name} {found} instead of {version}")
    if absent:
        return Finding("fail", f"missing packages: {_some(absent)}", INSTALL)
    if other:
        what = f"other versions than {LOCK} has: {_some(other)}"
        return Finding("warn", what, f"{INSTALL}; with others, results may differ in bytes")
    return Finding("ok", f"{len(pinned)} packages as in {LOCK}")


def _some(found: list[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def _torch() -> Finding:
    try:
        return Finding("ok", f"PyTorch {importlib.metadata.version('torch')}")
    except importlib.metadata.PackageNotFoundError:
        return Finding("fail", "PyTorch is missing", "`make env`")
