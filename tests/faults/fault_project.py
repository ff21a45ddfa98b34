"""A small project of its own that commands are run in: nine sounds, three scores, one model.

A copy of the code, parameters and graph in a folder without Git; made once, then copied.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido
import numpy as np
import soundfile
from ruamel.yaml import YAML

from pipeline import params
from pipeline.codeversion import ROOT

INJECT = Path(__file__).parent / "inject"
#: A command that takes longer hangs, s; the machine may be busy, so this judges no speed.
HANG_SECONDS = 1200.0
#: What a run leaves that is not the same twice: how long training took.
TIMED = ("model.json", "fits.csv")
CODE = ("dvc.yaml", "requirements.lock", ".dvcignore", ".gitignore")
DVC_CONFIG = "[core]\n    analytics = false\n    no_scm = true\n"


@dataclass(frozen=True)
class Project:
    """A folder with a graph of its own.

    Attributes
    ----------
    folder
        Its top.
    """

    folder: Path

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command at the top, as the leader of a process group."""
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env=surroundings(self.folder, environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command at the top to its end, however it ends."""
        process = self.start(*command, **environment)
        try:
            out, err = process.communicate(timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell at the top."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=surroundings(self.folder, {}),
            capture_output=True,
            text=True,
            check=False,
        )

    def stage(self, name: str, *arguments: str, **environment: str) -> str:
        """Run a stage by hand; return what it said."""
        return sound(self.run("-m", f"pipeline.{name}", *arguments, **environment))

    def dvc(self, *arguments: str, **environment: str) -> str:
        """Run DVC; return what it said."""
        return sound(self.run("-m", "dvc", *arguments, **environment))

    def copy(self, folder: Path) -> Project:
        """Return a copy elsewhere."""
        return Project(Path(shutil.copytree(self.folder, folder, symlinks=True)))

    def params(self, **sections: Mapping[str, Any]) -> None:
        """Change keys of sections of params.yaml."""
        yaml, path = YAML(), self.folder / "params.yaml"
        values = yaml.load(path)
        for name, changes in sections.items():
            values[name] |= changes
        yaml.dump(values, path)

    def bytes(self) -> dict[str, bytes]:
        """Return every result under its final name; see :data:`TIMED` for what is left out."""
        found = {}
        for top in ("data/index", "data/folds", "data/features", "data/embeddings", "data/runs"):
            for path in sorted((self.folder / top).rglob("*")):
                name = path.relative_to(self.folder).as_posix()
                if path.is_file() and path.name not in TIMED and "/." not in name:
                    found[name] = path.read_bytes()
        return found


def surroundings(folder: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a project's commands; faults only where they are asked for."""
    faulty = any(name.startswith("FAULT") for name in changes)
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([*([str(INJECT)] if faulty else []), str(folder), str(ROOT)]),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
        **changes,
    }


def sound(done: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a command that must have gone well."""
    assert done.returncode == 0, f"{' '.join(done.args)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def copy_code(folder: Path) -> None:
    """Copy the graph, the code and the lists that stages depend on."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in CODE:
        shutil.copy(ROOT / name, folder / name)
    for name in ("pipeline", "models"):
        shutil.copytree(ROOT / name, folder / name)  # with numba's machine code: seconds saved


def small(features: tuple[str, ...] = ("gtf",)) -> dict[str, Any]:
    """Return parameters of a project with one model and some features."""
    values = params.read(ROOT / "params.yaml")
    values["corpora"] = {"c": {"adapter": "folder", "root": "music", "crop_seconds": 2}}
    values["features"] = {name: values["features"][name] for name in features}
    values["chord2vec"] |= {"dim": 4, "min_count": 1, "epochs": 1, "tokenizer": "pitch_class"}
    values["cv"] |= {"folds": 3, "folds_on": {}, "seeds": [0], "protocols": ["grouped"]}
    values["models"] = {"majority": {}}
    values["train"] |= {"device": "cpu", "skip": {}}
    values["compute"] |= {"workers": 0, "batch_tracks": 2, "cache": "data/cache"}
    return values


def write_sound(path: Path, seed: int, seconds: float = 1.0, rate: int = 16000) -> None:
    """Write three partials and some noise, others for every seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    partials = np.sin(2 * np.pi * np.outer(generator.uniform(100, 3000, 3), time)).sum(axis=0)
    soundfile.write(path, 0.1 * partials + 0.01 * generator.standard_normal(time.size), rate)


def write_score(path: Path, seed: int) -> None:
    """Write eight chords, others for every seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    track = mido.MidiTrack()
    for root in np.random.default_rng(seed).integers(60, 64, 8).tolist():
        chord = (root, root + 4, root + 7)
        track += [mido.Message("note_on", note=pitch, velocity=64, time=0) for pitch in chord]
        track.append(mido.Message("note_off", note=root, time=240))
        track += [mido.Message("note_off", note=pitch, time=0) for pitch in chord[1:]]
    mido.MidiFile(tracks=[track]).save(path)


def write_album(music: Path, numbers: Iterable[int] = range(9)) -> None:
    """Write sounds of three labels, every third with a score, and a manifest of what is there."""
    for number in numbers:
        label, suffix = ("calm", "joy", "rage")[number % 3], ("mp3", "wav", "flac")[number // 3 % 3]
        write_sound(music / label / f"{number:02d}.{suffix}", number, 0.6 + 0.5 * (number % 3))
        if number % 4 == 0:
            write_score(music / label / f"{number:02d}.mid", number)
    sounds = sorted(path for path in music.rglob("*.*") if path.suffix in (".mp3", ".wav", ".flac"))
    with (music / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "group"])
        for path in sounds:
            writer.writerow([path.relative_to(music).as_posix(), f"g{int(path.stem) % 4}"])


def make(folder: Path, graph: bool = False) -> Project:
    """Make the project; nothing has run in it.

    Parameters
    ----------
    graph
        Whether DVC is to run it: then it has its own copy of the code, which stages depend on.
    """
    folder.mkdir(parents=True)
    if graph:
        copy_code(folder)
        (folder / ".dvc").mkdir()
        (folder / ".dvc/config").write_text(DVC_CONFIG)
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(small(), file)
    write_album(folder / "music")
    return Project(folder)
