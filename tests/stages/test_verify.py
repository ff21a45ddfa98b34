"""`multispec verify`: recomputing finds what differs, and names the track."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from pipeline import paths, store
from pipeline.cli import main


def extracted(*features: str):
    """Return what makes a project with the stores of some features alone."""

    def make(studio) -> None:
        studio.params["features"] = {name: studio.params["features"][name] for name in features}
        studio.album().index()
        for feature in features:
            studio.extract(feature)
        studio.save()

    return make


@pytest.fixture
def made(like):
    return like("made", extracted("gtf", "mf_rp", "wideband"))


@pytest.fixture
def gtf(like):
    return like("gtf", extracted("gtf"))


@pytest.mark.usefixtures("made")
def test_good_stores_are_all_right(capsys):
    assert main(["verify"]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"verify c/{feature}: 9 rows recomputed, 0 wrong"
        for feature in ("gtf", "mf_rp", "wideband")
    ]


@pytest.mark.parametrize("where", [(0, 3, 5), (1, 0, 0)], ids=["sound", "padding"])
def test_one_flipped_value_is_found_and_its_track_named(gtf, capsys, where):
    def flip(tracks, values):
        row = tracks.index("joy/04.wav")
        values[(row, *where)] = np.nextafter(values[(row, *where)], np.float32(np.inf))

    gtf.change_store("gtf", flip)
    assert main(["verify"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "verify c/gtf: 9 rows recomputed, 1 wrong"
    assert said[-2].startswith(
        f"verify c/gtf: joy/04.wav: 1 of 2112 values differ; the first, at {where}"
    )


def test_an_unchanged_rewrite_is_no_difference(gtf):
    gtf.change_store("gtf", lambda *_: None)
    assert main(["verify"]) == 0


def test_a_changed_configuration_is_named(gtf, capsys):
    gtf.params["features"]["gtf"]["floor"] = 1e-9
    gtf.save()
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert "calm/00.mp3: was made from another file, configuration, code or library" in said
    assert "9 wrong" in said


def test_a_changed_file_is_named(gtf, capsys):
    gtf.tone("joy/04.wav", 77)
    assert main(["verify"]) == 1
    assert "joy/04.wav: cannot be recomputed: changed: its content" in capsys.readouterr().out
    gtf.index()
    assert main(["verify"]) == 1
    assert "joy/04.wav: was made from another file" in capsys.readouterr().out


def test_tracks_that_came_and_went_are_named(gtf, capsys):
    (gtf.music / "calm/00.mp3").unlink()
    gtf.tone("joy/new.wav", 77)
    gtf.manifest()
    gtf.index()
    capsys.readouterr()
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert "verify c/gtf: joy/new.wav: is in the index, but not in the store" in said
    assert "verify c/gtf: calm/00.mp3: is in the store, but not in the index" in said
    assert "2 wrong" in said


def test_rejected_tracks_are_not_missed(gtf, capsys):
    gtf.tone("joy/04.wav", 77)
    shutil.rmtree("data/cache")
    gtf.extract()
    assert "joy/04.wav" in store.Reader(paths.features("c", "gtf")).attributes["rejected"]
    assert main(["verify"]) == 0
    assert "8 rows recomputed, 0 wrong" in capsys.readouterr().out


@pytest.mark.usefixtures("gtf")
def test_a_damaged_shard_is_named(capsys):
    shard = max(paths.features("c", "gtf").rglob("*"), key=lambda path: path.stat().st_size)
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    assert main(["verify"]) == 1
    assert "are damaged" in capsys.readouterr().out


def test_a_sample_is_drawn_by_the_seed(gtf, capsys):
    def spoil(_, values):
        values[:, 0, 0, 0] += 1

    gtf.change_store("gtf", spoil)

    def named(*arguments: str) -> list[str]:
        assert main(["verify", *arguments]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert "3 rows recomputed, 3 wrong" in lines[-1]
        return [line.split(": ")[1] for line in lines[:-1]]

    capsys.readouterr()
    first = named("--sample", "3")
    assert named("--sample", "3", "--seed", "0") == first
    assert len(set(first)) == 3
    assert any(named("--sample", "3", "--seed", str(seed)) != first for seed in (1, 2, 3))


@pytest.mark.usefixtures("gtf")
def test_a_sample_larger_than_the_store_is_the_store(capsys):
    assert main(["verify", "--sample", "99"]) == 0
    assert "9 rows recomputed" in capsys.readouterr().out


def test_one_feature_and_one_corpus_can_be_chosen(made, capsys):
    made.params["corpora"]["d"] = {"adapter": "folder", "root": "nowhere", "crop_seconds": 2}
    made.save()
    capsys.readouterr()
    assert main(["verify", "--corpus", "c", "--feature", "wideband"]) == 0
    assert capsys.readouterr().out == "verify c/wideband: 9 rows recomputed, 0 wrong\n"
    assert main(["verify", "--feature", "gtf"]) == 2
    assert "data/index/d.csv is missing" in capsys.readouterr().err


@pytest.mark.usefixtures("gtf")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpus", "cc"], "corpora: no key 'cc'; did you mean 'c'?"),
        (["--feature", "gft"], "features: no key 'gft'; did you mean 'gtf'?"),
        (["--sample", "0"], "--sample is 0; it must be at least 1"),
    ],
)
def test_a_slip_is_one_line(capsys, arguments, message):
    capsys.readouterr()
    assert main(["verify", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured == ("", f"multispec verify: {message}\n")


@pytest.mark.usefixtures("gtf")
def test_a_missing_store_is_one_line(capsys):
    paths.features("c", "gtf").rename("elsewhere")
    assert main(["verify"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("multispec verify: data/features/c/gtf.zarr: not a readable")
    assert "dvc pull" in said
    assert said.count("\n") == 1
