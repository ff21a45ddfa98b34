"""Power spectra of short frames in the lower bins of a long transform, by sums in two steps.

Conventions
-----------
A frame has ``length`` samples, the transform ``n_fft``, most of them zeros, and few of its bins are
wanted: a fast Fourier transform would spend its time on zeros, and on bins that nobody reads. Here
a divisor ``D`` of ``n_fft`` splits the samples into ``D`` rows, each of every ``D``-th sample,

    ``n = middle + d_i + D j``,   ``d_i = i - (D - 1) / 2``,   ``i = 0 ... D - 1``,   ``|j| <= J``,

and the sum over the samples into an inner one over ``j`` and an outer one over the rows:

    ``Y_i[k] = sum_j x_ij exp(-2 pi i j k / B)``,   ``B = n_fft / D``,
    ``X[k] = sum_i exp(-2 pi i d_i k / n_fft) Y_i[k]``.

``Y_i`` has the period ``B`` and ``Y_i[B - k] = conj Y_i[k]``: the inner sums are needed for
``k <= B / 2`` only, and all bins ``m B + k`` and ``m B - k`` share them (for the latter the outer
sum gives ``conj X``, with sines of the other sign). Samples at ``j`` and ``-j``, rows at ``d`` and
``-d`` are added and subtracted first, so that every factor left is a real cosine or sine. ``D`` is
chosen to make the multiplications few; ``D = 1`` is the definition, for transforms of prime length.

Only powers leave this file, so the phase of ``middle`` does not matter. Frames stand in lanes, see
:mod:`pipeline.dsp.lanes`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp.blocks import Array
from pipeline.dsp.fft import gather
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, spread, store

# Sums that stand in registers together: two pairs of rows, sum and difference of each, in three
# bins; then three bins, each in four parts.
ROWS, BINS = 4, 3


class Plan(NamedTuple):
    """What :func:`powers` needs; made by :func:`plan`.

    Attributes
    ----------
    rows
        ``D``.
    reach
        ``J``.
    cosines, sines
        Of ``2 pi j k / B`` [shape=(tile of k, j, BINS)], flat; ``j`` from 0 and from 1.
    waves
        Cosine and sine of ``2 pi d k / n_fft`` [shape=(tile, pair of rows, BINS, 2)], flat.
    ends
        Where the tiles of each inner ``k`` end in ``waves``; they begin where the last one's end.
    places
        Where each wanted bin stands in the tiles.
    """

    rows: int
    reach: int
    cosines: Array
    sines: Array
    waves: Array
    ends: NDArray[np.intp]
    places: NDArray[np.intp]


def _sharing(inner: int, period: int, bins: int) -> list[int]:
    """Return the bins that share the inner sums of one ``k``; the mirrored ones as ``-bin - 1``."""
    direct = list(range(inner, bins, period))
    mirrored = range(period - inner, bins, period)
    return direct + [-bin_ - 1 for bin_ in mirrored if bin_ not in direct]


def _pairs(rows: int) -> int:
    """Return the number of pairs of rows, even; those beyond the rows are zero."""
    return 2 * -(-rows // 4)


def _reach(rows: int, length: int) -> int:
    """Return the smallest ``J`` with ``rows (2 J + 1) >= length``."""
    return -((rows - length) // (2 * rows)) if length > rows else 0


def _cost(rows: int, length: int, n_fft: int, bins: int) -> int:
    """Return the multiplications of a frame."""
    period, reach, pairs = n_fft // rows, _reach(rows, length), _pairs(rows)
    inner = -(-(period // 2 + 1) // BINS) * BINS
    tiles = sum(-(-len(_sharing(k, period, bins)) // BINS) for k in range(period // 2 + 1))
    return inner * 2 * pairs * (2 * reach + 1) + tiles * BINS * 4 * pairs


@lru_cache(maxsize=8)
def plan(length: int, n_fft: int, bins: int) -> Plan:
    """Return the plan for frames of ``length`` samples and the first ``bins`` bins.

    Examples
    --------
    >>> [plan(length, 4410, 401).rows for length in (132, 1102)]
    [15, 63]
    """
    divisors = [rows for rows in range(1, length + 1) if n_fft % rows == 0]
    rows = min(divisors, key=lambda rows: _cost(rows, length, n_fft, bins))
    period, reach = n_fft // rows, _reach(rows, length)
    inner = np.arange(-(-(period // 2 + 1) // BINS) * BINS).reshape(-1, 1, BINS)
    angle = 2 * np.pi * (inner * np.arange(reach + 1)[:, None] % period) / period
    found = [_sharing(k, period, bins) for k in range(period // 2 + 1)]
    full = [own + own[-1:] * (-len(own) % BINS) for own in found] + [[]] * (inner.size - len(found))
    order = np.array([bin_ for own in full for bin_ in own], np.intp)
    sign, order = np.where(order < 0, -1, 1), np.where(order < 0, -order - 1, order)
    # 2 d k is whole: reduced exactly, however large.
    twice = (rows - 1) - 2 * np.arange(_pairs(rows))
    turns = twice[:, None] * order.reshape(-1, 1, BINS) % (2 * n_fft)
    outer = np.pi * turns / n_fft
    waves = np.stack([np.cos(outer), sign.reshape(-1, 1, BINS) * np.sin(outer)], axis=-1)
    places = np.empty(bins, np.intp)
    places[order] = np.arange(order.size)
    ends = np.cumsum([len(own) // BINS for own in full], dtype=np.intp)
    sines = np.ascontiguousarray(np.sin(angle[:, 1:]))
    return Plan(rows, reach, np.cos(angle).ravel(), sines.ravel(), waves.ravel(), ends, places)


@kernel
def _fold(x, rows, reach, even, odd):  # type: ignore[no-untyped-def]
    """Add and subtract what lies around the middle: samples at ``+-j``, then rows at ``+-d``.

    ``even`` and ``odd`` have the shape (two pairs, j, ROWS, lane), flat; ``j`` from 0 and from 1.
    """
    zero = splat(0.0)
    for pair in range((rows + 1) // 2):
        left, right = WIDTH * (rows * reach + pair), WIDTH * (rows * (reach + 1) - 1 - pair)
        e = 2 * WIDTH * (pair % 2) + WIDTH * ROWS * (pair // 2 * (reach + 1))
        o = 2 * WIDTH * (pair % 2) + WIDTH * ROWS * (pair // 2 * reach)
        single = left == right
        a, b = load(x, right), zero if single else load(x, left)
        store(even, e, a + b)
        store(even, e + WIDTH, zero if single else a - b)
        for j in range(1, reach + 1):
            step = WIDTH * rows * j
            a, c = load(x, right + step), load(x, right - step)
            b, d = load(x, left + step), load(x, left - step)
            if single:
                b = d = zero
            e, plus, minus = e + WIDTH * ROWS, a + c, b + d
            store(even, e, plus + minus)
            store(even, e + WIDTH, zero if single else plus - minus)
            plus, minus = a - c, b - d
            store(odd, o, plus + minus)
            store(odd, o + WIDTH, zero if single else minus - plus)
            o += WIDTH * ROWS


@kernel
def _inner(folded, length, waves, w, y, part):  # type: ignore[no-untyped-def]
    """Sum over ``j`` in three bins; ``y`` has the shape (BINS, pair, part, lane), flat."""
    pairs = y.size // (BINS * ROWS * WIDTH)
    for tile in range(pairs // 2):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = splat(0.0)
        i = WIDTH * ROWS * length * tile
        for j in range(length):
            f, v = i + WIDTH * ROWS * j, w + BINS * j
            p, q, r, s = (
                load(folded, f),
                load(folded, f + WIDTH),
                load(folded, f + 2 * WIDTH),
                load(folded, f + 3 * WIDTH),
            )
            wave = spread(waves, v)
            a0, a1, a2, a3 = fma(p, wave, a0), fma(q, wave, a1), fma(r, wave, a2), fma(s, wave, a3)
            wave = spread(waves, v + 1)
            b0, b1, b2, b3 = fma(p, wave, b0), fma(q, wave, b1), fma(r, wave, b2), fma(s, wave, b3)
            wave = spread(waves, v + 2)
            c0, c1, c2, c3 = fma(p, wave, c0), fma(q, wave, c1), fma(r, wave, c2), fma(s, wave, c3)
        o, step = WIDTH * (2 * ROWS * tile + part), WIDTH * ROWS * pairs
        _keep(y, o, a0, a1, a2, a3)
        _keep(y, o + step, b0, b1, b2, b3)
        _keep(y, o + 2 * step, c0, c1, c2, c3)


@kernel
def _keep(y, o, a, b, c, d):  # type: ignore[no-untyped-def]
    """Store sum and difference of two pairs of rows."""
    store(y, o, a)
    store(y, o + WIDTH, b)
    store(y, o + ROWS * WIDTH, c)
    store(y, o + (ROWS + 1) * WIDTH, d)


@kernel
def _outer(y, i, pairs, waves, w):  # type: ignore[no-untyped-def]
    """Sum over the pairs of rows and return the powers of three bins."""
    a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = splat(0.0)
    for _ in range(pairs):
        p, q, r, s = load(y, i), load(y, i + WIDTH), load(y, i + 2 * WIDTH), load(y, i + 3 * WIDTH)
        c, n = spread(waves, w), spread(waves, w + 1)
        a0, b0, c0, d0 = fma(p, c, a0), fma(q, n, b0), fma(r, c, c0), fma(s, n, d0)
        c, n = spread(waves, w + 2), spread(waves, w + 3)
        a1, b1, c1, d1 = fma(p, c, a1), fma(q, n, b1), fma(r, c, c1), fma(s, n, d1)
        c, n = spread(waves, w + 4), spread(waves, w + 5)
        a2, b2, c2, d2 = fma(p, c, a2), fma(q, n, b2), fma(r, c, c2), fma(s, n, d2)
        i += ROWS * WIDTH
        w += 2 * BINS
    a0, c0, a1, c1, a2, c2 = a0 + d0, c0 + b0, a1 + d1, c1 + b1, a2 + d2, c2 + b2
    return fma(a0, a0, c0 * c0), fma(a1, a1, c1 * c1), fma(a2, a2, c2 * c2)


@kernel
def powers(samples, start, hop, window, plan, buffers, values):  # type: ignore[no-untyped-def]
    """Write the powers of four frames, ``hop`` apart, at ``plan.places``."""
    x, even, odd, y = buffers
    length, pairs, reach = window.size, y.size // (BINS * ROWS * WIDTH), plan.reach
    before = (plan.rows * (2 * reach + 1) - length) // 2
    gather(samples, start, hop, window, x[WIDTH * before :])
    _fold(x, plan.rows, reach, even, odd)
    tile = 0
    for k in range(plan.ends.size):
        if k % BINS == 0:
            _inner(even, reach + 1, plan.cosines, k * (reach + 1), y, 0)
            _inner(odd, reach, plan.sines, k * reach, y, 2)
        while tile < plan.ends[k]:
            i, w = WIDTH * ROWS * pairs * (k % BINS), 2 * BINS * pairs * tile
            a, b, c = _outer(y, i, pairs, plan.waves, w)
            o = WIDTH * BINS * tile
            store(values, o, a)
            store(values, o + WIDTH, b)
            store(values, o + 2 * WIDTH, c)
            tile += 1


@kernel
def buffers(plan):  # type: ignore[no-untyped-def]
    """Return what :func:`powers` works in: frames, even and odd parts, inner sums."""
    pairs = 2 * (-(-plan.rows // 4))
    x = np.zeros(plan.rows * (2 * plan.reach + 1) * WIDTH)
    even = np.zeros(2 * pairs * (plan.reach + 1) * WIDTH)
    odd = np.zeros(2 * pairs * plan.reach * WIDTH)
    return x, even, odd, np.empty(BINS * ROWS * pairs * WIDTH)
