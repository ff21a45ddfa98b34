"""Linear prediction by the autocorrelation method, of four frames at once.

Conventions
-----------
The predictor of order ``p`` is the inverse filter ``A(z) = 1 + a[1] z^-1 + ... + a[p] z^-p``; its
output is the residual ``r(n) = sum_k a[k] s(n - k)``. Kernels work on buffers as those of
:mod:`pipeline.dsp.fft`: element ``4 i + l`` is sample, lag or coefficient ``i`` of frame ``l``.

References
----------
J. Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63, 1975.
"""

from __future__ import annotations

from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, store, where_greater

# Lags, and samples of the residual, whose sums stand in registers together.
TILE = 4


@kernel
def pre_emphasise(x, coefficient):  # type: ignore[no-untyped-def]
    """Replace all samples but the last by ``s(n + 1) - coefficient * s(n)``."""
    for i in range(0, x.size - WIDTH, WIDTH):
        store(x, i, load(x, i + WIDTH) - splat(coefficient) * load(x, i))


@kernel
def autocorrelate(x, length, order, lags):  # type: ignore[no-untyped-def]
    """Write the autocorrelation at lags 0 to ``order``, and of some lags beyond.

    ``x`` holds ``length`` samples and at least ``order + 4`` zeros behind them; ``lags`` has room
    for whole tiles. Even and odd samples are summed apart: their sums need not wait.
    """
    for lag in range(0, order + 1, TILE):
        a0 = b0 = c0 = d0 = a1 = b1 = c1 = d1 = splat(0.0)
        for n in range(0, length - lag, 2):  # a sample too many meets zeros
            i = WIDTH * (n + lag)
            s, t = load(x, WIDTH * n), load(x, WIDTH * (n + 1))
            e, f, g = load(x, i + WIDTH), load(x, i + 2 * WIDTH), load(x, i + 3 * WIDTH)
            a0, b0, c0, d0 = fma(s, load(x, i), a0), fma(s, e, b0), fma(s, f, c0), fma(s, g, d0)
            a1, b1, c1 = fma(t, e, a1), fma(t, f, b1), fma(t, g, c1)
            d1 = fma(t, load(x, i + 4 * WIDTH), d1)
        store(lags, WIDTH * lag, a0 + a1)
        store(lags, WIDTH * (lag + 1), b0 + b1)
        store(lags, WIDTH * (lag + 2), c0 + c1)
        store(lags, WIDTH * (lag + 3), d0 + d1)


@kernel
def levinson_durbin(lags, order, predictor):  # type: ignore[no-untyped-def]
    """Solve the normal equations; a silent frame, whose lags are 0, gets the predictor 1.

    With the residual's energy ``E_i`` of order ``i`` and ``k_i = -sum_j a[j] R[i - j] / E_(i-1)``,
    ``j < i``:  ``a[j] += k_i a[i - j]``, ``E_i = (1 - k_i^2) E_(i-1)``.
    """
    zero, one = splat(0.0), splat(1.0)
    error = load(lags, 0)
    store(predictor, 0, one)
    for i in range(1, order + 1):
        sum_ = zero
        for j in range(i):
            sum_ = fma(load(predictor, WIDTH * j), load(lags, WIDTH * (i - j)), sum_)
        k = where_greater(error, zero, (zero - sum_) / error, zero)
        store(predictor, WIDTH * i, zero)
        for j in range(i // 2 + 1):
            a, b = load(predictor, WIDTH * j), load(predictor, WIDTH * (i - j))
            store(predictor, WIDTH * j, fma(k, b, a))
            store(predictor, WIDTH * (i - j), fma(k, a, b))
        error = error * (one - k * k)


@kernel
def residual(x, predictor, order, length, r):  # type: ignore[no-untyped-def]
    """Write ``length`` samples, at least four, of the residual; ``x`` begins ``order`` earlier."""
    for tile in range(-(-length // TILE)):
        n = min(tile * TILE, length - TILE)
        # Coefficients in pairs, summed apart; the samples of one are those of the next, moved.
        i, weight = WIDTH * (n + order), load(predictor, 0)
        e, f, g = load(x, i), load(x, i + WIDTH), load(x, i + 2 * WIDTH)
        a0, b0, c0, d0 = weight * e, weight * f, weight * g, weight * load(x, i + 3 * WIDTH)
        a1 = b1 = c1 = d1 = splat(0.0)
        for k in range(1, order, 2):
            i, u, v = i - 2 * WIDTH, load(predictor, WIDTH * k), load(predictor, WIDTH * (k + 1))
            q, p = load(x, i), load(x, i + WIDTH)
            a1, b1, c1, d1 = fma(u, p, a1), fma(u, e, b1), fma(u, f, c1), fma(u, g, d1)
            a0, b0, c0, d0 = fma(v, q, a0), fma(v, p, b0), fma(v, e, c0), fma(v, f, d0)
            e, f, g = q, p, e
        if order % 2 == 1:
            p, u = load(x, WIDTH * n), load(predictor, WIDTH * order)
            a1, b1, c1, d1 = fma(u, p, a1), fma(u, e, b1), fma(u, f, c1), fma(u, g, d1)
        store(r, WIDTH * n, a0 + a1)
        store(r, WIDTH * (n + 1), b0 + b1)
        store(r, WIDTH * (n + 2), c0 + c1)
        store(r, WIDTH * (n + 3), d0 + d1)
