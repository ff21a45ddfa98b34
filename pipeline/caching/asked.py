"""Which trained folds the runs of this clone asked for.

A fold's key is a hash of the values it was trained on: making it anew means reading every store,
and for some variants of experiments fitting chord vectors. So a run notes the keys of its folds
before it trains the first one, and a later run of the same name replaces the note.
``multispec cache prune --unreachable`` reads them.

Conventions
-----------
A *label* is what a run calls itself: ``train <corpus>/<model>``,
``experiment <corpus>/<experiment>/<variant>`` or ``sweep <corpus>/<model>``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from pipeline import paths


def note(label: str, keys: Iterable[str]) -> None:
    """Note the keys of a run's folds; a killed writer leaves the older note."""
    path = paths.asked(label)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(json.dumps({"label": label, "folds": list(keys)}), encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def noted(label: str) -> frozenset[str] | None:
    """Return the keys that the last run of a label asked for, or ``None`` where none tells."""
    try:
        found = json.loads(paths.asked(label).read_text(encoding="utf-8"))
        return frozenset(map(str, found["folds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
