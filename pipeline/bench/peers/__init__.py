"""Other programs that turn music into features, one file each; the folder is the registry.

Conventions
-----------
Peers are optional: ``pip install -e '.[bench]'``. A module has

================  ===============================================================================
``TITLE``         what the tables call it
``DISTRIBUTION``  the package whose version is told
``LIBRARY``       what must be importable
``OURS``          the work of ours beside it, a key of :data:`pipeline.bench.sections.peers.OURS`
``GOAL``          least ratio of the speeds
``prepare``       (clips, the same clips as WAV files) -> the function to time
================  ===============================================================================

Libraries are imported in ``prepare``.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType


def names() -> list[str]:
    """Return the peers there are, installed or not.

    Examples
    --------
    >>> "gfcc" in names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Return the module of one peer."""
    return importlib.import_module(f"{__name__}.{name}")


def installed(name: str) -> bool:
    """Whether a peer's library can be imported."""
    return importlib.util.find_spec(load(name).LIBRARY) is not None
