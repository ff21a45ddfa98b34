"""What can be measured, one file each; the folder is the registry.

Conventions
-----------
A section has a docstring whose first line is its help, ``QUICK`` (whether it belongs to a run that
names no section) and ``run(settings)``, which returns a :class:`pipeline.bench.results.Section`.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
    """Return the names of all sections.

    Examples
    --------
    >>> "features" in names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Return the module of a section."""
    return importlib.import_module(f"{__name__}.{name}")


def quick() -> list[str]:
    """Return the sections of a run that names none."""
    return [name for name in names() if load(name).QUICK]
