"""musicpy as it comes, to read scores in this process."""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def musicpy() -> ModuleType:
    """Import musicpy, which opens a sound device and prints a banner unless told otherwise."""
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    return importlib.import_module("musicpy")
