"""Every key of params.yaml, misspelt, missing and of the wrong type: one message names it."""

from __future__ import annotations

import copy
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from fault_life import Life

from pipeline import corpora, corpus, crossval, embed, params, synthesize
from pipeline.auditing.settings import AuditConfig
from pipeline.codeversion import ROOT
from pipeline.execute import ComputeConfig
from pipeline.extract import recipe_of
from pipeline.params import ParamsError
from pipeline.reporting import settings as report_settings
from pipeline.split import CvConfig

SHIPPED = params.read(ROOT / "params.yaml")
#: Mappings whose keys are names that the user chooses.
OPEN = {
    ("corpora",),
    ("features",),
    ("models",),
    ("cv", "folds_on"),
    ("train", "skip"),
    ("chord2vec", "tokenizers"),
}
Path = tuple[str, ...]


def _corpora(values: Mapping[str, Any]) -> None:
    for name in values["corpora"]:
        which = corpus.of(values, name)
        config = corpora.load(which.adapter).Config
        params.build(config, which.extra, f"corpora.{name}")


def _plain(name: str, cls: type[Any]) -> Callable[[Mapping[str, Any]], object]:
    return lambda values: params.build(cls, params.section(values, name), name)


def _every(name: str, read: Callable[[Mapping[str, Any], str], object]) -> Callable[..., None]:
    def check(values: Mapping[str, Any]) -> None:
        for key in values[name]:
            read(values, key)

    return check


def _train(values: Mapping[str, Any]) -> None:
    crossval.settings(values)
    crossval.skipped(values, "demo", "svm")


def _chords(values: Mapping[str, Any]) -> None:
    embed.read_config(values)
    embed.read_notes_config(values)
    for name in SHIPPED["chord2vec"]["tokenizers"]:
        embed.read_config({**values, "chord2vec": values["chord2vec"] | {"tokenizer": name}})


#: What the stages themselves call before they compute anything, by section.
READERS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "synthesize": synthesize.read,
    "corpora": _corpora,
    "audio": lambda values: recipe_of(values, "demo", "gtf"),
    "features": _every("features", lambda values, key: recipe_of(values, "demo", key)),
    "chord2vec": _chords,
    "cv": _plain("cv", CvConfig),
    "audit": _plain("audit", AuditConfig),
    "models": _every("models", crossval.model_config),
    "train": _train,
    "report": report_settings.read,
    "compute": _plain("compute", ComputeConfig),
}
SECTIONS = [name for name in SHIPPED if name in READERS]


def keys(value: Any, at: Path) -> Iterator[Path]:
    """Yield the path of every key that names a setting."""
    for key, inner in value.items():
        here = (*at, key)
        if at not in OPEN:
            yield here
        if isinstance(inner, dict):
            yield from keys(inner, here)


KEYS = [path for name in SECTIONS for path in keys(SHIPPED[name], (name,))]


def changed(path: Path, change: Callable[[dict[str, Any], str], None]) -> dict[str, Any]:
    values = copy.deepcopy(SHIPPED)
    holder = values
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return values


def told(values: Mapping[str, Any], section: str) -> str:
    """Return what a section's readers say, on one line."""
    with pytest.raises(ParamsError) as caught:
        READERS[section](values)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_every_section_as_shipped_is_read():
    for read in READERS.values():
        read(SHIPPED)
    assert len(KEYS) > 150


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_a_misspelt_key_is_named_with_the_nearest(path):
    """The message names the wrong key and the right one."""
    wrong = path[-1] + "x"

    def misspell(holder: dict[str, Any], key: str) -> None:
        holder[wrong] = holder.pop(key)

    text = told(changed(path, misspell), path[0])
    assert f"'{wrong}'" in text
    assert f"'{path[-1]}'" in text


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_a_value_of_the_wrong_type_is_named_with_the_rule(path):
    """A mapping where there is a value, a list where there is a mapping."""

    def spoil(holder: dict[str, Any], key: str) -> None:
        holder[key] = ["odd"] if isinstance(holder[key], dict) else {"odd": 1}

    text = told(changed(path, spoil), path[0])
    assert path[-1] in text
    assert "odd" in text


@pytest.mark.parametrize(
    ("section", "changes", "parts"),
    [
        ("audio", {"audio.min_rate": 48000}, ("sample_rate is 16000", "min_rate (48000)")),
        ("features", {"features.gtf.f_min": 9000.0}, ("features.gtf", "f_min", "f_max")),
        ("cv", {"cv.folds": 1}, ("cv", "folds", "1")),
        ("report", {"report.reference": "best"}, ("reference = 'best'", "baselines")),
        ("train", {"train.skip": {"demo": ["svn"]}}, ("models", "'svn'", "did you mean 'svm'")),
        ("chord2vec", {"chord2vec.tokenizer": "papre"}, ("tokenizer", "papre", "paper")),
    ],
)
def test_sections_that_contradict_are_told_with_both(section, changes, parts):
    text = told(params.override(SHIPPED, changes), section)
    for part in parts:
        assert part in text


@pytest.mark.graph
def test_dvc_computes_nothing_where_a_later_section_is_wrong(by_dvc: Life, tmp_path: pathlib.Path):
    """A slip in ``train`` ends the run before the first file is decoded."""
    project = by_dvc.before("index@c").copy(tmp_path / "project")
    project.params(train={"epoch": 3})
    done = project.run("-m", "dvc", "repro")
    assert done.returncode != 0
    assert "error: train: unknown key 'epoch'; did you mean 'epochs'?" in done.stderr
    ran = [line for line in done.stdout.splitlines() if line.startswith("Running stage")]
    assert ran == ["Running stage 'check':"]
    assert not (project.folder / "data/index").exists()
