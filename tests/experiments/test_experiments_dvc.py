"""experiments/dvc.yaml against the code: no stage may import a file that is not among its deps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline import params
from pipeline.codeversion import ROOT, closure, path_of

GRAPH = params.read(ROOT / "experiments/dvc.yaml")["stages"]
MODULES = {
    "run": "pipeline.experiment",
    "growth": "pipeline.growth",
    "report": "pipeline.experiment_report",
    "claims": "pipeline.claims",
    "sweep": "pipeline.sweep",
}
#: Folders whose modules a stage loads by name, which no import statement shows.
BY_NAME = ("models", "pipeline/features", "pipeline/tokenizers")
DYNAMIC = {
    "run": BY_NAME,
    "sweep": BY_NAME,
    "claims": ("pipeline/corpora",),
    "report": (),
    "growth": ("models",),
}


def definition(stage: str) -> dict:
    return GRAPH[stage].get("do", GRAPH[stage])


def modules_of(folder: str) -> list[str]:
    paths = (path.relative_to(ROOT).with_suffix("") for path in (ROOT / folder).rglob("*.py"))
    return [path.as_posix().replace("/", ".").removesuffix(".__init__") for path in paths]


def needed(stage: str) -> set[str]:
    loaded = [name for folder in DYNAMIC[stage] for name in modules_of(folder)]
    found = closure(MODULES[stage], *loaded).modules
    return {path_of(module).relative_to(ROOT).as_posix() for module in found}


def declared(stage: str) -> set[str]:
    found = set()
    for dep in definition(stage)["deps"]:
        path = ROOT / dep
        if path.is_dir() and dep.split("/")[0] in ("pipeline", "models"):
            found |= {file.relative_to(ROOT).as_posix() for file in path.rglob("*.py")}
        elif dep.endswith(".py"):
            assert path.is_file(), f"{stage}: dep {dep} does not exist"
            found.add(dep)
    return found


def test_every_stage_is_known() -> None:
    assert set(GRAPH) == set(MODULES)


@pytest.mark.parametrize("stage", MODULES)
def test_every_import_of_a_stage_is_a_dep(stage: str) -> None:
    missing = needed(stage) - declared(stage)
    assert not missing, f"add to the deps of {stage} in experiments/dvc.yaml: {sorted(missing)}"


@pytest.mark.parametrize("stage", MODULES)
def test_no_dep_is_there_for_nothing(stage: str) -> None:
    files = {dep for dep in definition(stage)["deps"] if dep.endswith(".py")}
    assert files <= needed(stage)


@pytest.mark.parametrize("stage", ["run", "sweep"])
def test_nothing_is_trained_before_the_audit(stage: str) -> None:
    item = "item.corpus" if stage == "run" else "key"
    assert f"data/audit/${{{item}}}.json" in definition(stage)["deps"]


def test_compute_is_no_parameter() -> None:
    assert "compute" not in str([definition(stage)["params"] for stage in GRAPH])


def test_dvc_makes_a_stage_of_every_corpus_and_experiment() -> None:
    command = [sys.executable, "-m", "dvc", "stage", "list", "--name-only", "experiments/dvc.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    corpora = params.read(ROOT / "params.yaml")["corpora"]
    experiments = params.read(ROOT / "experiments/params.yaml")["experiments"]
    expected = {f"run@{corpus}-{name}" for corpus in corpora for name in experiments}
    expected |= {f"{stage}@{corpus}" for stage in ("sweep", "growth") for corpus in corpora}
    expected |= {"report", "claims"}
    assert {line.partition(":")[2] for line in done.stdout.split()} == expected
