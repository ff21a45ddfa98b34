"""The project and the music of the tests of `multispec add`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.adding import cost
from tests.docs.adding import SMALL, tone


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Return a folder with a params.yaml, the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "params.yaml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(folder)
    # The rate is a matter of its own: here it costs the compilation of all features.
    monkeypatch.setattr(cost, "measure", lambda *_: cost.Rate("one.wav", 10.0, 0.5))
    return folder


@pytest.fixture
def music(tmp_path) -> Path:
    """Return a folder with two classes of four sounds each."""
    for number in range(8):
        tone(tmp_path / "music" / ("joy", "grief")[number % 2] / f"{number}.wav", number)
    return tmp_path / "music"
