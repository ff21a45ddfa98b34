"""Corpora in an object store: what an adapter finds there is what it finds in the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import corpora, remote
from pipeline.corpora import CorpusError, Reject
from pipeline.corpora._files import fault, read_table, walk

upath = pytest.importorskip("upath")


@pytest.fixture
def bucket(tmp_path):
    """Return an empty place in an object store of this process."""
    return upath.UPath(f"memory://{tmp_path.name}/music")


def fill(root: Path, bucket, *names: str) -> None:
    """Write the same files to a folder and to an object store."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    remote.upload(root, bucket)


FILES = (
    "joy/a.wav",
    "joy/a.mid",
    "joy/b #1? 100%20.mp3",
    "joy/ö音.flac",
    "joy/[x]*.wav",
    "grief/x/c.MIDI",
    "grief/notes.odt",
    "grief/.hidden.wav",
    ".git/a.wav",
    "lone.wav",
    "readme.txt",
)


def test_the_folders_of_a_bucket_are_those_of_a_disk(tmp_path, bucket):
    fill(tmp_path / "music", bucket, *FILES)
    adapter = corpora.load("folder")
    found = adapter.tracks(bucket, adapter.Config())
    assert found == adapter.tracks(tmp_path / "music", adapter.Config())
    assert len(found[0]) == 5
    assert [reject.file for reject in found[1]] == ["grief/notes.odt", "lone.wav"]


@pytest.mark.parametrize("name", ["folder", "listed"])
def test_a_manifest_in_the_bucket_is_read(tmp_path, bucket, name):
    lines = "file,label,group\njoy/a.wav,x,g\n./grief//x/c.MIDI,,\njoy/none.wav,,\n../a.wav,,\n"
    (tmp_path / "music").mkdir()
    (tmp_path / "music/manifest.csv").write_text(lines)
    fill(tmp_path / "music", bucket, *FILES)
    adapter = corpora.load(name)
    found = adapter.tracks(bucket, adapter.Config())
    assert found == adapter.tracks(tmp_path / "music", adapter.Config())
    assert [(t.track, t.midi, t.label, t.group) for t in found[0]] == [
        ("grief/x/c.MIDI", "grief/x/c.MIDI", "grief", "grief/x/c"),
        ("joy/a.wav", "joy/a.mid", "x", "g"),
    ]
    reason = "manifest.csv: file not found (No such file or directory)"
    assert Reject("joy/none.wav", reason) in found[1]


def test_names_that_are_no_paths_are_refused_in_print(bucket, monkeypatch):
    names = ["a/b.wav", "a//b.wav", "a/../b.wav", "a/./b.wav", "/a.wav", "a/two\nlines.wav"]
    monkeypatch.setattr(remote, "names", lambda _: names)
    found, rejects = walk(bucket)
    assert found == ["a/b.wav"]
    assert {reject.file: reject.reason for reject in rejects} == {
        "a//b.wav": "the name is no path",
        "a/../b.wav": "the path leaves the corpus root",
        "a/./b.wav": "the name is no path",
        "/a.wav": "the path leaves the corpus root",
        "a/two\\nlines.wav": "control character in the file name",
    }


def test_what_is_not_there_is_named(bucket):
    adapter = corpora.load("folder")
    with pytest.raises(
        CorpusError, match=r"memory://.*music: no object lies there; expected <label>"
    ):
        adapter.tracks(bucket, adapter.Config())
    with pytest.raises(CorpusError, match=r"t\.csv: cannot be read: No such file or directory"):
        read_table(bucket / "t.csv", ["file"])
    assert fault(bucket, "../x") == "the path leaves the corpus root"


@pytest.mark.parametrize("name", sorted(set(corpora.names()) - {"folder", "listed"}))
def test_the_other_adapters_say_that_they_read_folders(tmp_path, bucket, name):
    fill(tmp_path / "music", bucket, "joy/a.wav")
    adapter = corpora.load(name)
    with pytest.raises(CorpusError, match="reads folders alone; copy the corpus to one"):
        adapter.tracks(bucket, adapter.Config())


class TestLocal:
    """A file of an object store on this machine."""

    def test_a_path_is_itself(self, tmp_path):
        with remote.local(tmp_path / "not there") as path:
            assert path == tmp_path / "not there"

    def test_it_has_name_and_content_and_goes_again(self, bucket):
        (bucket / "a b.wav").write_bytes(b"sound")
        with remote.local(bucket / "a b.wav") as path:
            assert isinstance(path, Path)
            assert (path.name, path.read_bytes()) == ("a b.wav", b"sound")
        assert not path.parent.exists()

    @pytest.mark.parametrize(
        ("raised", "reason"),
        [
            (FileNotFoundError(), "No such file or directory"),
            (OSError(36, "File name too long"), "File name too long"),
        ],
    )
    def test_what_one_object_is_to_blame_for(self, bucket, monkeypatch, raised, reason):
        monkeypatch.setattr(type(bucket.fs), "get_file", _raising(raised))
        with pytest.raises(remote.RefusedError) as caught, remote.local(bucket / "a.wav"):
            raise AssertionError("the block must not begin")
        assert caught.value.strerror == reason

    @pytest.mark.parametrize(
        "raised", [OSError(5, "reset by peer"), PermissionError("token expired"), ValueError("?")]
    )
    def test_what_network_and_keys_are_to_blame_for_stops_the_run(
        self, bucket, monkeypatch, raised
    ):
        monkeypatch.setattr(type(bucket.fs), "get_file", _raising(raised))
        with (
            pytest.raises(remote.RemoteError, match=r"a\.wav: cannot be read \(.*(peer|expir|\?)"),
            remote.local(bucket / "a.wav"),
        ):
            raise AssertionError("the block must not begin")

    def test_a_deposit_that_fails_leaves_nothing(self, bucket):
        def half() -> None:
            with remote.deposit(bucket) as folder:
                (folder / "half").write_bytes(b"x")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            half()
        assert remote.names(bucket) == []

    def test_the_last_one_comes_last(self, tmp_path, bucket, monkeypatch):
        order = []
        put = type(bucket.fs).put_file
        monkeypatch.setattr(
            type(bucket.fs),
            "put_file",
            lambda fs, here, there: (order.append(there.rpartition("/")[2]), put(fs, here, there)),
        )
        for name in ("z", "a", "m"):
            (tmp_path / name).write_bytes(b"x")
        remote.upload(tmp_path, bucket, last="a")
        assert order == ["m", "z", "a"]
        remote.clear(bucket)
        assert remote.names(bucket) == []


def _raising(error: Exception):
    def get_file(*_: object) -> None:
        raise error

    return get_file
