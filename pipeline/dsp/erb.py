"""Energy of a track in gammatone channels.

Conventions
-----------
Channels are 4th-order gammatone filters (Patterson et al. 1992) in Slaney's form: a cascade of four
second-order sections that share their poles (M. Slaney, "An Efficient Implementation of the
Patterson-Holdsworth Auditory Filter Bank", Apple TR 35, 1993). Centre frequencies are equally
spaced on the ERB scale of Glasberg and Moore (1990), the gain at the centre is 1. Coefficients come
from the ``gammatone`` package; bands run from low to high frequency, unlike its own tables.

An energy is the mean square of a channel over a rectangular window (``gammatone.gtgram`` returns
its square root), in units of full scale squared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from gammatone.filters import centre_freqs, make_erb_filters
from numpy.typing import NDArray

from pipeline.dsp.blocks import Array

# Columns of the package's coefficient table: numerators A0, A11 ... A14, A2, denominators B0, B1,
# B2, gain. A0 is the sampling period in all four sections and A2 is zero.
_A0, _A1, _B1, _B2, _GAIN = 0, slice(1, 5), 7, 8, 9


def centre_frequencies(sample_rate: int, bands: int, f_min: float, f_max: float) -> Array:
    """Return the centre frequencies in hertz, from low to high [shape=(band,)].

    The lowest is ``f_min``; the highest lies one step of the ERB scale below ``f_max``.

    Examples
    --------
    >>> centre_frequencies(16000, 3, 50.0, 7600.0).round()
    array([  50.,  619., 2347.])
    """
    return np.asarray(centre_freqs(sample_rate, bands, f_min, f_max)[::-1], dtype=np.float64)


def sections(sample_rate: int, centres: Array) -> tuple[Array, Array, Array]:
    """Return the gammatone cascade with unit leading coefficients.

    Parameters
    ----------
    sample_rate
        In hertz.
    centres
        Centre frequencies in hertz [shape=(band,)].

    Returns
    -------
    zeros : ndarray [shape=(4, band)]
        Section ``j`` has the numerator ``1 + zeros[j] z^-1``.
    poles : ndarray [shape=(2, band)]
        All sections have the denominator ``1 + poles[0] z^-1 + poles[1] z^-2``.
    gain : ndarray [shape=(band,)]
        Factor after the last section.
    """
    table = make_erb_filters(sample_rate, centres)
    leading = table[:, _A0]
    zeros = np.ascontiguousarray((table[:, _A1] / leading[:, None]).T)
    poles = np.ascontiguousarray(table[:, (_B1, _B2)].T)
    return zeros, poles, leading**4 / table[:, _GAIN]


def _window_energies(
    blocks: Array,
    zeros: Array,
    poles: Array,
    skip: int,
    window: int,
    hop: int,
    energies: NDArray[np.float64],
) -> None:
    """Add the squares of each channel over each frame's window to ``energies``."""
    bands, frames = zeros.shape[1], energies.shape[1]
    for second in range(blocks.shape[0]):
        one = np.zeros((4, bands))  # first and second delay of each section, the transposed
        two = np.zeros((4, bands))  # direct form II
        signal = np.empty(bands)
        for n in range(blocks.shape[1]):
            signal[:] = blocks[second, n]
            for j in range(4):
                for band in range(bands):
                    x = signal[band]
                    y = x + one[j, band]
                    one[j, band] = zeros[j, band] * x - poles[0, band] * y + two[j, band]
                    two[j, band] = -poles[1, band] * y
                    signal[band] = y
            since = n - skip
            if since >= 0:
                last = min(since // hop, frames - 1)
                for frame in range(max(0, (since - window) // hop + 1), last + 1):
                    for band in range(bands):
                        energies[second, frame, band] += signal[band] * signal[band]


_compiled: Callable[..., Any] = numba.njit(cache=True)(_window_energies)


def window_energies(
    blocks: Array, sample_rate: int, centres: Array, skip: int, window: int, hop: int, frames: int
) -> Array:
    """Return the mean square of every gammatone channel in every frame.

    Parameters
    ----------
    blocks
        [shape=(second, n)]; every block is filtered alone, from silence.
    sample_rate
        In hertz.
    centres
        Centre frequencies in hertz [shape=(band,)].
    skip
        Samples before the first frame's window: the filters' start-up.
    window, hop
        Length and distance of the frames' windows, in samples.
    frames
        Number of frames in a block.

    Returns
    -------
    ndarray [shape=(second, band, frame)], full scale squared, >= 0
    """
    zeros, poles, gain = sections(sample_rate, centres)
    energies = np.zeros((blocks.shape[0], frames, centres.size))
    # A copy is always contiguous and writable: one compiled variant for every chunk.
    _compiled(np.array(blocks, order="C"), zeros, poles, skip, window, hop, energies)
    return (energies * (gain**2 / window)).transpose(0, 2, 1)
