"""One track, and what several features need of it.

Conventions
-----------
A :class:`Signal` is a mono track and its sample rate, checked once. Features that look at the same
spectrum of a track share it: the first one computes it, :meth:`Signal.derived` keeps it for the
others. What a feature returns depends neither on the features before it nor on their order.

Memory: the samples (8 bytes each), and what features left here. Of those in this project only the
level spectrograms of :mod:`pipeline.dsp.spectrogram` stay: 162 kB per second and window.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp import blocks


class Signal:
    """A track and what is derived from it.

    Parameters
    ----------
    samples
        Mono, in [-1, 1] [shape=(n,)].
    sample_rate
        In hertz.

    Raises
    ------
    ValueError
        If ``samples`` is not mono, empty, not floating point or not finite, or if ``sample_rate``
        is not positive.

    Examples
    --------
    >>> Signal(np.zeros(16001), 16000).seconds
    2
    """

    def __init__(self, samples: NDArray[np.floating], sample_rate: int) -> None:
        blocks.check_samples(samples, sample_rate)
        self.samples = samples
        self.sample_rate = sample_rate
        self._derived: dict[Hashable, NDArray[Any]] = {}

    @property
    def seconds(self) -> int:
        """Number of one-second blocks, the last one completed by zeros."""
        return blocks.count_seconds(self.samples.size, self.sample_rate)

    def derived(self, key: Hashable, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return an array that belongs to this track, computed where nobody asked before.

        Parameters
        ----------
        key
            Names what is computed and every parameter of it.
        compute
            Returns it.

        Returns
        -------
        ndarray
            Read-only: it belongs to all who ask.

        Examples
        --------
        >>> signal = Signal(np.ones(3), 3)
        >>> signal.derived("sum", lambda: signal.samples.sum(keepdims=True))
        array([3.])
        >>> signal.derived("sum", lambda: np.zeros(1))
        array([3.])
        """
        if key not in self._derived:
            values = compute()
            values.flags.writeable = False
            self._derived[key] = values
        return self._derived[key]
