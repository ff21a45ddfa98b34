"""The adapter for any user's music: odd names, links, pairs and the manifest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import corpora
from pipeline.corpora import CorpusError, Reject, Track


def touch(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    return root


def read(root: Path) -> tuple[list[Track], list[Reject]]:
    adapter = corpora.load("folder")
    return adapter.tracks(root, adapter.Config())


def manifest(root: Path, *lines: str, encoding: str = "utf-8") -> Path:
    (root / "manifest.csv").write_text("\n".join(lines) + "\n", encoding=encoding)
    return root


def test_midi_is_paired_in_its_own_folder_only(tmp_path):
    root = touch(tmp_path, "joy/a.wav", "joy/a.mid", "joy/b.kar", "grief/a.mp3", "grief/x/a.MIDI")
    found, rejects = read(root)
    assert found == [
        Track("grief/a.mp3", "grief/a.mp3", None, "grief", "grief/a"),
        Track("grief/x/a.MIDI", None, "grief/x/a.MIDI", "grief", "grief/x/a"),
        Track("joy/a.wav", "joy/a.wav", "joy/a.mid", "joy", "joy/a"),
        Track("joy/b.kar", None, "joy/b.kar", "joy", "joy/b"),
    ]
    assert rejects == []


def test_one_stem_with_two_extensions_is_two_tracks_of_one_group(tmp_path):
    found, _ = read(touch(tmp_path, "joy/a.wav", "joy/a.mp3", "joy/a.mid", "grief/b.wav"))
    assert [(t.track, t.midi, t.group) for t in found if t.label == "joy"] == [
        ("joy/a.mp3", "joy/a.mid", "joy/a"),
        ("joy/a.wav", "joy/a.mid", "joy/a"),
    ]


def test_a_second_midi_of_one_stem_is_refused(tmp_path):
    _, rejects = read(touch(tmp_path, "joy/a.wav", "joy/a.mid", "joy/a.midi"))
    assert rejects == [Reject("joy/a.midi", "second MIDI file of joy/a")]


@pytest.mark.parametrize(
    "name", ["a b.wav", "it's.wav", 'say "hi".wav', "a,b.wav", "café.wav", "音楽.wav", "a.b.c.wav"]
)
def test_odd_names_live(tmp_path, name):
    found, rejects = read(touch(tmp_path, f"joy/{name}"))
    assert [(track.track, track.audio) for track in found] == [(f"joy/{name}", f"joy/{name}")]
    assert rejects == []


@pytest.mark.parametrize(
    ("name", "printed", "reason"),
    [
        (b"caf\xe9.wav", "joy/caf\\xe9.wav", "not UTF-8"),
        (b"two\nlines.wav", "joy/two\\nlines.wav", "control character"),
    ],
)
def test_impossible_names_are_refused_in_print(tmp_path, name, printed, reason):
    root = touch(tmp_path, "joy/a.wav")
    (root / "joy" / os.fsdecode(name)).write_bytes(b"x")
    found, rejects = read(root)
    assert len(found) == 1
    assert [reject.file for reject in rejects] == [printed]
    assert reason in rejects[0].reason
    rejects[0].file.encode("utf-8")


def test_hidden_files_and_documents_at_the_top_are_quiet_others_are_refused(tmp_path):
    root = touch(tmp_path, "joy/a.wav", "README.txt", ".DS_Store", "joy/._a.wav", ".git/b.wav")
    touch(root, "joy/cover.jpg", "joy/song.m4a", "loose.wav")
    found, rejects = read(root)
    assert [track.track for track in found] == ["joy/a.wav"]
    assert [(r.file, r.reason) for r in rejects] == [
        ("joy/cover.jpg", "extension '.jpg' is neither audio nor MIDI"),
        ("joy/song.m4a", "extension '.m4a' is neither audio nor MIDI"),
        ("loose.wav", "no label: the file lies outside any label folder"),
    ]


def test_links_out_of_the_root_links_to_folders_and_pipes_are_refused(tmp_path):
    outside = touch(tmp_path / "outside", "x.wav")
    root = touch(tmp_path / "root", "joy/a.wav")
    (root / "joy/out.wav").symlink_to(outside / "x.wav")
    (root / "joy/broken.wav").symlink_to(root / "joy/none.wav")
    (root / "joy/inside.wav").symlink_to(root / "joy/a.wav")
    (root / "sad").symlink_to(outside)
    (root / "again").symlink_to(root / "joy")
    os.mkfifo(root / "joy/pipe.wav")
    found, rejects = read(root)
    assert [track.track for track in found] == ["joy/a.wav", "joy/inside.wav"]
    assert {reject.file: reject.reason for reject in rejects} == {
        "again": "not a plain file",
        "joy/broken.wav": "broken or circular link",
        "joy/out.wav": "the link leaves the corpus root",
        "joy/pipe.wav": "not a plain file",
        "sad": "the link leaves the corpus root",
    }


def test_the_root_itself_may_be_a_link(tmp_path):
    touch(tmp_path / "real", "joy/a.wav")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read(tmp_path / "link") == read(tmp_path / "real")


def test_nothing_usable_is_an_error_with_an_example(tmp_path):
    with pytest.raises(CorpusError, match=r"1 refused, such as loose\.wav: no label"):
        read(touch(tmp_path, "loose.wav"))


class TestManifest:
    def test_it_names_labels_groups_and_midi(self, tmp_path):
        root = touch(tmp_path, "x/a.wav", "x/b.wav", "x/b.mid", "scores/a.mid", "loose.mp3")
        manifest(
            root,
            "file,label,group,midi",
            "x/a.wav,joy,Ann,scores/a.mid",
            '"./x//b.wav",,Ann,',
            "loose.mp3,grief,,",
        )
        found, rejects = read(root)
        assert found == [
            Track("loose.mp3", "loose.mp3", None, "grief", "loose"),
            Track("x/a.wav", "x/a.wav", "scores/a.mid", "joy", "Ann"),
            Track("x/b.wav", "x/b.wav", "x/b.mid", "x", "Ann"),
        ]
        assert rejects == []

    def test_faulty_rows_are_refused_and_the_rest_goes_on(self, tmp_path):
        root = touch(tmp_path / "root", "x/a.wav", "x/b.wav", "x/c.wav", "y.wav", "x/n.txt")
        touch(tmp_path, "secret.wav")
        manifest(
            root,
            "file,label,midi",
            "x/a.wav,,",
            "x/a.wav,,",
            "x/none.wav,joy,",
            "../secret.wav,joy,",
            f"{tmp_path}/secret.wav,joy,",
            "y.wav,,",
            "x/b.wav,,x/none.mid",
            "x/n.txt,joy,",
            ",joy,",
            "x/c.wav,joy,,and,more",
        )
        found, rejects = read(root)
        assert [track.track for track in found] == ["x/a.wav"]
        reasons = [(reject.file, reject.reason) for reject in rejects]
        for file, part in [
            ("x/a.wav", "named twice"),
            ("x/none.wav", "file not found"),
            ("../secret.wav", "leaves the corpus root"),
            (f"{tmp_path}/secret.wav", "leaves the corpus root"),
            ("y.wav", "no label"),
            ("x/b.wav", "midi x/none.mid: file not found"),
            ("x/n.txt", "neither audio nor MIDI"),
            ("manifest.csv", "without a file"),
            ("x/c.wav", "more fields than columns"),
        ]:
            assert any(file == at and part in why for at, why in reasons), file

    def test_a_file_it_does_not_name_is_refused(self, tmp_path):
        root = manifest(touch(tmp_path, "x/a.wav", "x/b.wav"), "file", "x/a.wav")
        assert read(root)[1] == [Reject("x/b.wav", "not named in manifest.csv")]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_it_may_come_from_a_spreadsheet(self, tmp_path, encoding):
        root = touch(tmp_path, "x/ä.wav")
        manifest(root, "file,group", "x/ä.wav,Ångström", encoding=encoding)
        assert read(root)[0] == [Track("x/ä.wav", "x/ä.wav", None, "x", "Ångström")]

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("path,label", "no column 'file' among 'path', 'label'"),
            ("file;label", "separated by commas"),
            ("file,lable", "unknown column 'lable'; the columns may be file, label, group, midi"),
            ("file,file", "a column appears twice"),
            ("", "no column 'file'"),
        ],
    )
    def test_a_wrong_header_is_an_error(self, tmp_path, header, message):
        with pytest.raises(CorpusError, match=message):
            read(manifest(touch(tmp_path, "x/a.wav"), header, "x/a.wav,joy"))
