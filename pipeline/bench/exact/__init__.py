"""The definition of each feature, written out frame by frame in double precision.

Conventions
-----------
Slow and obvious on purpose, and independent of :mod:`pipeline.dsp`: the measure of the error that
the fast kernels make. A module has ``parts(samples, sample_rate, config)``, name of a part ->
float64 values in the layout of the feature, [shape=(second, ...)], not rounded to float32. Parts
whose units differ are kept apart, so that the error of one does not hide behind the size of
another. Samples outside the track are zero. Features without a module have no error here; their own
tests hold them to their definitions.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def names() -> list[str]:
    """Return the features that have an exact definition here.

    Examples
    --------
    >>> "gtf" in names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Return the module of one definition."""
    return importlib.import_module(f"{__name__}.{name}")


def centres(n: int, sample_rate: int, hop_seconds: float) -> Iterator[tuple[int, int, int]]:
    """Yield (second, frame, sample on which the frame is centred) of a track of ``n`` samples.

    Examples
    --------
    >>> list(centres(8, 4, 0.5))
    [(0, 0, 0), (0, 1, 2), (0, 2, 4), (1, 0, 4), (1, 1, 6), (1, 2, 8)]
    """
    hop = round(hop_seconds * sample_rate)
    for second in range(max(1, -(-n // sample_rate))):
        for frame in range(1 + sample_rate // hop):
            yield second, frame, second * sample_rate + frame * hop


def cut(samples: NDArray[np.floating], start: int, length: int) -> Array:
    """Return ``length`` samples from ``start`` on, zero outside the track.

    Examples
    --------
    >>> cut(np.array([1.0, 2.0]), -1, 4)
    array([0., 1., 2., 0.])
    """
    index = np.arange(start, start + length)
    inside = (index >= 0) & (index < samples.size)
    return np.where(inside, samples[np.clip(index, 0, samples.size - 1)], 0.0)
