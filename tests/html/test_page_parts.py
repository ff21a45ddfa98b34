"""Parts of the page: charts, pictures, sounds, settings."""

from __future__ import annotations

import base64
import hashlib
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipeline.audio import AudioConfig
from pipeline.html import charts, inline
from pipeline.html.cells import table
from pipeline.html.settings import Page
from pipeline.html.sounds import Library

AUDIO = AudioConfig(16000, 0.05, -80.0, 16.0, 4000, 384000)


def content(uri: str) -> BytesIO:
    return BytesIO(base64.b64decode(uri.partition("base64,")[2]))


def test_a_sound_is_a_reproducible_mp3_of_the_same_tone() -> None:
    time = np.arange(3 * 16000) / 16000
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    uri = inline.sound(tone, 16000)
    assert uri == inline.sound(tone, 16000)
    heard, rate = soundfile.read(content(uri))
    assert (rate, heard.ndim) == (16000, 1)
    assert abs(len(heard) - len(tone)) < 0.1 * rate
    power = np.abs(np.fft.rfft(heard[:16000]))
    assert power.argmax() == 440  # one second: bins are hertz


def test_what_is_louder_than_full_scale_is_turned_down() -> None:
    time = np.arange(16000) / 16000
    heard, _ = soundfile.read(content(inline.sound(3 * np.sin(2 * np.pi * 440 * time), 16000)))
    assert 0.9 < np.abs(heard).max() < 1.1


def test_a_picture_has_low_frequencies_at_the_bottom_and_loud_ones_bright() -> None:
    levels = np.full((401, 30), -100.0)
    levels[:200] = -20.0
    image = np.asarray(Image.open(content(inline.picture(levels, -100.0, -20.0))).convert("RGB"))
    assert image.shape[0] <= inline.ROWS
    assert image.shape[1] == 30
    assert image[-1].mean() > image[0].mean() + 50


@pytest.mark.parametrize("size", [1, 24, 200, 201, 401, 1000])
def test_pooled_rows_keep_the_mean(size: int) -> None:
    levels = np.full((size, 2), -50.0)
    image = Image.open(content(inline.picture(levels, -100.0, 0.0)))
    assert np.ptp(np.asarray(image)) == 0
    assert image.size[1] <= inline.ROWS


@pytest.fixture
def library(tmp_path: Path) -> Library:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(16000), 16000)
    digest = hashlib.sha256((tmp_path / "a.wav").read_bytes()).hexdigest()
    silent = tmp_path / "b.wav"
    soundfile.write(silent, np.zeros(16000), 16000)
    files = {
        "good": ("a.wav", digest),
        "absent": ("c.wav", digest),
        "other": ("a.wav", "0" * 64),
        "silent": ("b.wav", hashlib.sha256(silent.read_bytes()).hexdigest()),
        "notes": ("", digest),
    }
    return Library(tmp_path, files, True, AUDIO, 1)


@pytest.mark.parametrize(
    ("track", "note"),
    [
        ("absent", "not at hand"),
        ("other", "not the one that was measured"),
        ("silent", "cannot be decoded (silent)"),
        ("notes", "no recording"),
        ("unknown", "no recording"),
    ],
)
def test_a_missing_sound_says_why(library: Library, track: str, note: str) -> None:
    player = library.player(track, "x")
    assert player.source == ""
    assert note in player.note


def test_only_sounds_that_may_be_passed_on_are_in_the_page(library: Library) -> None:
    assert library.player("good", "x").source.startswith("data:audio/mpeg;base64,")
    held = Library(library.root, library.files, False, AUDIO, 1)
    assert held.player("good", "x").source == ""


def test_points_lie_between_the_axes_and_gaps_are_left_out() -> None:
    axes = (charts.axis("x, s", [0, 10]), charts.shares("y"))
    line = charts.series("a", [0, 5, 10], [0, np.nan, 1], axes, 0)
    left, right = charts.LEFT, charts.WIDTH - charts.RIGHT
    assert line.points == ((left, charts.HEIGHT - charts.BOTTOM), (right, charts.TOP))
    made = charts.chart("t", "text", axes, [line], [(0, 10, 1.0)])
    assert made.bars == (
        (left, charts.TOP, right - left, charts.HEIGHT - charts.BOTTOM - charts.TOP),
    )


@pytest.mark.parametrize("values", [[], [np.nan], [3.0], [2.0, 2.0]])
def test_an_axis_of_nothing_or_of_one_value_has_a_length(values: list[float]) -> None:
    found = charts.axis("x", values)
    assert found.high > found.low
    assert found.ticks


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="table t: 1 cells under 2 columns"):
        table("t", "", ["a", "b"], [[1]])


@pytest.mark.parametrize(("key", "value"), [("excerpt_seconds", 0), ("hardest", -1), ("bins", 1)])
def test_settings_that_make_no_page_are_refused(key: str, value: int) -> None:
    good: dict[str, Any] = {"excerpt_seconds": 4, "hardest": 6, "bins": 10, "sounds": ()}
    with pytest.raises(ValueError, match=re.escape(f"{key} = {value}: must be at least")):
        Page(**good | {key: value})
