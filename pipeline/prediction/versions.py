"""Which code and libraries a model file was made with, and whether they are still the same.

Conventions
-----------
A version is that of :mod:`pipeline.codeversion`, 16 hexadecimal digits of the code's syntax. Other
code may compute other numbers under the same name, and a model would take them for what it knows:
that is refused, unless asked for. Other library versions differ in the last bits: a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline import codeversion, pieces
from pipeline.prediction.archive import ModelFileError


def of(model: str, tokenizer: str | None, notes: bool) -> dict[str, Any]:
    """Return the versions of the code that reads scores and runs the model.

    Parameters
    ----------
    model
        Its name.
    tokenizer
        That of the chord words; ``None`` where the model reads none.
    notes
        Whether the model reads statistics of the notes.
    """
    parts: dict[str, tuple[str, ...]] = {"model": (f"models.{model}",)}
    if tokenizer is not None:
        parts["chords"] = (pieces.MODULE, "pipeline.skipgram", f"pipeline.tokenizers.{tokenizer}")
    if notes:
        parts["notes"] = (pieces.MODULE, "pipeline.notestats")
    return {part: _one(modules) for part, modules in parts.items()}


def _one(modules: Sequence[str]) -> dict[str, Any]:
    return {"code": codeversion.version(*modules), "libraries": codeversion.libraries(*modules)}


def compare(path: Path, stored: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, str]:
    """Return what differs in code, and what in libraries, as text; empty where nothing does.

    Parameters
    ----------
    path
        The model file, for the text.
    stored, now
        Part -> ``{"code": version, "libraries": {name: version}}``.

    Raises
    ------
    ModelFileError
        If ``stored`` lacks a part, or is not laid out like that.
    """
    code, libraries = [], set()
    try:
        for part, today in now.items():
            then = stored[part]
            if then["code"] != today["code"]:
                code.append(f"{part}: file {then['code']}, here {today['code']}")
            for name, version in today["libraries"].items():
                before = then["libraries"].get(name, "absent")
                if before != version:
                    libraries.add(f"{name}: file {before}, here {version}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path}: damaged: its versions cannot be read ({error!r})") from error
    return "; ".join(code), "; ".join(sorted(libraries))


def of_feature(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the version of a feature from what its store or its recipe says of it."""
    return {"code": described["code_version"], "libraries": described["libraries"]}
