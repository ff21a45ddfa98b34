"""What the user asked of a benchmark, and how a section tells of its progress."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm


@dataclass(frozen=True)
class Settings:
    """How much is measured, and on what.

    Attributes
    ----------
    params
        ``params.yaml``: the features' parameters, the audio rate, the network.
    seconds
        Length of each clip, s.
    rounds
        Turns of each contestant.
    clips
        Clips, tracks or scores; ``None`` leaves it to the section.
    audio
        Folder of the user's sound files; ``None`` renders the demo's music.
    midi
        Folder of the user's scores; ``None`` takes the demo's.
    progress
        Whether to show it.
    """

    params: Mapping[str, Any]
    seconds: float = 10.0
    rounds: int = 5
    clips: int | None = None
    audio: Path | None = None
    midi: Path | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        if not self.seconds >= 1:
            raise ValueError(f"--seconds is {self.seconds:g}; it must be at least 1")
        if self.rounds < 1:
            raise ValueError(f"--rounds is {self.rounds}; it must be at least 1")
        if self.clips is not None and self.clips < 1:
            raise ValueError(f"--clips is {self.clips}; it must be at least 1")
        for name, folder in (("--audio", self.audio), ("--midi", self.midi)):
            if folder is not None and not folder.is_dir():
                raise FileNotFoundError(f"{name}: {folder} is no folder")

    def count(self, default: int) -> int:
        """Return how many clips to use."""
        return default if self.clips is None else self.clips

    def command(self, section: str) -> str:
        """Return a command line that repeats one section; the user's folders are not spelt out."""
        words = ["multispec", "bench", section]
        words += ["--seconds", f"{self.seconds:g}", "--rounds", str(self.rounds)]
        words += [] if self.clips is None else ["--clips", str(self.clips)]
        words += [] if self.audio is None else ["--audio", self.audio.name]
        words += [] if self.midi is None else ["--midi", self.midi.name]
        return shlex.join(words)

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Callable[[], object]]:
        """Show progress where it is wanted; yields what to call after each step."""
        with tqdm(total=total, desc=label, disable=not self.progress, file=sys.stderr) as shown:
            yield shown.update
