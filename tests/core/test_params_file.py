"""params.yaml itself: it parses, it is complete, and it is the only list."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import models
from pipeline import corpora, corpus, embed, features, params, paths, synthesize, tokenizers, train
from pipeline.audio import AudioConfig
from pipeline.execute import ComputeConfig
from pipeline.extract import recipe_of
from pipeline.reporting import settings
from pipeline.split import CvConfig

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "params.yaml"
PARAMS = params.read(FILE)
TEXT = FILE.read_text(encoding="utf-8")

SECTIONS = {
    *("synthesize", "corpora", "audio", "features", "chord2vec", "cv", "models", "train"),
    *("audit", "report", "page", "final", "compute", "vocabulary"),
}


def test_the_sections_are_these():
    assert set(PARAMS) == SECTIONS


@pytest.mark.parametrize("name", features.names())
def test_a_feature_section_equals_the_defaults_of_its_config(name):
    config = features.load(name).Config
    built = params.build(config, params.section(PARAMS, "features", name), f"features.{name}")
    assert built == config()


@pytest.mark.parametrize("name", models.names())
def test_a_model_section_builds_its_config(name):
    config = models.load(name).Config
    section = params.section(PARAMS, "models", name)
    assert dataclasses.asdict(params.build(config, section, f"models.{name}")).keys() == set(
        section
    )


@pytest.mark.parametrize("name", tokenizers.names())
def test_a_tokenizer_section_builds_its_config_whichever_is_chosen(name):
    chosen = PARAMS | {"chord2vec": PARAMS["chord2vec"] | {"tokenizer": name}}
    config, own = embed.read_config(chosen)
    assert config.tokenizer == name
    assert isinstance(own, tokenizers.load(name).Config)


@pytest.mark.parametrize("name", PARAMS["corpora"])
def test_a_corpus_names_an_adapter_that_takes_its_keys(name):
    which = corpus.of(PARAMS, name)
    config = corpora.load(which.adapter).Config
    assert params.build(config, which.extra, f"corpora.{name}") == config()
    assert not which.root.is_absolute()


@pytest.mark.parametrize(
    ("cls", "name"), [(AudioConfig, "audio"), (ComputeConfig, "compute"), (CvConfig, "cv")]
)
def test_a_plain_section_builds_its_dataclass(cls, name):
    params.build(cls, PARAMS[name], name)


def test_the_other_sections_build():
    assert settings.read(PARAMS).report.network in PARAMS["models"]
    assert train.settings(PARAMS)[1] in ("cpu", "cuda")
    section = {key: value for key, value in PARAMS["synthesize"].items() if key != "root"}
    config = params.build(synthesize.Config, section, "synthesize")
    assert PARAMS["corpora"]["demo"]["root"] == PARAMS["synthesize"]["root"]
    assert PARAMS["corpora"]["demo"]["crop_seconds"] >= config.seconds


def files(package: str) -> set[str]:
    """Names of the modules a folder holds, as the file system lists them."""
    found = (ROOT / package).glob("*.py")
    return {path.stem for path in found if not path.stem.startswith("_")}


@pytest.mark.parametrize(
    ("package", "names", "sections"),
    [
        ("pipeline/features", features.names(), PARAMS["features"]),
        ("models", models.names(), PARAMS["models"]),
        ("pipeline/tokenizers", tokenizers.names(), PARAMS["chord2vec"]["tokenizers"]),
    ],
)
def test_every_file_has_a_section_and_every_section_a_file(package, names, sections):
    assert files(package) == set(names) == set(sections)


@pytest.mark.parametrize(
    ("package", "registry"),
    [
        ("pipeline.features", features),
        ("pipeline.tokenizers", tokenizers),
        ("pipeline.corpora", corpora),
        ("models", models),
    ],
)
def test_a_new_file_is_registered_by_being_there(package, registry, tmp_path, monkeypatch):
    (tmp_path / "brand_new.py").write_text("MARK = 1\n")
    assert "brand_new" not in registry.names()
    monkeypatch.setattr(registry, "__path__", [*registry.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    assert "brand_new" in registry.names()
    assert registry.load("brand_new").MARK == 1
    monkeypatch.delitem(importlib.sys.modules, f"{package}.brand_new")
    monkeypatch.delattr(registry, "brand_new")


@pytest.mark.parametrize("name", [*features.names(), *models.names(), *corpora.names()])
def test_no_second_list_names_a_file(name):
    """Outside its own file, params.yaml and what draws or needs it, a name is in no list."""
    pattern = re.compile(rf"""["']{name}["']""")
    listing = [
        ROOT / "pipeline" / file for file in ("extract.py", "train.py", "index.py", "tensors.py")
    ]
    listing += [
        ROOT / "dvc.yaml",
        ROOT / "models/__init__.py",
        ROOT / "pipeline/corpora/__init__.py",
    ]
    listing += [ROOT / "pipeline/recipe.py", ROOT / "pipeline/fitting.py"]
    for path in listing:
        code = re.sub(r'(?s)""".*?"""', "", path.read_text(encoding="utf-8"))
        assert not pattern.search(code), path


@pytest.mark.parametrize("name", models.names())
def test_a_model_reads_features_that_there_are(name):
    known = {*features.names(), "chords", "notes"}
    assert set(models.load(name).INPUTS) <= known


@pytest.mark.parametrize("feature", features.names())
def test_every_feature_fits_the_rate_of_the_audio(feature):
    recipe = recipe_of(PARAMS, "demo", feature)
    limit = getattr(recipe.config, "f_max", 0.0)
    assert limit <= recipe.audio.sample_rate / 2


def test_every_number_of_the_paper_is_marked():
    """A mark is [p] (the paper) or [a] (our assumption), and nothing else in brackets."""
    marks = set(re.findall(r"#.*?(\[[a-z]\])", TEXT))
    assert marks == {"[p]", "[a]"}


@pytest.mark.parametrize(
    "path",
    [
        paths.index("${key}"),
        paths.quarantine("${key}"),
        paths.folds("${key}"),
        paths.embeddings("${key}"),
        paths.features("${item.corpus}", "${item.feature}"),
        paths.run("${item.corpus}", "${item.model}"),
    ],
)
def test_the_stages_outputs_are_where_the_graph_says(path):
    outputs = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert re.search(rf"- {re.escape(path.as_posix())}:?\n", outputs)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (None, r"corpora\.mine: expected a mapping, got None"),
        ("data/raw", r"corpora\.mine: expected a mapping, got 'data/raw'"),
        ({"root": "x", "crop_seconds": 3}, r"corpora\.mine: missing key 'adapter'"),
        ({"adapter": "folder", "root": "x", "crop_seconds": 0}, "it must be at least 1"),
        ({"adapter": "folder", "root": 3, "crop_seconds": 3}, r"mine\.root: expected str"),
    ],
)
def test_a_corpus_entry_that_is_none(entry, message):
    with pytest.raises(params.ParamsError, match=message):
        corpus.of({"corpora": {"mine": entry}}, "mine")


def test_a_corpus_that_is_not_there():
    with pytest.raises(params.ParamsError, match="corpora: no key 'deno'; did you mean 'demo'"):
        corpus.of(PARAMS, "deno")


def test_the_adapters_own_keys_are_kept_apart():
    entry = {"adapter": "folder", "root": "data/raw/mine", "crop_seconds": 30, "own": [1]}
    found = corpus.of({"corpora": {"mine": entry}}, "mine")
    assert found == corpus.Corpus("mine", "folder", Path("data/raw/mine"), 30, {"own": [1]})


def test_the_index_round_trips_and_says_when_it_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        corpus.Row("007", "a,b.wav", "", 'Q"1', "ä", "1.50", "16000", "ff", ""),
        corpus.Row("NA", "", "x\ny.mid", "Q2", "g", "", "", "ee", "ee", "improvised"),
    ]
    corpus.write_index("tiny", rows)
    assert corpus.read_index("tiny") == rows
    header = paths.index("tiny").read_bytes().split(b"\n")[0].decode()
    assert header == (
        "track,audio,midi,label,group,duration_seconds,sample_rate,sha256,midi_sha256,condition"
    )
    with pytest.raises(FileNotFoundError, match="run `dvc repro index@none`"):
        corpus.read_index("none")


def test_registries_see_only_their_own_folder():
    for registry in (features, tokenizers, corpora, models):
        assert [Path(place).is_relative_to(ROOT) for place in registry.__path__] == [True]
        assert all(pkgutil.resolve_name(f"{registry.__name__}:load")(n) for n in registry.names())
