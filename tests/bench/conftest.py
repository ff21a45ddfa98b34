"""The project's parameters, and a tiny benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline import params
from pipeline.bench.settings import Settings


@pytest.fixture
def all_params() -> dict[str, Any]:
    """Return the shipped parameters."""
    return params.read(Path(__file__).resolve().parents[2] / "params.yaml")


@pytest.fixture
def tiny(all_params: dict[str, Any]) -> Settings:
    """Return settings for a benchmark of seconds."""
    all_params["features"] = {name: all_params["features"][name] for name in ("gtf", "mf_rp")}
    all_params["train"] |= {"batch_size": 4, "device": "cpu"}
    return Settings(all_params, seconds=1.0, rounds=1, clips=2)
