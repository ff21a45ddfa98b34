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

from pipeline.dsp.blocks import Array
from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, store, where_greater

# Lags, and samples of the residual, whose sums stand in registers together.
TILE = 4


def pre_emphasise(samples: Array, coefficient: float) -> Array:
    """Return ``s(n) - coefficient * s(n - 1)``, one sample shorter.

    Examples
    --------
    >>> import numpy as np
    >>> pre_emphasise(np.array([1.0, 1.0, 3.0]), 0.5)
    array([0.5, 2.5])
    """
    return samples[1:] - coefficient * samples[:-1]


@kernel
def autocorrelate(x, length, order, lags):  # type: ignore[no-untyped-def]
    """Write the autocorrelation at lags 0 to ``order``, and of some lags beyond.

    ``x`` holds ``length`` samples and at least ``order + 4`` zeros behind them; ``lags`` has room
    for whole tiles.
    """
    for lag in range(0, order + 1, TILE):
        a = b = c = d = splat(0.0)
        for n in range(length - lag):
            i = WIDTH * (n + lag)
            s = load(x, WIDTH * n)
            a = fma(s, load(x, i), a)
            b = fma(s, load(x, i + WIDTH), b)
            c = fma(s, load(x, i + 2 * WIDTH), c)
            d = fma(s, load(x, i + 3 * WIDTH), d)
        store(lags, WIDTH * lag, a)
        store(lags, WIDTH * (lag + 1), b)
        store(lags, WIDTH * (lag + 2), c)
        store(lags, WIDTH * (lag + 3), d)


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
        a = b = c = d = splat(0.0)
        for k in range(order + 1):
            weight, i = load(predictor, WIDTH * k), WIDTH * (n + order - k)
            a = fma(weight, load(x, i), a)
            b = fma(weight, load(x, i + WIDTH), b)
            c = fma(weight, load(x, i + 2 * WIDTH), c)
            d = fma(weight, load(x, i + 3 * WIDTH), d)
        store(r, WIDTH * n, a)
        store(r, WIDTH * (n + 1), b)
        store(r, WIDTH * (n + 2), c)
        store(r, WIDTH * (n + 3), d)
