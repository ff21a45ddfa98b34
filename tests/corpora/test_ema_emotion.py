"""The two private sets: their layout, the manifest's groups, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.corpora import CorpusError, Reject, Track, ema, emotion
from pipeline.corpora._files import AUDIO


def touch(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    return root


def manifest(root: Path, *lines: str) -> Path:
    (root / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def read(adapter: ModuleType, root: Path) -> tuple[list[Track], list[Reject]]:
    return adapter.tracks(root, adapter.Config())


BOTH = pytest.mark.parametrize(("adapter", "suffix"), [(ema, ".wav"), (emotion, ".mp3")])


@pytest.mark.parametrize(
    ("adapter", "pieces"), [(ema, 4412), (emotion, 2978)], ids=["ema", "emotion"]
)
def test_the_classes_and_counts_are_the_papers(adapter, pieces):
    assert sum(adapter.INFO.counts.values()) == pieces
    assert tuple(adapter.INFO.counts) == adapter.CLASSES
    assert f"{pieces:,}" in adapter.__doc__


@BOTH
class TestLayout:
    def test_every_class_is_found_and_a_piece_is_its_own_group(self, tmp_path, adapter, suffix):
        names = [f"{name}/piece{suffix}" for name in adapter.CLASSES]
        found, rejects = read(adapter, touch(tmp_path, *names))
        assert {t.track: t.label for t in found} == dict(zip(names, adapter.CLASSES, strict=True))
        assert len({track.group for track in found}) == 4
        assert rejects == []

    def test_the_manifest_names_the_artists(self, tmp_path, adapter, suffix):
        first, second = adapter.CLASSES[:2]
        touch(tmp_path, f"{first}/a{suffix}", f"{first}/b{suffix}", f"{second}/c{suffix}")
        lines = (f"{first}/a{suffix},Ann", f"{first}/b{suffix},", f"{second}/c{suffix},Ann")
        found, rejects = read(adapter, manifest(tmp_path, "file,group", *lines))
        assert [track.group for track in found if track.track.endswith(f"b{suffix}")] == [
            f"{first}/b"
        ]
        assert sorted(track.group for track in found) == ["Ann", "Ann", f"{first}/b"]
        assert rejects == []

    def test_a_score_lies_beside_its_audio_or_is_named(self, tmp_path, adapter, suffix):
        name = adapter.CLASSES[0]
        touch(tmp_path, f"{name}/a{suffix}", f"{name}/a.mid", f"{name}/b{suffix}", f"{name}/x.mid")
        lines = (f"{name}/a{suffix},", f"{name}/b{suffix},{name}/x.mid")
        found, rejects = read(adapter, manifest(tmp_path, "file,midi", *lines))
        assert [track.midi for track in found] == [f"{name}/a.mid", f"{name}/x.mid"]
        assert rejects == []

    def test_other_formats_and_scores_alone_are_refused(self, tmp_path, adapter, suffix):
        name = adapter.CLASSES[0]
        others = sorted(AUDIO - {suffix})
        touch(tmp_path, f"{name}/a{suffix}", f"{name}/b.mid", *(f"{name}/c{s}" for s in others))
        found, rejects = read(adapter, tmp_path)
        assert [track.track for track in found] == [f"{name}/a{suffix}"]
        reasons = {reject.file: reject.reason for reject in rejects}
        assert len(reasons) == len(others) + 1
        assert "belongs beside its audio" in reasons.pop(f"{name}/b.mid")
        assert all(f"is not '{suffix}', the format" in reason for reason in reasons.values())

    @pytest.mark.parametrize(
        ("wrong", "hint"),
        [(str.upper, "did you mean"), (lambda n: n[:-1], "did you mean"), (lambda _: "qqq", "are")],
        ids=["capitals", "misspelt", "unknown"],
    )
    def test_a_folder_that_is_no_class_is_an_error(self, tmp_path, adapter, suffix, wrong, hint):
        name, other = adapter.CLASSES[:2]
        touch(tmp_path, f"{other}/a{suffix}", f"{wrong(name)}/b{suffix}")
        with pytest.raises(CorpusError, match=rf"'{wrong(name)}' is no class; .*{hint}.*'?{name}"):
            read(adapter, tmp_path)

    def test_a_folder_whose_name_is_not_utf_8_is_an_error_in_print(self, tmp_path, adapter, suffix):
        touch(tmp_path, f"{adapter.CLASSES[0]}/a{suffix}")
        (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
        with pytest.raises(CorpusError, match=r"caf.*xe9. is no class") as caught:
            read(adapter, tmp_path)
        str(caught.value).encode("utf-8")

    def test_a_label_that_is_not_the_folder_is_refused(self, tmp_path, adapter, suffix):
        first, second = adapter.CLASSES[:2]
        touch(tmp_path, f"{first}/a{suffix}", f"{second}/b{suffix}", f"loose{suffix}")
        lines = (f"{first}/a{suffix},", f"{second}/b{suffix},{first}", f"loose{suffix},{first}")
        found, rejects = read(adapter, manifest(tmp_path, "file,label", *lines))
        assert [track.label for track in found] == [first]
        assert {reject.file: reject.reason for reject in rejects} == {
            f"{second}/b{suffix}": f"its folder says {second}, manifest.csv says {first}",
            f"loose{suffix}": "the file lies outside any class folder",
        }

    def test_links_out_of_the_root_are_refused(self, tmp_path, adapter, suffix):
        outside = touch(tmp_path / "outside", f"x{suffix}")
        name, other = adapter.CLASSES[:2]
        root = touch(tmp_path / "root", f"{name}/a{suffix}")
        (root / f"{name}/out{suffix}").symlink_to(outside / f"x{suffix}")
        (root / other).symlink_to(outside)
        found, rejects = read(adapter, root)
        assert [track.track for track in found] == [f"{name}/a{suffix}"]
        assert {reject.file: reject.reason for reject in rejects} == {
            f"{name}/out{suffix}": "the link leaves the corpus root",
            other: "the link leaves the corpus root",
        }

    def test_classes_without_a_piece_are_an_error(self, tmp_path, adapter, suffix):
        (tmp_path / adapter.CLASSES[0] / f"folder{suffix}").mkdir(parents=True)
        with pytest.raises(CorpusError, match="no track found; expected"):
            read(adapter, tmp_path)

    def test_a_root_one_level_too_high_is_an_error(self, tmp_path, adapter, suffix):
        touch(tmp_path, f"music/{adapter.CLASSES[0]}/a{suffix}")
        with pytest.raises(CorpusError, match="one level too high or too low"):
            read(adapter, tmp_path)

    def test_hidden_folders_are_not_looked_at(self, tmp_path, adapter, suffix):
        name = adapter.CLASSES[0]
        found, rejects = read(
            adapter, touch(tmp_path, f"{name}/a{suffix}", f"{name}/._a{suffix}", ".cache/b.wav")
        )
        assert len(found) == 1
        assert rejects == []
