"""dvc.yaml against the code: no stage may import a file that is not among its deps."""

from __future__ import annotations

from pathlib import Path

import pytest

import models
from pipeline import features, params
from pipeline.codeversion import ROOT, closure, path_of

GRAPH = params.read(ROOT / "dvc.yaml")["stages"]
#: Modules that a stage loads by name, which no import statement shows.
DYNAMIC = {
    "index": [f"pipeline.corpora.{path.stem}" for path in (ROOT / "pipeline/corpora").glob("*.py")],
    "embed": [
        f"pipeline.{folder}.{path.stem}"
        for folder in ("tokenizers", "notestats")
        for path in (ROOT / "pipeline" / folder).glob("*.py")
    ],
    "final": [
        f"pipeline.{folder}.{path.stem}"
        for folder in ("corpora", "tokenizers", "notestats")
        for path in (ROOT / "pipeline" / folder).glob("*.py")
    ],
    "report": [
        f"pipeline.corpora.{path.stem}" for path in (ROOT / "pipeline/corpora").glob("*.py")
    ],
}


def definition(stage: str) -> dict:
    return GRAPH[stage].get("do", GRAPH[stage])


def needed(*modules: str) -> set[str]:
    names = [name.removesuffix(".__init__") for name in modules]
    paths = (path_of(module) for module in closure(*names).modules)
    return {path.relative_to(ROOT).as_posix() for path in paths}


def declared(stage: str, **item: str) -> set[str]:
    found = set()
    for dep in definition(stage)["deps"]:
        for key, value in item.items():
            dep = dep.replace(f"${{item.{key}}}", value)
        path = ROOT / dep
        if path.is_dir() and dep.split("/")[0] in ("pipeline", "models"):
            found |= {file.relative_to(ROOT).as_posix() for file in path.rglob("*.py")}
        elif dep.endswith(".py"):
            assert path.is_file(), f"{stage}: dep {dep} does not exist"
            found.add(dep)
    return found


@pytest.mark.parametrize("stage", sorted(set(GRAPH) - {"extract", "train"}))
def test_every_import_of_a_stage_is_a_dep(stage):
    missing = needed(f"pipeline.{stage}", *DYNAMIC.get(stage, ())) - declared(stage)
    assert not missing, f"add to the deps of {stage} in dvc.yaml: {sorted(missing)}"


@pytest.mark.parametrize("feature", features.names())
def test_every_import_of_a_feature_is_a_dep_of_its_extraction(feature):
    modules = ("pipeline.extract", f"pipeline.features.{feature}")
    missing = needed(*modules) - declared("extract", feature=feature)
    assert not missing, f"add to the deps of extract in dvc.yaml: {sorted(missing)}"


@pytest.mark.parametrize("feature", features.names())
def test_an_extraction_does_not_depend_on_another_feature(feature):
    own = {f"pipeline/features/{feature}.py", "pipeline/features/__init__.py"}
    others = {name for name in declared("extract", feature=feature) if "/features/" in name} - own
    assert not others


@pytest.mark.parametrize("model", models.names())
def test_every_import_of_a_model_is_a_dep_of_its_training(model):
    modules = ("pipeline.train", f"models.{model}")
    missing = needed(*modules) - declared("train", model=model)
    assert not missing, f"add to the deps of train in dvc.yaml: {sorted(missing)}"


@pytest.mark.parametrize("stage", sorted(GRAPH))
def test_no_dep_is_there_for_nothing(stage):
    every = {module.name for module in (ROOT / "models").glob("*.py")}
    dynamic = [*DYNAMIC.get(stage, ())]
    if stage == "extract":
        dynamic = [f"pipeline.features.{name}" for name in features.names()]
    if stage == "train":
        dynamic = [f"models.{name.removesuffix('.py')}" for name in every - {"__init__.py"}]
    files = {dep for dep in definition(stage)["deps"] if dep.endswith(".py") and "${" not in dep}
    assert files <= needed(f"pipeline.{stage}", *dynamic)


def test_only_cheap_stages_have_outputs_that_switch_the_run_cache_off():
    for stage in ("extract", "embed", "train", "split", "synthesize"):
        outs = definition(stage)["outs"]
        assert all(isinstance(out, str) for out in outs), f"{stage} has an out with options"


def test_compute_is_no_parameter_of_any_stage():
    for stage in GRAPH:
        assert not any("compute" in name for name in definition(stage).get("params", []))


def importers(library: str) -> set[str]:
    every = [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "models").rglob("*.py")]
    names = [path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in every]
    names = [name.removesuffix(".__init__") for name in names]
    own = {name: closure(name) for name in names}
    # A closure holds the libraries of all its modules; the importer is one that has it by itself.
    return {
        name
        for name in names
        if library in own[name].libraries
        and not any(library in own[other].libraries for other in own[name].modules if other != name)
    }


@pytest.mark.parametrize(("library", "module"), [("zarr", "hierarchy"), ("musicpy", "midi")])
def test_one_module_alone_imports_a_library(library, module):
    assert importers(library) == {f"pipeline.{module}"}


def test_models_never_import_the_pipeline():
    for path in (ROOT / "models").rglob("*.py"):
        assert "pipeline" not in path.read_text(encoding="utf-8").replace("the pipeline", "")


def test_features_know_no_path_clock_store_or_cluster():
    forbidden = {"zarr", "dask", "distributed", "soundfile"}
    for feature in features.names():
        found = closure(f"pipeline.features.{feature}")
        assert not forbidden & set(found.libraries)
        # Compiled loops are stamped with the source of all that is compiled with them.
        for module in set(found.modules) - {"pipeline.dsp.lanes"}:
            text = Path(path_of(module)).read_text(encoding="utf-8")
            assert "pathlib" not in text
            assert "import time" not in text
