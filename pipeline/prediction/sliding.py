"""A window that slides over the seconds of a track, by one second at a time.

Conventions
-----------
Features come in consecutive blocks of whole seconds [shape=(second, ...)]; a window is the last
seconds of one block and the first of the next, so that no sound is measured twice and nothing
longer than a block and a window is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Rows = Mapping[str, NDArray[np.float32]]


class Sliding:
    """Windows of the seconds that have been added.

    Parameters
    ----------
    seconds
        Length of a window, at least 1, s.

    Examples
    --------
    >>> sliding = Sliding(2)
    >>> [start for start, _ in sliding.add(0, {"x": np.zeros((3, 1), np.float32)})]
    [0, 1]
    >>> [start for start, _ in sliding.add(3, {"x": np.zeros((1, 1), np.float32)})]
    [2]
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._start = self._stop = 0
        self._rows: dict[str, NDArray[np.float32]] = {}
        self._short = False

    def add(self, start: int, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Yield (start, features) of the windows that are complete with a block from ``start`` on.

        A block that does not follow the one before (silence lies between) begins anew.
        """
        if start != self._stop or not self._rows:
            yield from self.rest()
            self._rows, self._start, self._short = dict(rows), start, True
        else:
            self._rows = {name: np.concatenate([self._rows[name], rows[name]]) for name in rows}
        held = min(len(values) for values in self._rows.values())
        self._stop = self._start + held
        for offset in range(held - self.seconds + 1):
            self._short = False
            window = slice(offset, offset + self.seconds)
            yield self._start + offset, {name: v[window] for name, v in self._rows.items()}
        kept = min(held, self.seconds - 1) if not self._short else held
        self._rows = {name: values[held - kept :] for name, values in self._rows.items()}
        self._start = self._stop - kept

    def rest(self) -> Iterator[tuple[int, Rows]]:
        """Yield what is shorter than a window and was part of none."""
        if self._short and self._rows:
            yield self._start, self._rows
        self._rows, self._short = {}, False
