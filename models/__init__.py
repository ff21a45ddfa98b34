"""The models: every file of this folder is one, and the folder is their registry.

Conventions
-----------
A model module has ``INPUTS`` (names of the features it reads; ``"chords"`` may be one), a frozen
``Config``, and ``build(config, shapes, n_classes)``, which returns a
:class:`models.parts.classifier.Classifier`. Files whose name starts with an underscore, and
folders, are no models.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from types import ModuleType


def names() -> tuple[str, ...]:
    """Return the names of all models, sorted.

    Examples
    --------
    >>> "majority" in names()
    True
    """
    found = pkgutil.iter_modules(__path__)
    return tuple(sorted(m.name for m in found if not m.ispkg and not m.name.startswith("_")))


def load(name: str) -> ModuleType:
    """Import a model's module by its name.

    Raises
    ------
    ValueError
        If there is no such model; names the nearest one, or all.

    Examples
    --------
    >>> load("majorty")
    Traceback (most recent call last):
    ...
    ValueError: models: no model 'majorty'; did you mean 'majority'?
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"models: no model {name!r}; {hint}")
    return importlib.import_module(f"{__name__}.{name}")
