"""Decibels of four powers at once, inside kernels; see :mod:`pipeline.dsp.lanes`."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import Polynomial, chebyshev

from pipeline.dsp.lanes import exponent_and_mantissa, fma, kernel, splat, where_greater

OCTAVE = 10 * math.log10(2)  # dB
NEPER = 20 / math.log(10)
# Smallest normal number: below it there is no exponent to take.
TINY = 2.0**-1022


def _series() -> list[float]:
    """Return ``c_0 ... c_7`` with ``atanh(s) / s = sum c_k (s^2)^k`` for ``|s| <= 0.172``.

    The Chebyshev interpolant on that range, as exact as its coefficients are rounded; Taylor's
    series takes three terms more.
    """
    largest = (3 - math.sqrt(8)) ** 2  # of s^2, at m = sqrt(2)
    nodes = chebyshev.chebpts1(8)
    s = np.sqrt(largest * (1 + nodes) / 2)
    terms = chebyshev.chebvander(nodes, 7) * (np.arctanh(s) / s / 4)[:, None]
    weights = terms.sum(axis=0) * np.where(np.arange(8) == 0, 0.5, 1.0)
    series = chebyshev.Chebyshev(weights, [0, largest]).convert(kind=Polynomial)
    return [float(c) for c in series.coef]


C0, C1, C2, C3, C4, C5, C6, C7 = _series()


@kernel
def decibels(x, floor):  # type: ignore[no-untyped-def]
    """Return ``10 log10(max(x, floor))``, ``floor`` above 0; absolute error 1e-13 dB.

    With ``x = 2^e m`` and ``s = (m - 1) / (m + 1)``, at most 0.172:
    ``ln m = 2 atanh s = 2 s (1 + s^2 / 3 + s^4 / 5 + ...)``.
    """
    least = splat(max(floor, TINY))
    e, m = exponent_and_mantissa(where_greater(x, least, x, least))
    s = (m - splat(1.0)) / (m + splat(1.0))
    q = s * s
    # Pairs of terms first: four short chains instead of one long.
    a, b = fma(splat(C1), q, splat(C0)), fma(splat(C3), q, splat(C2))
    c, d = fma(splat(C5), q, splat(C4)), fma(splat(C7), q, splat(C6))
    square = q * q
    sum_ = fma(fma(fma(d, square, c), square, b), square, a)
    return fma(e, splat(OCTAVE), s * sum_ * splat(NEPER))
