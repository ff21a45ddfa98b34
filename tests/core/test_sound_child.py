"""The index's decoder may hang or crash; the file is refused, and the next one is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import params, sound_child
from pipeline.audio import AudioConfig
from pipeline.codeversion import ROOT
from pipeline.midi_child import Child

AUDIO = params.build(AudioConfig, params.read(ROOT / "params.yaml")["audio"], "audio")


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "a tone.wav"
    soundfile.write(path, 0.5 * np.sin(np.arange(22050) / 9), 22050)
    return path


def test_a_sound_file_is_told_by_length_and_rate(tone: Path) -> None:
    found = sound_child.examine(tone, AUDIO, 1)
    assert found == {"duration_seconds": "1.000000", "sample_rate": "22050"}


def test_what_is_no_sound_has_the_reason_of_the_decoder(tmp_path: Path) -> None:
    path = tmp_path / "text.mp3"
    path.write_text("words", encoding="utf-8")
    assert sound_child.examine(path, AUDIO, 1)["code"] == "not-audio"
    assert sound_child.examine(tmp_path / "none.wav", AUDIO, 1)["code"] == "unreadable"


@pytest.mark.parametrize(
    ("fault", "code"),
    [("import time; time.sleep(60)", "timeout"), ("os.kill(os.getpid(), 11)", "crash")],
)
def test_a_decoder_that_hangs_or_crashes_costs_one_file(
    tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, code: str
) -> None:
    """A child whose decoder is replaced, as far as one name of file goes."""
    package = tmp_path / "pipeline"
    package.mkdir()
    (package / "__init__.py").write_text(f"__path__.append({str(ROOT / 'pipeline')!r})\n")
    (package / "wild.py").write_text(
        "import os\nfrom pipeline import sound_child as own\n"
        "from pipeline.midi_child import serve\n"
        f"def answer(request):\n    if 'wild' in request['path']:\n        {fault}\n"
        "    return own._answer(request)\nserve(answer, own.MEMORY_BYTES)\n"
    )
    wild = tone.rename(tone.with_name("wild.wav"))
    tame = tone.with_name("tame.wav")
    tame.write_bytes(wild.read_bytes())
    child = Child("pipeline.wild", {})
    monkeypatch.setattr("pipeline.midi_child.__file__", str(package / "midi_child.py"))
    monkeypatch.setattr(sound_child, "_CHILD", child)
    monkeypatch.setattr(sound_child, "LEAST_SECONDS", 8.0)
    try:
        assert sound_child.examine(tame, AUDIO, 1)["sample_rate"] == "22050"
        found = sound_child.examine(wild, AUDIO, 1)
        assert found["code"] == code
        assert found["code"] in sound_child.TRANSIENT
        assert sound_child.examine(tame, AUDIO, 1)["sample_rate"] == "22050"
    finally:
        child.stop()
