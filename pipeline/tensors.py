"""What a model is trained on: the stores of one corpus as arrays, aligned with its index.

Conventions
-----------
Every array's first axis is ``track``, in index order, for all tracks of the corpus; a track without
a modality has zeros there and is masked. Stores are read once, shard by shard, into flat files
(``.npy``) that every process maps: the kernel keeps one copy of them in memory for all folds when
they fit, and streams them from disk when they do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.parts.data import Data
from pipeline import corpus, features, params, paths, store
from pipeline.cache import key
from pipeline.rows import sha256_of

CHORDS = "chords"
NOTES = "notes"

#: Inputs that come from the store of embeddings; all others are features.
SYMBOLIC = (CHORDS, NOTES)


@dataclass(frozen=True)
class Tensors:
    """The data of one corpus for one model; small, and safe to send to a worker.

    Attributes
    ----------
    tracks
        Ids in index order.
    arrays
        Feature -> file that holds [shape=(track, second, ...), float32].
    seconds_valid
        [shape=(track,)], s; 0 without audio, or where a feature rejected it.
    vectors
        File that holds the chord vectors of every fit [shape=(fit, track, dim), float32].
    fits
        (protocol, seed, fold) -> position along ``fit``.
    has_chords
        [shape=(track,), bool].
    notes
        File that holds the statistics of the notes [shape=(track, statistic), float32]; no
        statistic where they are not asked for.
    labels, groups
        Class and group numbers [shape=(track,)].
    classes
        Names of the classes, sorted.
    shapes
        Input -> axis sizes of one second; an input the corpus lacks is absent.
    fingerprint
        Hash of the values of all the above, part of the key of a trained fold.
    """

    tracks: tuple[str, ...]
    arrays: Mapping[str, Path]
    seconds_valid: np.ndarray
    vectors: Path
    fits: Mapping[tuple[str, int, int], int]
    has_chords: np.ndarray
    notes: Path
    labels: np.ndarray
    groups: np.ndarray
    classes: tuple[str, ...]
    shapes: Mapping[str, Mapping[str, int]]
    fingerprint: str

    def view(self, protocol: str, seed: int, fold: int) -> Data:
        """Return one fold's view; the chord vectors are those fitted for this fold."""
        fit = self.fits.get((protocol, seed, fold), self.fits.get(("corpus", 0, 0)))
        if fit is None:
            raise store.StoreError(
                f"the embeddings have no fit for {protocol}, seed {seed}, fold {fold}; run "
                "`dvc repro`: the folds changed after the embeddings were made"
            )
        return Data(
            features={name: np.load(path, mmap_mode="r") for name, path in self.arrays.items()},
            seconds_valid=self.seconds_valid,
            chords=np.load(self.vectors, mmap_mode="r")[fit],
            has_chords=self.has_chords,
            labels=self.labels,
            groups=self.groups,
            notes=np.load(self.notes, mmap_mode="r") if NOTES in self.shapes else None,
        )


def load(
    all_params: Mapping[str, Any],
    name: str,
    inputs: Sequence[str],
    scratch: Path,
    embeddings: Path | None = None,
) -> Tensors:
    """Read everything one model needs of one corpus.

    Parameters
    ----------
    inputs
        The model's ``INPUTS``, or some of them.
    scratch
        Folder for the flat files; the caller removes it.
    embeddings
        Store of the chord vectors and the notes; ``None`` is the corpus's own.

    Raises
    ------
    pipeline.store.StoreError
        If a store is missing, damaged, or not of this index.
    """
    rows = corpus.read_index(name)
    where = {row.track: number for number, row in enumerate(rows)}
    arrays, shapes, seconds = _audio(all_params, name, rows, inputs, scratch)
    path = embeddings or paths.embeddings(name)
    vectors, fits, notes, has_chords = _symbolic(path, where, inputs)
    np.save(scratch / "chords.npy", vectors)
    np.save(scratch / "notes.npy", notes)
    own = {CHORDS: {"dim": vectors.shape[2]}, NOTES: {"statistic": notes.shape[1]}}
    shapes |= {item: own[item] for item in SYMBOLIC if item in inputs and has_chords.any()}
    classes = tuple(sorted({row.label for row in rows}))
    groups = sorted({row.group for row in rows})
    fingerprint = key(
        features={feature: sha256_of(path) for feature, path in arrays.items()},
        chords=[hashlib.sha256(vectors.tobytes()).hexdigest(), sorted(map(str, fits.items()))],
        tracks=[(row.track, row.label, row.group) for row in rows],
        seconds=seconds.tolist(),
        has_chords=has_chords.tolist(),
        shapes=shapes,
        **({"notes": sha256_of(scratch / "notes.npy")} if NOTES in shapes else {}),
    )
    return Tensors(
        tracks=tuple(where),
        arrays=arrays,
        seconds_valid=seconds,
        vectors=(scratch / "chords.npy").absolute(),
        fits=fits,
        has_chords=has_chords,
        notes=(scratch / "notes.npy").absolute(),
        labels=np.array([classes.index(row.label) for row in rows]),
        groups=np.array([groups.index(row.group) for row in rows]),
        classes=classes,
        shapes=shapes,
        fingerprint=fingerprint,
    )


def _audio(
    all_params: Mapping[str, Any],
    name: str,
    rows: Sequence[corpus.Row],
    inputs: Sequence[str],
    scratch: Path,
) -> tuple[dict[str, Path], dict[str, Mapping[str, int]], np.ndarray]:
    """Return each feature's flat file, its shape of one second, and the valid seconds."""
    where = {row.track: number for number, row in enumerate(rows)}
    seconds, held = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    arrays: dict[str, Path] = {}
    shapes: dict[str, Mapping[str, int]] = {}
    for feature in (item for item in inputs if item not in SYMBOLIC):
        reader = store.Reader(paths.features(name, feature))
        _complete(reader, rows)
        if not reader.tracks:
            continue
        arrays[feature] = _spill(reader, where, scratch / f"{feature}.npy")
        _align(seconds, reader, where)
        held[[where[track] for track in reader.tracks]] += 1
        module = features.load(feature)
        section = params.section(all_params, "features", feature)
        config = params.build(module.Config, section, f"features.{feature}")
        shapes[feature] = dict(module.shape(config))
    # A track that one feature rejected would be heard as silence there: it is masked in all.
    seconds[held < len(arrays)] = 0
    return arrays, shapes, seconds


def _spill(reader: store.Reader, where: Mapping[str, int], path: Path) -> Path:
    """Copy a store into one flat file, shard by shard, in index order."""
    shape = (len(where), *reader.shape[1:])
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for start, stop, rows in reader.shards():
        for track, row in zip(reader.tracks[start:stop], rows, strict=True):
            if track not in where:
                raise store.StoreError(
                    f"{reader.path}: track {track!r} is not in the index; run `dvc repro`"
                )
            array[where[track]] = row
    array.flush()
    return path.absolute()


def _complete(reader: store.Reader, rows: Sequence[corpus.Row]) -> None:
    """Refuse a store that lacks audio of the index: masking it would hide a stale store."""
    known = {*reader.tracks, *reader.attributes["rejected"]}
    absent = [row.track for row in rows if row.audio and row.track not in known]
    if absent:
        raise store.StoreError(
            f"{reader.path}: {len(absent)} tracks of the index are missing, {absent[0]!r} first; "
            "run `dvc repro`"
        )


def _align(seconds: np.ndarray, reader: store.Reader, where: Mapping[str, int]) -> None:
    """Fill in the valid seconds; two features of one track must agree."""
    for track, valid in zip(reader.tracks, reader.seconds_valid.tolist(), strict=True):
        at = where[track]
        if seconds[at] not in (0, valid):
            raise store.StoreError(
                f"{reader.path}: {track!r} has {valid} s, another feature {seconds[at]} s; "
                "run `dvc repro`: the stores come from different runs"
            )
        seconds[at] = valid


def _symbolic(
    path: Path, where: Mapping[str, int], inputs: Sequence[str]
) -> tuple[np.ndarray, dict[tuple[str, int, int], int], np.ndarray, np.ndarray]:
    """Return vectors [shape=(fit, track, dim)], the position of each fit, notes, has_chords.

    A model that reads no chords gets one fit of zeros in their place, whatever the vectors are.
    """
    tracks = len(where)
    vectors, fits = np.zeros((1, tracks, 1), np.float32), {("corpus", 0, 0): 0}
    if not set(inputs) & set(SYMBOLIC):
        return vectors, fits, np.zeros((tracks, 0), np.float32), np.zeros(tracks, bool)
    arrays, attributes = store.read_arrays(path)
    if list(attributes["tracks"]) != list(where):
        raise store.StoreError(f"{path}: its tracks are not those of the index; run `dvc repro`")
    if NOTES in inputs and NOTES not in arrays:
        raise store.StoreError(f"{path}: it holds no statistics of the notes; run `dvc repro`")
    has_chords = arrays["has_chords"].astype(bool)
    present = has_chords[:, None].astype(np.float32)
    if CHORDS in inputs:
        vectors = arrays["vectors"] * present
        fits = {
            (str(fit["protocol"]), int(fit["seed"]), int(fit["fold"])): position
            for position, fit in enumerate(attributes["fits"])
        }
    notes = arrays[NOTES] * present if NOTES in inputs else np.zeros((tracks, 0), np.float32)
    return vectors, fits, notes, has_chords
