"""`multispec add`: what it sees, what it says, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import corpora, corpus, params
from pipeline.adding import cost
from pipeline.codeversion import ROOT
from tests.docs.adding import FULL, MEASURE, add, tone

pytestmark = pytest.mark.usefixtures("project")


def test_a_folder_is_added_and_nothing_else_changes(music, capsys):
    before = FULL
    Path("params.yaml").write_text(before, encoding="utf-8")
    status, out, _ = add(capsys, "mine", music)
    assert status == 0
    assert "dvc repro evaluate@mine" in out
    after = Path("params.yaml").read_text()
    new = f"  mine:\n    adapter: folder\n    root: {music}\n    crop_seconds: 2\n"
    assert after.replace(new, "", 1) == before
    assert corpus.of(params.read(), "mine").root == music


def test_it_counts_what_is_there(music, capsys):
    (music / "joy/0.mid").write_bytes(b"MThd")
    _, out, _ = add(capsys, "mine", music, "--dry-run")
    rows = [line.split() for line in out.splitlines() if line.startswith("  ")]
    assert ["grief", "4", "4", "4", "0", "1.5", "s", "1.5", "s", "1.5", "s"] in rows
    assert ["all", "8", "8", "8", "1", "1.5", "s", "1.5", "s", "1.5", "s"] in rows
    assert "12 s of sound (from headers" in out
    assert "1 recordings have a MIDI file of the same name" in out


def test_the_price_is_that_of_the_stores(music, capsys):
    _, out, _ = add(capsys, "mine", music, "--dry-run")
    per_second = sum(cost.bytes_per_second(params.read()).values())
    # gtf 24 x 44 and so on, 4 bytes each; eight tracks of two blocks.
    assert cost.bytes_per_second(params.read())["gtf"] == 4 * 24 * 44
    assert f"cost: {16 * per_second / 1e3:.1f} kB for 1 features of 16 s" in out
    assert "some 0.8 s of extraction on 1 processes" in out


def test_a_dry_run_writes_nothing(project, music, capsys):
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert add(capsys, "mine", music, "--dry-run")[0] == 0
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_models_are_chosen_by_leaving_the_others_out(music, capsys):
    assert add(capsys, "mine", music, "--models", "svm", "majority")[0] == 0
    values = params.read()
    assert set(values["models"]) - set(values["train"]["skip"]["mine"]) == {"svm", "majority"}
    added = [line for line in Path("params.yaml").read_text().splitlines() if "mine" in line]
    assert added == ["  mine:", "    mine: [best]"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my music", "'my-music' can"),
        ("a.b", "'a-b' can"),
        ("../up", "'up' can"),
        ("pictures", "'pictures-1' can"),
        ("", "'mine' can"),
        ("demo", "there is a corpus 'demo' already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_better_one(music, capsys, name, message):
    status, out, err = add(capsys, name, music)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("name", ["123", "true", "null", "1e3", "_", "no"])
def test_a_name_that_yaml_would_read_otherwise_stays_text(music, capsys, name):
    assert add(capsys, name, music)[0] == 0
    assert corpus.of(params.read(), name).adapter == "folder"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine", "nowhere"], "nowhere: does not exist"),
        (["mine", "."], "holds the repository itself"),
        (["mine", "{music}", "--adapter", "foldr"], "did you mean 'folder'?"),
        (["mine", "{music}", "--models", "svn"], "did you mean 'svm'?"),
        (["mine", "{music}", "--crop-seconds", "0"], "must be at least 1"),
        (["mine", "{music}", "--labels", "none.csv"], "--labels none.csv: no such file"),
    ],
)
def test_a_wrong_command_is_status_2(music, capsys, arguments, message):
    status, _, err = add(capsys, *(part.format(music=music) for part in arguments))
    assert status == 2
    assert message in err


def test_a_path_that_dvc_would_take_for_a_variable_is_refused(tmp_path, capsys):
    folder = tmp_path / "a ${b}"
    tone(folder / "joy/a.wav", 1)
    assert add(capsys, "mine", folder)[0] == 2


def test_one_class_alone_is_an_error_and_nothing_is_written(music, capsys):
    shutil.rmtree(music / "grief")
    before = Path("params.yaml").read_bytes()
    status, out, _ = add(capsys, "mine", music)
    assert status == 1
    assert "only one class, 'joy'" in out
    assert Path("params.yaml").read_bytes() == before


def test_a_class_of_two_is_an_error_and_fewer_than_folds_a_warning(music, capsys):
    for number in range(2):
        tone(music / "rage" / f"{number}.wav", 20 + number)
    status, out, _ = add(capsys, "mine", music)
    assert status == 1
    assert "class 'rage' has 2 tracks" in out
    assert "class 'joy' has 4 tracks, fewer than cv.folds = 10" in out


def test_every_bad_file_is_named_with_a_remedy(music, capsys):
    (music / "joy/empty.wav").touch()
    (music / "joy/text.mp3").write_text("no sound")
    (music / "joy/page.mid").write_text("no notes")
    (music / "joy/song.m4a").write_bytes(b"x")
    tone(music / "loose.wav", 30)
    tone(music / "joy/low.wav", 31, rate=8000)
    shutil.copy(music / "joy/0.wav", music / "grief/again.wav")
    shutil.copy(music / "joy/2.wav", music / "joy/twice.wav")
    status, out, _ = add(capsys, "mine", music)
    assert status == 0
    for words in (
        "empty: the file has 0 bytes",
        "joy/text.mp3",
        "it does not begin as a MIDI file does",
        "extension '.m4a' is neither audio nor MIDI",
        "no label: the file lies outside any label folder",
        "1 files lie under two labels",
        "1 files are there more than once (equal bytes)",
        "1 tracks are sampled below audio.sample_rate",
        "mixed sample rates (1 at 8000 Hz, 10 at 16000 Hz)",
        "every track is a group of its own",
    ):
        assert words in " ".join(out.split()), words
    assert out.count("->") >= 8


def test_decoding_finds_what_a_header_hides(music, capsys):
    path = tone(music / "joy/silent.wav", 1)
    soundfile.write(path, np.zeros(24000), 16000)
    assert "silent" not in add(capsys, "mine", music, "--dry-run")[1]
    _, out, _ = add(capsys, "mine", music, "--dry-run", "--decode")
    assert "silent: after down-mixing" in " ".join(out.split())
    assert "12 s of sound (decoded)" in out


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'say "hi"', "a,b", "café", "音楽", "#1", "{x}", "- y", "a: b", "null"]
)
def test_odd_names_of_files_and_labels_live(tmp_path, capsys, name):
    root = tmp_path / name
    for label in (name, "other"):
        for number in range(3):
            tone(root / label / f"{name}{number}.wav", number + len(label))
    assert add(capsys, "mine", root)[0] == 0
    entry_of = corpus.of(params.read(), "mine")
    adapter = corpora.load(entry_of.adapter)
    tracks, rejects = adapter.tracks(entry_of.root, adapter.Config())
    assert (len(tracks), rejects) == (6, [])
    assert {track.label for track in tracks} == {name, "other"}


def test_a_root_that_is_a_link_stays_one_and_links_out_of_it_are_refused(music, capsys):
    Path("link").symlink_to(music)
    (music / "joy/out.wav").symlink_to(ROOT / "params.yaml")
    status, out, _ = add(capsys, "mine", "link")
    assert status == 0
    assert corpus.of(params.read(), "mine").root == Path("link")
    assert "the link leaves the corpus root" in out


def test_a_known_layout_is_recognised(tmp_path, capsys):
    root = tmp_path / "speech"
    for speaker in ("03", "08", "09"):
        for letter in "WF":
            tone(root / "wav" / f"{speaker}a01{letter}a.wav", int(speaker))
    _, out, _ = add(capsys, "mine", root, "--dry-run")
    assert "--adapter emodb" in out
    status, out, _ = add(capsys, "mine", root, "--adapter", "emodb")
    assert status == 0
    extra = corpus.of(params.read(), "mine").extra
    assert params.build(corpora.load("emodb").Config, extra, "mine").group == "speaker"


def test_the_rate_is_measured_on_a_file_of_the_corpus(music):
    values = params.read(ROOT / "params.yaml")
    values["features"] = {"gtf": values["features"]["gtf"]}
    ticks = iter(range(100))
    (music / "joy/bad.wav").touch()
    rate = MEASURE(values, music, ["joy/bad.wav", "joy/0.wav"], lambda: next(ticks) / 10)
    assert rate is not None
    assert (rate.file, rate.sound_seconds) == ("joy/0.wav", 2.0)
    assert rate.ratio == pytest.approx((0.1 + 0.1) / 2.0)
