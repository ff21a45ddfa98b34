"""A small project in a temporary folder, and a way to ask one check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from ruamel.yaml import YAML

from pipeline import params
from pipeline.commands import doctor as command
from pipeline.doctor import Finding, Patient

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the parameters of a project with four sounds of two classes; it is the folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MULTISPEC_CACHE", raising=False)
    found = params.read(REPOSITORY / "params.yaml")
    found["corpora"] = {"c": {"adapter": "folder", "root": "music", "crop_seconds": 2}}
    found["features"] = {"gtf": found["features"]["gtf"]}
    found["train"]["skip"] = {}
    for name in ("calm/a.wav", "calm/b.wav", "joy/a.wav", "joy/b.wav"):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(1600, 0.1), 16000)
    with Path("params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(found, file)
    return found


@pytest.fixture
def ask(values: dict[str, Any]) -> Callable[[str], list[Finding]]:
    """Return a function that returns the findings of one check."""

    def one(name: str) -> list[Finding]:
        found: list[Finding] = []
        command.look(name, Patient(values), found)
        return found

    return one
