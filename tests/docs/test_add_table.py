"""`multispec add`: labels from a table, and the lines that it writes into params.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import corpus, params
from pipeline.adding import entry
from pipeline.corpora import listed
from tests.docs.adding import add, table, tone

pytestmark = pytest.mark.usefixtures("project")


class TestTable:
    def rows(self, name: str = "mine") -> list[str]:
        return (listed.MANIFESTS / f"{name}.csv").read_text(encoding="utf-8").splitlines()

    def test_labels_may_come_from_a_table_elsewhere(self, tmp_path, capsys):
        root = tmp_path / "flat"
        for number in range(6):
            tone(root / f"{number}.wav", number)
        tone(root / "deep/7.wav", 7)
        lines = (f"{number},{'ab'[number % 2]},artist {number // 2}" for number in range(6))
        labels = table(tmp_path / "labels.csv", "file,label,group,tempo", *lines, "9,a,x")
        root.chmod(0o555)
        status, out, _ = add(capsys, "mine", root, "--labels", labels)
        root.chmod(0o755)
        assert status == 0
        assert "labels.csv: no such file" in out
        assert "1 files that no row of the table names" in out
        assert "columns of the table that mean nothing here: tempo" in out
        assert self.rows()[:2] == ["file,label,group", "0.wav,a,artist 0"]
        assert sorted(path.name for path in root.iterdir()) == [
            *(f"{number}.wav" for number in range(6)),
            "deep",
        ]
        entry_of = corpus.of(params.read(), "mine")
        config = params.build(listed.Config, entry_of.extra, "mine")
        tracks, rejects = listed.tracks(entry_of.root, config)
        assert [(track.track, track.label, track.group) for track in tracks][5] == (
            *("5.wav", "b"),
            "artist 2",
        )
        assert rejects == []

    def test_a_name_that_several_files_have_is_no_guess(self, tmp_path, capsys):
        root = tmp_path / "flat"
        for number in range(6):
            tone(root / f"{number % 2}/{number}.wav", number)
        tone(root / "0/5.wav", 9)
        lines = (f"{number}.wav,{'ab'[number % 2]}" for number in range(6))
        labels = table(tmp_path / "labels.csv", "file,label", *lines, "3.wav,a", ",a", "0/5.wav,")
        status, out, _ = add(capsys, "mine", root, "--labels", labels, "--dry-run")
        assert status == 1  # two of class b are left
        for words in ("2 files are called so", "named twice", "row without a file", "no label"):
            assert words in out
        assert not Path("pipeline").exists()

    def test_the_manifest_of_the_root_is_the_adapters_own(self, music, capsys):
        files = sorted(path.relative_to(music).as_posix() for path in music.rglob("*.wav"))
        table(
            music / "manifest.csv",
            "file,group",
            *(f"{file},g{k % 4}" for k, file in enumerate(files)),
        )
        status, out, _ = add(capsys, "mine", music, "--labels", music / "manifest.csv")
        assert status == 0
        assert corpus.of(params.read(), "mine").adapter == "folder"
        assert "every track is a group of its own" not in out

    def test_a_table_that_names_nothing_is_an_error(self, music, capsys):
        labels = table(music.parent / "labels.csv", "file,label", "x,joy")
        status, _, err = add(capsys, "mine", music, "--labels", labels)
        assert status == 2
        assert "no row names a file" in err

    def test_a_table_beside_the_watched_folder_is_refused(self):
        with pytest.raises(ValueError, match="would go unnoticed"):
            listed.Config("labels.csv")


class TestEntry:
    @pytest.mark.parametrize(
        "text",
        [
            "corpora:\n  a: 1 # one\n\n# two\nb: 2\n",
            "corpora:\n  a: {x: 1}\n  # a remark that belongs to the section\nb: 2",
            "b: 2\ncorpora: # here\n  a:\n    x: 1\n",
            "corpora: {a: 1} # flow\nb: 2\n",
            "corpora:\nb: 2\n",
            "corpora: {}\nb: 2\n",
        ],
    )
    def test_all_comments_and_values_stay(self, text):
        made = entry.added(text, ["corpora"], "new", {"root": "a: b # c", "crop_seconds": 3})
        assert [
            part for part in ("# one", "# two", "# flow", "# here", "remark") if part in text
        ] == [part for part in ("# one", "# two", "# flow", "# here", "remark") if part in made]
        assert "new:" in made

    def test_a_key_is_not_written_twice(self):
        with pytest.raises(params.ParamsError, match="'a' already"):
            entry.added("corpora:\n  a: 1\n", ["corpora"], "a", {})

    def test_an_interrupted_write_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "params.yaml"
        path.write_text("old")
        monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            entry.write(path, "new")
        assert path.read_text() == "old"
