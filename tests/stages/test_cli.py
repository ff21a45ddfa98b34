"""The console script: help that shows how, errors in one line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from pipeline import commands, params
from pipeline.cli import main
from pipeline.store import StoreError


def help_of(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_help_names_every_command(capsys):
    text = help_of(capsys)
    for name in commands.names():
        assert f"\n    {name}" in text
        # argparse breaks the line; its first words are enough.
        summary = commands.load(name).__doc__.splitlines()[0]
        assert " ".join(summary.split()[:3]) in text


@pytest.mark.parametrize("name", commands.names())
def test_help_of_a_command_shows_an_example(capsys, name):
    text = help_of(capsys, name)
    assert f"\n  multispec {name}" in text


@pytest.mark.parametrize("name", commands.names())
def test_a_command_is_what_the_folder_promises(name):
    module = commands.load(name)
    assert callable(module.arguments)
    assert callable(module.run)
    assert len(module.__doc__.splitlines()[0]) <= 100


@pytest.mark.parametrize("arguments", [[], ["verfy"], ["verify", "--no-such-option"]])
def test_a_wrong_command_line_is_status_2(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: multispec" in captured.err


@pytest.mark.usefixtures("studio")
def test_without_parameters_the_folder_is_blamed(capsys):
    assert main(["verify"]) == 2
    assert capsys.readouterr() == (
        "",
        "multispec verify: params.yaml: no such file; run from the top of the repository\n",
    )


def test_an_error_of_several_lines_becomes_one(studio, capsys):
    (studio.folder / "params.yaml").write_text("corpora: [\nfeatures: {\n")
    assert main(["verify"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("multispec verify: params.yaml: not readable as YAML: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "error", [params.ParamsError("wrong"), StoreError("wrong"), FileNotFoundError("wrong")]
)
def test_what_the_user_can_mend_is_one_line(monkeypatch, capsys, error):
    def run(_: object) -> int:
        raise error

    monkeypatch.setattr(commands.load("verify"), "run", run)
    assert main(["verify"]) == 2
    assert capsys.readouterr() == ("", "multispec verify: wrong\n")


def test_a_bug_shows_its_traceback(monkeypatch):
    def run(_: object) -> int:
        raise KeyError("a bug")

    monkeypatch.setattr(commands.load("verify"), "run", run)
    with pytest.raises(KeyError, match="a bug"):
        main(["verify"])


def test_the_exit_status_reaches_the_shell(studio):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "verify"],
        env=studio.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "params.yaml: no such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interruption_is_one_line(capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands.load("doctor"), "run", interrupted)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err == "\nmultispec doctor: interrupted\n"


def test_a_disk_that_refuses_is_one_line_and_another_error_a_traceback(capsys, monkeypatch):
    def refused(number):
        def run(_):
            raise OSError(number, os.strerror(number), "params.yaml")

        return run

    monkeypatch.setattr(commands.load("doctor"), "run", refused(errno.EROFS))
    assert main(["doctor"]) == 2
    text = capsys.readouterr().err
    assert text.startswith("multispec doctor: params.yaml: Read-only file system; make room or")
    monkeypatch.setattr(commands.load("doctor"), "run", refused(errno.EIO))
    with pytest.raises(OSError, match=r"params\.yaml"):
        main(["doctor"])


def test_a_terminal_without_the_letters_shows_escapes(tmp_path):
    code = "import sys; from pipeline import cli; sys.exit(cli.main(['add', 'x', sys.argv[1]]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "müsli")],
        capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 2
    assert b"m\\xfcsli: does not exist" in done.stderr
