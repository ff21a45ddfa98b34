"""Decibels of four powers at once, inside kernels; see :mod:`pipeline.dsp.lanes`."""

from __future__ import annotations

import math

from pipeline.dsp.lanes import exponent_and_mantissa, fma, kernel, splat, where_greater

OCTAVE = 10 * math.log10(2)  # dB
NEPER = 20 / math.log(10)
# Smallest normal number: below it there is no exponent to take.
TINY = 2.0**-1022


@kernel
def decibels(x, floor):  # type: ignore[no-untyped-def]
    """Return ``10 log10(max(x, floor))``, ``floor`` above 0; absolute error 1e-13 dB.

    With ``x = 2^e m`` and ``s = (m - 1) / (m + 1)``, at most 0.172:
    ``ln m = 2 atanh s = 2 s (1 + s^2 / 3 + s^4 / 5 + ...)``.
    """
    least = splat(max(floor, TINY))
    e, m = exponent_and_mantissa(where_greater(x, least, x, least))
    one = splat(1.0)
    s = (m - one) / (m + one)
    q = s * s
    sum_ = splat(1 / 21)
    sum_ = fma(sum_, q, splat(1 / 19))
    sum_ = fma(sum_, q, splat(1 / 17))
    sum_ = fma(sum_, q, splat(1 / 15))
    sum_ = fma(sum_, q, splat(1 / 13))
    sum_ = fma(sum_, q, splat(1 / 11))
    sum_ = fma(sum_, q, splat(1 / 9))
    sum_ = fma(sum_, q, splat(1 / 7))
    sum_ = fma(sum_, q, splat(1 / 5))
    sum_ = fma(sum_, q, splat(1 / 3))
    sum_ = fma(sum_, q, one)
    return fma(e, splat(OCTAVE), s * sum_ * splat(NEPER))
