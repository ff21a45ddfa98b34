"""Strict configuration: what is built, and what every slip is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from pipeline.params import ParamsError, build, read, section


@dataclass(frozen=True)
class Inner:
    kernel: int


@dataclass(frozen=True)
class Config:
    bands: int
    floor: float
    name: str
    shuffle: bool
    mode: Literal["sum", "mean"]
    rates: tuple[float, ...]
    crop: int | None
    workers: int | Literal["auto"]
    channel: Inner

    def __post_init__(self) -> None:
        if self.bands < 1:
            raise ValueError(f"bands is {self.bands}; it must be at least 1")


GOOD: dict[str, Any] = {
    "bands": 24,
    "floor": 0.5,
    "name": "gtf",
    "shuffle": True,
    "mode": "sum",
    "rates": [1, 2.5],
    "crop": 3,
    "workers": "auto",
    "channel": {"kernel": 2},
}


def test_every_kind_of_field_is_built():
    built = build(Config, GOOD, "here")
    assert built == Config(24, 0.5, "gtf", True, "sum", (1.0, 2.5), 3, "auto", Inner(2))
    assert [type(rate) for rate in built.rates] == [float, float]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("floor", 1, 1.0),
        ("crop", None, None),
        ("workers", 0, 0),
        ("rates", [], ()),
        ("mode", "mean", "mean"),
    ],
)
def test_other_right_values(key, value, expected):
    found = getattr(build(Config, GOOD | {key: value}, "here"), key)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("bands", "24", r"here\.bands: expected int, got '24'"),
        ("bands", 24.0, r"here\.bands: expected int, got 24\.0"),
        ("bands", True, r"here\.bands: expected int, got True"),
        ("bands", None, r"here\.bands: expected int, got None"),
        ("floor", "1e-3", r"here\.floor: expected float, got '1e-3'"),
        ("floor", False, r"here\.floor: expected float, got False"),
        ("floor", float("nan"), r"here\.floor: expected a finite number, got nan"),
        ("floor", float("-inf"), r"here\.floor: expected a finite number, got -inf"),
        ("name", 4, r"here\.name: expected str, got 4"),
        ("shuffle", 1, r"here\.shuffle: expected bool, got 1"),
        ("shuffle", "no", r"here\.shuffle: expected bool, got 'no'"),
        ("mode", "max", r"here\.mode: 'max' is not one of 'sum', 'mean'"),
        ("mode", ["sum"], r"here\.mode: \['sum'\] is not one of"),
        ("rates", 1.0, r"here\.rates: expected a list, got 1\.0"),
        ("rates", "12", r"here\.rates: expected a list, got '12'"),
        ("rates", [1, "x"], r"here\.rates\[1\]: expected float, got 'x'"),
        ("crop", "3", r"here\.crop: expected int, got '3'"),
        (
            "workers",
            "all",
            r"expected int, got 'all'; or here\.workers: 'all' is not one of 'auto'",
        ),
        ("workers", True, r"here\.workers: expected int, got True; or"),
        ("channel", None, r"here\.channel: missing key 'kernel'"),
        ("channel", 2, r"here\.channel: expected a mapping, got 2"),
        ("channel", {"kernel": "2"}, r"here\.channel\.kernel: expected int, got '2'"),
        ("channel", {"kernal": 2}, r"here\.channel: unknown key 'kernal'; did you mean 'kernel'\?"),
        ("bands", 0, r"here: bands is 0; it must be at least 1"),
    ],
)
def test_a_wrong_value_is_named(key, value, message):
    with pytest.raises(ParamsError, match=message):
        build(Config, GOOD | {key: value}, "here")


def test_an_unknown_key_names_the_nearest_or_all():
    with pytest.raises(ParamsError, match=r"here: unknown key 'band'; did you mean 'bands'\?"):
        build(Config, GOOD | {"band": 1}, "here")
    with pytest.raises(ParamsError, match=r"unknown key 'zzz'; there are kernel"):
        build(Inner, {"kernel": 1, "zzz": 1}, "here")


@pytest.mark.parametrize("key", GOOD)
def test_no_key_has_a_default(key):
    with pytest.raises(ParamsError, match=f"here: missing key '{key}'"):
        build(Config, {name: GOOD[name] for name in GOOD if name != key}, "here")


def test_dataclass_defaults_do_not_excuse_a_missing_key():
    @dataclass(frozen=True)
    class WithDefault:
        bands: int = 24

    with pytest.raises(ParamsError, match="missing key 'bands'; every key is written out"):
        build(WithDefault, None, "here")


def test_an_empty_section_has_no_keys():
    @dataclass(frozen=True)
    class Nothing:
        pass

    assert build(Nothing, None, "here") == build(Nothing, {}, "here") == Nothing()
    with pytest.raises(ParamsError, match=r"here: expected a mapping, got \['a'\]"):
        build(Nothing, ["a"], "here")


def test_section_walks_down_and_names_what_is_missing():
    params = {"features": {"gtf": {"bands": 24}}, "root": "data", "empty": None, "count": 5}
    assert section(params) == params
    assert section(params, "features", "gtf", "bands") == 24
    with pytest.raises(ParamsError, match=r"params\.yaml: no key 'feature'; did you mean"):
        section(params, "feature")
    with pytest.raises(ParamsError, match=r"features: no key 'gft'; did you mean 'gtf'\?"):
        section(params, "features", "gft")
    for leaf in ("root", "empty", "count"):
        with pytest.raises(ParamsError, match=f"{leaf}: no key 'deeper'$"):
            section(params, leaf, "deeper")


def written(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100000.0),
        ("no", "no"),
        ("on", "on"),
        ("null", None),
        ("true", True),
        ("010", 10),
        ("'1'", "1"),
        ("12:30", "12:30"),
    ],
)
def test_yaml_is_1_2(tmp_path, text, value):
    found = read(written(tmp_path, f"key: {text}"))["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not readable as YAML"),
        ("a: 1\na: 2", "not readable as YAML.*duplicate key"),
        ("- 1", "the top level must be a mapping"),
        ("", "the top level must be a mapping"),
        ("corpora:\n  1984: {}", "corpora: the key 1984 is not text; write it in quotes"),
        ("!!python/object/apply:os.getcwd []", "not readable as YAML"),
    ],
)
def test_a_file_that_is_no_parameter_file(tmp_path, text, message):
    with pytest.raises(ParamsError, match=f"(?s){message}"):
        read(written(tmp_path, text))


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(ParamsError, match="no such file; run from the top of the repository"):
        read(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ParamsError, match="not readable as YAML"):
        read(tmp_path / "params.yaml")
