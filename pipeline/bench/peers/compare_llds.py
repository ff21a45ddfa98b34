"""openSMILE's ComParE 2016 low-level descriptors, as its Python package computes them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pipeline.bench.sound import Clip

TITLE = "openSMILE ComParE 2016 LLDs"
DISTRIBUTION = LIBRARY = "opensmile"
OURS = "the paper's four"
GOAL = 15.0


def prepare(clips: Sequence[Clip], files: Sequence[Path]) -> Callable[[], object]:  # noqa: ARG001
    """Return a function that describes all clips."""
    opensmile = importlib.import_module(LIBRARY)
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.ComParE_2016,
        feature_level=opensmile.FeatureLevel.LowLevelDescriptors,
    )
    tracks = [(clip.samples.astype(np.float32), clip.sample_rate) for clip in clips]
    return lambda: [smile.process_signal(samples, rate) for samples, rate in tracks]
