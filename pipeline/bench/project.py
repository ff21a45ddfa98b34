"""A whole project in a temporary folder, in which the real stages run on the benchmark's tracks."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import corpus, params, paths
from pipeline.bench import sound
from pipeline.bench.settings import Settings
from pipeline.extract import extract
from pipeline.index import index

NAME, MUSIC = "bench", "music"
#: The features of the paper.
PAPER = ("gtf", "mf_rp", "wideband", "narrowband")

#: The extraction of the project as DVC knows it, and where DVC may link, as in this repository.
GRAPH = """stages:
  extract:
    matrix:
      corpus: [{corpus}]
      feature: [{features}]
    cmd: python -m pipeline.extract ${{item.corpus}} ${{item.feature}}
    outs:
      - data/features/${{item.corpus}}/${{item.feature}}.zarr
"""
CONFIG = "[core]\n    no_scm = true\n[cache]\n    type = reflink,hardlink,copy\n"


def paper(all_params: Mapping[str, Any]) -> list[str]:
    """Return those of the paper's features that the parameters have."""
    return [name for name in PAPER if name in params.section(all_params, "features")]


@dataclass(frozen=True)
class Project:
    """A folder with tracks and parameters; picklable, so that other processes can work in it.

    Attributes
    ----------
    folder
        Where it is.
    params
        Its ``params.yaml``.
    crop
        Seconds of a track that count at most.
    """

    folder: Path
    params: Mapping[str, Any]
    crop: float

    @property
    def tracks(self) -> list[corpus.Row]:
        """The usable tracks."""
        with contextlib.chdir(self.folder):
            return corpus.read_index(NAME)

    @property
    def files(self) -> list[Path]:
        """The sound files of the usable tracks."""
        return [self.folder / MUSIC / row.audio for row in self.tracks]

    @property
    def seconds(self) -> float:
        """Sound in all usable tracks together, s."""
        return sum(min(self.crop, float(row.duration_seconds)) for row in self.tracks)

    def index(self) -> None:
        """Run the index stage."""
        with self.inside():
            compute = {**self.params["compute"], "cache": "data/probes"}
            index({**self.params, "compute": compute}, NAME)

    def extract(self, features: Sequence[str] = (), **compute: Any) -> None:
        """Run the extraction of features, by default the paper's.

        ``compute`` replaces keys of that section.

        The parameters then hold these features alone: the stage computes what else there is from a
        file that it has decoded.
        """
        features = features or paper(self.params)
        sections = {name: self.params["features"][name] for name in features}
        settings = {**self.params["compute"], **compute}
        changed = {**self.params, "features": sections, "compute": settings}
        with self.inside():
            for feature in features:
                extract(changed, NAME, feature)

    def idle(self) -> None:
        """Run one stage as DVC does, in a process of its own."""
        (self.folder / "params.yaml").write_text(json.dumps(self.params), encoding="utf-8")
        command = [sys.executable, "-m", "pipeline.extract", NAME, paper(self.params)[0]]
        subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, check=True)

    def commit(self) -> None:
        """Have DVC record the stores, as it does behind every stage that it runs."""
        from dvc.repo import Repo

        logging.getLogger("dvc").setLevel(logging.WARNING)
        with self.inside():
            if not Path(".dvc").is_dir():
                stages = GRAPH.format(corpus=NAME, features=", ".join(paper(self.params)))
                Path("dvc.yaml").write_text(stages, encoding="utf-8")
                Repo.init(no_scm=True).close()
                Path(".dvc/config").write_text(CONFIG, encoding="utf-8")
            with Repo() as repo:
                repo.commit(force=True)

    def drop(self) -> None:
        """Remove the stores, as DVC does before it runs their stages."""
        shutil.rmtree(self.folder / "data/features", ignore_errors=True)

    def forget(self) -> None:
        """Remove what the extraction made; the index and what it knows of the files stay."""
        for made in ("data/rows", "data/features", "data/work", ".dvc"):
            shutil.rmtree(self.folder / made, ignore_errors=True)
        (self.folder / "dvc.lock").unlink(missing_ok=True)

    def keep(self, rows: Sequence[corpus.Row]) -> None:
        """Make the index list these tracks alone."""
        with contextlib.chdir(self.folder):
            corpus.write_index(NAME, rows)

    def store(self, feature: str) -> Path:
        """Return where a feature store is."""
        return self.folder / paths.features(NAME, feature)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Work in the folder, and drop what stages print: it is not the benchmark's result."""
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(io.StringIO()):
            yield


@contextmanager
def temporary(settings: Settings, tracks: int) -> Iterator[Project]:
    """Yield an indexed project of so many tracks (fewer where the user's folder has fewer)."""
    with tempfile.TemporaryDirectory(prefix="multispec-bench-") as name:
        folder = Path(name)
        music = folder / MUSIC
        sound.write_tracks(settings.audio, tracks, settings.seconds, music)
        project = Project(folder, _params(settings), settings.seconds)
        project.index()
        yield project


def _params(settings: Settings) -> dict[str, Any]:
    own = settings.params
    crop = math.ceil(settings.seconds)
    corpora = {NAME: {"adapter": "folder", "root": MUSIC, "crop_seconds": crop}}
    compute = {"workers": 0, "scheduler": None, "cache": "data/rows", "progress": False}
    return {**own, "corpora": corpora, "compute": {**own["compute"], **compute}}


@contextmanager
def copies(whole: Project, number: int) -> Iterator[list[Project]]:
    """Yield projects that share the tracks of another one evenly, in turn."""
    with tempfile.TemporaryDirectory(prefix="multispec-bench-") as name:
        made = []
        rows = whole.tracks
        for index in range(number):
            folder = Path(name) / str(index)
            folder.mkdir()
            (folder / MUSIC).symlink_to(whole.folder / MUSIC)
            made.append(replace(whole, folder=folder))
            made[-1].keep(rows[index::number])
        yield made
