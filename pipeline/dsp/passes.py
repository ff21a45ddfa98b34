"""Passes of the fast Fourier transform of four complex signals at once.

Conventions
-----------
A pass of radix ``r`` reads ``r m s`` points of ``x`` and writes as many of ``y``: for ``p < m`` and
``q < s``, points ``a_l = x[q + s (p + m l)]`` become

    ``y[q + s (r p + j)] = exp(-2 pi i p j / (r m)) sum_l a_l exp(-2 pi i j l / r)``.

After all passes, each with the ``m`` that the last one left over and an ``s`` that has grown by
``r``, the spectrum stands in order (Stockham's form): no bits are reversed. A point is eight
numbers: the real parts of four lanes, then the imaginary ones. ``twiddles`` holds cosine and sine
of ``2 pi p j / (r m)`` from ``t`` on, ``j`` from 1.

References
----------
C. Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, sections 1.7 and 4.3.
"""

from __future__ import annotations

import math

from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, spread, store

POINT = 2 * WIDTH
SIN_45 = math.sqrt(0.5)
SIN_60 = math.sin(math.pi / 3)
COS_72, SIN_72 = math.cos(2 * math.pi / 5), math.sin(2 * math.pi / 5)
COS_144, SIN_144 = math.cos(4 * math.pi / 5), math.sin(4 * math.pi / 5)


@kernel
def _turn(y, i, real, imaginary, twiddles, t):  # type: ignore[no-untyped-def]
    """Store a point times ``exp(-2 pi i turn)``, whose cosine and sine stand at ``t``."""
    c, s = spread(twiddles, t), spread(twiddles, t + 1)
    store(y, i, fma(real, c, imaginary * s))
    store(y, i + WIDTH, imaginary * c - real * s)


@kernel
def radix2(x, y, twiddles, t, m, s):  # type: ignore[no-untyped-def]
    """Compute ``a + b`` and ``a - b``."""
    for p in range(m):
        for q in range(s):
            i, o = POINT * (q + s * p), POINT * (q + 2 * s * p)
            j = i + POINT * s * m
            ar, ai, br, bi = load(x, i), load(x, i + WIDTH), load(x, j), load(x, j + WIDTH)
            store(y, o, ar + br)
            store(y, o + WIDTH, ai + bi)
            _turn(y, o + POINT * s, ar - br, ai - bi, twiddles, t + 2 * p)


@kernel
def radix4(x, y, twiddles, t, m, s):  # type: ignore[no-untyped-def]
    """Compute ``(a + c) + (b + d)``, ``(a - c) - i (b - d)`` and both with the other sign."""
    step, out = POINT * s * m, POINT * s
    for p in range(m):
        w = t + 6 * p
        for q in range(s):
            i, o = POINT * (q + s * p), POINT * (q + 4 * s * p)
            ar, ai = load(x, i), load(x, i + WIDTH)
            br, bi = load(x, i + step), load(x, i + step + WIDTH)
            cr, ci = load(x, i + 2 * step), load(x, i + 2 * step + WIDTH)
            dr, di = load(x, i + 3 * step), load(x, i + 3 * step + WIDTH)
            er, ei, fr, fi = ar + cr, ai + ci, ar - cr, ai - ci
            gr, gi, hr, hi = br + dr, bi + di, br - dr, bi - di
            store(y, o, er + gr)
            store(y, o + WIDTH, ei + gi)
            _turn(y, o + out, fr + hi, fi - hr, twiddles, w)
            _turn(y, o + 2 * out, er - gr, ei - gi, twiddles, w + 2)
            _turn(y, o + 3 * out, fr - hi, fi + hr, twiddles, w + 4)


@kernel
def _fourth(x, i, step):  # type: ignore[no-untyped-def]
    """Return the transform of four points, ``step`` apart: real parts, then imaginary ones."""
    ar, ai = load(x, i), load(x, i + WIDTH)
    br, bi = load(x, i + step), load(x, i + step + WIDTH)
    cr, ci = load(x, i + 2 * step), load(x, i + 2 * step + WIDTH)
    dr, di = load(x, i + 3 * step), load(x, i + 3 * step + WIDTH)
    er, ei, fr, fi = ar + cr, ai + ci, ar - cr, ai - ci
    gr, gi, hr, hi = br + dr, bi + di, br - dr, bi - di
    return (er + gr, fr + hi, er - gr, fr - hi), (ei + gi, fi - hr, ei - gi, fi + hr)


@kernel
def radix8(x, y, twiddles, t, m, s):  # type: ignore[no-untyped-def]
    """Compute ``e_j + w^j o_j`` and ``e_j - w^j o_j`` of the even and the odd points' transforms.

    ``w = exp(-i 45 deg)``; ``o_1`` and ``o_3`` are turned by sums and one factor.
    """
    step, out, half = POINT * s * m, POINT * s, splat(SIN_45)
    for p in range(m):
        w = t + 14 * p
        for q in range(s):
            i, o = POINT * (q + s * p), POINT * (q + 8 * s * p)
            er, ei = _fourth(x, i, 2 * step)
            pr, pi = _fourth(x, i + step, 2 * step)
            ar, ai = (pr[1] + pi[1]) * half, (pi[1] - pr[1]) * half
            br, bi = (pi[3] - pr[3]) * half, (pr[3] + pi[3]) * half
            store(y, o, er[0] + pr[0])
            store(y, o + WIDTH, ei[0] + pi[0])
            _turn(y, o + out, er[1] + ar, ei[1] + ai, twiddles, w)
            _turn(y, o + 2 * out, er[2] + pi[2], ei[2] - pr[2], twiddles, w + 2)
            _turn(y, o + 3 * out, er[3] + br, ei[3] - bi, twiddles, w + 4)
            _turn(y, o + 4 * out, er[0] - pr[0], ei[0] - pi[0], twiddles, w + 6)
            _turn(y, o + 5 * out, er[1] - ar, ei[1] - ai, twiddles, w + 8)
            _turn(y, o + 6 * out, er[2] - pi[2], ei[2] + pr[2], twiddles, w + 10)
            _turn(y, o + 7 * out, er[3] - br, ei[3] + bi, twiddles, w + 12)


@kernel
def radix3(x, y, twiddles, t, m, s):  # type: ignore[no-untyped-def]
    """Compute ``a + b + c``, and ``a - (b + c) / 2`` minus and plus ``i sin(60 deg) (b - c)``."""
    step, out = POINT * s * m, POINT * s
    half, sine = splat(0.5), splat(SIN_60)
    for p in range(m):
        w = t + 4 * p
        for q in range(s):
            i, o = POINT * (q + s * p), POINT * (q + 3 * s * p)
            ar, ai = load(x, i), load(x, i + WIDTH)
            br, bi = load(x, i + step), load(x, i + step + WIDTH)
            cr, ci = load(x, i + 2 * step), load(x, i + 2 * step + WIDTH)
            sr, si, dr, di = br + cr, bi + ci, (br - cr) * sine, (bi - ci) * sine
            store(y, o, ar + sr)
            store(y, o + WIDTH, ai + si)
            mr, mi = ar - half * sr, ai - half * si
            _turn(y, o + out, mr + di, mi - dr, twiddles, w)
            _turn(y, o + 2 * out, mr - di, mi + dr, twiddles, w + 2)


@kernel
def radix5(x, y, twiddles, t, m, s):  # type: ignore[no-untyped-def]
    """As :func:`radix_odd`, with the sums in registers."""
    step, out = POINT * s * m, POINT * s
    c1, c2, s1, s2 = splat(COS_72), splat(COS_144), splat(SIN_72), splat(SIN_144)
    for p in range(m):
        w = t + 8 * p
        for q in range(s):
            i, o = POINT * (q + s * p), POINT * (q + 5 * s * p)
            ar, ai = load(x, i), load(x, i + WIDTH)
            br, bi = load(x, i + step), load(x, i + step + WIDTH)
            er, ei = load(x, i + 4 * step), load(x, i + 4 * step + WIDTH)
            fr, fi, gr, gi = br + er, bi + ei, br - er, bi - ei
            cr, ci = load(x, i + 2 * step), load(x, i + 2 * step + WIDTH)
            dr, di = load(x, i + 3 * step), load(x, i + 3 * step + WIDTH)
            hr, hi, kr, ki = cr + dr, ci + di, cr - dr, ci - di
            store(y, o, ar + fr + hr)
            store(y, o + WIDTH, ai + fi + hi)
            mr, mi = fma(c1, fr, fma(c2, hr, ar)), fma(c1, fi, fma(c2, hi, ai))
            nr, ni = fma(s1, gr, s2 * kr), fma(s1, gi, s2 * ki)
            _turn(y, o + out, mr + ni, mi - nr, twiddles, w)
            _turn(y, o + 4 * out, mr - ni, mi + nr, twiddles, w + 6)
            mr, mi = fma(c2, fr, fma(c1, hr, ar)), fma(c2, fi, fma(c1, hi, ai))
            nr, ni = s2 * gr - s1 * kr, s2 * gi - s1 * ki
            _turn(y, o + 2 * out, mr + ni, mi - nr, twiddles, w + 2)
            _turn(y, o + 3 * out, mr - ni, mi + nr, twiddles, w + 4)


@kernel
def radix_odd(x, y, twiddles, t, r, m, s, pairs):  # type: ignore[no-untyped-def]
    """Compute ``y_j = sum_l a_l exp(-2 pi i j l / r)``, ``a_l`` and ``a_(r - l)`` together.

    ``a_l cos + a_(r - l) cos`` is a sum times the cosine, ``a_l sin - a_(r - l) sin`` a difference
    times the sine; ``y_(r - j)`` takes the same two with the other sign.
    """
    step, half, roots = POINT * s * m, (r - 1) // 2, t + 2 * m * (r - 1)
    for p in range(m):
        for q in range(s):
            i, o = POINT * (q + s * p), POINT * (q + r * s * p)
            ar, ai = load(x, i), load(x, i + WIDTH)
            zr, zi = ar, ai
            for k in range(1, half + 1):
                left, right, e = i + k * step, i + (r - k) * step, 2 * POINT * (k - 1)
                br, bi = load(x, left), load(x, left + WIDTH)
                cr, ci = load(x, right), load(x, right + WIDTH)
                store(pairs, e, br + cr)
                store(pairs, e + WIDTH, bi + ci)
                store(pairs, e + POINT, br - cr)
                store(pairs, e + POINT + WIDTH, bi - ci)
                zr, zi = zr + (br + cr), zi + (bi + ci)
            store(y, o, zr)
            store(y, o + WIDTH, zi)
            for j in range(1, half + 1):
                cr, ci, sr, si = ar, ai, splat(0.0), splat(0.0)
                for k in range(1, half + 1):
                    root, e = roots + 2 * (j * k % r), 2 * POINT * (k - 1)
                    c, n = spread(twiddles, root), spread(twiddles, root + 1)
                    cr, ci = fma(load(pairs, e), c, cr), fma(load(pairs, e + WIDTH), c, ci)
                    sr = fma(load(pairs, e + POINT), n, sr)
                    si = fma(load(pairs, e + POINT + WIDTH), n, si)
                w = t + 2 * (p * (r - 1) + j - 1)
                _turn(y, o + j * POINT * s, cr + si, ci - sr, twiddles, w)
                w = t + 2 * (p * (r - 1) + r - j - 1)
                _turn(y, o + (r - j) * POINT * s, cr - si, ci + sr, twiddles, w)
