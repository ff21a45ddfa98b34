"""Residual phase (RP) around the strongest excitation of each frame.

Conventions
-----------
For a residual ``r(n)`` with Hilbert transform ``r_h(n)`` and envelope ``h(n) = sqrt(r^2 + r_h^2)``,
the residual phase is ``cos theta(n) = r(n) / h(n)``, in [-1, 1]; it is defined as 0 where ``h`` is
below a share of its maximum in the frame, and everywhere in a silent frame.

References
----------
K. S. R. Murty and B. Yegnanarayana, "Combining evidence from residual phase and MFCC features for
speaker recognition", IEEE Signal Processing Letters 13, 2006.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from pipeline.dsp.blocks import Array


def hilbert_transform(signal: Array) -> Array:
    """Return the Hilbert transform along the last axis, the imaginary part of the analytic signal.

    Examples
    --------
    >>> angle = 2 * np.pi * np.arange(4) / 4
    >>> (hilbert_transform(np.cos(angle)) - np.sin(angle)).round(12) + 0.0
    array([0., 0., 0., 0.])
    """
    # The constant and the Nyquist component of a real signal are real; turned by -90 degrees they
    # are imaginary, and the inverse real transform leaves them out, as the definition asks.
    spectrum = fft.rfft(signal, axis=-1, workers=1) * -1j
    return np.asarray(fft.irfft(spectrum, signal.shape[-1], axis=-1, workers=1))


def phase_at_peak(r: Array, first: int, length: int, coefficients: int, floor: float) -> Array:
    """Return ``cos theta`` around the maximum of the Hilbert envelope of each frame.

    Parameters
    ----------
    r
        Residual of each frame and of the samples around it [shape=(..., n)], with at least
        ``coefficients / 2`` samples on either side of the frame.
    first, length
        The frame inside ``r``: where the maximum is looked for.
    coefficients
        Number of samples to return; the maximum is sample ``coefficients // 2``.
    floor
        Share of the frame's maximum below which the phase is undefined, set to 0.

    Returns
    -------
    ndarray [shape=(..., coefficients)], in [-1, 1]
    """
    envelope = np.sqrt(r**2 + hilbert_transform(r) ** 2)
    inside = envelope[..., first : first + length]
    peak = first + inside.argmax(axis=-1)
    around = peak[..., None] + np.arange(coefficients) - coefficients // 2
    h = np.take_along_axis(envelope, around, axis=-1)
    largest = inside.max(axis=-1, keepdims=True)
    defined = h > floor * largest  # nowhere in silence, where both sides are 0
    phase: Array = np.divide(
        np.take_along_axis(r, around, axis=-1), h, out=np.zeros_like(h), where=defined
    )
    return phase
