"""Hostile input: mutants of good files, odd collections of files, files of three hours."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fault_project import INJECT, write_score, write_sound
from mutants import CROP_SECONDS, judge_notes, judge_sound, mutant, recipes_of

from pipeline import corpus, embed, features, notestats, params, paths, split, store, train
from pipeline.audio import AudioConfig, Sound, decode
from pipeline.codeversion import ROOT
from pipeline.extract import extract
from pipeline.index import index

KINDS = ("wav", "flac", "ogg", "mp3", "midi")
REAL = os.environ.get("MULTISPEC_CORPORA", "nowhere")
MUTANTS = INJECT.parent / "mutants.py"
HOSTILE = Path(os.environ.get("MULTISPEC_HOSTILE", Path(REAL).parent / "hostile"))


def attempt(folder: Path, kinds: str, first: int, last: int, *names: str) -> list[dict[str, str]]:
    """Try mutants in another process; return what became of each."""
    done = subprocess.run(
        [sys.executable, str(MUTANTS), str(folder), kinds, str(first), str(last), *names],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    tried = [item["seed"] for item in found]
    asked = list(range(first, last)) * len(kinds.split(","))
    assert not any("fault" in item for item in found)
    assert tried == asked, f"{kinds}, after {found[-1:]}: {done.stderr}"
    return found


def test_a_mutant_is_what_its_number_says():
    assert {mutant("wav", 5) == mutant("wav", 5), mutant("wav", 5) == mutant("wav", 6)} == {
        True,
        False,
    }


@pytest.mark.parametrize(("kinds", "count"), [("wav,mp3", 80), ("midi", 40)])
def test_mutants_are_refused_or_finite(tmp_path, kinds, count):
    found = attempt(tmp_path, kinds, 0, count, "gtf")
    assert sum("reject" in item for item in found) > 0
    assert sum("reject" not in item for item in found) > 0


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutants_are_refused_or_finite(tmp_path, tally, kind):
    count = {"midi": 500}.get(kind, 450)
    found = attempt(tmp_path, kind, 1000, 1000 + count, "gtf", "mf_rp")
    tally["mutants tried"] += len(found)
    tally["mutants refused with a reason"] += sum("reject" in item for item in found)


@pytest.mark.soak
@pytest.mark.skipif(not HOSTILE.is_dir(), reason="MULTISPEC_HOSTILE names no folder of odd files")
def test_odd_files_of_public_suites(tally):
    recipes = recipes_of(list(features.names()))
    values = params.read(ROOT / "params.yaml")["chord2vec"]["notes"]
    config = params.build(notestats.Config, values, "chord2vec.notes")
    for path in sorted(path for path in HOSTILE.rglob("*") if path.is_file()):
        if path.suffix.lower() in (".mid", ".midi"):
            judge_notes(path, config)
        else:
            judge_sound(path, recipes)
        tally["odd files of public suites"] += 1


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a corpus in which names, labels and links are as odd as a file system allows."""
    monkeypatch.chdir(tmp_path)
    music = tmp_path / "music"
    for number in range(12):
        label = ('joy, "loud"', "it's calm", "rage")[number % 3]
        write_sound(music / label / f"{number} a,b 'c' \"d\".wav", number, 0.6)
        if number % 2 == 0:
            write_score(music / label / f"{number} a,b 'c' \"d\".mid", number)
    write_sound(music / "rage" / f"{'x' * 251}.wav", 50)
    shutil.copyfile(music / "rage" / f"{'x' * 251}.wav", music / "rage" / "twin.wav")
    write_sound(music / "rage" / "two\nlines.wav", 51)
    (music / "rage" / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"RIFF")
    write_sound(tmp_path / "secret.wav", 53)
    (music / "rage" / "out.wav").symlink_to(tmp_path / "secret.wav")
    (music / "rage" / "up.wav").symlink_to("../../secret.wav")
    (music / "rage" / "loop.wav").symlink_to("loop.wav")
    return tmp_path


@pytest.fixture
def small_values():
    from fault_project import small

    values = small()
    values["compute"]["max_rejected"] = 0.5
    return values


@pytest.mark.usefixtures("odd")
def test_an_odd_collection_goes_the_whole_way(small_values):
    rows = index(small_values, "c")
    with paths.quarantine("c").open(encoding="utf-8", newline="") as file:
        refused = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    assert {name.rpartition("/")[2] for name in refused} == {
        "two\\nlines.wav",
        "caf\\xe9.wav",
        "out.wav",
        "up.wav",
        "loop.wav",
    }
    assert all(refused.values())
    assert len(rows) == 14
    twins = [row for row in rows if row.audio.endswith(("twin.wav", "xxx.wav"))]
    assert len({row.sha256 for row in twins}) == 1
    split.split(small_values, "c")
    counts = extract(small_values, "c", "gtf")
    assert counts.rejected == 0
    assert "13 computed" in str(counts) or "14 computed" in str(counts)
    embed.embed(small_values, "c")
    train.train(small_values, "c", "majority")
    table = corpus_table(paths.run("c", "majority") / "predictions.csv")
    assert {row["true"] for row in table} == {'joy, "loud"', "it's calm", "rage"}
    assert {row["track"] for row in table} == {row.track for row in corpus.read_index("c")}
    with paths.folds("c").open(encoding="utf-8", newline="") as file:
        fold = {row["track"]: row["fold"] for row in csv.DictReader(file)}
    assert len({fold[row.track] for row in twins}) == 1
    reader = store.Reader(paths.features("c", "gtf"))
    assert all(np.isfinite(part).all() for _, _, part in reader.shards())


def corpus_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_three_hours_are_read_in_little_memory(tmp_path):
    """The crop bounds the memory: 3 h would be 0.35 GB of samples, and 128 MiB are allowed."""
    path, rate, seconds = tmp_path / "long.wav", 4000, 3 * 3600
    minute = (np.random.default_rng(0).standard_normal(60 * rate) * 20 + 128).astype(np.uint8)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_U8") as file:
        block = (minute.astype(np.int16) - 128) << 8
        for _ in range(seconds // 60):
            file.write(block)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from pipeline import params; from pipeline.audio import AudioConfig, decode\n"
        "audio = params.build(AudioConfig, params.read(Path(sys.argv[2]))['audio'], 'audio')\n"
        "now = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 2**27, now + 2**27))\n"
        "print(decode(Path(sys.argv[1]), audio, 30).duration_seconds)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(ROOT / "params.yaml")],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == f"{seconds:.1f}", done.stderr


def test_a_header_that_promises_the_moon_takes_no_memory(tmp_path):
    """A WAV header may promise 4 GiB and 65,535 channels; what is there decides."""
    path = tmp_path / "moon.wav"
    write_sound(path, 1, 0.5)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    audio = recipes_of(["gtf"])[0].audio
    assert isinstance(audio, AudioConfig)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = decode(path, audio, CROP_SECONDS)
    data[22:24] = b"\xff\xff"
    path.write_bytes(data)
    decode(path, audio, CROP_SECONDS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB
    if isinstance(found, Sound):
        assert found.duration_seconds == pytest.approx(0.5, abs=0.01)
