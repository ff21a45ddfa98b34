"""Stage check: what is wrong with params.yaml is said before anything is computed."""

from __future__ import annotations

import pytest

from pipeline import paths
from pipeline.check import WORDS, check
from pipeline.params import ParamsError


@pytest.fixture
def values(studio):
    return studio.params


def told(values) -> list[str]:
    with pytest.raises(ParamsError) as caught:
        check(values)
    return [line.strip() for line in str(caught.value).splitlines()]


def test_its_output_is_always_the_same(values):
    check(values)
    values["train"]["epochs"] += 1
    assert paths.CHECKED.read_text(encoding="utf-8") == WORDS
    check(values)
    assert paths.CHECKED.read_text(encoding="utf-8") == WORDS


def test_every_section_that_is_wrong_has_its_line(values):
    values["train"]["epoch"] = values["train"].pop("epochs")
    values["models"]["svm"]["c"] = "much"
    values["cv"]["folds"] = 1
    values["audio"]["min_rate"] = 48000
    values["trian"] = {}
    lines = told(values)
    for parts in (
        ("train", "'epoch'", "did you mean 'epochs'?"),
        ("models.svm", "c", "much"),
        ("cv", "folds", "1"),
        ("audio", "sample_rate is 16000", "min_rate (48000)"),
        ("params.yaml", "'trian'", "did you mean 'train'?"),
    ):
        assert any(all(part in line for part in parts) for line in lines), parts
    assert len(lines) == 5
    assert not paths.CHECKED.exists()


def test_a_gpu_is_another_machines_to_have(values):
    values["train"]["device"] = "cuda"
    check(values)
    values["train"]["device"] = "gpu"
    assert "'gpu' is not one of" in told(values)[0]
