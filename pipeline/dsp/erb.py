"""Energy of a track in gammatone channels.

Conventions
-----------
Channels are 4th-order gammatone filters (Patterson et al. 1992) in Slaney's form: a cascade of four
second-order sections that share their poles (M. Slaney, "An Efficient Implementation of the
Patterson-Holdsworth Auditory Filter Bank", Apple TR 35, 1993). Centre frequencies are equally
spaced on the ERB scale of Glasberg and Moore (1990), from low to high; the gain at the centre is 1.

An energy is the mean square of a channel over a rectangular window (``gammatone.gtgram`` returns
its square root), in units of full scale squared.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp.blocks import Array
from pipeline.dsp.cascade import LAG, STRETCH, cascade
from pipeline.dsp.lanes import WIDTH, kernel

# Glasberg and Moore (1990): a filter at f Hz is LEAST_WIDTH + f / EAR_Q Hz wide, a gammatone's
# envelope t^3 exp(-2 pi b t) has b = 1.019 times that (Patterson et al. 1992).
EAR_Q, LEAST_WIDTH, GAMMATONE_WIDTH = 9.26449, 24.7, 1.019
# Beyond x = 2 pi b t the envelope holds e^-x (x^3 / 6 + x^2 / 2 + x + 1) of its area: 1e-16 here.
MEMORY = 47.0


def centre_frequencies(bands: int, f_min: float, f_max: float) -> Array:
    """Return the centre frequencies in hertz, from low to high [shape=(band,)].

    The lowest is ``f_min``; the highest lies one step of the ERB scale below ``f_max``.

    Examples
    --------
    >>> centre_frequencies(3, 50.0, 7600.0).round()
    array([  50.,  619., 2347.])
    """
    corner = EAR_Q * LEAST_WIDTH
    steps = np.arange(bands) / bands
    return (f_min + corner) * ((f_max + corner) / (f_min + corner)) ** steps - corner


def bandwidths(centres: Array) -> Array:
    """Return ``b`` of the envelopes ``t^3 exp(-2 pi b t)``, Hz.

    Examples
    --------
    >>> bandwidths(np.array([1000.0])).round(2)
    array([135.16])
    """
    return GAMMATONE_WIDTH * (LEAST_WIDTH + centres / EAR_Q)


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
        Factor after the last section: 1 over the cascade's magnitude at the centre.
    """
    decay = 2 * np.pi * bandwidths(centres) / sample_rate
    angle = 2 * np.pi * centres / sample_rate
    radius = np.exp(-decay)
    roots = [sign * np.sqrt(3 + side * 2**1.5) for side in (1, -1) for sign in (1, -1)]
    zeros = np.stack([-radius * (np.cos(angle) + root * np.sin(angle)) for root in roots])
    poles = np.stack([-2 * radius * np.cos(angle), radius**2])
    # At z = e^(i angle); the poles lie at radius e^(+- i angle), the first factor is 1 - radius.
    numerator = np.prod(1 + zeros * np.exp(-1j * angle), axis=0)
    denominator = -np.expm1(-decay) * (1 - radius * np.exp(-2j * angle))
    return zeros, poles, np.abs(denominator**4 / numerator)


def couplings(sample_rate: int, centres: Array) -> Array:
    """Return ``g_1`` and ``g_2``, the cascade's zeros in pairs [shape=(2, band)].

    The four zeros lie at ``r (cos + rho sin)`` with ``rho = +-(sqrt 2 - 1), +-(sqrt 2 + 1)``: each
    pair has the sum of the two poles, so its numerator is the denominator ``D(z)`` of all sections
    but for one term, ``D(z) - r^2 g z^-2`` with ``g = sin^2 (1 + rho^2)``. Hence

        H = (1 / D) (1 - r^2 g_1 z^-2 / D) (1 / D) (1 - r^2 g_2 z^-2 / D),

    ten multiplications per sample instead of twelve.
    """
    height = np.sin(2 * np.pi * centres / sample_rate) ** 2
    return np.stack([height * (4 - 2**1.5), height * (4 + 2**1.5)])


@kernel
def _windows(sums, opens, closes, scales, energies):  # type: ignore[no-untyped-def]
    """Fill ``energies`` (second, band, frame) with what was summed from edge to edge."""
    seconds, bands, frames = energies.shape
    for second in range(seconds):
        for band in range(bands):
            for frame in range(frames):
                sum_ = 0.0
                for segment in range(opens[frame], closes[frame]):
                    sum_ += sums[second, band // WIDTH, segment, band % WIDTH]
                energies[second, band, frame] = sum_ * scales[band]


@lru_cache(maxsize=8)
def _filters(
    sample_rate: int, bands: int, f_min: float, f_max: float
) -> tuple[NDArray[np.intp], Array, Array, Array]:
    """Return the memory of each group of channels in samples, the energies' gain, the tables."""
    centres = centre_frequencies(bands, f_min, f_max)
    lowest = bandwidths(centres[::WIDTH])
    memory = np.ceil(MEMORY / (2 * np.pi * lowest) * sample_rate).astype(np.intp)
    _, _, gain = sections(sample_rate, centres)
    cosine = 2 * np.cos(2 * np.pi * centres / sample_rate)
    filters = np.concatenate([cosine[None], -couplings(sample_rate, centres)])
    decay = 2 * np.pi * bandwidths(centres) / sample_rate
    steps = np.arange(STRETCH + 1)[:, None]
    growth = np.stack([np.exp(decay * steps), np.exp(-decay * (steps - LAG))], axis=1)
    return memory, gain**2, _grouped(filters), _grouped(growth.reshape(-1, bands))


def _grouped(table: Array) -> Array:
    """Deal columns out to groups of lanes, the last one more than once to fill up a group."""
    bands = table.shape[1]
    columns = np.minimum(np.arange(-(-bands // WIDTH) * WIDTH), bands - 1)
    return table[:, columns].reshape(len(table), -1, WIDTH).transpose(1, 0, 2).ravel()


@lru_cache(maxsize=8)
def _segments(
    skip: int, window: int, hop: int, frames: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the edges between which the same windows are open, and the segments of each window."""
    begins = hop * np.arange(frames)
    edges = np.concatenate([[-skip], np.unique(np.concatenate([begins, begins + window]))])
    return edges, np.searchsorted(edges, begins), np.searchsorted(edges, begins + window)


def window_energies(
    samples: Array,
    starts: NDArray[np.intp],
    sample_rate: int,
    channels: tuple[int, float, float],
    skip: int,
    window: int,
    hop: int,
    frames: int,
) -> Array:
    """Return the mean square of every gammatone channel in every frame.

    Parameters
    ----------
    samples
        ``LAG`` more than the last window needs [shape=(n,)].
    starts
        Where the window of each block's first frame begins [shape=(second,)]; every block is
        filtered alone, from silence.
    sample_rate
        In hertz.
    channels
        Their number, ``f_min`` and ``f_max``, see :func:`centre_frequencies`.
    skip
        Samples before the first frame's window: the filters' start-up. A channel whose envelope
        has decayed to 1e-16 within fewer takes fewer.
    window, hop
        Length and distance of the frames' windows, in samples.
    frames
        Number of frames in a block.

    Returns
    -------
    ndarray [shape=(second, band, frame)], full scale squared, >= 0
    """
    memory, gain, filters, growth = _filters(sample_rate, *channels)
    edges, opens, closes = _segments(skip, window, hop, frames)
    sums = np.empty((starts.size, memory.size, edges.size - 1, WIDTH))
    cascade(samples, starts, edges, memory, filters, growth, sums.reshape(-1))
    energies = np.empty((starts.size, channels[0], frames))
    _windows(sums, opens, closes, gain / window, energies)
    return energies
