"""The pulse of a piece: how alike it is to itself a beat later.

Conventions
-----------
Onsets, weighted with velocity / 64, are counted in frames of :data:`FRAME_SECONDS`, smoothed with
a Hann window of :data:`SMOOTHING` frames (its zeros included), centred, and correlated with
themselves; 1 is a perfect repetition. ``pulse.<ms>`` is the largest value within about 6 % of a
lag, for lags of 0.1 s and up in quarter octaves, 0 where the piece is too short for it.
``pulse.max`` is the largest of them from 0.2 s on, ``pulse.at`` its lag in log2 s and
``pulse.entropy`` the entropy of all, in bits: low where one lag stands out.
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._measures import entropy
from pipeline.notestats._piece import Piece

FRAME_SECONDS = 0.01
RATE = round(1 / FRAME_SECONDS)
SMOOTHING = 7

#: Velocity that counts as one onset.
VELOCITY = 64

#: Frames; 0.1 s times 2 ** (index / 4), index 0 to 18.
LAGS: np.ndarray = np.round(0.1 * RATE * 2 ** (np.arange(19) / 4)).astype(int)

#: Share of a lag that tempo may wander on either side.
TOLERANCE = 0.06

#: Index of the shortest lag that is a beat and no subdivision, 0.2 s.
BEAT = 4

#: Of an autocorrelation at lag 0, and of a sum of its values.
TINY = 1e-9


def statistics(piece: Piece) -> dict[str, float]:
    """Return the autocorrelation at 19 lags and 3 statistics of it."""
    values = at_lags(autocorrelation(piece))
    strongest = BEAT + int(values[BEAT:].argmax())
    named = zip((LAGS * 1000 // RATE).tolist(), values.tolist(), strict=True)
    return {
        **{f"pulse.{milliseconds}": value for milliseconds, value in named},
        "pulse.max": float(values[strongest]),
        "pulse.at": float(np.log2(LAGS[strongest] * FRAME_SECONDS)),
        "pulse.entropy": entropy(np.maximum(values, 0.0) + TINY),
    }


def autocorrelation(piece: Piece) -> np.ndarray:
    """Return the normalised autocorrelation of the onsets [shape=(lag in frames,)]."""
    frames = int(piece.span * RATE) + 1
    at = np.minimum((piece.onset * RATE).astype(int), frames - 1)
    strength: np.ndarray = np.bincount(at, weights=piece.velocity / VELOCITY, minlength=frames)
    strength = np.convolve(strength, np.hanning(SMOOTHING), "same")
    strength -= strength.mean()
    # Padded to twice its length, so that the end of the piece does not meet its beginning.
    spectrum = np.fft.rfft(strength, 2 * frames)
    power = (spectrum * spectrum.conj()).real
    correlation = np.fft.irfft(power, 2 * frames)[:frames]
    return np.asarray(correlation / max(float(correlation[0]), TINY))


def at_lags(correlation: np.ndarray) -> np.ndarray:
    """Return the largest value near each of :data:`LAGS`, 0 beyond the end."""
    values = np.zeros(len(LAGS))
    for index, lag in enumerate(LAGS.tolist()):
        first = max(int(lag * (1 - TOLERANCE)), 1)
        stop = int(lag * (1 + TOLERANCE)) + 2
        if stop < len(correlation):
            values[index] = correlation[first:stop].max()
    return values
