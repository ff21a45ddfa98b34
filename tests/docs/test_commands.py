"""Every command in the documentation is one that exists, with options that it takes.

What only parses here is executed by the tests of :data:`RUN`: the tutorial and the graph are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

import models
from docs.generate import links
from pipeline import cli, features, params
from pipeline.codeversion import ROOT

PAGES = [path for path in links.pages() if path.relative_to(ROOT).parts[0] != "reports"]
BLOCK = re.compile(r"^```(bash|sh|console)\n(.*?)^```", re.M | re.S)
GRAPH = params.read(ROOT / "dvc.yaml")["stages"]
OTHER = params.read(ROOT / "experiments/dvc.yaml")["stages"]
#: First word -> how it is checked.
SEPARATORS = ("&&", "||", "|", ";")
#: Commands that no parser of this environment reads: a pattern, and the test that runs the like.
RUN = {
    r"\. \.venv/bin/activate": "tests/docs/test_tutorial.py::test_the_tutorial_runs",
    r"python make_music\.py": "tests/docs/test_tutorial.py::test_the_tutorial_runs",
    r"(\.venv/bin/|python -m )?pytest\b.*": "tests/docs/test_commands.py::test_it_exists",
    r"git (clone|add|commit|push|pull|checkout)\b.*": "tests/graph/test_whole_graph.py::clone",
    r"(\.venv/bin/)?mkdocs (build|serve)\b.*": "tests/docs/test_site.py::site",
    r"cd [\w./-]+": "tests/docs/test_tutorial.py::test_the_tutorial_runs",
}


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every simple command in the blocks of a page."""
    for kind, block in BLOCK.findall(text):
        joined = block.replace("\\\n", " ")
        for line in joined.splitlines():
            if kind == "console" and not line.startswith("$ "):
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True)
            yield from _parts(words)


def _parts(words: list[str]) -> Iterator[list[str]]:
    """Cut at separators; leave out redirections and leading assignments."""
    part: list[str] = []
    for word in [*words, "&&"]:
        if word in SEPARATORS:
            while part and re.match(r"[A-Z_]+=", part[0]):
                part = part[1:]
            if part:
                yield part
            part = []
        else:
            part.append(word)


def everything() -> list[tuple[str, list[str]]]:
    return [
        (page.relative_to(ROOT).as_posix(), words)
        for page in PAGES
        for words in commands(page.read_text(encoding="utf-8"))
    ]


def without_redirection(words: list[str]) -> list[str]:
    return words[
        : next((k for k, word in enumerate(words) if word in (">", ">>", "<")), len(words))
    ]


def check(words: list[str]) -> None:
    """Raise unless the command exists and takes these arguments."""
    words = without_redirection(words)
    checker = {"multispec": _multispec, "dvc": _dvc, "make": _make, "dask": _dask}.get(words[0])
    line = " ".join(words)
    listed = next((test for pattern, test in RUN.items() if re.fullmatch(pattern, line)), None)
    if listed is not None:
        _listed(listed)
    elif checker is not None:
        checker(words[1:])
    elif words[0] == "python":
        _python(words[1:])
    elif words[0].endswith(".ci/run"):
        assert (ROOT / ".ci/run").is_file()
    else:
        raise AssertionError("no rule for this command; add one, or a line to RUN")


def _listed(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), test


def _multispec(arguments: list[str]) -> None:
    if "--help" not in arguments:
        cli.parser().parse_args(arguments)


def _dvc(arguments: list[str]) -> None:
    from dvc.cli import parse_args

    known = parse_args(arguments)
    if known.cmd in ("repro", "status") or arguments[:2] == ["exp", "run"]:
        for target in known.targets or ():
            _target(target)
    for change in getattr(known, "set_param", None) or ():
        name = change.partition("=")[0]
        params.section(params.read(ROOT / "params.yaml"), *name.split("."))


def _target(target: str) -> None:
    """Raise unless a target names a stage, and a feature or model that there is."""
    if target.endswith(("dvc.yaml", ".dvc")):
        assert (ROOT / target).is_file()
        return
    graph = OTHER if target.startswith("experiments/dvc.yaml:") else GRAPH
    stage, _, item = target.rpartition(":")[2].partition("@")
    assert stage in graph, f"no stage {stage!r}"
    kinds = {"extract": features.names(), "train": models.names()}
    if stage in kinds and graph is GRAPH:
        assert item.partition("-")[2] in [*kinds[stage], "loudness"]


def _make(arguments: list[str]) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in arguments:
        name, assigned, _ = word.partition("=")
        pattern = rf"^{name}\s*\?=" if assigned else rf"^{name}:"
        assert re.search(pattern, text, re.M), f"make knows no {word!r}"


def _python(arguments: list[str]) -> None:
    if arguments[0] == "-c":
        compile(arguments[1], "<documentation>", "exec")
    elif arguments[0] == "-m":
        assert (ROOT / (arguments[1].replace(".", "/") + ".py")).is_file(), arguments[1]
    else:
        assert (ROOT / arguments[0]).is_file(), arguments[0]


def _dask(arguments: list[str]) -> None:
    from distributed.cli import dask_scheduler, dask_worker

    command = {"scheduler": dask_scheduler, "worker": dask_worker}[arguments[0]].main
    command.make_context(arguments[0], arguments[1:], resilient_parsing=False)


@pytest.mark.parametrize(
    ("page", "words"),
    everything(),
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_it_exists(page, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in words:
        if word.endswith((".pem", ".key")):  # click wants certificates to be there
            (tmp_path / word).touch()
    assert page
    check(words)


def test_the_pages_hold_commands():
    found = {page for page, _ in everything()}
    assert {"README.md", "CONTRIBUTING.md", "docs/tutorial.md", "docs/own-corpus.md"} <= found


@pytest.mark.parametrize(
    "line",
    [
        "multispec verfy",
        "multispec verify --samples 5",
        "dvc repo",
        "dvc repro extarct@demo-gtf",
        "dvc repro extract@demo-gft",
        "dvc exp run -S features.gtf.band=3",
        "make reprod",
        "make repro TORHC=cpu",
        "python -m pipeline.indx demo",
        "python -c 'print('",
        "dask worker --nthread 1 tcp://a:1",
        "rm -rf data",
    ],
)
def test_a_wrong_command_would_be_found(line):
    # Whatever its own parser raises; argparse ends the process.
    with pytest.raises((Exception, SystemExit), match=r"(?s).*"):
        check(shlex.split(line))


def test_every_test_of_the_table_is_there():
    for test in RUN.values():
        _listed(test)


def test_blocks_are_read_as_a_shell_reads_them():
    text = "```console\n$ a b # c\nd\n```\n```bash\nX=1 e 'f g' \\\n  h && i | j\n# k\n```\n"
    assert list(commands(text)) == [["a", "b"], ["e", "f g", "h"], ["i"], ["j"]]
    assert list(commands("```python\nimport os\n```\n")) == []
