"""A checkpoint in one file: written beside its place and renamed, so it is whole or absent.

Conventions
-----------
The file is an uncompressed NumPy archive without pickles. ``key`` says what the fit is (data,
config, seed, code): a file with another key counts as none, so that no fit resumes somebody else's
epochs.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

KEY = "checkpoint.key"


@dataclass
class FileCheckpoint:
    """A file-backed :class:`models.parts.classifier.Checkpoint`.

    Attributes
    ----------
    path
        Where the file is kept; its folder must exist.
    key
        Identity of the fit that may resume from it.
    every_seconds
        How much work a kill may cost: no save is due sooner after the last one, s. Where a fit
        resumes decides none of its results.
    """

    path: Path
    key: str
    every_seconds: float = 0.0
    _saved: float = field(default_factory=lambda: time.monotonic())

    def due(self) -> bool:
        """Whether ``every_seconds`` have passed since the last save, or since this was made."""
        return time.monotonic() - self._saved >= self.every_seconds

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        """Write ``state`` beside the file, flush it to the disk, then rename it into place."""
        memory = io.BytesIO()
        named: dict[str, np.ndarray] = {**state, KEY: np.asarray(self.key)}
        np.savez(memory, **named)  # type: ignore[arg-type]  # stub mistakes arrays for a switch
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        with temporary.open("wb") as file:
            file.write(memory.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)
        self._saved = time.monotonic()

    def load(self) -> dict[str, np.ndarray] | None:
        """Return the last state, or ``None`` if the file is absent, damaged, or has another key."""
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                state = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        if str(state.pop(KEY, "")) != self.key:
            return None
        return state

    def clear(self) -> None:
        """Remove the file, if it is there."""
        self.path.unlink(missing_ok=True)
