"""An experiment through DVC, then its variants through DVC's queue, in a temporary clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.codeversion import ROOT

pytestmark = pytest.mark.graph

TINY = """
models: {}
experiments:
  tiny:
    title: Tiny
    question: Does it run?
    paper: Nothing.
    reference: as shipped
    protocols: [grouped]
    variants:
      as shipped: {model: svm}
      one cost: {model: svm, inputs: [gtf], set: {models.svm.c: [1.0]}}
"""


def call(clone: Path, *command: str) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(clone),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
        **{f"GIT_{who}_NAME": "test" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "test@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def dvc(clone: Path, *arguments: str) -> str:
    return call(clone, sys.executable, "-m", "dvc", *arguments)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with a tiny demo, two features and two models, after the experiment has run."""
    folder = tmp_path_factory.mktemp("queue") / "multispec"
    for name in ("dvc.yaml", "params.yaml", "requirements.lock", ".dvcignore", ".gitignore",
                 ".dvc/config", "experiments/dvc.yaml", "experiments/sweep.yaml",
                 "reports/sweep/about.yaml"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("pipeline", "models"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "experiments/params.yaml").write_text(TINY + growth())
    yaml = YAML()
    values = yaml.load(folder / "params.yaml")
    values["synthesize"] |= {"pieces_per_quadrant": 3, "composers": 4, "seconds": 2.0}
    values["corpora"]["demo"]["crop_seconds"] = 2
    values["chord2vec"] |= {"dim": 8, "epochs": 1, "min_count": 1}
    values["cv"] |= {"folds": 3, "folds_on": {}}
    values["compute"]["workers"] = 0
    values["features"] = {name: values["features"][name] for name in ("gtf", "mf_rp")}
    yaml.dump(values, folder / "params.yaml")
    call(folder, "git", "init", "-q")
    dvc(folder, "repro", "experiments/dvc.yaml:run@demo-tiny")
    call(folder, "git", "add", "-A")
    call(folder, "git", "commit", "-qm", "tiny")
    return folder


def growth() -> str:
    """Return what else experiments/params.yaml holds, as shipped."""
    text = (ROOT / "experiments/params.yaml").read_text(encoding="utf-8")
    shipped = YAML(typ="safe").load(text)
    rest = {key: value for key, value in shipped.items() if key not in ("models", "experiments")}
    return "".join(f"\n{key}: {json.dumps(value)}" for key, value in rest.items()) + "\n"


def folds(clone: Path) -> set[Path]:
    return set((clone / "data/cache/folds").rglob("*"))


def test_a_sweep_that_nobody_has_run_is_not_missed(clone: Path) -> None:
    files = json.loads(dvc(clone, "metrics", "show", "--json"))[""]["data"]
    failed = {path for path, read in files.items() if "error" in read}
    assert failed == {"reports/metrics.json"}, "that of the report, which has not run here"


def test_queued_variants_take_their_folds_from_the_experiment(clone: Path) -> None:
    before = folds(clone)
    assert before
    call(clone, sys.executable, "-m", "pipeline.cli", "sweep", "tiny", "--run")
    assert folds(clone) == before, "nothing was trained twice"
    shown = json.loads(dvc(clone, "exp", "show", "--json"))
    found = {}
    for entry in shown[-1]["experiments"] or []:
        for revision in entry["revs"]:
            metrics = revision["data"]["metrics"]["reports/sweep/demo.json"]
            found[revision["name"]] = metrics["data"]["grouped"]
    assert set(found) == {"demo-tiny-as-shipped", "demo-tiny-one-cost"}
    for scores in found.values():
        assert {"train_accuracy", "accuracy"} <= set(scores)
        assert 0 <= scores["accuracy"] <= scores["train_accuracy"] <= 1
