"""The pages under Reference, made from what they describe: no second text to keep in step.

Nothing of the pipeline is imported here but the command line: docstrings are read from the source.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from docs.generate.docstrings import clean

ROOT = Path(__file__).resolve().parents[2]
#: Columns of a help text: the same wherever the site is built.
HELP_COLUMNS = "88"
#: What people build on; the other modules are read in the source. A * stands for a whole folder.
MODULES = {
    "Features": ["pipeline.features.*"],
    "Sound, stores, corpora": [
        *("pipeline.audio", "pipeline.store", "pipeline.corpus", "pipeline.corpora"),
        *("pipeline.partition", "pipeline.params"),
    ],
    "Chords and notes": ["pipeline.chords", "pipeline.skipgram", "pipeline.notestats"],
    "Models": ["models.parts.classifier", "models.parts.data", "models.parts.bls"],
}


def pages() -> dict[str, str]:
    """Return path -> Markdown of every generated page."""
    return {
        "reference/params.md": params_page(),
        "reference/commands.md": commands_page(),
        "reference/stages.md": stages_page(),
        "reference/modules.md": modules_page(),
    }


def modules_page() -> str:
    """Return the page of modules, which mkdocstrings fills."""
    lines = ["# Modules", "", "The docstrings of what other code may build on.", ""]
    for title, modules in MODULES.items():
        lines += [f"## {title}", ""]
        for module in modules:
            files = sorted(ROOT.glob(f"{module.replace('.', '/')}.py")) if "*" in module else []
            names = [module.replace("*", file.stem) for file in files if file.stem != "__init__"]
            for name in names or [module]:
                lines += [f"::: {name}", ""]
    return "\n".join(lines)


def commands_page() -> str:
    """Return the help of every command, as the command prints it."""
    from pipeline import cli

    os.environ["COLUMNS"] = HELP_COLUMNS
    top = cli.parser()
    lines = ["# Commands", "", "What `--help` prints. The graph itself is run by `dvc repro`.", ""]
    lines += _block("multispec --help", top.format_help())
    for name, sub in subparsers(top).items():
        lines += [
            f"## multispec {name}",
            "",
            *_block(f"multispec {name} --help", sub.format_help()),
        ]
    return "\n".join(lines)


def subparsers(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of every command."""
    action = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def _block(command: str, text: str) -> list[str]:
    return ["```console", f"$ {command}", text.rstrip(), "```", ""]


def stages_page() -> str:
    """Return what every stage of dvc.yaml does, reads and writes."""
    stages = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    lines = [
        "# Stages",
        "",
        "From `dvc.yaml` and the stages' docstrings. `dvc repro` runs what is stale,",
        "`dvc repro extract@demo-gtf` one stage and what it needs. Code among the dependencies is",
        "left out here; a test compares it with the imports.",
        "",
    ]
    for name, stage in stages.items():
        lines += _stage(name, stage)
    return "\n".join(lines)


def _stage(name: str, stage: Mapping[str, Any]) -> list[str]:
    inner = stage.get("do", stage)
    keys = ["corpus"] if "foreach" in stage else list(stage.get("matrix", {}))
    target = f"{name}@{'-'.join(f'<{key}>' for key in keys)}" if keys else name
    code = re.compile(r"(pipeline|models)/.*|models|requirements\.lock")
    reads = [dep for dep in inner.get("deps", []) if not code.fullmatch(dep)]
    writes = [
        path
        for kind in ("outs", "metrics", "plots")
        for out in inner.get(kind, [])
        for path in ([out] if isinstance(out, str) else out)
    ]
    module = inner["cmd"].split()[2]
    return [
        f"## {name}",
        "",
        inner["desc"],
        "",
        *_block(f"dvc repro {target}", _named(inner["cmd"])),
        f"- **Parameters**: {_list(inner.get('params', []))}",
        f"- **Reads**: {_list(reads)}",
        f"- **Writes**: {_list(writes)}",
        "",
        *docstring(ROOT / (module.replace(".", "/") + ".py"))
        .partition("\n")[2]
        .strip()
        .splitlines(),
        "",
    ]


def _prose(doc: str) -> str:
    """Return a docstring without its first line; headings become bold."""
    return re.sub(r"^(\w[\w ]*)\n-{3,}$", r"**\1.**", doc.partition("\n")[2].strip(), flags=re.M)


def _list(names: list[str]) -> str:
    return ", ".join(f"`{_named(name)}`" for name in names) or "nothing"


def _named(text: str) -> str:
    """Return a text of dvc.yaml with its variables as people write them."""
    return re.sub(r"\$\{(?:item\.)?([^}]*)\}", r"<\1>", text).replace("<key>", "<corpus>")


def docstring(path: Path, name: str | None = None) -> str:
    """Return the docstring of a module, or of a class in it; empty where there is none."""
    tree: Any = ast.parse(path.read_text(encoding="utf-8"))
    if name is not None:
        found = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
        tree = next(found, None)
    return clean(ast.get_docstring(tree) or "") if tree is not None else ""


def params_page() -> str:
    """Return every key of params.yaml with value, comment and docstring."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    lines = [
        "# Parameters",
        "",
        "Everything that decides a result, from `params.yaml` and the docstrings of the",
        "dataclasses that read it. An unknown or a missing key is an error. [p]: the paper says",
        "so; [a]: our assumption where it is silent. `dvc exp run -S features.gtf.bands=32`",
        "changes one for a run.",
        "",
    ]
    for name, remark, rows in sections(text):
        lines += [f"## {name}", "", *([remark, ""] if remark else [])]
        lines += ["| key | shipped | what |", "|---|---|---|"]
        meanings = _docs(name)
        for key, value, comment in rows:
            what = "<br>".join(_cell(part) for part in (comment, meanings.get(key, "")) if part)
            shown = f"`{value}`" if value else ""
            lines.append(f"| `{key}` | {_cell(shown)} | {what} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def sections(text: str) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Yield (section, comment above it, rows of (dotted key, value, comment)) of a YAML file.

    Values are as written; a key that holds others has none.
    """
    remark: list[str] = []
    current: tuple[str, str, list[tuple[str, str, str]]] | None = None
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        key = re.match(r"( *)([A-Za-z_0-9-]+):\s*(.*)$", line)
        if key is None:
            comment = re.match(r"# ?(.*)$", line)
            remark = [*remark, comment.group(1)] if comment else []
            continue
        indent, name = len(key.group(1)), key.group(2)
        value, comment_of = _split(key.group(3))
        if indent == 0:
            if current is not None:
                yield current
            said = " ".join([*remark, comment_of]).strip()
            current, above = (name, said, [] if not value else [(name, value, "")]), []
        elif current is not None:
            above = [(depth, each) for depth, each in above if depth < indent] + [(indent, name)]
            current[2].append((".".join(each for _, each in above), value, comment_of))
        remark = []
    if current is not None:
        yield current


def _split(rest: str) -> tuple[str, str]:
    """Return value and comment of the rest of a line; a # inside brackets or quotes is none."""
    value, _, comment = rest.partition(" #") if not rest.startswith("#") else ("", "", rest[1:])
    return value.strip(), comment.strip()


def _docs(section: str) -> dict[str, str]:
    """Return dotted key -> text of the `Attributes` of the dataclass that reads it."""
    folders = {"features": ROOT / "pipeline/features", "models": ROOT / "models"}
    single = {
        "audio": ("pipeline/audio.py", "AudioConfig"),
        "chord2vec": ("pipeline/chord2vec.py", "Config"),
        "compute": ("pipeline/execute.py", "ComputeConfig"),
        "cv": ("pipeline/split.py", "CvConfig"),
    }
    found: dict[str, str] = {}
    if section in folders:
        for path in sorted(folders[section].glob("[a-z]*.py")):
            for key, text in attributes(docstring(path, "Config")).items():
                found[f"{path.stem}.{key}"] = text
    elif section in single:
        file, name = single[section]
        found = attributes(docstring(ROOT / file, name))
    return found


def attributes(doc: str) -> dict[str, str]:
    """Return name -> text of a numpydoc section `Attributes` or `Parameters`."""
    part = re.search(r"(?:Attributes|Parameters)\n-+\n(.*?)(?=\n\n[A-Z]\w*\n-+\n|\Z)", doc, re.S)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in part.group(1).splitlines() if part else ():
        if line.strip() and not line.startswith(" "):
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        elif line.strip():
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found
