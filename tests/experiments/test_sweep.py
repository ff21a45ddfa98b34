"""``multispec sweep``: the queued commands are the variants' settings, each once."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from pipeline import cli, params, variants
from pipeline.codeversion import ROOT
from pipeline.commands import sweep

EXPERIMENTS = list(params.read(ROOT / "experiments/params.yaml")["experiments"])


@pytest.fixture(autouse=True)
def at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    def refuse(command: list[str]) -> None:
        raise AssertionError(f"a dry run called {command}")

    monkeypatch.setattr(sweep, "_call", refuse)


def parsed(command: list[str]) -> dict[str, Any]:
    """Return file:key -> value, as DVC's own parser reads the -S options."""
    settings = [after for before, after in itertools.pairwise(command) if before == "-S"]
    parser, found = OverridesParser.create(), {}
    for setting in settings:
        head, _, value = setting.partition("=")
        file, _, key = head.rpartition(":")
        override = parser.parse_override(f"{key}={value}")
        assert f"{file}:{key}" not in found
        found[f"{file or 'params.yaml'}:{key}"] = override.value()
    return found


def applied(base: dict[str, Any], found: dict[str, Any], file: str) -> dict[str, Any]:
    changes = {
        name.removeprefix(f"{file}:"): value
        for name, value in found.items()
        if name.startswith(f"{file}:")
    }
    return params.override(base, changes)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_commands_are_the_variants_settings(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sweep", name, "--corpus", "demo", "--dry-run"]) == 0
    commands = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    experiment = variants.read(name)
    assert len(commands) == len(experiment.variants)
    own = params.read()
    for command, variant in zip(commands, experiment.variants, strict=True):
        assert command[:5] == ["dvc", "exp", "run", "--queue", "--name"]
        assert command[-1] == "experiments/dvc.yaml:sweep@demo"
        found = parsed(command)
        chosen = applied(params.read(sweep.FILE), found, "experiments/sweep.yaml")
        assert chosen["model"] == variant.model
        assert chosen["inputs"] == (None if variant.inputs is None else list(variant.inputs))
        assert chosen["protocols"] == list(experiment.protocols)
        assert applied(own, found, "params.yaml") == variants.applied(own, variant)
    assert len({command[5] for command in commands}) == len(commands), "names must differ"


def test_a_model_of_experiments_alone_is_set_in_their_file() -> None:
    variant = variants.Variant("v", "extra", None, {"models.extra.a": 1, "train.epochs": 2})
    experiment = variants.Experiment("e", "T", "Q", "P", "v", ("grouped",), (variant,))
    command = sweep.queued("demo", experiment, variant, {"models": {"svm": {}}})
    assert "experiments/params.yaml:models.extra.a=1" in command
    assert "train.epochs=2" in command


@pytest.mark.parametrize(
    "value",
    [None, True, False, 3, 1e-3, 1e-10, -2.5, "sum", "null", "True", "a b", "it's", "5", [1.0, "x"],
     [], {}, "a,b", "x=y", "3x3", ["it's", None]],
)  # fmt: skip
def test_values_survive_the_grammar(value: Any) -> None:
    override = OverridesParser.create().parse_override(f"key={sweep.literal(value)}")
    found = override.value()
    found = [getattr(each, "text", each) for each in found] if isinstance(found, list) else found
    assert getattr(found, "text", found) == value
    assert type(getattr(found, "text", found)) is type(value)


def test_unknown_names_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sweep", "chanels", "--dry-run"]) == 2
    assert "did you mean 'channels'" in capsys.readouterr().err
    assert cli.main(["sweep", "channels", "--corpus", "dmo", "--dry-run"]) == 2
    assert "did you mean 'demo'" in capsys.readouterr().err


def test_run_starts_the_queue_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(sweep, "_call", called.append)
    assert cli.main(["sweep", "sequence", "--corpus", "demo", "--run"]) == 0
    assert [command[3] for command in called] == ["--queue", "--queue", "--run-all"]
    assert Path(sweep.FILE).is_file()
