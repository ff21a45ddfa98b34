"""The model file: everything that prediction needs, in one NumPy archive without pickles.

Conventions
-----------
``data/final/<corpus>-<model>.npz`` is an uncompressed ZIP of ``.npy`` arrays, as ``numpy.savez``
writes it, with no time in it: equal contents give equal bytes. ``about`` is UTF-8 JSON as bytes;
the other names are ``state/<name>`` (the model's), ``chords/vectors`` (word, dim) and
``far/<modality>/<name>`` (:class:`pipeline.prediction.outliers.Reference`).

Reading runs no code that the file brings along: no pickle, and nothing compressed, so that an array
is never larger than the file; every size is compared with its header before it is believed.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

FOLDER = Path("data/final")
FORMAT = "multispec-model"
VERSION = 1
ABOUT = "about"

Arrays = dict[str, NDArray[Any]]

#: Kinds of numbers that an array may hold: switches, whole numbers, floats.
KINDS = "buif"
#: What ``about`` must say, and of which type.
KEYS: Mapping[str, type | tuple[type, ...]] = {
    "corpus": str,
    "model": str,
    "classes": list,
    "config": dict,
    "shapes": dict,
    "features": dict,
    "audio": dict,
    "crop_seconds": int,
    "window_seconds": int,
    "chord2vec": (dict, type(None)),
    "notes": (dict, type(None)),
    "versions": dict,
    "neighbours": int,
    "thresholds": dict,
    "presence": list,
    "temperature": float,
    "parameters": int,
    "metrics": dict,
    "training": dict,
    "licence": str,
}


class ModelFileError(ValueError):
    """A file is no model of this project, is damaged, or does not fit this version of it."""


@dataclass(frozen=True, eq=False)
class Archive:
    """What a model file holds.

    Attributes
    ----------
    about
        JSON values, the keys of :data:`KEYS`.
    arrays
        Everything else, by name.
    """

    about: Mapping[str, Any]
    arrays: Arrays

    def under(self, prefix: str) -> Arrays:
        """Return the arrays whose names begin with ``prefix/``, without it."""
        start = f"{prefix}/"
        return {
            name.removeprefix(start): array
            for name, array in self.arrays.items()
            if name.startswith(start)
        }


def place(corpus: str, model: str) -> Path:
    """Return where the final model of a corpus lies."""
    return FOLDER / f"{corpus}-{model}.npz"


def pack(archive: Archive) -> bytes:
    """Return the bytes of a model file; equal archives give equal bytes."""
    about = {"format": FORMAT, "version": VERSION, **archive.about}
    text = json.dumps(about, indent=1, allow_nan=False)  # axes have an order
    arrays = {ABOUT: np.frombuffer(text.encode(), np.uint8)}
    arrays |= {name: archive.arrays[name] for name in sorted(archive.arrays)}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # the stub mistakes arrays for a switch
    return buffer.getvalue()


def write(path: Path, archive: Archive) -> None:
    """Write a model file beside its place, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_bytes(pack(archive))
    partial.replace(path)


#: What damaged files make :mod:`zipfile` and NumPy raise.
DAMAGE = (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError, RuntimeError)


def read(path: Path) -> Archive:
    """Read a model file.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ModelFileError
        If it is damaged, of another format or version, or not of this project.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such model file")
    try:
        with zipfile.ZipFile(path) as file:
            stored = sum(info.compress_size for info in file.infolist())
            if stored > path.stat().st_size:
                raise ValueError("its members overlap")
            arrays = {info.filename: _array(file, info) for info in file.infolist()}
    except DAMAGE as e:
        raise ModelFileError(
            f"{path}: damaged, or no model file ({e}); make it again with `multispec train-final`"
        ) from e
    named = {name.removesuffix(".npy"): array for name, array in arrays.items()}
    about = _about(path, named.pop(ABOUT, None))
    return Archive(about, named)


def _array(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Read one member, whose header must ask for exactly the bytes that are there."""
    if info.compress_type != zipfile.ZIP_STORED or not info.filename.endswith(".npy"):
        raise ValueError(f"{info.filename!r} is compressed or no .npy array")
    payload = file.read(info)
    stream = io.BytesIO(payload)
    major, _ = npy.read_magic(stream)
    if major != 1:
        raise ValueError(f"{info.filename!r} is .npy of version {major}")
    shape, _, dtype = npy.read_array_header_1_0(stream)
    count = 1
    for size in shape:
        count *= size
    if dtype.kind not in KINDS or stream.tell() + count * dtype.itemsize != len(payload):
        raise ValueError(f"{info.filename!r} is not what its header says ({dtype} {shape})")
    return np.asarray(np.load(io.BytesIO(payload), allow_pickle=False))


def _about(path: Path, raw: NDArray[Any] | None) -> dict[str, Any]:
    try:
        about = json.loads(raw.tobytes()) if raw is not None else None
    except ValueError:
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ModelFileError(f"{path}: a NumPy archive, but not a model of this project")
    if about.get("version") != VERSION:
        raise ModelFileError(
            f"{path}: model file version {about.get('version')!r}; this code reads {VERSION}: make "
            "it again with `multispec train-final`"
        )
    for key, kind in KEYS.items():
        value = about.get(key)
        if key not in about or not isinstance(value, kind) or isinstance(value, bool):
            raise ModelFileError(f"{path}: damaged: {key!r} is {value!r}")
    return about
