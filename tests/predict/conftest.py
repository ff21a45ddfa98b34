"""A project with final models of a corpus of nine sounds, some of them with scores."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pipeline import corpus, crossval, params, paths
from pipeline.final import train_final
from pipeline.prediction import archive

FEATURES = ("gtf", "mf_rp", "voice", "tonal", "wideband", "narrowband")
CLASSES = ("calm", "joy", "rage")


def _stages() -> ModuleType:
    """Import the fixtures of the stages' tests: they make whole projects of seconds of music."""
    path = Path(__file__).parents[1] / "stages" / "conftest.py"
    spec = importlib.util.spec_from_file_location("stages_conftest", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


STAGES = _stages()


class Finished:
    """A project whose cross-validation is invented, so that only the final fits take time."""

    def __init__(self, folder: Path) -> None:
        self.studio = STAGES.Studio(folder)
        self.folder, self.music, self.params = folder, self.studio.music, self.studio.params
        every = params.read(STAGES.REPOSITORY / "params.yaml")
        self.params["features"] = {name: every["features"][name] for name in FEATURES}
        self.params["train"] |= {"epochs": 1, "skip": {}}
        models = self.params["models"]
        models["lstm_bls"] |= {"cells": [4, 4]}
        models["multispec_full"] |= {"fused_width": 8, "bilstm_width": 4}
        models["best"] |= {"inner_folds": 2}
        for name in models:
            if "bls" in models[name]:
                models[name]["bls"] |= {"groups": 1, "group_nodes": 4, "ridge": [1.0]}
        self.params["final"] = {
            "models": {"c": "svm"}, "window_seconds": 1, "neighbours": 2, "quantile": 0.99,
        }  # fmt: skip

    def prepare(self) -> None:
        self.studio.album()
        scores = {}
        for number, sound in enumerate(sorted(self.music.glob("*/*.*"))[::2]):
            name = sound.relative_to(self.music)
            scores[name.as_posix()] = name.with_suffix(".mid").as_posix()
            self.studio.score(scores[name.as_posix()], number)
        self.studio.manifest(midi=scores)
        self.studio.prepare(*FEATURES)
        self.studio.save()

    def invent(self, model: str) -> None:
        """Write what a cross-validation of a model would leave."""
        generator = np.random.default_rng(0)
        rows = []
        for number, row in enumerate(corpus.read_index("c")):
            shares = generator.dirichlet(np.ones(3))
            own = {"protocol": "grouped", "seed": 0, "fold": number % 3, "track": row.track}
            own |= {"true": row.label, "predicted": CLASSES[int(shares.argmax())]}
            rows.append(own | {f"p_{c}": f"{p:.6f}" for c, p in zip(CLASSES, shares, strict=True)})
        corpus.write_rows(paths.run("c", model) / "predictions.csv", list(rows[0]), rows)
        about = {"config": asdict(crossval.model_config(self.params, model))}
        about |= {"train": asdict(crossval.settings(self.params)[0])}
        (paths.run("c", model) / "model.json").write_text(json.dumps(about), encoding="utf-8")
        scores = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6}
        scores |= {"macro_f1": 0.4, "macro_f1_low": 0.3, "macro_f1_high": 0.5}
        known = [path.name for path in paths.run("c", model).parent.iterdir()]
        table = [{"protocol": "grouped", "model": name, **scores} for name in sorted(known)]
        corpus.write_rows(Path("reports/c/results.csv"), list(table[0]), table)

    def final(self, model: str = "svm") -> Path:
        """Return a final model, fitted when first asked for."""
        path = archive.place("c", model)
        if not path.is_file():
            self.invent(model)
            train_final(self.params, "c", model)
        return path


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    project = Finished(tmp_path_factory.mktemp("finished"))
    with contextlib.chdir(project.folder):
        project.prepare()
        project.final("svm")
    return project


@pytest.fixture
def finished(finished_folder: Finished, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the project, which is the current directory; tests leave it as it is."""
    monkeypatch.chdir(finished_folder.folder)
    return finished_folder


@pytest.fixture
def tone() -> Any:
    """Return the function that makes a sound: (seed, seconds, rate) -> samples."""
    return STAGES.tone
