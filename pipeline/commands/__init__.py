"""Commands of the ``multispec`` console script; one file each, and the folder is the registry.

A command is a module with a docstring (its help), ``arguments(parser)`` and ``run(namespace)``,
which returns the exit status. An underscore in a file's name is a dash in the command's.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType


def names() -> list[str]:
    """Return the names of all commands.

    Examples
    --------
    >>> "train-final" in names()
    True
    """
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Return the module of a command."""
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")


def described(name: str) -> str:
    """Return a command's help without importing it, which may take seconds.

    Examples
    --------
    >>> described("verify").splitlines()[0]
    'Recompute rows of the feature stores from the raw files and compare them bit for bit.'
    """
    source = Path(__file__).with_name(f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""
