"""A model file as a model that hears, reads and judges.

Conventions
-----------
Names in the file (model, features, tokeniser) are looked up in the registries before anything is
imported; settings are read as strictly as ``params.yaml``; a prediction for an empty track shows
that the state is whole before the first file is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import models
from models.parts.classifier import Classifier
from models.parts.data import Data
from pipeline import params
from pipeline.cache import Cache
from pipeline.prediction import outliers, versions
from pipeline.prediction.archive import Archive, ModelFileError, read
from pipeline.prediction.calibration import scaled
from pipeline.prediction.listening import Listener, Rows, listener
from pipeline.prediction.outliers import MODALITIES, Reference
from pipeline.prediction.reading import Read, Reader, reader
from pipeline.recipe import describe

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Model:
    """A model that can be asked.

    Attributes
    ----------
    about
        What the file says.
    classifier
        The model, with its state.
    listener, reader
        How it hears, and how it reads scores (``None``: not at all).
    references
        Modality -> training tracks, for the distance from them.
    """

    about: Mapping[str, Any]
    classifier: Classifier
    listener: Listener
    reader: Reader | None
    references: Mapping[str, Reference]

    def data(self, windows: Sequence[Rows], score: Read | None) -> Data:
        """Return windows as tracks of a corpus; an empty one is a track without sound."""
        seconds = [min((len(v) for v in rows.values()), default=0) for rows in windows]
        shapes: Mapping[str, Mapping[str, int]] = self.about["shapes"]
        features = {}
        for name in self.listener.recipes:
            shape = (len(windows), max(*seconds, 1), *shapes[name].values())
            features[name] = np.zeros(shape, np.float32)
            for track, rows in enumerate(windows):
                if name in rows:
                    features[name][track, : seconds[track]] = rows[name][: seconds[track]]
        width = {name: sum(shapes.get(name, {"": 0}).values()) for name in ("chords", "notes")}
        blank = Read(*(np.zeros(n, np.float32) for n in (width["chords"] or 1, width["notes"])))
        read, count = score or blank, len(windows)
        return Data(
            features=features,
            seconds_valid=np.array(seconds),
            chords=np.tile(read.chords.astype(np.float32), (count, 1)),
            has_chords=np.full(count, score is not None),
            labels=np.zeros(count, np.int64),
            groups=np.zeros(count, np.int64),
            notes=np.tile(read.notes.astype(np.float32), (count, 1)) if width["notes"] else None,
        )

    def probabilities(self, data: Data) -> Floats:
        """Return calibrated probabilities [shape=(track, class)]."""
        torch.set_num_threads(1)
        raw = self.classifier.predict_proba(data, np.arange(len(data.labels)))
        return scaled(np.asarray(raw, np.float64), float(self.about["temperature"]))

    def distance(self, data: Data) -> float:
        """Return the largest ratio of a single track's modalities; NaN where none is known."""
        return max(outliers.ratios(self.references, data, 0), default=float("nan"))

    def unlike(self, present: tuple[bool, bool]) -> list[str]:
        """Return what a track (has sound, has score) lacks that no training track lacked."""
        known = {tuple(each) for each in self.about["presence"]}
        if present in known or len(known) == 0:
            return []
        have = " or ".join(sorted(_words(each) for each in known))
        return [f"has {_words(present)}; training had {have}"]

    @property
    def needs(self) -> str:
        """What the model reads, in words."""
        heard = ", ".join(self.listener.recipes)
        score = ["a score (MIDI)"] if self.reader is not None else []
        return " or ".join(([f"sound ({heard})"] if heard else []) + score)


def _words(present: tuple[bool, ...]) -> str:
    names = ("sound", "score")
    return " and ".join(n for n, has in zip(names, present, strict=True) if has) or "neither"


def unpack(path: Path, cache: Cache | None) -> tuple[Model, str, str]:
    """Read a model file.

    Returns
    -------
    tuple
        The model, and what of the code and of the libraries differs from today's, as text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is damaged, or does not fit this code.
    """
    archive = read(path)
    try:
        model = _model(archive, path, cache)
        empty = model.data([{}], None)
        with np.errstate(all="ignore"):
            shape = model.probabilities(empty).shape
        if shape != (1, len(archive.about["classes"])):
            raise ValueError(f"it gives probabilities of shape {shape}")
    except ModelFileError:
        raise
    # Arrays of a wrong shape or name: whatever NumPy, PyTorch or a model makes of them.
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RuntimeError) as error:
        raise ModelFileError(f"{path}: damaged, or of other code ({error})") from error
    return (model, *versions.compare(path, _stored(archive.about), _today(model)))


def _model(archive: Archive, path: Path, cache: Cache | None) -> Model:
    about = archive.about
    module = models.load(about["model"])
    config = params.build(module.Config, about["config"], f"{path}: models.{about['model']}")
    classifier = module.build(config, about["shapes"], len(about["classes"]))
    classifier.load(archive.under("state"))
    references = {}
    for modality in MODALITIES:
        arrays = archive.under(f"far/{modality}")
        if arrays:
            threshold = float(about["thresholds"][modality])
            references[modality] = Reference(
                **arrays, neighbours=about["neighbours"], threshold=threshold
            )
    matrix = archive.arrays.get("chords/vectors", np.zeros((0, 1), np.float32))
    return Model(
        about,
        classifier,
        listener(about, str(path), cache),
        reader(about, matrix, str(path), cache),
        references,
    )


def _stored(about: Mapping[str, Any]) -> dict[str, Any]:
    stored = dict(about["versions"])
    features = stored.pop("features", {})
    return stored | {f"feature {name}": version for name, version in features.items()}


def _today(model: Model) -> dict[str, Any]:
    own = model.about["chord2vec"]
    tokenizer = own["config"]["tokenizer"] if own is not None else None
    today = versions.of(model.about["model"], tokenizer, model.about["notes"] is not None)
    for name, recipe in model.listener.recipes.items():
        today[f"feature {name}"] = versions.of_feature(describe(recipe))
    return today
