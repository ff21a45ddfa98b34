"""A corpus whose test tracks cannot be read: what a model sees while it is fitted.

Conventions
-----------
The first axis of every array is ``track``. Under guard are what a model hears and what it should
say: ``features``, ``chords``, ``notes`` and ``labels``. A guarded array is indexed by tracks first,
with an integer, a slice, an array (or list) of integers, a boolean mask over tracks, or a tuple
that starts with one of these; what comes back is a plain array. It has ``len``, ``shape``,
``dtype`` and ``ndim``. Everything else reads all tracks at once (arithmetic, comparison, a method
such as ``mean``, conversion by NumPy) and is refused.

``seconds_valid``, ``has_chords`` and ``groups`` stay plain: lengths, flags of presence and names of
groups lay out batches and inner folds, and say nothing of a class that the tables of the corpus do
not. The guard catches mistakes, not malice: a plain view that indexing returned has a base.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from models.parts.data import Data


class LeakError(ValueError):
    """Something was to be fitted or chosen on the test part."""


def guarded(data: Data, forbidden: np.ndarray) -> Data:
    """Return the corpus with arrays that raise when a forbidden track is read.

    Parameters
    ----------
    data
        The corpus; nothing of it is copied or read.
    forbidden
        Track indices [shape=(n,), int], as a rule ``split.test``.

    Raises
    ------
    IndexError
        If a forbidden track does not exist.
    """
    mask = np.zeros(len(data.labels), dtype=bool)
    mask[forbidden] = True

    def guard(name: str, array: np.ndarray) -> np.ndarray:
        return cast(np.ndarray, Guarded(name, array, mask))

    return replace(
        data,
        features={name: guard(f"features[{name!r}]", a) for name, a in data.features.items()},
        chords=guard("chords", data.chords),
        labels=guard("labels", data.labels),
        notes=None if data.notes is None else guard("notes", data.notes),
    )


class Guarded(NDArrayOperatorsMixin):
    """One array under guard.

    Parameters
    ----------
    name
        What error messages call it.
    array
        What is guarded [shape=(track, ...)]; may be a memory map.
    forbidden
        Which tracks may not be read [shape=(track,), bool].

    Examples
    --------
    >>> labels = Guarded("labels", np.array([0, 1, 2]), np.array([False, False, True]))
    >>> labels[:2].tolist(), len(labels)
    ([0, 1], 3)
    >>> labels[1:]
    Traceback (most recent call last):
    ...
    models.parts.guard.LeakError: labels: track 2 is in the test part; nothing may be fitted on it
    """

    __slots__ = ("_array", "_forbidden", "_name")

    def __init__(self, name: str, array: np.ndarray, forbidden: np.ndarray) -> None:
        self._name, self._array, self._forbidden = name, array, forbidden

    def __len__(self) -> int:
        return len(self._array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of all axes, that of ``track`` first."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Kind of the values."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._array.ndim

    def __getitem__(self, key: Any) -> Any:
        # The mask has the axis `track` alone and is indexed as the array will be: whatever form the
        # index has, this is which of the rows it picks are forbidden. `()` and `...` pick all.
        first = (key[0] if key else ...) if isinstance(key, tuple) else key
        first = np.asarray(first, dtype=int) if isinstance(first, list) and not first else first
        if np.any(self._forbidden[first]):
            tracks = np.arange(len(self._forbidden))[first]
            self._refuse(int(np.extract(self._forbidden[first], tracks)[0]))
        return self._array[key]

    def __repr__(self) -> str:
        return f"Guarded({self._name}, shape={self.shape}, dtype={self.dtype})"

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse_all("conversion to an array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *_: Any, **__: Any) -> NoReturn:
        del method
        self._refuse_all(f"numpy.{ufunc.__name__}")

    def __array_function__(self, function: Any, *_: Any, **__: Any) -> NoReturn:
        self._refuse_all(f"numpy.{function.__name__}")

    def __getattr__(self, name: str) -> NoReturn:
        # NumPy, copy and pickle ask for names with underscores, and must hear that there are none.
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"a guarded array has no attribute {name!r}")
        self._refuse_all(name)

    def _refuse(self, track: int) -> NoReturn:
        raise LeakError(
            f"{self._name}: track {track} is in the test part; nothing may be fitted on it"
        )

    def _refuse_all(self, what: str) -> NoReturn:
        tested = np.flatnonzero(self._forbidden)
        raise LeakError(
            f"{self._name}: {what} reads all tracks, {len(tested)} of the test part among them"
            f"{f' (track {tested[0]} first)' if len(tested) else ''}; index the tracks first"
        )
