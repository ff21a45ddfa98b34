"""The part of the experiments page that speaks of growing a Broad Learning System.

Conventions
-----------
Reads ``data/growth/<corpus>.csv`` (see :mod:`pipeline.growth`). Times are milliseconds on the page;
a ratio above 1 says that growing was faster than solving anew.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.reporting import markdown

MS = 1000.0
COLUMNS = ("nodes", "tracks", "accuracy", "grow (ms)", "anew (ms)", "anew / grow", "difference")
WAYS = {
    "nodes": "By groups of enhancement nodes, all known tracks being there",
    "tracks": "By batches of new tracks, all nodes being there",
}


def introduction() -> list[str]:
    """Say what is grown and why."""
    return [
        "## Growing a Broad Learning System",
        "**Does it take up nodes and tracks without being solved anew, and is that faster?**",
        "*The paper:* BLS is chosen for its training time (section V.B.2); its authors' claim is "
        "that it grows without retraining (Chen & Liu 2018).",
        "The feature nodes of one trained network, first grouped fold. After every step the same "
        "system is also solved from nothing; `difference` is the largest between the two sets of "
        "output weights, so a tiny one says that growing is exact. Accuracy is that of the test "
        "part of this one fold: it shows the course of growing and compares nothing.",
    ]


def section(path: Path, corpus: str) -> list[str]:
    """Return one corpus's tables, or how to make them.

    Parameters
    ----------
    path
        ``data/growth/<corpus>.csv``.
    """
    heading = f"### Growing: {corpus}"
    if not path.is_file():
        command = f"dvc repro experiments/dvc.yaml:growth@{corpus}"
        return [heading, f"Not run yet: `{command}`."]
    table = pd.read_csv(path)
    parts = [heading]
    for way, title in WAYS.items():
        steps = table[table["way"] == way]
        if not steps.empty:
            rows = [_row(step) for step in steps.to_dict("records")]
            parts += [f"**{title}**", markdown.table(list(COLUMNS), rows)]
    return parts if len(parts) > 1 else [heading, "The model was left out on this corpus."]


def _row(step: dict[object, object]) -> list[object]:
    grow, anew = (MS * float(str(step[f"{name}_seconds"])) for name in ("grow", "anew"))
    return [
        step["nodes"],
        step["tracks"],
        step["accuracy"],
        markdown.number(grow, 1),
        markdown.number(anew, 1),
        markdown.number(anew / max(grow, 1e-9), 2),
        f"{float(str(step['difference'])):.0e}",
    ]
