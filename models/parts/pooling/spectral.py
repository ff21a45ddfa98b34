"""Family "spectral": level, rhythm, shape and movement of the gammatone and cepstral spectra.

Conventions
-----------
G [shape=(band, time)] is the gammatonegram in dB, M [shape=(coefficient, time)] the MFCCs, the
first part of ``mf_rp``; either may be absent, and its groups with it. The level of a frame is
L = 10 log10 sum_band 10^(G / 10) dB. Pauses by this level
are left out of shapes and correlations (without G, there are none). Groups are named
after what they say; every one becomes a kernel of its own. Units are dB and dB per lag for G and L,
those of MFCCs for M, and natural logarithms of mean powers for modulation spectra.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.parts.pooling import _series as of
from models.parts.pooling._groups import LOUD_PERCENTILE, Groups, sounding

INPUTS = ("gtf", "mf_rp")

# One frame, about 0.1 s (a note's attack), about 0.4 s (a syllable, a beat), and a second.
LAG_SECONDS = (0.02, 0.1, 0.37, 1.0)
# How many cepstral coefficients each group hears: pitch leaves its mark on the higher ones.
SHAPE_COEFFICIENTS = 30
CORRELATED_COEFFICIENTS = 14
MODULATED_COEFFICIENTS = 13
# Bands are averaged by this many before they are correlated.
BANDS_PER_CORRELATION = 2
# Added to mean powers before their logarithm: of levels and bands (dB^2) and of onsets (dB^2).
LEAST_POWER = 1e-4
LEAST_ONSET_POWER = 1e-6


def pool(blocks: Mapping[str, np.ndarray]) -> Groups:
    """Return the family's groups of one track.

    Parameters
    ----------
    blocks
        ``gtf`` [shape=(second, band, frame)], dB, and ``mf_rp`` [shape=(second, part, coefficient,
        frame)], or one of them; valid seconds only, at least one.

    Returns
    -------
    dict
        Group -> float64 [shape=(column,)]; one without columns is left out.
    """
    groups: Groups = {}
    sound: slice | np.ndarray = slice(None)
    if "gtf" in blocks:
        bands, rate = of.joined(blocks["gtf"])
        level = level_of(bands)
        sound = sounding(level)
        groups |= _level_groups(bands, level, sound, rate) | _band_groups(bands, level, sound, rate)
    if "mf_rp" in blocks:
        coefficients, rate = of.joined(blocks["mf_rp"][:, 0])
        # Frames of another rate cannot be told from pauses by the bands.
        same = isinstance(sound, slice) or len(sound) == coefficients.shape[-1]
        groups |= _cepstral_groups(coefficients, sound if same else slice(None), rate)
    return {name: columns for name, columns in groups.items() if columns.size}


def level_of(bands: np.ndarray) -> np.ndarray:
    """Return the summed power of bands in dB [shape=(band, time)] as dB [shape=(time,)].

    Examples
    --------
    >>> level_of(np.array([[-10.0], [-10.0]])).round(2).tolist()
    [-6.99]
    """
    top = bands.max(axis=0)
    return np.asarray(top + 10 * np.log10((10 ** ((bands - top) / 10)).sum(axis=0)))


def _level_groups(bands: np.ndarray, level: np.ndarray, sound: np.ndarray, rate: int) -> Groups:
    loud = float(np.percentile(level, LOUD_PERCENTILE))
    energy = 10 ** ((level - level.max()) / 10)
    loudness = [
        level.mean(),
        loud,
        level.std(),
        *(np.percentile(level, [5, 10, 25, 50, 75]) - loud),
        sound.mean(),
        (energy < 0.5 * energy.mean()).mean(),  # share of low energy (Tzanetakis & Cook 2002)
        *of.seconds_apart(level, rate),
        *(of.change(level, of.lag_frames(lag, rate)) for lag in LAG_SECONDS),
        of.skewness(level),
        of.kurtosis(level),
    ]
    onsets = np.maximum(np.diff(bands, axis=-1, prepend=bands[:, :1]), 0).mean(axis=0)
    rhythm = [
        np.array([onsets.mean(), onsets.std(), of.skewness(onsets)]),
        np.array([of.peaks_per_second(onsets, rate), *of.beat(onsets, rate)]),
        np.log(of.modulation(onsets, rate) + LEAST_ONSET_POWER),
        np.log(of.modulation(level, rate) + LEAST_POWER),
    ]
    return {"loudness": np.array(loudness), "rhythm": np.concatenate(rhythm)}


def _band_groups(bands: np.ndarray, level: np.ndarray, sound: np.ndarray, rate: int) -> Groups:
    relative = bands - level
    shape = relative[:, sound]
    moving = [of.change(bands, of.lag_frames(lag, rate)) for lag in LAG_SECONDS[:3]]
    rise = np.maximum(np.diff(bands, axis=-1, prepend=bands[:, :1]), 0).std(axis=-1)
    half = len(bands) // BANDS_PER_CORRELATION
    wide = relative[: half * BANDS_PER_CORRELATION]
    wide = wide.reshape(half, BANDS_PER_CORRELATION, wide.shape[-1]).mean(axis=1)
    return {
        "band_shape": np.concatenate(_shape(shape, [10, 90])),
        "band_movement": np.concatenate(
            [*of.seconds_apart(bands, rate), *moving, of.skewness(bands), rise]
        ),
        "band_percentiles": np.percentile(bands, [5, 25, 50, 75, 95], axis=-1).ravel(),
        "band_modulation": np.log(of.modulation(bands, rate) + LEAST_POWER).ravel(),
        "band_correlation": of.correlations(wide),
    }


def _cepstral_groups(coefficients: np.ndarray, sound: slice | np.ndarray, rate: int) -> Groups:
    low = coefficients[:SHAPE_COEFFICIENTS]
    moving = [of.change(low, of.lag_frames(lag, rate)) for lag in LAG_SECONDS[:3]]
    paired = coefficients[:CORRELATED_COEFFICIENTS]
    steps = np.diff(paired, axis=-1, prepend=paired[:, :1])
    modulated = of.modulation(coefficients[:MODULATED_COEFFICIENTS], rate)
    return {
        "cepstral_shape": np.concatenate(_shape(low[:, sound], [10, 50, 90])),
        "cepstral_movement": np.concatenate([*of.seconds_apart(low, rate), *moving]),
        "cepstral_modulation": np.log(modulated + LEAST_POWER).ravel(),
        "cepstral_correlation": of.correlations(paired[:, sound]),
        "cepstral_step_correlation": of.correlations(steps),
    }


def _shape(values: np.ndarray, percentiles: list[int]) -> list[np.ndarray]:
    quantiles = np.percentile(values, percentiles, axis=-1)
    return [values.mean(axis=-1), values.std(axis=-1), of.skewness(values), *quantiles]
