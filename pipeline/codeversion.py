"""The version of the code that computes something, derived from the code itself.

Nobody bumps a number here. The version of a module is a hash of the normalised syntax trees of the
module and of every project module it imports, directly or not; the libraries it imports are
reported beside it, with their versions. A changed comment, docstring, line break or type of quote
leaves it alone; any other edit changes it.

Conventions
-----------
*Project modules* are those of the packages :data:`PACKAGES`. A package's ``__init__`` belongs to
a closure only where it is imported by name: it is a registry, and computes nothing.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = ("pipeline", "models")
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Closure:
    """What a module needs.

    Attributes
    ----------
    modules
        Dotted names of project modules, sorted.
    libraries
        Top-level names of third-party packages they import, sorted.
    """

    modules: tuple[str, ...]
    libraries: tuple[str, ...]


def path_of(module: str, root: Path = ROOT) -> Path | None:
    """Return the file of a project module, or ``None`` if there is no such module."""
    base = root.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    parts = module.split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = node.level - is_package
            stem = parts[: len(parts) - up] if node.level else []
            base = ".".join([*stem, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def closure(*modules: str, root: Path = ROOT) -> Closure:
    """Return the import closure of some project modules.

    Raises
    ------
    ValueError
        If a module does not exist.

    Examples
    --------
    >>> closure("pipeline.codeversion").modules
    ('pipeline.codeversion',)
    """
    seen: dict[str, None] = {}
    libraries: set[str] = set()
    todo = list(modules)
    while todo:
        module = todo.pop()
        path = path_of(module, root)
        if path is None:
            raise ValueError(f"no project module {module!r} under {root}")
        if module in seen:
            continue
        seen[module] = None
        tree = ast.parse(path.read_bytes())
        for name in _imports(tree, module, path.name == "__init__.py"):
            top = name.split(".")[0]
            if top in PACKAGES:
                # `from pipeline.dsp import lp` names a module, `from pipeline.dsp.lp import f` not.
                todo.append(name if path_of(name, root) else name.rpartition(".")[0])
            elif top not in sys.stdlib_module_names:
                libraries.add(top)
    return Closure(tuple(sorted(seen)), tuple(sorted(libraries)))


def normalised(source: str | bytes) -> str:
    """Return a text that only a semantic edit of the source changes.

    Examples
    --------
    >>> normalised("x = 1  # one") == normalised("x  =  1")
    True
    >>> normalised("x = 1") == normalised("x = 2")
    False
    """
    tree = ast.parse(source)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def version(*modules: str, root: Path = ROOT) -> str:
    """Return the code version of some modules: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for module in closure(*modules, root=root).modules:
        path = path_of(module, root)
        if path is not None:
            digest.update(f"{module}\n{normalised(path.read_bytes())}\n".encode())
    return digest.hexdigest()[:16]


@cache
def libraries(*modules: str) -> dict[str, str]:
    """Return the versions of the libraries that decide what these modules compute.

    Examples
    --------
    >>> sorted(libraries("pipeline.audio"))
    ['libsndfile', 'numpy', 'soundfile', 'soxr']
    """
    distributions = importlib.metadata.packages_distributions()
    found = {}
    for name in closure(*modules).libraries:
        for distribution in distributions.get(name, []):
            found[distribution.lower()] = importlib.metadata.version(distribution)
    if "soundfile" in found:
        import soundfile

        # The wheel carries its own decoder, which is what turns MP3 into numbers.
        found["libsndfile"] = str(soundfile.__libsndfile_version__)
    return dict(sorted(found.items()))
