"""Every adapter: the contract, a miniature tree for each, and what it refuses."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from pipeline import corpora
from pipeline.corpora import CorpusError, Track


def touch(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    return root


def text(root: Path, file: str, content: str, encoding: str = "utf-8") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / file).write_bytes(content.encode(encoding))
    return root


def read(name: str, root: Path, **keys):
    adapter = corpora.load(name)
    return adapter.tracks(root, adapter.Config(**keys))


def four_q(root: Path) -> Path:
    touch(root, "Q1/A.mp3", "Q2/B.mp3", "Q3/C.mp3", "Q4/D.mp3")
    text(root, "panda_dataset_taffc_annotations.csv", "Song,Quadrant\nA,Q1\nB,Q2\nC,Q3\nD,Q4\n")
    rows = '"Song","Artist"\n"A","Motörhead"\n"B"," MOTÖRHEAD"\n"C","Iron  Horse"\n"D",""\n'
    return text(root, "panda_dataset_taffc_metadata.csv", rows, "latin-1")


def emopia(root: Path) -> Path:
    touch(
        root,
        "midis/Q1_0vLP-iPN_qY_0.mid",
        "midis/Q4_0vLP-iPN_qY_2.mid",
        "midis/Q2_abcdefghijk_1.mid",
    )
    rows = "ID,4Q,annotator\nQ1_0vLP-iPN_qY_0,1,A\nQ4_0vLP-iPN_qY_2,4,A\nQ2_abcdefghijk_1,2,B\n"
    return text(root, "label.csv", rows)


def emodb(root: Path) -> Path:
    return touch(root, *(f"wav/03a01{letter}a.wav" for letter in "WLEAFTN"), "wav/16b10Wb.wav")


def folder(root: Path) -> Path:
    return touch(root, "happy/a.wav", "happy/b.mid", "sad/deep/c.FLAC", "sad/deep/c.mid")


def listed(root: Path) -> Path:
    touch(root, "a.wav", "b.mid", "deep/c.FLAC", "deep/c.mid", "unlisted.wav")
    return text(root, "manifest.csv", "file,label\na.wav,happy\nb.mid,sad\ndeep/c.FLAC,sad\n")


def synthetic(root: Path) -> Path:
    touch(root, "audio/p0.wav", "audio/p1.mp3", "midi/p0.mid", "midi/p1.mid")
    rows = "p1,audio/p1.mp3,midi/p1.mid,Q2,c1\np0,audio/p0.wav,midi/p0.mid,Q1,c0\n"
    return text(root, "pieces.csv", "piece,file,midi,label,group\n" + rows)


def ema(root: Path) -> Path:
    return touch(root, "cheerful/a.wav", "cheerful/a.mid", "tense/b.wav", "joyful/deep/c.WAV")


def emotion(root: Path) -> Path:
    return touch(root, "angry/a.mp3", "happy/b.mp3", "relaxed/c.mp3", "sad/d.mp3")


def iemocap(root: Path) -> Path:
    for dialog, label in (("Ses01F_impro01", "neu"), ("Ses05M_script01_1b", "exc")):
        session = f"Session{dialog[4]}"
        lines = (f"[1.5 - 2.5]\t{dialog}_{who}000\t{label}\t[2.5, 2.5, 2.5]\n" for who in "FM")
        text(root / session / "dialog/EmoEvaluation", f"{dialog}.txt", "".join(lines))
        touch(root, *(f"{session}/sentences/wav/{dialog}/{dialog}_{who}000.wav" for who in "FM"))
    return root


MAKERS = {
    maker.__name__: maker
    for maker in (four_q, emopia, emodb, folder, listed, synthetic, ema, emotion, iemocap)
}


def test_the_miniature_trees_cover_the_registry():
    assert sorted(MAKERS) == corpora.names()


@pytest.mark.parametrize("name", corpora.names())
class TestContract:
    def test_says_where_it_comes_from(self, name):
        adapter = corpora.load(name)
        info = adapter.INFO
        assert all((info.title, info.citation, info.licence, info.group))
        for word in ("Provenance", "Layout", "Grouping", "icence"):
            assert word in adapter.__doc__
        assert adapter.Config.__dataclass_params__.frozen
        assert not {"adapter", "root", "crop_seconds"} & {
            field.name for field in dataclasses.fields(adapter.Config)
        }

    def test_tracks_are_sorted_unique_and_lie_under_the_root(self, name, tmp_path):
        root = MAKERS[name](tmp_path / "corpus")
        found, rejects = read(name, root)
        ids = [track.track for track in found]
        assert ids == sorted(set(ids))
        assert len(found) >= 2
        assert rejects == []
        for track in found:
            files = [file for file in (track.audio, track.midi) if file is not None]
            assert all((root / file).is_file() and "\\" not in file for file in files)
        counts = corpora.load(name).INFO.counts
        assert counts is None or {track.label for track in found} <= set(counts)
        assert all(track.condition for track in found) == (name == "iemocap")

    def test_order_on_disk_does_not_matter(self, name, tmp_path, monkeypatch):
        root = MAKERS[name](tmp_path / "corpus")
        first = read(name, root)
        walk = os.walk

        def backwards(*args, **keys):
            return (
                (at, below, sorted(files, reverse=True)) for at, below, files in walk(*args, **keys)
            )

        monkeypatch.setattr(os, "walk", backwards)
        assert read(name, root) == first

    def test_a_missing_root_is_named(self, name, tmp_path):
        with pytest.raises(CorpusError, match="nowhere: does not exist; expected"):
            read(name, tmp_path / "nowhere")

    def test_an_empty_root_is_an_error(self, name, tmp_path):
        with pytest.raises(CorpusError, match=str(tmp_path)):
            read(name, tmp_path)


def test_an_unknown_adapter_gets_the_nearest_name():
    with pytest.raises(CorpusError, match="did you mean 'folder'"):
        corpora.load("foldr")


def test_a_helper_is_no_adapter():
    with pytest.raises(CorpusError, match="no corpus adapter '_files'"):
        corpora.load("_files")


@pytest.mark.parametrize("label", ["track", "label", "group"])
def test_a_track_has_no_empty_name(label):
    values = {"track": "t", "label": "l", "group": "g", label: ""}
    with pytest.raises(ValueError, match=f"{label} must not be empty"):
        Track(audio="a.wav", midi=None, **values)


class TestFourQ:
    def test_artists_are_folded(self, tmp_path):
        found, _ = read("four_q", four_q(tmp_path))
        assert [t.group for t in found] == ["motörhead", "motörhead", "iron horse", "(no artist)"]
        assert [t.label for t in found] == ["Q1", "Q2", "Q3", "Q4"]

    def test_faults_are_refused_and_the_rest_goes_on(self, tmp_path):
        root = four_q(tmp_path)
        touch(root, "Q1/X.mp3", "Q1/notes.doc")
        (root / "Q2/B.mp3").rename(root / "Q1/B.mp3")
        (root / "Q3/C.mp3").unlink()
        found, rejects = read("four_q", root)
        assert [track.track for track in found] == ["A", "D"]
        reasons = {reject.file: reject.reason for reject in rejects}
        assert "not in panda_dataset_taffc_annotations" in reasons["Q1/X.mp3"]
        assert "not an MP3" in reasons["Q1/notes.doc"]
        assert "says Q2" in reasons["Q1/B.mp3"]
        assert "no such file" in reasons["Q3/C.mp3"]

    def test_a_missing_table_is_named(self, tmp_path):
        root = four_q(tmp_path)
        (root / "panda_dataset_taffc_metadata.csv").unlink()
        with pytest.raises(CorpusError, match=r"metadata\.csv: cannot be read"):
            read("four_q", root)

    def test_a_song_with_two_quadrants_is_an_error(self, tmp_path):
        root = four_q(tmp_path)
        text(root, "panda_dataset_taffc_annotations.csv", "Song,Quadrant\nA,Q1\nA,Q2\n")
        with pytest.raises(CorpusError, match="'A' has two quadrants"):
            read("four_q", root)


class TestEmopia:
    def test_clips_of_a_song_share_a_group(self, tmp_path):
        found, _ = read("emopia", emopia(tmp_path))
        assert {t.track: t.group for t in found} == {
            "Q1_0vLP-iPN_qY_0": "0vLP-iPN_qY",
            "Q2_abcdefghijk_1": "abcdefghijk",
            "Q4_0vLP-iPN_qY_2": "0vLP-iPN_qY",
        }
        assert all(track.audio is None for track in found)

    def test_faults_are_refused(self, tmp_path):
        root = emopia(tmp_path)
        touch(root, "midis/Q1_short_0.mid", "midis/Q1_abcdefghijk_9.mid")
        (root / "midis/Q4_0vLP-iPN_qY_2.mid").rename(root / "midis/Q3_0vLP-iPN_qY_2.mid")
        text(root, "label.csv", (root / "label.csv").read_text() + "Q3_0vLP-iPN_qY_2,4,A\n")
        found, rejects = read("emopia", root)
        assert [t.track for t in found] == ["Q1_0vLP-iPN_qY_0", "Q2_abcdefghijk_1"]
        assert {r.file: r.reason for r in rejects} == {
            "midis/Q1_short_0.mid": "name is not Q<1-4>_<YouTube id>_<clip>.mid",
            "midis/Q1_abcdefghijk_9.mid": "not in label.csv",
            "midis/Q3_0vLP-iPN_qY_2.mid": "label.csv says Q4, its name Q3",
            "midis/Q4_0vLP-iPN_qY_2.mid": "named in label.csv, but there is no such file",
        }


class TestSynthetic:
    def test_a_missing_file_is_refused(self, tmp_path):
        root = synthetic(tmp_path)
        (root / "midi/p1.mid").unlink()
        found, rejects = read("synthetic", root)
        assert [track.track for track in found] == ["p0"]
        assert [reject.file for reject in rejects] == ["midi/p1.mid"]

    def test_a_piece_named_twice_is_an_error(self, tmp_path):
        root = synthetic(tmp_path)
        text(root, "pieces.csv", (root / "pieces.csv").read_text() * 2)
        with pytest.raises(CorpusError, match="'p1' is named twice"):
            read("synthetic", root)
