"""The embed stage on small corpora, and the promise that no test piece shapes a vector."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from pipeline import chord2vec, corpus, embed, notestats, paths, store
from pipeline.chord2vec import Config, Task
from pipeline.params import ParamsError
from pipeline.rows import sha256_of

TRACKS = 12
FOLDS = 4
CHORD2VEC: dict[str, Any] = {
    "tokenizer": "pitch_class",
    "dim": 8,
    "window": 2,
    "negative": 2,
    "min_count": 2,
    "epochs": 1,
    "pool": "mean",
    "fit": "fold",
    "time_limit_seconds": 60.0,
    "tokenizers": {"paper": {"beats_per_measure": 4}, "pitch_class": {"window_seconds": 0.03}},
    "notes": {"group_seconds": 0.03, "floor_seconds": 0.02, "longest_seconds": 60.0},
}


def parameters(**changes: Any) -> dict[str, Any]:
    return {
        "corpora": {
            "tiny": {"adapter": "folder", "root": "music", "crop_seconds": 5, "manifest": None}
        },
        "chord2vec": {**CHORD2VEC, **changes},
        "compute": {
            "workers": 0,
            "scheduler": None,
            "batch_tracks": 5,
            "together": True,
            "cache": "cache",
            "max_rejected": 0.5,
            "progress": False,
        },
    }


def write_corpus(root: Path, with_midi: bool) -> None:
    """Twelve tracks; the last has no MIDI, the first's words occur nowhere else."""
    (root / "music").mkdir()
    index, folds = [], []
    for number in range(TRACKS):
        name, midi, sha256 = f"t{number:02d}", "", ""
        if with_midi and number < TRACKS - 1:
            midi = f"{name}.mid"
            pitch = 62 if number == 0 else 60
            _midi(root / "music" / midi, [pitch, pitch + 4 + number % 2, pitch + 7] * 6)
            sha256 = sha256_of(root / "music" / midi)
        index.append([name, "", midi, "happy", f"g{number}", "", "", sha256, sha256, ""])
        folds.append(["grouped", 3, name, number % FOLDS])
    names = [field.name for field in dataclasses.fields(corpus.Row)]
    _table(root / "data/index/tiny.csv", names, index)
    _table(root / "data/folds/tiny.csv", ["protocol", "seed", "track", "fold"], folds)


def _midi(path: Path, pitches: list[int]) -> None:
    track = mido.MidiTrack()
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=70))
        track.append(mido.Message("note_off", note=pitch, time=240))
    mido.MidiFile(tracks=[track]).save(path)


def _table(path: Path, names: list[str], rows: list[list[Any]]) -> None:
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def run(
    root: Path, monkeypatch: pytest.MonkeyPatch, with_midi: bool = True, **changes: Any
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    monkeypatch.chdir(root)
    write_corpus(root, with_midi)
    embed.embed(parameters(**changes), "tiny")
    return store.read_arrays(paths.embeddings("tiny"))


def test_the_store_has_a_vector_per_fit_and_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays, attributes = run(tmp_path, monkeypatch)
    assert arrays["vectors"].shape == (FOLDS, TRACKS, 8)
    assert arrays["vectors"].dtype == np.float32
    assert arrays["has_chords"].tolist() == [1] * 11 + [0]
    assert not arrays["vectors"][:, -1].any()
    assert arrays["vectors"][:, 1].any(axis=1).all()
    assert attributes["fits"] == [
        {"protocol": "grouped", "seed": 3, "fold": fold} for fold in range(FOLDS)
    ]
    assert attributes["tracks"] == [f"t{number:02d}" for number in range(TRACKS)]
    assert attributes["pieces_with_midi"] == 11
    # Track 0 is in fold 0: test of fit 0, validation of fit 3; there its words are unknown.
    assert attributes["empty_pieces"] == [1, 0, 0, 1]
    # Fold 0 tests tracks 0, 4 and 8, of 18 words each.
    assert attributes["coverage"] == [pytest.approx(2 / 3), 1.0, 1.0, 1.0]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("embed tiny: 4 fits, vocabulary ")
    assert last.endswith(", coverage 1.000, 0.5 of 11 pieces empty")


def test_the_store_has_the_statistics_of_every_track_with_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays, attributes = run(tmp_path, monkeypatch)
    assert attributes["statistics"] == list(notestats.names())
    assert attributes["config"]["notes"] == CHORD2VEC["notes"]
    assert arrays["notes"].shape == (TRACKS, len(notestats.names()))
    assert arrays["notes"].dtype == np.float32
    assert not arrays["notes"][-1].any()
    named = [dict(zip(notestats.names(), row, strict=True)) for row in arrays["notes"].tolist()]
    # Six major triads, note by note: of 62, 66 (the others 60, 64) and a fifth, 0.25 s each.
    assert [named[number]["pitch.p0"] for number in range(4)] == [62.0, 60.0, 60.0, 60.0]
    for statistics in named[:-1]:
        assert statistics["ioi.mean"] == -2.0
        assert statistics["vel.mean"] == 70.0
        assert statistics["poly.max"] == 1.0
    # The twelfth-last piece's neighbours take turns: even tracks have a major third.
    assert [row["top.mean"] == named[2]["top.mean"] for row in named[1:11]] == [False, True] * 5


@pytest.mark.parametrize("batch", [1, 100])
def test_statistics_do_not_depend_on_the_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    before = run(tmp_path, monkeypatch)[0]["notes"]
    other = parameters()
    other["compute"]["batch_tracks"] = batch
    embed.embed(other, "tiny")
    assert store.read_arrays(paths.embeddings("tiny"))[0]["notes"].tobytes() == before.tobytes()


def test_statistics_follow_their_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = CHORD2VEC["notes"] | {"longest_seconds": 1.0}
    arrays, _ = run(tmp_path, monkeypatch, notes=notes)
    position = notestats.names().index("density.notes")
    np.testing.assert_allclose(arrays["notes"][:-1, position], np.log2(4))


def test_fit_corpus_is_one_fit_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays, attributes = run(tmp_path, monkeypatch, fit="corpus")
    assert arrays["vectors"].shape == (1, TRACKS, 8)
    assert attributes["fits"] == [{"protocol": "corpus", "seed": 0, "fold": 0}]
    assert attributes["empty_pieces"] == [0]


def test_a_corpus_without_midi_has_zero_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays, attributes = run(tmp_path, monkeypatch, with_midi=False)
    assert arrays["vectors"].shape == (FOLDS, TRACKS, 8)
    assert not arrays["vectors"].any()
    assert not arrays["has_chords"].any()
    assert arrays["notes"].shape == (TRACKS, len(notestats.names()))
    assert not arrays["notes"].any()
    assert attributes["vocabulary"] == [0] * FOLDS
    assert "coverage 0.000, 0 of 0 pieces empty" in capsys.readouterr().out


def test_running_twice_gives_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, monkeypatch)

    def content() -> dict[str, bytes]:
        top = paths.embeddings("tiny")
        return {str(file): file.read_bytes() for file in top.rglob("*") if file.is_file()}

    before = content()
    embed.embed(parameters(), "tiny")
    assert content() == before


def test_a_bad_file_is_named_and_too_many_of_them_stop_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path, with_midi=True)
    bad, index = tmp_path / "music/t01.mid", paths.index("tiny")
    before = sha256_of(bad)
    bad.write_bytes(b"no MIDI")
    lines = index.read_text().splitlines()  # other pieces hold the same notes, and stay
    lines[2] = lines[2].replace(before, sha256_of(bad))
    index.write_text("\n".join(lines) + "\n")
    embed.embed(parameters(), "tiny")
    arrays, attributes = store.read_arrays(paths.embeddings("tiny"))
    assert arrays["has_chords"][1] == 0
    assert attributes["rejected"]["t01"].startswith("not-midi: the file")
    assert "embed tiny: rejected t01: not-midi" in capsys.readouterr().out
    strict = parameters()
    strict["compute"]["max_rejected"] = 0.05
    with pytest.raises(RuntimeError, match=r"1 of 11 MIDI files were rejected"):
        embed.embed(strict, "tiny")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokenizer": "papr"}, "'papr' is not one of"),
        ({"tokenizer": "vertical"}, r"no key 'vertical'"),
        ({"dim": 0}, "dim: 0 must be at least 1"),
        ({"pool": "max"}, "'max' is not one of 'sum', 'mean'"),
        ({"time_limit_seconds": 0.0}, r"time_limit_seconds: 0\.0 must be positive"),
        ({"tokenizers": {"pitch_class": {"window": 1}}}, "did you mean 'window_seconds'"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        embed.read_config(parameters(**changes))


def test_an_unknown_setting_of_the_statistics_is_refused() -> None:
    notes = CHORD2VEC["notes"] | {"group_second": 1}
    with pytest.raises(ParamsError, match=r"chord2vec\.notes: unknown key 'group_second'"):
        embed.read_notes_config(parameters(notes=notes))


def test_what_test_pieces_say_changes_no_vector_of_the_others() -> None:
    config = Config("paper", 8, 2, 2, 1, 2, "sum", "fold", 10.0)
    texts = (("a", "b", "a"), ("b", "a", "c"), ("a", "c", "b"))
    other = (*texts[:2], ("d", "d", "d"))
    first, second = (
        chord2vec.embed(Task("grouped", 0, 2, sentences, (0, 1), (2,), config))
        for sentences in (texts, other)
    )
    assert np.array_equal(first.vectors[:2], second.vectors[:2])
    assert (first.coverage, second.coverage) == (1.0, 0.0)
    assert (first.empty_pieces, second.empty_pieces) == (0, 1)
