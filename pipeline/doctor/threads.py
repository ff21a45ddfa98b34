"""Cores and memory of this process, and the workers that are to share them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import joblib

from pipeline import params
from pipeline.doctor import Finding, Patient
from pipeline.execute import ComputeConfig

#: A worker with its libraries takes about half of this, bytes.
WORKER_BYTES = 2**30
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def check(patient: Patient) -> Iterator[Finding]:
    """Compare compute.workers with what this process may use."""
    usable, present = joblib.cpu_count(), os.cpu_count() or 1
    less = f" of {present}; affinity or the container leaves no more" if usable < present else ""
    yield Finding("ok", f"{usable} cores{less}")
    section = params.section(patient.needed(), "compute")
    workers = max(1, params.build(ComputeConfig, section, "compute").count)
    if workers > usable:
        what = f"compute.workers is {workers}, the cores are {usable}"
        yield Finding("warn", what, "more workers than cores are slower; use `auto`")
    room = memory_bytes()
    if room < workers * WORKER_BYTES:
        what = f"{room / 2**30:.1f} GiB of memory for {workers} workers"
        yield Finding("warn", what, "set compute.workers lower: each takes up to 1 GiB")
    else:
        yield Finding("ok", f"{room / 2**30:.1f} GiB of memory for {workers} workers")
    yield _variables()


def _variables() -> Finding:
    values = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    wrong = [name for name, value in values.items() if not value.isdecimal() or int(value) < 1]
    if wrong:
        what = f"{wrong[0]} is {values[wrong[0]]!r}"
        return Finding("fail", what, f"`unset {wrong[0]}`: it must be a whole number")
    said = ", ".join(f"{name}={value}" for name, value in values.items()) or "not limited outside"
    return Finding("ok", f"threads: {said}; every task limits itself to one")


def memory_bytes() -> int:
    """Return the memory of the machine or, where it is less, of the container, bytes."""
    room = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in LIMITS:
        if path.is_file() and (text := path.read_text(encoding="ascii").strip()).isdecimal():
            room = min(room, int(text))
    return room
