"""Family "voice": melody, harmonicity, spectral envelope and flux, at 100 frames per second.

Conventions
-----------
``voice`` [shape=(second, row, frame)] has the rows below (docs/best.md). Voiced frames have a pitch
above 0 (semitones above 55 Hz) and are no pause; everything but onsets and long-term levels is
pooled over frames that are no pause. A track without a voiced frame has melody statistics of 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.parts.pooling import _series as of
from models.parts.pooling._groups import Groups, mean_level, require_rows, sounding

INPUTS = ("voice",)

ROWS = 61
LEVEL, PITCH, HARMONICITY, FLUX = 0, 1, 2, 12
ENVELOPE, CONTRAST, BANDS = slice(3, 12), slice(13, 21), slice(21, 61)

# A larger step between neighbouring voiced frames (semitones) is a new note or an octave error.
LARGEST_STEP = 4.0
# Frames of the running median that takes single wrong octaves out of a melody.
MEDIAN_FRAMES = 5
# Flux is fast enough to show fluctuation up to 32 Hz.
FLUX_HZ = (*of.MODULATION_HZ, 32.0)
LEAST_FLUX_POWER = 1e-8


def pool(blocks: Mapping[str, np.ndarray]) -> Groups:
    """Return the family's groups of one track.

    Parameters
    ----------
    blocks
        ``voice`` [shape=(second, row, frame)]; valid seconds only, at least one.

    Raises
    ------
    ValueError
        If the feature has other rows.
    """
    require_rows("voice", blocks["voice"], ROWS)
    rows, rate = of.joined(blocks["voice"])
    sound = sounding(rows[LEVEL])
    contrast = rows[CONTRAST][:, sound]
    bands = mean_level(rows[BANDS], -1)
    return {
        "melody": _melody(rows, sound, rate),
        "envelope": _envelope(rows[ENVELOPE][:, sound], rate),
        "contrast": np.concatenate([contrast.mean(axis=-1), contrast.std(axis=-1)]),
        "flux": _flux(rows[FLUX], rate),
        "long_term": bands - bands.mean(),
    }


def _melody(rows: np.ndarray, sound: np.ndarray, rate: int) -> np.ndarray:
    pitch = rows[PITCH]
    voiced = sound & (pitch > 0)
    melody = _smooth(pitch[voiced]) if voiced.any() else np.zeros(1)
    quantiles = np.percentile(melody, [5, 20, 50, 80, 95])
    steps = np.diff(pitch)[voiced[1:] & voiced[:-1]]
    steps = steps[np.abs(steps) < LARGEST_STEP]
    steps = steps if steps.size else np.zeros(1)
    harmonicity = rows[HARMONICITY, sound]
    lengths = _runs(voiced) / rate
    spans = lengths if lengths.size else np.zeros(1)
    return np.array(
        [
            melody.mean(),
            melody.std(),
            *quantiles,
            quantiles[3] - quantiles[1],
            of.skewness(melody),
            np.abs(steps).mean(),
            steps.mean(),
            (steps > 0).mean(),
            steps.std(),
            voiced.mean(),
            voiced.sum() / sound.sum(),
            harmonicity.mean(),
            harmonicity.std(),
            *np.percentile(harmonicity, [10, 50, 90]),
            lengths.size / (len(voiced) / rate),
            spans.mean(),
            spans.std(),
            sound.mean(),
        ]
    )


def _smooth(pitch: np.ndarray) -> np.ndarray:
    if len(pitch) < MEDIAN_FRAMES:
        return pitch
    windows = np.lib.stride_tricks.sliding_window_view(pitch, MEDIAN_FRAMES)
    return np.asarray(np.median(windows, axis=-1))


def _runs(flags: np.ndarray) -> np.ndarray:
    """Return the lengths of the runs of true flags, in frames."""
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)


def _envelope(descriptors: np.ndarray, rate: int) -> np.ndarray:
    return np.concatenate(
        [
            descriptors.mean(axis=-1),
            descriptors.std(axis=-1),
            *np.percentile(descriptors, [10, 90], axis=-1),
            of.change(descriptors, 1),
            *of.seconds_apart(descriptors, rate)[:2],
        ]
    )


def _flux(flux: np.ndarray, rate: int) -> np.ndarray:
    shape = [flux.mean(), flux.std(), *np.percentile(flux, [10, 50, 90])]
    pulse = [of.peaks_per_second(flux, rate), *of.beat(flux, rate)]
    fluctuation = np.log(of.modulation(flux, rate, FLUX_HZ) + LEAST_FLUX_POWER)
    return np.concatenate([shape, pulse, fluctuation])
