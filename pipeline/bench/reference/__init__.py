"""The straightforward way: each feature as one writes it in an afternoon with common libraries.

Conventions
-----------
The denominator of every claim about speed. A module has ``extract(samples, sample_rate, config)``,
which returns arrays of its own layout (frames of the whole track, no one-second blocks), and
``DEFINITION``: ``"same"`` where it computes what the feature does (up to framing and rounding; the
tests hold them side by side), ``"nearest"`` where no library has that feature and the closest ones
are called instead. Samples are float32, as ``librosa.load`` gives them.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
    """Return the features that have a reference.

    Examples
    --------
    >>> "gtf" in names()
    True
    """
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )


def load(name: str) -> ModuleType:
    """Return the module of one reference."""
    return importlib.import_module(f"{__name__}.{name}")
