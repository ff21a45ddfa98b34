"""essentia's MusicExtractor with its defaults; it reads files, so ours does as well."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.bench.sound import Clip

TITLE = "essentia MusicExtractor"
DISTRIBUTION = LIBRARY = "essentia"
OURS = "the paper's four, from WAV"
GOAL = 10.0


def prepare(clips: Sequence[Clip], files: Sequence[Path]) -> Callable[[], object]:  # noqa: ARG001
    """Return a function that describes all files."""
    importlib.import_module(LIBRARY).log.infoActive = False
    standard = importlib.import_module(f"{LIBRARY}.standard")
    extractor = standard.MusicExtractor()
    return lambda: [extractor(str(path)) for path in files]
