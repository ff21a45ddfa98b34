"""The version of the code that computes something, derived from the code itself.

Nobody bumps a number here. The version of a module is a hash of the normalised syntax trees of the
module and of every project module it imports, directly or not; the libraries it imports are
reported beside it, with their versions. A changed comment, docstring, line break or type of quote
leaves it alone; any other edit changes it.

Conventions
-----------
*Project modules* are those of the packages :data:`PACKAGES`. A package's ``__init__`` belongs to
a closure only where it is imported by name. Where it is a registry, which loads the modules of its
folder while the program runs, all of them belong to the closure with it, except for the registries
:data:`CHOSEN`.
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
#: Registries of which one module is used at a time: whoever asks for a version names that module.
CHOSEN = ("models", "pipeline.corpora", "pipeline.features")
#: Library -> those behind it that also decide its numbers, though no module here imports them: what
#: compiles its loops, what it computes or parses with.
BEHIND = {
    "gammatone": ("scipy",),
    "librosa": ("numba", "scipy"),
    "musicpy": ("mido-fix",),
    "numba": ("llvmlite",),
    "scikit-learn": ("scipy",),
}
#: The function of :mod:`importlib` that a registry calls.
LOADER = "import_module"
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


@cache
def _tree(source: bytes) -> ast.AST:
    """Return a syntax tree that is read, never changed."""
    return ast.parse(source)


@cache
def _imports(source: bytes, module: str, is_package: bool) -> tuple[str, ...]:
    parts = module.split(".")
    found: list[str] = []
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = node.level - is_package
            stem = parts[: len(parts) - up] if node.level else []
            base = ".".join([*stem, *([node.module] if node.module else [])])
            found += (f"{base}.{alias.name}" for alias in node.names)
    return tuple(found)


def _members(tree: ast.AST, module: str, path: Path) -> Iterator[str]:
    """Yield the modules of a registry's folder: packages that load by name import all of them."""
    if path.name != "__init__.py" or module in CHOSEN:
        return
    if any(isinstance(node, ast.Attribute) and node.attr == LOADER for node in ast.walk(tree)):
        for each in path.parent.iterdir():
            name = f"{module}.{each.stem}"
            if each.name != "__init__.py" and path_of(name, path.parents[len(module.split("."))]):
                yield name


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
        source = path.read_bytes()
        for name in _imports(source, module, path.name == "__init__.py"):
            top = name.split(".")[0]
            if top in PACKAGES:
                # `from pipeline.dsp import lp` names a module, `from pipeline.dsp.lp import f` not.
                todo.append(name if path_of(name, root) else name.rpartition(".")[0])
            elif top not in sys.stdlib_module_names:
                libraries.add(top)
        todo += _members(_tree(source), module, path)
    return Closure(tuple(sorted(seen)), tuple(sorted(libraries)))


@cache
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
    """Return the versions of what decides the numbers that these modules compute, besides the code.

    That is Python, the libraries they import, those :data:`BEHIND` them, and what the libraries'
    packages carry along: decoder, resampler, linear algebra. The kind of processor is not among
    them: numbers of two kinds differ in the last bits, and are shared all the same.

    Examples
    --------
    >>> sorted(libraries("pipeline.audio"))
    ['blas', 'libsndfile', 'libsoxr', 'numpy', 'python', 'soundfile', 'soxr']
    """
    todo = [each for name in closure(*modules).libraries for each in _distributions(name)]
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    while todo:
        distribution = todo.pop()
        if distribution.lower() not in found:
            found[distribution.lower()] = importlib.metadata.version(distribution)
            todo += BEHIND.get(distribution.lower(), ())
    for name, carried in CARRIED.items():
        if name in found:
            found |= carried()
    return dict(sorted(found.items()))


@cache
def _distributions(package: str) -> tuple[str, ...]:
    """Return the distributions that bring a package; most have its name, all others take a scan."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return tuple(_scanned().get(package, ()))
    return (package,)


@cache
def _scanned() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _decoder() -> dict[str, str]:
    import soundfile

    return {"libsndfile": str(soundfile.__libsndfile_version__)}


def _resampler() -> dict[str, str]:
    import soxr

    return {"libsoxr": str(soxr.__libsoxr_version__)}


def _linear_algebra() -> dict[str, str]:
    import numpy as np

    about = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {"blas": f"{about['name']} {about['version']}"}


#: Library -> what its package brings along, which another package of its version need not.
CARRIED = {"numpy": _linear_algebra, "soundfile": _decoder, "soxr": _resampler}
