"""The tutorial, as it is written: its blocks are run, in order, in a temporary clone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.codeversion import ROOT

pytestmark = pytest.mark.graph

BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```", re.M | re.S)
#: What makes it quick; the tutorial itself needs none of it.
FEATURES = ("gtf", "mf_rp")
MODELS = ("majority", "logistic", "svm")
COPIED = ("dvc.yaml", "requirements.lock", ".dvcignore", ".gitignore", ".dvc/config")


def blocks() -> list[tuple[str, str]]:
    text = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    return [(kind, block) for kind, block in BLOCK.findall(text)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """Return a clone of the working tree with few features and models, nothing run."""
    folder = tmp_path_factory.mktemp("clone") / "multispec"
    folder.mkdir()
    for name in COPIED:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("pipeline", "models"):
        shutil.copytree(ROOT / name, folder / name)
    yaml = YAML()
    values = yaml.load(ROOT / "params.yaml")
    for section, kept in (("features", FEATURES), ("models", MODELS)):
        for name in [name for name in values[section] if name not in kept]:
            del values[section][name]
    values["cv"]["protocols"] = ["grouped"]
    values["cv"]["bootstrap"]["resamples"] = 20
    values["chord2vec"]["dim"] = 8
    values["train"]["skip"] = {}
    ours = {"ours": ["svm"], "network": "svm", "baselines": ["majority"], "reference": "majority"}
    values["report"].update(ours)
    values["compute"]["workers"] = 0
    yaml.dump(values, folder / "params.yaml")
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "as it is"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True, capture_output=True)
    return folder


def run(clone: Path, script: str) -> str:
    """Run lines of a shell; they stop at the first error."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(clone),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_tutorial_runs(clone):
    said = []
    for kind, block in blocks():
        name = re.match(r"# (\w+\.py)\n", block)
        if kind == "python":
            assert name is not None, "a block of Python begins with its file name"
            (clone / name.group(1)).write_text(block, encoding="utf-8")
        else:
            said.append((block.strip(), run(clone, block)))
    by_command = dict(said)
    look = by_command["multispec add mine music --dry-run"]
    for words in ("fewer than cv.folds = 10", "every track is a group of its own", "dry run"):
        assert words in " ".join(look.split())
    repeated = [out for command, out in said if command == "dvc repro evaluate@mine"]
    assert len(repeated) == 2
    assert "up to date" in repeated[1]
    predicted = next(out for command, out in said if "multispec predict" in command)
    assert re.search(r"unseen\.wav.*rage|rage.*unseen\.wav", predicted)


def test_the_scores_are_there_and_a_model_beats_the_majority(clone):
    results = (clone / "reports/mine/results.csv").read_text(encoding="utf-8")
    assert all(model in results for model in ("majority", "svm"))
    evaluation = json.loads((clone / "data/evaluation/mine.json").read_text(encoding="utf-8"))
    assert evaluation
