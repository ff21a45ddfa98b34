"""Linear prediction by the autocorrelation method, for many frames at once.

Conventions
-----------
The predictor of order ``p`` is the inverse filter ``A(z) = 1 + a[1] z^-1 + ... + a[p] z^-p``; its
output is the residual ``r(n) = sum_k a[k] s(n - k)``. Coefficients lie on the last axis, ``a[0]``
is 1. All other axes (second, frame) are independent of each other: sums run over whole rows, never
through a matrix product, so a frame's result does not depend on its neighbours in the batch.

References
----------
J. Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63, 1975.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from pipeline.dsp.blocks import Array


def pre_emphasise(samples: Array, coefficient: float) -> Array:
    """Return ``s(n) - coefficient * s(n - 1)`` along the last axis, one sample shorter.

    Examples
    --------
    >>> pre_emphasise(np.array([1.0, 1.0, 3.0]), 0.5)
    array([0.5, 2.5])
    """
    return samples[..., 1:] - coefficient * samples[..., :-1]


def autocorrelation(frames: Array, order: int) -> Array:
    """Return the autocorrelation at lags ``0 ... order`` along the last axis.

    Examples
    --------
    >>> autocorrelation(np.array([1.0, 2.0, 3.0]), 2)
    array([14.,  8.,  3.])
    """
    n = frames.shape[-1]
    lags = [
        np.einsum("...n,...n->...", frames[..., lag:], frames[..., : n - lag])
        for lag in range(order + 1)
    ]
    return np.stack(lags, axis=-1)


def levinson_durbin(correlation: Array) -> tuple[Array, Array]:
    """Solve the normal equations of linear prediction by the Levinson-Durbin recursion.

    Parameters
    ----------
    correlation
        Autocorrelation at lags ``0 ... p`` [shape=(..., p + 1)]; a row of zeros (silence) gives the
        predictor 1.

    Returns
    -------
    coefficients : ndarray [shape=(..., p + 1)]
    error : ndarray [shape=(...)]
        Energy of the residual, ``>= 0``.

    Examples
    --------
    An autocorrelation of ``0.5 ** lag`` belongs to ``s(n) = 0.5 s(n - 1) + noise``.

    >>> coefficients, error = levinson_durbin(np.array([1.0, 0.5, 0.25]))
    >>> coefficients + 0.0, float(error)
    (array([ 1. , -0.5,  0. ]), 0.75)
    """
    # Lags first: every step below is then elementwise over the frames.
    R = np.ascontiguousarray(np.moveaxis(correlation, -1, 0))
    a = np.zeros_like(R)
    a[0] = 1.0
    error = R[0].copy()
    for i in range(1, R.shape[0]):
        numerator = -(a[:i] * R[i:0:-1]).sum(axis=0)
        reflection = np.divide(
            numerator, error, out=np.zeros_like(error), where=np.asarray(error > 0)
        )
        a[1 : i + 1] += reflection * a[i - 1 :: -1]
        error *= 1 - reflection**2
    return np.moveaxis(a, 0, -1), error


def _inverse_filter(coefficients: Array, samples: Array, output: Array) -> None:
    """Add each row's residual to ``output`` [shape=(row, n)]; one row at a time stays in cache."""
    order, n = coefficients.shape[1] - 1, output.shape[1]
    for row in range(samples.shape[0]):
        for k in range(order + 1):
            a = coefficients[row, k]
            for i in range(n):
                output[row, i] += a * samples[row, order - k + i]


_compiled: Callable[..., Any] = numba.njit(cache=True)(_inverse_filter)


def residual(coefficients: Array, samples: Array) -> Array:
    """Filter each row of samples by its own inverse filter.

    Parameters
    ----------
    coefficients
        [shape=(..., p + 1)]
    samples
        [shape=(..., p + n)]; the first ``p`` samples are the filter's history.

    Returns
    -------
    ndarray [shape=(..., n)]

    Examples
    --------
    >>> residual(np.array([1.0, -0.5]), np.array([8.0, 4.0, 2.0, 2.0]))
    array([0., 0., 1.])
    """
    taps, length = coefficients.shape[-1], samples.shape[-1]
    output = np.zeros((*samples.shape[:-1], length - taps + 1))
    # Copies are always contiguous and writable: one compiled variant for every batch.
    _compiled(
        np.array(coefficients, order="C").reshape(-1, taps),
        np.array(samples, order="C").reshape(-1, length),
        output.reshape(-1, length - taps + 1),
    )
    return output
