"""What paths, folders and patterns mean, and which score belongs to which sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.prediction.inputs import Item, find


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Return a folder with sounds, scores and other things; it is the current directory."""
    monkeypatch.chdir(tmp_path)
    names = ("a.wav", "a.mid", "b.mp3", "c.MIDI", "cover.jpg", "cd/[1] x.flac", "cd/[1] x.mid")
    for name in (*names, ".hidden.wav", "b.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def meant(*named) -> list[tuple[str | None, str | None]]:
    return [(i.audio and i.audio.as_posix(), i.midi and i.midi.as_posix()) for i in find(named)]


def test_a_folder_gives_sounds_with_their_scores_and_lone_scores(shelf):
    assert meant(".") == [
        ("a.wav", "a.mid"), ("b.mp3", None), (None, "c.MIDI"), ("cd/[1] x.flac", "cd/[1] x.mid"),
    ]  # fmt: skip
    assert meant(shelf)[0] == (f"{shelf}/a.wav", f"{shelf}/a.mid")


@pytest.mark.usefixtures("shelf")
def test_a_named_file_is_taken_at_its_word():
    assert meant("a.mid") == [(None, "a.mid")]
    assert meant("a.mid", "a.wav") == meant("a.wav", "a.mid") == [("a.wav", "a.mid")]
    assert meant("cover.jpg") == [("cover.jpg", None)]
    assert meant(("b.mp3", "c.MIDI")) == [("b.mp3", "c.MIDI")]


@pytest.mark.usefixtures("shelf")
def test_each_piece_comes_once_in_the_order_of_names():
    assert meant("b.mp3", "*.mp3", ".", "a.wav")[0] == ("b.mp3", None)
    assert len(meant("b.mp3", "*.mp3", ".", "a.wav")) == 4


@pytest.mark.usefixtures("shelf")
def test_patterns_reach_into_folders():
    assert meant("**/*.flac") == [("cd/[1] x.flac", "cd/[1] x.mid")]
    assert meant("cd/[1] x.flac") == [("cd/[1] x.flac", "cd/[1] x.mid")]


@pytest.mark.usefixtures("shelf")
def test_what_means_nothing_has_a_reason():
    Path("empty").mkdir()
    assert [item.reason for item in find(["nowhere.wav", "*.aiff", "empty"])] == [
        "no such file", "no file matches", "no audio or MIDI file in this folder",
    ]  # fmt: skip
    assert find([]) == []
    assert Item(None, Path("x.mid")).name == "x.mid"
