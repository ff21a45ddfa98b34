"""Fourier transforms of four real frames at once, inside kernels.

Conventions
-----------
A *buffer* holds four real frames of ``n`` samples, one in each lane: sample ``i`` of frame ``l`` is
element ``4 i + l``. Read in pairs of vectors it is also ``m = n / 2`` complex points, even samples
the real, odd ones the imaginary parts: the spectrum of real frames comes from a complex transform
of half their length. A frame's spectrum depends on nothing but the frame.

Transforms are not normalised; their passes are those of :mod:`pipeline.dsp.passes`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp.blocks import Array
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, spread, store, transpose
from pipeline.dsp.passes import POINT, radix2, radix3, radix4, radix5, radix8, radix_odd

# Larger prime factors are transformed by their definition: right, but slower.
FAST_PRIME = 5


class Plan(NamedTuple):
    """What a transform of real frames needs; made by :func:`plan`.

    Attributes
    ----------
    radices
        Of the passes, in order; their product is half the frames' length.
    twiddles
        For each pass and ``p``, cosine and sine of ``2 pi p j / length``, ``j`` from 1 to the
        radix; then those of ``2 pi j / radix``, ``j`` from 0.
    turns
        Cosine and sine of ``2 pi k / n`` [shape=(n / 2 + 1, 2)], flat.
    """

    radices: NDArray[np.intp]
    twiddles: Array
    turns: Array


def radices(m: int) -> list[int]:
    """Return factors of a length, 8 before 4, 2 and the odd primes.

    Examples
    --------
    >>> radices(800), radices(2205)
    ([8, 4, 5, 5], [3, 3, 5, 7, 7])
    """
    found = []
    for radix in (8, 4, 2, *range(3, m + 1, 2)):
        while m % radix == 0:
            found.append(radix)
            m //= radix
    return found


def _largest_prime(m: int) -> int:
    return max((radix for radix in radices(m) if radix not in (8, 4)), default=2)


def fast_length(n: int) -> int:
    """Return the next even length whose half has no prime factor above 5.

    Examples
    --------
    >>> fast_length(596), fast_length(1529)
    (600, 1536)
    """
    half = -(-n // 2)
    while _largest_prime(half) > FAST_PRIME:
        half += 1
    return 2 * half


@lru_cache(maxsize=16)
def plan(n: int) -> Plan:
    """Return the plan for real frames of ``n`` samples, an even number."""
    length, tables, factors = n // 2, [], radices(n // 2)
    for radix in factors:
        turns = np.outer(np.arange(length // radix), np.arange(1, radix)) / length
        tables += [turns.ravel(), np.arange(radix) / radix]
        length //= radix
    turns = np.concatenate([np.zeros(0), *tables])
    return Plan(np.array(factors, np.intp), _circle(turns), _circle(np.arange(n // 2 + 1) / n))


def _circle(turns: Array) -> Array:
    angle = 2 * np.pi * turns
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1).ravel()


@kernel
def gather(samples, start, hop, window, x):  # type: ignore[no-untyped-def]
    """Fill a buffer with four frames, ``hop`` apart, times a window; zeros behind the window."""
    length = window.size
    whole = length - length % WIDTH
    b, c, d = start + hop, start + 2 * hop, start + 3 * hop
    for n in range(0, whole, WIDTH):
        rows = transpose(
            load(samples, start + n),
            load(samples, b + n),
            load(samples, c + n),
            load(samples, d + n),
        )
        store(x, WIDTH * n, rows[0] * spread(window, n))
        store(x, WIDTH * (n + 1), rows[1] * spread(window, n + 1))
        store(x, WIDTH * (n + 2), rows[2] * spread(window, n + 2))
        store(x, WIDTH * (n + 3), rows[3] * spread(window, n + 3))
    for n in range(whole, length):
        for lane in range(WIDTH):
            x[WIDTH * n + lane] = samples[start + lane * hop + n] * window[n]
    for n in range(WIDTH * length, x.size):
        x[n] = 0.0


@kernel
def transform(x, y, radices, twiddles):  # type: ignore[no-untyped-def]
    """Transform the complex points of ``x``, with ``y`` as a second buffer; return the result.

    It is one of the two, the other one is overwritten.
    """
    s, m, t = 1, x.size // POINT, 0
    largest = 1
    for radix in radices:
        largest = max(largest, radix)
    pairs = np.empty(largest * POINT)
    for radix in radices:
        m //= radix
        if radix == 8:
            radix8(x, y, twiddles, t, m, s)
        elif radix == 4:
            radix4(x, y, twiddles, t, m, s)
        elif radix == 5:
            radix5(x, y, twiddles, t, m, s)
        elif radix == 3:
            radix3(x, y, twiddles, t, m, s)
        elif radix == 2:
            radix2(x, y, twiddles, t, m, s)
        else:
            radix_odd(x, y, twiddles, t, radix, m, s, pairs)
        t += 2 * (m * (radix - 1) + radix)
        s *= radix
        x, y = y, x
    return x


@kernel
def power(z, bins, turns, values):  # type: ignore[no-untyped-def]
    """Write ``4 |X[k]|^2`` of the real frames, ``k < bins``, from the transform of their points.

    Even samples ``E = (Z[k] + conj Z[m - k]) / 2`` and odd ones ``O = (Z[k] - conj Z[m - k]) / 2i``
    give ``X[k] = E[k] + exp(-2 pi i k / n) O[k]``.
    """
    m = z.size // POINT
    for k in range(bins):
        i, j = POINT * (k % m), POINT * ((m - k) % m)
        ar, ai, br, bi = load(z, i), load(z, i + WIDTH), load(z, j), load(z, j + WIDTH)
        er, ei, odd_r, odd_i = ar + br, ai - bi, ai + bi, br - ar
        c, s = spread(turns, 2 * k), spread(turns, 2 * k + 1)
        real = fma(odd_r, c, fma(odd_i, s, er))
        imaginary = ei + (odd_i * c - odd_r * s)
        store(values, WIDTH * k, fma(real, real, imaginary * imaginary))
