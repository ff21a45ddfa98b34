"""Each section on seconds of sound: what its table holds, never how fast it was."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from pipeline import paths, previous
from pipeline.bench import cluster, machine, peers, project, sections, sound
from pipeline.bench.sections import chords, growth, loader
from pipeline.bench.sections import features as features_section
from pipeline.bench.sections import peers as peers_section
from pipeline.bench.timer import Spread
from pipeline.stage import StageError


def spreads(section):
    return [cell for row in section.rows for cell in row if isinstance(cell, Spread)]


def test_features(tiny):
    section = features_section.run(replace(tiny, clips=1))
    labels = [row[0] for row in section.rows]
    assert labels == ["gtf", "mf_rp", "the paper's four", "all together"] * 2  # one per rate
    assert all(cell.low > 0 for cell in spreads(section))
    assert all(goal.reached for goal in section.goals)  # errors, not speeds
    assert [(bar.group, bar.ours) for bar in section.bars[:2]] == [("gtf", False), ("gtf", True)]


def test_features_are_timed_in_pairs(tiny):
    clips = sound.clips(None, 1, 1.0)
    names = [each.name for each in features_section.plan(clips, ["gtf", "mf_rp"], tiny)]
    pairs = ["gtf reference", "gtf ours", "mf_rp reference", "mf_rp ours"]
    assert names == [*pairs, "the paper's four ours", "all together ours"]


def test_absent_peers_are_named_and_not_fatal(tiny, monkeypatch):
    monkeypatch.setattr(peers, "installed", lambda name: False)  # noqa: ARG005
    section = peers_section.run(tiny)
    assert len(section.rows) == len(peers.names())
    assert {row[1] for row in section.rows} == {"not installed: pip install -e '.[bench]'"}
    assert section.goals == section.bars == ()


def test_a_peer_is_held_against_its_own_kind_of_work(tiny, monkeypatch):
    calls = []
    fake = SimpleNamespace(
        TITLE="fake",
        DISTRIBUTION="numpy",
        LIBRARY="numpy",
        OURS="the paper's four, from WAV",
        GOAL=0.0,
        prepare=lambda _, files: lambda: calls.append([path.is_file() for path in files]),
    )
    monkeypatch.setattr(peers, "names", lambda: ["fake"])
    monkeypatch.setattr(peers, "load", {"fake": fake}.get)
    section = peers_section.run(tiny)
    assert calls == [[True, True]] * 2  # a warm-up and a round
    assert section.rows[0][0] == "fake"
    assert section.goals[0].reached


@pytest.mark.parametrize("name", peers.names())
def test_peers_run_where_they_are_installed(name, tmp_path):
    if not peers.installed(name):
        pytest.skip(f"{peers.load(name).LIBRARY} is not installed")
    clips = sound.clips(None, 1, 1.0)
    path = tmp_path / "0.wav"
    soundfile.write(path, clips[0].samples, clips[0].sample_rate)
    assert peers.load(name).prepare(clips, [path])() is not None


def test_from_disk(tiny):
    section = sections.load("disk").run(tiny)
    assert [row[0] for row in section.rows][-1] == "finished stores"
    assert all(cell.low > 0 for cell in spreads(section))


def test_scores(tiny):
    section = chords.run(tiny)
    assert [row[0] for row in section.rows] == [chords.THEIRS, chords.OURS]
    assert section.notes == ("2 MIDI files.",)


def test_loader(tiny):
    section = loader.run(replace(tiny, clips=4))
    shares = [row[-1].median for row in section.rows]
    assert sum(shares) == pytest.approx(1.0)


@pytest.fixture
def alone(monkeypatch):
    """Replace the processes by this one."""

    @contextmanager
    def dask(workers):
        yield SimpleNamespace(scheduler=None, peaks=lambda: [100.0] * workers)

    @contextmanager
    def bare(workers):
        def extract(projects):
            assert len(projects) == workers
            for each in projects:
                each.extract()

        yield extract

    monkeypatch.setattr(cluster, "dask", dask)
    monkeypatch.setattr(cluster, "bare", bare)


@pytest.mark.usefixtures("alone")
def test_workers_share_all_tracks(tiny):
    section = sections.load("workers").run(replace(tiny, clips=4))
    assert [row[0] for row in section.rows] == ["bare processes", "Dask workers"]
    assert any("4 tracks" in note for note in section.notes)


@pytest.mark.usefixtures("alone")
def test_growth(tiny):
    section = growth.run(replace(tiny, clips=4))
    assert [row[1] for row in section.rows] == [1, 2, 4, 0, 1, 1, 1, 0]
    assert len(section.goals) == 3


@pytest.mark.parametrize(("name", "clips"), [("workers", 3), ("growth", 3)])
@pytest.mark.usefixtures("alone")
def test_too_few_tracks_are_refused(tiny, name, clips):
    with pytest.raises(ValueError, match=r"at least 4|6 are the least"):
        sections.load(name).run(replace(tiny, clips=clips))


def test_one_more_track_is_all_that_is_computed(tiny, capsys):
    with project.temporary(tiny, 5) as made:
        rows = made.tracks
        made.keep(rows[:4])
        made.extract(["gtf"])
        before = (made.store("gtf") / "zarr.json").read_bytes()
        made.keep(rows)
        made.extract(["gtf"])
        assert (made.store("gtf") / "zarr.json").read_bytes() != before
        made.forget()
        assert not made.store("gtf").exists()
        assert len(made.tracks) == 5
    assert not made.folder.exists()
    assert capsys.readouterr().out == ""


def test_a_recorded_store_is_the_previous_one(tiny, capfd):
    with project.temporary(tiny, 5) as made:
        made.extract(["gtf", "mf_rp"])
        made.commit()
        whole = (made.store("gtf") / "zarr.json").read_bytes()
        made.drop()
        shutil.rmtree(made.folder / "data/rows")
        with (
            made.inside(),
            previous.Previous(paths.features("bench", "gtf"), "extract@bench-gtf") as old,
        ):
            assert old.reader is not None
            assert len(old.reader.tracks) == 5
        made.extract(["gtf"])
        assert (made.store("gtf") / "zarr.json").read_bytes() == whole
        made.forget()
        with made.inside():
            assert previous.keys(paths.features("bench", "gtf"), "extract@bench-gtf") == set()
    assert capfd.readouterr().out == ""


def test_tracks_differ_also_where_they_outnumber_the_music(tmp_path, monkeypatch):
    monkeypatch.setattr(sound, "RENDERED", 2)
    sound.write_tracks(None, 5, 1.0, tmp_path / "music")
    contents = [path.read_bytes() for path in (tmp_path / "music").rglob("*.mp3")]
    assert len(set(contents)) == len(contents) == 5


def test_the_users_own_sound(tmp_path):
    rate, noise = 22050, np.random.default_rng(0).normal(0, 0.1, (2 * 22050, 2))
    soundfile.write(tmp_path / "a.wav", noise, rate)
    (tmp_path / "b.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "c.flac", noise[: rate // 2], rate)  # too short
    (clip,) = sound.clips(tmp_path, 9, 1.5)
    assert clip.seconds == pytest.approx(1.5)
    np.testing.assert_allclose(clip.samples, noise.mean(axis=1)[: clip.samples.size], atol=1e-4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StageError, match="no sound of at least 1 s"):
        sound.clips(tmp_path / "empty", 1, 1.0)
    with pytest.raises(StageError, match="no MIDI file"):
        sound.scores(tmp_path, 1, tmp_path)


def test_the_machine_is_described_without_time_or_names():
    found = machine.describe("no-such-distribution")
    assert {"processor", "cores", "python", "numpy"} <= set(found)
    assert "no-such-distribution" not in found
