"""Odd files of public test suites, where they are at hand: a reason each, never an exception."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import AudioConfig, Reject, Sound, decode

CONFIG = AudioConfig(16000, 0.05, -80.0, 16.0, 4000, 384000)
REAL = os.environ.get("MULTISPEC_CORPORA")


@pytest.mark.skipif(REAL is None, reason="MULTISPEC_CORPORA does not name the folder of real sets")
def test_hostile_files_never_raise(capfd):
    hostile = Path(REAL).parent / "hostile"
    if not hostile.is_dir():
        pytest.skip(f"no {hostile}")
    codes: dict[str, int] = {}
    for path in sorted(path for path in hostile.rglob("*") if path.is_file()):
        found = decode(path, CONFIG, 10)
        if isinstance(found, Sound):
            assert np.isfinite(found.samples).all()
            assert 0 < len(found.samples) <= 10 * CONFIG.sample_rate + 1
        else:
            assert found.reason
            assert "\n" not in found.reason
        code = found.code if isinstance(found, Reject) else "sound"
        codes[code] = codes.get(code, 0) + 1
        if path.suffix in (".mid", ".midi") and path.stat().st_size:
            assert code == "not-audio"
    assert codes.keys() >= {"sound", "empty", "not-audio"}
    assert capfd.readouterr().err == ""
