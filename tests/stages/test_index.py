"""The index stage: every file is either usable or in quarantine with its cause and the rule."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline import corpora, corpus, params, paths, probe
from pipeline.midi import MidiError

REAL = os.environ.get("MULTISPEC_CORPORA")
HOSTILE = Path(REAL).parent / "hostile" if REAL else Path("nowhere")


def test_the_index_lists_what_is_there(album, capsys):
    rows = album.index()
    assert corpus.read_index("c") == rows
    assert [row.track for row in rows] == sorted(row.track for row in rows)
    first = rows[0]
    assert (first.track, first.audio, first.midi) == ("calm/00.mp3", "calm/00.mp3", "")
    assert (first.label, first.group, first.sample_rate) == ("calm", "g0", "16000")
    assert {row.condition for row in rows} == {""}
    lengths = {row.track: float(row.duration_seconds) for row in rows}
    assert lengths["joy/04.wav"] == 1.0
    assert lengths["rage/08.flac"] == 1.7
    assert album.quarantine() == {}
    assert "index c: 9 tracks in 4 groups (calm 3, joy 3, rage 3), 0 files in quarantine" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("make", "cause", "rule"),
    [
        (lambda s: (s.music / "joy/x.wav").write_bytes(b""), "empty", "0 bytes"),
        (
            lambda s: (s.music / "joy/x.wav").write_bytes(b"no music" * 99),
            "not-audio",
            "libsndfile",
        ),
        (lambda s: s.tone("joy/x.wav", 1, 0.02), "too-short", "audio.min_seconds = 0.05 s"),
        (lambda s: s.sound("joy/x.wav", np.zeros(8000)), "silent", "audio.silence_dbfs"),
        (
            lambda s: s.sound("joy/x.wav", np.outer(np.sin(np.arange(8000)), [0.5, -0.5])),
            "silent",
            "after down-mixing",
        ),
        (
            lambda s: s.sound("joy/x.wav", np.r_[np.ones(999), np.nan], subtype="FLOAT"),
            "non-finite",
            "NaN or infinite",
        ),
        (
            lambda s: s.sound("joy/x.wav", np.full(8000, 1e6), subtype="FLOAT"),
            "absurd-level",
            "audio.max_peak = 16.0",
        ),
        (lambda s: s.tone("joy/x.wav", 1, 1.0, 1000), "absurd-rate", "audio.min_rate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_is_quarantined_with_cause_and_rule(album, make, cause, rule):
    make(album)
    album.manifest()
    rows = album.index()
    assert len(rows) == 9
    assert list(album.quarantine()) == ["joy/x.wav"]
    reason = album.quarantine()["joy/x.wav"]
    assert reason.startswith(f"{cause}: ")
    assert rule in reason


def test_what_the_adapter_refuses_is_quarantined_too(album):
    album.tone("joy/stray.wav", 1)
    (album.music / "joy/notes.docx").write_bytes(b"x")
    album.index()
    assert album.quarantine() == {
        "joy/notes.docx": "extension '.docx' is neither audio nor MIDI",
        "joy/stray.wav": "not named in manifest.csv",
    }


def test_a_file_that_vanishes_or_cannot_be_read_is_quarantined(album, monkeypatch):
    real = probe.sha256_of

    def sha256_of(path: Path) -> str:
        if path.name == "04.wav":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(probe, "sha256_of", sha256_of)
    assert len(album.index()) == 8
    assert album.quarantine() == {
        "joy/04.wav": "unreadable: the file cannot be read (Permission denied)"
    }
    # Nothing about it is remembered: that was the machine's fault, not the file's.
    monkeypatch.setattr(probe, "sha256_of", real)
    assert len(album.index()) == 9


def test_an_unforeseen_error_costs_one_file(album, monkeypatch):
    real = probe.sound_child.examine

    def examine(path, *rest):
        if path.name == "04.wav":
            raise RuntimeError("a bug")
        return real(path, *rest)

    monkeypatch.setattr(probe.sound_child, "examine", examine)
    assert len(album.index()) == 8
    assert album.quarantine() == {"joy/04.wav": "failed: RuntimeError: a bug"}


def test_a_track_lives_on_by_its_other_half(studio):
    studio.tone("joy/both.wav", 1)
    studio.score("joy/both.mid", 1)
    studio.tone("joy/sound.wav", 2)
    (studio.music / "joy/sound.mid").write_bytes(b"MThd but no more")
    (studio.music / "joy/score.wav").write_bytes(b"no sound")
    studio.score("joy/score.mid", 3)
    studio.score("joy/alone.mid", 4)
    (studio.music / "joy/nothing.mp3").write_bytes(b"")
    rows = {row.track: row for row in studio.index()}
    assert set(rows) == {"joy/both.wav", "joy/sound.wav", "joy/score.wav", "joy/alone.mid"}
    assert set(studio.quarantine()) == {"joy/sound.mid", "joy/score.wav", "joy/nothing.mp3"}
    assert studio.quarantine()["joy/sound.mid"].startswith("not-midi: ")
    both, sound, score = (rows[f"joy/{name}.wav"] for name in ("both", "sound", "score"))
    assert (both.audio, both.midi) == ("joy/both.wav", "joy/both.mid")
    assert both.sha256 != both.midi_sha256 != ""
    assert (sound.audio, sound.midi, sound.midi_sha256) == ("joy/sound.wav", "", "")
    assert (score.audio, score.midi, score.duration_seconds) == ("", "joy/score.mid", "")
    assert score.sha256 == score.midi_sha256
    assert rows["joy/alone.mid"].sample_rate == ""


def test_the_condition_reaches_the_index(studio):
    for dialog in ("Ses01F_impro01", "Ses02M_script01_1"):
        session, name = f"Session{dialog[4]}", f"{dialog}_F000"
        studio.tone(f"{session}/sentences/wav/{dialog}/{name}.wav", len(dialog))
        sheet = studio.music / f"{session}/dialog/EmoEvaluation/{dialog}.txt"
        sheet.parent.mkdir(parents=True)
        sheet.write_text(f"[0.5 - 1.5]\t{name}\tang\t[2.5, 2.5, 2.5]\n")
    keys = {"group": "session", "conditions": ["improvised", "scripted"], "join_excited": True}
    studio.params["corpora"]["c"] |= {"adapter": "iemocap", **keys}
    rows = studio.index()
    assert [(row.group, row.condition) for row in rows] == [
        ("Ses01", "improvised"),
        ("Ses02", "scripted"),
    ]
    assert corpus.read_index("c") == rows
    header = paths.index("c").read_text(encoding="utf-8").split("\n")[0]
    assert header.endswith(",midi_sha256,condition")


def test_a_broken_score_of_two_sounds_is_named_once(studio):
    studio.tone("joy/a.wav", 1)
    studio.tone("joy/a.flac", 2)
    (studio.music / "joy/a.mid").write_bytes(b"MThd")
    assert len(studio.index()) == 2
    assert list(studio.quarantine()) == ["joy/a.mid"]


def test_nothing_left_is_an_error_that_says_why(studio):
    (studio.music / "joy").mkdir(parents=True)
    for name in ("a.wav", "b.wav"):
        (studio.music / "joy" / name).write_bytes(b"")
    with pytest.raises(
        RuntimeError, match=r"2 of 2 files cannot be used and nothing is left; .*joy/a.wav: empty"
    ):
        studio.index()
    assert set(studio.quarantine()) == {"joy/a.wav", "joy/b.wav"}
    assert not paths.index("c").exists()


def test_an_absent_corpus_is_an_error(studio):
    with pytest.raises(corpora.CorpusError, match=r"music: does not exist.*'root'"):
        studio.index()


@pytest.mark.parametrize(("allowed", "stops"), [(0.24, True), (0.25, False)])
def test_max_rejected_is_a_share_of_the_files(album, allowed, stops):
    for number in range(3):
        (album.music / f"joy/bad{number}.wav").write_bytes(b"")
    album.manifest()
    album.params["compute"]["max_rejected"] = allowed
    if stops:
        with pytest.raises(RuntimeError, match=r"3 of 12 files .*max_rejected = 0\.24 is exceeded"):
            album.index()
    else:
        assert len(album.index()) == 9


def _refuse(*_: object) -> object:
    raise AssertionError("a file was decoded again")


def test_a_second_run_decodes_nothing_and_gives_the_same_bytes(album, monkeypatch):
    album.score("joy/04.mid", 1)
    (album.music / "calm/bad.wav").write_bytes(b"no sound")
    album.manifest(midi={"joy/04.wav": "joy/04.mid"})
    album.index()
    first = [paths.index("c").read_bytes(), paths.quarantine("c").read_bytes()]
    monkeypatch.setattr(probe.sound_child, "examine", _refuse)
    monkeypatch.setattr("pipeline.pieces.read_notes", _refuse)
    album.index()
    assert [paths.index("c").read_bytes(), paths.quarantine("c").read_bytes()] == first


def test_only_a_changed_file_is_decoded_again(album, monkeypatch):
    before = {row.track: row for row in album.index()}
    album.tone("joy/04.wav", seed=99)
    seen, real = [], probe.sound_child.examine
    monkeypatch.setattr(
        probe.sound_child, "examine", lambda path, *r: seen.append(path.name) or real(path, *r)
    )
    after = {row.track: row for row in album.index()}
    assert seen == ["04.wav"]
    assert {t for t in after if after[t] != before[t]} == {"joy/04.wav"}


def test_a_reader_that_timed_out_is_asked_again(album, monkeypatch):
    album.score("joy/04.mid", 1)
    album.manifest(midi={"joy/04.wav": "joy/04.mid"})

    def late(path: Path, limit: float) -> None:
        raise MidiError("timeout", f"{path.name}: over {limit} s")

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.pieces.read_notes", late)
        assert not any(row.midi for row in album.index())
        assert album.quarantine()["joy/04.mid"] == "timeout: over 30.0 s"
    assert [row.midi for row in album.index() if row.midi] == ["joy/04.mid"]


@pytest.mark.parametrize("limit", [-1.0, 0, "soon", None])
def test_a_wrong_time_limit_is_refused_and_not_blamed_on_the_files(album, limit):
    album.params["chord2vec"]["time_limit_seconds"] = limit
    with pytest.raises(params.ParamsError, match="time_limit_seconds"):
        album.index()


def test_the_bytes_do_not_depend_on_how_it_is_computed(album, scheduler):
    (album.music / "joy/bad.wav").write_bytes(b"no sound")
    album.manifest()
    found = []
    for number, changes in enumerate(
        ({"workers": 0, "batch_tracks": 16}, {"batch_tracks": 1}, {"scheduler": scheduler})
    ):
        album.params["compute"] |= {**changes, "cache": f"cache{number}"}
        album.index()
        found.append((paths.index("c").read_bytes(), paths.quarantine("c").read_bytes()))
    assert found[1:] == [found[0]] * 2


@pytest.mark.parametrize("name", ["a b.wav", "it's.wav", 'say "hi".wav', "a,b.wav", "音楽 é.wav"])
def test_odd_names_go_through_the_index_and_the_store(studio, name):
    studio.tone(f"joy/{name}", 1)
    studio.tone("calm/plain.wav", 2)
    (studio.music / f"calm/{name}").write_bytes(b"")
    assert {row.track for row in studio.index()} == {f"joy/{name}", "calm/plain.wav"}
    assert corpus.read_index("c")[1].audio == f"joy/{name}"
    assert studio.quarantine() == {f"calm/{name}": "empty: the file has 0 bytes"}
    assert studio.extract().computed == 2


def test_groups_and_rates_that_can_leak_are_pointed_out(studio, capsys):
    studio.tone("joy/a.wav", 1)
    studio.tone("calm/b.wav", 2, rate=8000)
    studio.index()
    said = capsys.readouterr().out
    assert "every track is a group of its own" in said
    assert "1 tracks are sampled below audio.sample_rate = 16000 Hz" in said


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="MULTISPEC_CORPORA names no folder beside hostile")
def test_hostile_files_neither_stop_the_rest_nor_get_lost(album):
    files = sorted(path for path in HOSTILE.rglob("*") if path.is_file())
    for number, path in enumerate(files):
        target = album.music / "calm" / f"hostile{number:03d} {path.name}"
        shutil.copyfile(path, target)
    (album.music / "manifest.csv").unlink()
    indexed = album.index()
    listed = {file for row in indexed for file in (row.audio, row.midi) if file}
    refused = album.quarantine()
    everything = {p.relative_to(album.music).as_posix() for p in album.music.rglob("*.*")}
    assert listed | set(refused) == everything
    assert not listed & set(refused)
    assert {f"{label}/{n:02d}" for n, label in enumerate(["calm", "joy", "rage"] * 3)} <= {
        file.rpartition(".")[0] for file in listed
    }
    assert all(": " in reason for reason in refused.values())
    counts = album.extract()
    assert counts.rejected == 0
    assert counts.computed == sum(bool(row.audio) for row in indexed)
