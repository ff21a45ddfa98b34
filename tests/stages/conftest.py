"""A whole project in a temporary folder: seconds of music, parameters, results."""

from __future__ import annotations

import contextlib
import copy
import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile
from ruamel.yaml import YAML

from pipeline import corpus, embed, params, paths, store
from pipeline.extract import Counts, extract
from pipeline.index import index
from pipeline.plan import Layout
from pipeline.split import split

REPOSITORY = Path(__file__).resolve().parents[2]
RATE = 16000
CROP = 2
LABELS = ("calm", "joy", "rage")


def tone(seed: int, seconds: float, rate: int = RATE) -> np.ndarray:
    """Return a chord of three partials with some noise; another one for every seed."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    partials = np.sin(2 * np.pi * np.outer(generator.uniform(100, 3000, 3), time)).sum(axis=0)
    return 0.1 * partials + 0.01 * generator.standard_normal(time.size)


def settings() -> dict[str, Any]:
    """Return the project's parameters, made small."""
    values = params.read(REPOSITORY / "params.yaml")
    values["corpora"] = {"c": {"adapter": "folder", "root": "music", "crop_seconds": CROP}}
    values["features"] = {name: values["features"][name] for name in ("gtf", "mf_rp", "wideband")}
    values["chord2vec"] |= {"dim": 4, "min_count": 1, "epochs": 1, "tokenizer": "pitch_class"}
    values["cv"] |= {"folds": 3, "seeds": [0], "protocols": ["grouped"]}
    music = values["models"]["multispec_music"]
    music |= {"fused_width": 8, "bilstm_width": 4}
    music["bls"] |= {"groups": 1, "group_nodes": 4, "ridge": [1.0, 10.0]}
    values["models"]["logistic"] |= {"statistics": ["mean"], "c": [0.1, 1.0]}
    values["train"] |= {"device": "cpu", "batch_size": 4, "epochs": 2, "crop_seconds": None}
    values["compute"] |= {"workers": 0, "scheduler": None, "batch_tracks": 4, "progress": False}
    values["compute"]["together"] = False
    return values


class Studio:
    """A project folder that is the current directory while a test runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.music = folder / "music"
        self.params = settings()

    def tone(self, file: str, seed: int, seconds: float = 1.0, rate: int = RATE) -> Path:
        return self.sound(file, tone(seed, seconds, rate), rate)

    def sound(self, file: str, samples: np.ndarray, rate: int = RATE, **options: Any) -> Path:
        path = self.music / file
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, **options)
        return path

    def score(self, file: str, seed: int) -> Path:
        """Write a MIDI file of eight notes."""
        path = self.music / file
        path.parent.mkdir(parents=True, exist_ok=True)
        track = mido.MidiTrack()
        for pitch in np.random.default_rng(seed).integers(60, 66, 8).tolist():
            track.append(mido.Message("note_on", note=pitch, velocity=64, time=0))
            track.append(mido.Message("note_off", note=pitch, time=240))
        mido.MidiFile(tracks=[track]).save(path)
        return path

    def album(self, order: tuple[int, ...] = tuple(range(9))) -> Studio:
        """Write nine sounds, three of each label, in three groups, and a manifest."""
        for number in order:
            suffix, seconds = (".mp3", ".wav", ".flac")[number // 3], (0.6, 1.0, 1.7)[number % 3]
            self.tone(f"{LABELS[number % 3]}/{number:02d}{suffix}", number, seconds)
        self.manifest()
        return self

    def manifest(self, midi: dict[str, str] | None = None) -> None:
        """Name every sound and lone score of the folder; the group is the number modulo 4."""
        files = sorted(
            path.relative_to(self.music).as_posix()
            for path in self.music.rglob("*.*")
            if path.name != "manifest.csv" and (path.suffix != ".mid" or midi is None)
        )
        with (self.music / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "group", "midi"])
            for number, name in enumerate(files):
                writer.writerow([name, f"g{number % 4}", (midi or {}).get(name, "")])

    def save(self) -> None:
        """Write params.yaml, for other processes and for commands."""
        with Path("params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(self.params, file)

    def index(self, name: str = "c") -> list[corpus.Row]:
        return index(self.params, name)

    def extract(self, feature: str = "gtf", name: str = "c") -> Counts:
        return extract(self.params, name, feature)

    def prepare(self, *features: str) -> Studio:
        """Run index, split, the extraction of some features, and embed."""
        self.index()
        split(self.params, "c")
        for feature in features:
            self.extract(feature)
        embed.embed(self.params, "c")
        return self

    def quarantine(self, name: str = "c") -> dict[str, str]:
        with paths.quarantine(name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len({row["file"] for row in rows}) == len(rows)
        assert {row["stage"] for row in rows} <= {"index"}
        return {row["file"]: row["reason"] for row in rows}

    def bytes_of(self, path: Path) -> dict[str, bytes]:
        """Return relative path -> content of everything below a folder."""
        files = (file for file in sorted(path.rglob("*")) if file.is_file())
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}

    def store_bytes(self, feature: str = "gtf") -> dict[str, bytes]:
        return self.bytes_of(paths.features("c", feature))

    def change_store(self, feature: str, change: Any) -> None:
        """Rewrite a store, ``change(tracks, values)`` applied to its values, all else equal."""
        path = paths.features("c", feature)
        reader = store.Reader(path)
        values = np.concatenate([rows for _, _, rows in reader.shards()])
        change(reader.tracks, values)
        shape = {f"axis{k}": size for k, size in enumerate(reader.shape[2:])}
        layout = Layout("c", feature, CROP, shape, tuple(reader.tracks))
        keys = np.array([list(bytes.fromhex(key)) for key in reader.keys], np.uint8)
        store.create(path, layout, keys, reader.attributes)
        for start, stop in layout.shards():
            store.write_shard(path, layout, start, values[start:stop])
        store.finish(path, reader.seconds_valid)

    def environment(self) -> dict[str, str]:
        """Return the environment in which another process finds this pipeline."""
        return os.environ | {"PYTHONPATH": str(REPOSITORY)}


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """Return an empty project; the current directory is its folder."""
    monkeypatch.chdir(tmp_path)
    return Studio(tmp_path)


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Studio]:
    """Return a function that returns a project by name, made when first asked for."""
    made: dict[str, Studio] = {}

    def ask(name: str, make: Callable[[Studio], object]) -> Studio:
        if name not in made:
            studio = Studio(tmp_path_factory.mktemp(name))
            with contextlib.chdir(studio.folder):
                make(studio)
            made[name] = studio
        return made[name]

    return ask


@pytest.fixture
def like(studio: Studio, master: Callable[..., Studio]) -> Callable[..., Studio]:
    """Return a function that fills the test's project with a copy of such a project."""

    def fill(name: str, make: Callable[[Studio], object]) -> Studio:
        model = master(name, make)
        shutil.copytree(model.folder, studio.folder, dirs_exist_ok=True)
        studio.params = copy.deepcopy(model.params)
        return studio

    return fill


@pytest.fixture
def album(like: Callable[..., Studio]) -> Studio:
    """Return a project with nine sounds."""
    return like("album", Studio.album)


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes another project and moves there."""

    def make() -> Studio:
        folder = tmp_path_factory.mktemp("elsewhere")
        monkeypatch.chdir(folder)
        return Studio(folder)

    return make


@pytest.fixture(scope="session")
def scheduler() -> Any:
    """Return the address of a Dask scheduler with two workers that knows nothing of the project."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def small_params() -> dict[str, Any]:
    """Return the parameters alone."""
    return settings()
