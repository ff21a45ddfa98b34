"""Where a benchmark ran: hardware and versions, without time, host or user."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import joblib
import torch

LIBRARIES = ("numpy", "scipy", "numba", "torch", "librosa", "gammatone", "soundfile", "soxr")


def describe(*peers: str) -> dict[str, str]:
    """Return what decides speed, name -> value.

    Parameters
    ----------
    peers
        Distributions whose versions belong to the results; absent ones are left out.
    """
    found = {"processor": _processor(), "cores": str(joblib.cpu_count())}
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    found["system"] = f"{platform.system()} {platform.machine()}"
    found["python"] = platform.python_version()
    for name in (*LIBRARIES, *peers):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """Return the processor's name; Linux tells more than Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    known = {key.strip(): value.strip() for key, value in fields.items()}
    name = known.get("model name", platform.machine())
    where = [f"{word} {known[word]}" for word in ("cpu family", "model") if word in known]
    return f"{name} ({', '.join(where)})" if where else name
