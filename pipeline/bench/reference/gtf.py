"""Gammatone energies with the ``gammatone`` package: all channels filtered, then summed."""

from __future__ import annotations

import numpy as np
from gammatone.gtgram import gtgram
from numpy.typing import NDArray

from pipeline.features.gtf import Config

DEFINITION = "same"


def extract(
    samples: NDArray[np.floating], sample_rate: int, config: Config
) -> NDArray[np.floating]:
    """Return decibels re full scale squared [shape=(band, frame)].

    Windows begin on multiples of the hop: column ``k`` is the frame centred half a window later.
    """
    magnitude = gtgram(
        samples,
        sample_rate,
        config.window_seconds,
        config.hop_seconds,
        config.bands,
        config.f_min,
        config.f_max,
    )
    return np.asarray(10 * np.log10(np.maximum(magnitude**2, config.floor)))
