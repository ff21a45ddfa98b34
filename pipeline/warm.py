"""Compile every loop once, so that no run pays for it and no two processes do it at one moment.

``python -m pipeline.warm`` computes every feature, and the libraries' counterparts that tests and
`multispec bench` compare it with, on one second of noise; numba keeps what it compiled on disk.
`make env` calls it. Two processes that compile a library's loops for the first time at the same
moment may crash; our own are safe, but take half a minute each time.
"""

from __future__ import annotations

import numpy as np

from pipeline import features
from pipeline.bench import reference

RATE = 16_000  # Hz, that of the pipeline: compiled loops are the same at every rate


def warm() -> None:
    """Compile what is not compiled yet."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    for name in features.names():
        module = features.load(name)
        module.extract(noise, RATE, module.Config())
    for name in reference.names():
        config = features.load(name).Config()
        reference.load(name).extract(noise.astype(np.float32), RATE, config)


if __name__ == "__main__":
    warm()
