"""Pitch classes of spectral peaks, and the tuning of a track.

Conventions
-----------
Pitch is in semitones on the MIDI scale: 69 at 440 Hz, pitch class 0 is C, 11 is B. Tuning is the
track's deviation from that scale in semitones, in (-0.5, 0.5].

References
----------
T. Fujishima, Proc. ICMC, 1999 (pitch class profile); E. Gomez, INFORMS J. Computing 18, 2006 (from
peaks).
"""

from __future__ import annotations

import numpy as np

from pipeline.dsp.blocks import Array
from pipeline.dsp.peaks import Peaks

CONCERT_PITCH_HZ = 440.0
CONCERT_PITCH = 69
CLASSES = 12


def pitch(frequency: Array) -> Array:
    """Return the pitch of frequencies in Hz, above 0.

    Examples
    --------
    >>> pitch(np.array([440.0, 880.0])).tolist()
    [69.0, 81.0]
    """
    return CLASSES * np.log2(frequency / CONCERT_PITCH_HZ) + CONCERT_PITCH


def phasors(peaks: Peaks, weight: Array) -> Array:
    """Return per frame the real and imaginary part of ``sum weight exp(2 pi i pitch)``.

    A pitch of the scale points along the real axis, one between two semitones against it.

    Returns
    -------
    ndarray [shape=(second, frame, part 2)]
    """
    angle = 2 * np.pi * pitch(peaks.frequency)
    parts = [peaks.sums(weight * np.cos(angle)), peaks.sums(weight * np.sin(angle))]
    return np.stack(parts, axis=-1)


def tuning(phasors: Array) -> float:
    """Return the tuning that some phasors agree on, 0 where there are none.

    Parameters
    ----------
    phasors
        [shape=(..., part 2)]

    Returns
    -------
    float
        Semitones, in (-0.5, 0.5].

    Examples
    --------
    >>> tuning(np.array([[0.0, 2.0], [0.0, 1.0]]))
    0.25
    """
    real, imaginary = phasors.reshape(-1, 2).sum(axis=0)
    return float(np.arctan2(imaginary, real) / (2 * np.pi))


def chroma(peaks: Peaks, weight: Array, tuning: float) -> Array:
    """Return the weight of the peaks in each pitch class.

    Parameters
    ----------
    peaks
        See :mod:`pipeline.dsp.peaks`.
    weight
        Of each peak [shape=(peak,)].
    tuning
        Semitones by which the scale is moved.

    Returns
    -------
    ndarray [shape=(second, frame, class 12)], C first
    """
    seconds, frames, _ = peaks.shape
    nearest = np.round(pitch(peaks.frequency) - tuning).astype(np.intp) % CLASSES
    cells = np.bincount(peaks.frame * CLASSES + nearest, weight, seconds * frames * CLASSES)
    return cells.astype(np.float64, copy=False).reshape(seconds, frames, CLASSES)
