"""Residual phase (RP) around the strongest excitation of each frame.

Conventions
-----------
For a residual ``r(n)`` with Hilbert transform ``r_h(n)`` and envelope ``h(n) = sqrt(r^2 + r_h^2)``,
the residual phase is ``cos theta(n) = r(n) / h(n)``, in [-1, 1]; it is defined as 0 where ``h`` is
below a share of its maximum in the frame, and everywhere in a silent frame. Buffers are those of
:mod:`pipeline.dsp.fft`.

References
----------
K. S. R. Murty and B. Yegnanarayana, "Combining evidence from residual phase and MFCC features for
speaker recognition", IEEE Signal Processing Letters 13, 2006.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.dsp.fft import gather, transform
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, spread, store, where_greater
from pipeline.dsp.linear_prediction import (
    autocorrelate,
    levinson_durbin,
    pre_emphasise,
    residual,
)
from pipeline.dsp.passes import POINT


@kernel
def quarter_turn(z, turns):  # type: ignore[no-untyped-def]
    """Turn each component of four real frames by -90 degrees, in the transform of their points.

    With the spectra of the even and odd samples, ``E`` and ``O`` (see ``fft.power``), and
    ``w = exp(-2 pi i k / n)``, those of the turned frames are ``-i w O`` and ``-i E / w``: point
    ``k`` becomes ``u + v`` and point ``m - k`` ``conj(u - v)``, ``u = -i w O``, ``v = E / w``. The
    constant and the Nyquist component of a real frame are real; turned, they vanish.

    The result is scaled by 2, with real and imaginary parts exchanged: a forward transform of that
    is the inverse transform, exchanged again and scaled by ``n / 2``.
    """
    m = z.size // POINT
    store(z, 0, splat(0.0))
    store(z, WIDTH, splat(0.0))
    for k in range(1, m // 2 + 1):
        i, j = POINT * k, POINT * (m - k)
        ar, ai, br, bi = load(z, i), load(z, i + WIDTH), load(z, j), load(z, j + WIDTH)
        er, ei, odd_r, odd_i = ar + br, ai - bi, ai + bi, br - ar
        c, s = spread(turns, 2 * k), spread(turns, 2 * k + 1)
        ur, ui = odd_i * c - odd_r * s, splat(0.0) - fma(odd_r, c, odd_i * s)
        vr, vi = er * c - ei * s, fma(er, s, ei * c)
        store(z, j, vi - ui)
        store(z, j + WIDTH, ur - vr)
        store(z, i, ui + vi)
        store(z, i + WIDTH, ur + vr)


@kernel
def squared_envelope(r, x, y, plan, envelope):  # type: ignore[no-untyped-def]
    """Write ``r^2 + r_h^2`` of four real frames; ``x`` and ``y`` are buffers to work in."""
    radices, twiddles, turns = plan
    x[:] = r
    z = transform(x, y, radices, twiddles)
    quarter_turn(z, turns)
    if radices.size % 2 == 0:  # the result stands in x after an even number of passes
        z = transform(x, y, radices, twiddles)
    else:
        z = transform(y, x, radices, twiddles)
    scale = splat(1 / (r.size // WIDTH))
    for i in range(0, r.size, POINT):
        a, b = load(r, i), load(r, i + WIDTH)
        turned_a, turned_b = load(z, i + WIDTH) * scale, load(z, i) * scale
        store(envelope, i, fma(a, a, turned_a * turned_a))
        store(envelope, i + WIDTH, fma(b, b, turned_b * turned_b))


@kernel
def peaks(envelope, first, length, best, places):  # type: ignore[no-untyped-def]
    """Write the first largest value among ``length`` samples from ``first`` on, and its place.

    Four quarters side by side, which overlap where ``length`` is no multiple of four.
    """
    quarter = -(-length // 4)
    b, c, d = first + quarter, first + 2 * quarter, first + length - quarter
    b, c = min(b, d), min(c, d)
    u0 = u1 = u2 = u3 = splat(-1.0)
    p0 = p1 = p2 = p3 = splat(0.0)
    for n in range(quarter):
        u0, p0 = _larger(u0, p0, load(envelope, WIDTH * (first + n)), splat(float(first + n)))
        u1, p1 = _larger(u1, p1, load(envelope, WIDTH * (b + n)), splat(float(b + n)))
        u2, p2 = _larger(u2, p2, load(envelope, WIDTH * (c + n)), splat(float(c + n)))
        u3, p3 = _larger(u3, p3, load(envelope, WIDTH * (d + n)), splat(float(d + n)))
    u0, p0 = _larger(u0, p0, u1, p1)
    u2, p2 = _larger(u2, p2, u3, p3)
    u0, p0 = _larger(u0, p0, u2, p2)
    store(best, 0, u0)
    store(places, 0, p0)


@kernel
def _larger(largest, place, value, here):  # type: ignore[no-untyped-def]
    """Return value and place of the larger one; of equals the first."""
    place = where_greater(value, largest, here, place)
    return where_greater(value, largest, value, largest), place


@kernel
def phase_at_peak(r, envelope, lane, peak, floor, column, step):  # type: ignore[no-untyped-def]
    """Write ``r / h`` around sample ``peak`` of one frame, its middle, ``step`` elements apart."""
    limit = floor * np.sqrt(envelope[WIDTH * peak + lane])
    coefficients = -(-column.size // step)
    for c in range(coefficients):
        i = WIDTH * (peak + c - coefficients // 2) + lane
        h = np.sqrt(envelope[i])
        column[c * step] = r[i] / h if h > limit else 0.0


class Settings(NamedTuple):
    """Numbers for :func:`phases`.

    Attributes
    ----------
    pre_emphasis
        Coefficient of the first difference.
    order
        Of the predictor.
    white_noise
        Added to the autocorrelation at lag 0, relative to it.
    floor
        Share of the frame's maximum below which the phase is undefined, set to 0.
    first
        Samples of the residual before the frame.
    total
        Samples of the residual of a frame; a length of :func:`pipeline.dsp.fft.plan`.
    coefficients
        Number of samples to return; the maximum is sample ``coefficients // 2``.
    """

    pre_emphasis: float
    order: int
    white_noise: float
    floor: float
    first: int
    total: int
    coefficients: int


@kernel
def phases(samples, rate, hop, count, window, settings, plan, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (second, coefficient, frame ``count``), float32, flat.

    The residual of frame ``k`` of block ``second`` needs the samples from
    ``second * rate + k * hop`` on, ``order`` more than the residual has and one for pre-emphasis.
    ``window`` is the predictor's, over the frame alone.
    """
    order, first, coefficients = settings.order, settings.first, settings.coefficients
    length = window.size
    whole, r = np.ones(order + settings.total + 1), np.empty(settings.total * WIDTH)
    x, y, z = np.empty(whole.size * WIDTH), np.empty_like(r), np.empty_like(r)
    envelope, frame_ = np.empty_like(r), np.zeros((length + order + WIDTH) * WIDTH)
    lags, predictor = np.empty((order + WIDTH) * WIDTH), np.empty((order + 1) * WIDTH)
    best, places = np.empty(WIDTH), np.empty(WIDTH)
    for second in range(values.size // (coefficients * count)):
        for group in range(-(-count // WIDTH)):
            frame = min(group * WIDTH, count - WIDTH)
            gather(samples, second * rate + frame * hop, hop, whole, x)
            pre_emphasise(x, settings.pre_emphasis)
            for n in range(length):
                sample = load(x, WIDTH * (order + first + n))
                store(frame_, WIDTH * n, sample * spread(window, n))
            autocorrelate(frame_, length, order, lags)
            store(lags, 0, load(lags, 0) * splat(1 + settings.white_noise))
            levinson_durbin(lags, order, predictor)
            residual(x, predictor, order, settings.total, r)
            squared_envelope(r, y, z, plan, envelope)
            peaks(envelope, first, length, best, places)
            for lane in range(WIDTH):
                o = second * coefficients * count + frame + lane
                column = values[o : o + (coefficients - 1) * count + 1]
                phase_at_peak(r, envelope, lane, int(places[lane]), settings.floor, column, count)
