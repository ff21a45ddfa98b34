"""Cosine windows."""

from __future__ import annotations

import numpy as np

from pipeline.dsp.blocks import Array

HAMMING = 0.54


def hann(length: int) -> Array:
    """Return the periodic Hann window, for spectra.

    Examples
    --------
    >>> hann(4)
    array([0. , 0.5, 1. , 0.5])
    """
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / max(length, 2)))


def hamming(length: int) -> Array:
    """Return the symmetric Hamming window, for linear prediction; 1 for a single sample.

    Examples
    --------
    >>> hamming(3).round(2)
    array([0.08, 1.  , 0.08])
    """
    if length == 1:
        return np.ones(1)
    return np.asarray(
        HAMMING - (1 - HAMMING) * np.cos(2 * np.pi * np.arange(length) / (length - 1))
    )
