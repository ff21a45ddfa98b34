"""The whole graph, by ``dvc repro``, on a miniature demo in a temporary clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

import models
from pipeline import features, params
from pipeline.codeversion import ROOT

pytestmark = pytest.mark.graph

MINIATURE = {
    "synthesize": {"pieces_per_quadrant": 3, "composers": 4, "seconds": 2.0},
    "corpora": {"demo": {"crop_seconds": 2}},
    "chord2vec": {"dim": 8, "epochs": 1, "min_count": 1},
    "cv": {"folds_on": {"demo": 3}, "bootstrap": {"resamples": 20}},
    "models": {"multispec_music": {"fused_width": 8, "bilstm_width": 8}},
    "train": {"epochs": 2},
    "compute": {"workers": 0},
}


def merge(into: dict, other: dict) -> None:
    for key, value in other.items():
        if isinstance(value, dict):
            merge(into[key], value)
        else:
            into[key] = value


def change(clone: Path, values: dict) -> None:
    yaml = YAML()
    path = clone / "params.yaml"
    params = yaml.load(path)
    merge(params, values)
    yaml.dump(params, path)


def dvc(clone: Path, *arguments: str) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(clone),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"dvc {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def git(clone: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *who, *arguments], cwd=clone, check=True, capture_output=True)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone of the working tree after its first ``dvc repro``."""
    folder = tmp_path_factory.mktemp("clone") / "multispec"
    folder.mkdir()
    for name in (
        "dvc.yaml",
        "params.yaml",
        "requirements.lock",
        ".dvcignore",
        ".gitignore",
        ".dvc/config",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("pipeline", "models"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    change(folder, MINIATURE)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "miniature")
    (folder / "first.log").write_text(dvc(folder, "repro"))
    return folder


def test_the_graph_runs_and_says_what_it_did(clone):
    log = (clone / "first.log").read_text()
    for feature in features.names():
        expected = (
            f"extract demo/{feature}: 12 computed, 0 from cache, 0 from previous store, 0 rejected"
        )
        assert expected in log.splitlines()


def test_every_contract_file_is_there(clone):
    expected = [
        "data/index/demo.csv",
        "data/folds/demo.csv",
        "data/embeddings/demo.zarr",
        *(f"data/features/demo/{name}.zarr" for name in features.names()),
        *(f"data/runs/demo/svm/{name}" for name in ("predictions.csv", "history.csv")),
        "data/runs/demo/multispec_music/model.json",
        "data/audit/demo.json",
        "data/runs/demo/best/fits.csv",
        "reports/demo/audit.csv",
        "reports/demo/comparisons.csv",
        "reports/demo/quarantine.csv",
        "reports/metrics.json",
        "reports/README.md",
    ]
    assert [name for name in expected if not (clone / name).exists()] == []
    metrics = json.loads((clone / "reports/metrics.json").read_text())
    skipped = params.read(ROOT / "params.yaml")["train"]["skip"].get("demo", ())
    assert set(metrics["demo"]) == set(models.names()) - set(skipped)
    predictions = pd.read_csv(clone / "data/runs/demo/multispec_music/predictions.csv")
    assert predictions.groupby("protocol").size().to_dict() == {"grouped": 12, "random": 12}


def test_a_second_repro_runs_nothing(clone):
    assert "up to date" in dvc(clone, "repro")


def test_a_changed_feature_re_runs_no_other_extraction(clone):
    change(clone, {"features": {"gtf": {"floor": 1e-9}}})
    status = json.loads(dvc(clone, "status", "--json"))
    stale = {stage for stage in status if stage.startswith("extract@")}
    change(clone, {"features": {"gtf": {"floor": 1e-10}}})
    assert stale == {"extract@demo-gtf"}


def test_a_key_under_corpora_features_or_models_is_a_stage(clone):
    yaml = YAML()
    path = clone / "params.yaml"
    before = path.read_text()
    params = yaml.load(path)
    params["corpora"]["mine"] = {"adapter": "folder", "root": "data/raw/mine", "crop_seconds": 5}
    params["features"]["spare"] = {}
    params["models"]["spare"] = {}
    yaml.dump(params, path)
    stages = set(dvc(clone, "stage", "list", "--name-only").split())
    path.write_text(before)
    assert {"index@mine", "extract@mine-spare", "extract@demo-spare", "train@mine-spare"} <= stages


def test_verify_agrees_with_the_stores(clone):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "verify", "--sample", "2"],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("2 rows recomputed, 0 wrong") == len(features.names())


def test_metrics_and_plots_are_dvcs_own(clone):
    assert "multispec_music" in dvc(clone, "metrics", "show")
    dvc(clone, "plots", "show", "--out", "plots")
    page = (clone / "plots/index.html").read_text(encoding="utf-8")
    assert "confusion" in page
    assert "validation_loss" in page


def test_the_cache_survives_an_experiment_in_another_folder(clone):
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "results")
    arguments = ("exp", "run", "--temp", "-S", "features.gtf.floor=1e-9", "extract@demo-gtf")
    assert "12 computed" in dvc(clone, *arguments)
    assert "0 computed, 12 from cache" in dvc(clone, *arguments, "--force")
