"""Framewise features, one file each; the folder is the registry.

Conventions
-----------
A feature module offers a frozen dataclass ``Config``, ``shape(config)`` (the named axes of one
second and their sizes) and ``extract(samples, sample_rate, config)``, float32 with shape
``(second, *shape(config).values())``.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType


def names() -> list[str]:
    """Return the features there are, in alphabetical order.

    Examples
    --------
    >>> "gtf" in names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@lru_cache
def load(name: str) -> ModuleType:
    """Import one feature module; asked for with every row, so the folder is looked at once.

    Raises
    ------
    ValueError
        If there is no such feature; names the nearest one.

    Examples
    --------
    >>> load("gft")
    Traceback (most recent call last):
    ...
    ValueError: no feature 'gft'; did you mean 'gtf'?
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"no feature {name!r}; {hint}")
    return importlib.import_module(f"{__name__}.{name}")
