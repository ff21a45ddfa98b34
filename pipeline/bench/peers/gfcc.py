"""spafe's gammatone cepstrum: a gammatone-shaped weighting of Fourier spectra, no filter bank.

Window, hop and number of channels are those of our gammatone feature.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.bench.sound import Clip
from pipeline.features.gtf import Config

TITLE = "spafe GFCC"
DISTRIBUTION = LIBRARY = "spafe"
OURS = "gtf"
GOAL = 2.5


def prepare(clips: Sequence[Clip], files: Sequence[Path]) -> Callable[[], object]:  # noqa: ARG001
    """Return a function that describes all clips."""
    gfcc = importlib.import_module("spafe.features.gfcc").gfcc
    sliding = importlib.import_module("spafe.utils.preprocessing").SlidingWindow
    config = Config()
    window = sliding(config.window_seconds, config.hop_seconds, "hamming")

    def describe(clip: Clip) -> object:
        length = round(config.window_seconds * clip.sample_rate)
        return gfcc(
            clip.samples,
            fs=clip.sample_rate,
            num_ceps=config.bands,
            window=window,
            nfilts=config.bands,
            nfft=1 << (length - 1).bit_length(),
            low_freq=config.f_min,
            high_freq=config.f_max,
        )

    return lambda: [describe(clip) for clip in clips]
