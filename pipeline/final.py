"""Stage: one model of one corpus, fitted on all its tracks, as a file that can be handed on.

``python -m pipeline.final <corpus> <model>`` writes ``data/final/<corpus>-<model>.npz``
(:mod:`pipeline.prediction.archive`): the model's state, the settings of every feature, the chord
vectors, what cross-validation said of it, the temperature that calibrates it, and how far training
tracks lie apart. ``multispec predict`` needs nothing else.

Conventions
-----------
No track is held out for testing. Fold 0 of the first seed's grouped folds is the validation part,
on which epochs and penalties are chosen, and the rest is training: models that solve themselves
again on both (the floor, ``best``, every Broad Learning System's ridge) use all tracks, the weights
of networks all but that fold. Chord vectors are fitted on all pieces.

Accuracy and macro-F1 are those of the grouped cross-validation, and the temperature is fitted on
its predictions, each made by a model that had not seen the track; of the final model itself there
is nothing left to measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import models
from models.parts.checkpoint import FileCheckpoint
from models.parts.classifier import Classifier
from models.parts.data import Data, Split
from pipeline import corpora, corpus, crossval, features, notestats, params, paths, stage, store
from pipeline.cache import Cache, key
from pipeline.embed import read_config, read_notes_config
from pipeline.prediction import archive, calibration, evidence, outliers, versions, vocabulary
from pipeline.stage import StageError
from pipeline.tensors import CHORDS, NOTES, Tensors, load

PROTOCOL = "grouped"


@dataclass(frozen=True)
class FinalConfig:
    """Section ``final`` of params.yaml.

    Attributes
    ----------
    models
        Corpus -> the model that the graph fits on all its tracks.
    window_seconds
        Window that slides over a file for its curve over time, s; at least 1.
    neighbours
        Training tracks whose mean distance says how far a new track lies, at least 1.
    quantile
        Share of the training tracks, each held against other groups, that are near, in (0, 1].
    """

    models: Mapping[str, str]
    window_seconds: int
    neighbours: int
    quantile: float

    def __post_init__(self) -> None:
        for name in ("window_seconds", "neighbours"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 < self.quantile <= 1:
            raise ValueError(f"quantile is {self.quantile}; it must lie in (0, 1]")


@dataclass(frozen=True, eq=False)
class Fitted:
    """A corpus and the model fitted on all of it."""

    tensors: Tensors
    data: Data
    split: Split
    seed: int
    words: vocabulary.Vocabulary | None
    classifier: Classifier

    @property
    def account(self) -> dict[str, Any]:
        """What it was fitted on."""
        return {
            "data": self.tensors.fingerprint,
            "tracks": len(self.tensors.tracks),
            "groups": len(np.unique(self.tensors.groups)),
            "validation": len(self.split.validation),
            "seed": self.seed,
        }


def train_final(all_params: Mapping[str, Any], name: str, model: str) -> Path:
    """Run the stage; return the model file.

    Raises
    ------
    StageError
        If the model has not been cross-validated on the corpus, or a piece cannot be read.
    """
    config = params.build(FinalConfig, params.section(all_params, "final"), "final")
    evidence.asked(all_params, name, model)
    settings = {
        "config": asdict(crossval.model_config(all_params, model)),
        "train": asdict(crossval.settings(all_params)[0]),
    }
    predictions = evidence.predictions(name, model, PROTOCOL)
    tracks = [row.track for row in corpus.read_index(name)]
    evidence.check(name, model, settings, tracks, predictions)
    metrics = evidence.metrics(name, model, PROTOCOL)
    label = f"final {name}/{model}"
    with stage.scratch(f"tensors-final-{name}-{model}") as scratch, threadpool_limits(limits=1):
        fitted = _fit(all_params, name, model, scratch)
        known = outliers.references(fitted.data, config.neighbours, config.quantile)
    probabilities, labels, classes = calibration.read(predictions)
    if classes != fitted.tensors.classes:
        raise StageError(f"{label}: the predictions name other classes; run `dvc repro`")
    about = {
        "corpus": name,
        "model": model,
        "temperature": calibration.temperature(probabilities, labels),
        "metrics": metrics,
        "window_seconds": config.window_seconds,
        "neighbours": config.neighbours,
        "thresholds": {modality: reference.threshold for modality, reference in known.items()},
        "licence": _licence(all_params, name),
        **_settings(all_params, name, model, fitted),
    }
    place = archive.place(name, model)
    archive.write(place, archive.Archive(about, _arrays(fitted, known)))
    print(
        f"{label}: {len(fitted.tensors.tracks)} tracks, temperature {about['temperature']:.3f}, "
        f"cross-validated accuracy {metrics['accuracy']:.3f}; {place}",
        flush=True,
    )
    return place


def _arrays(fitted: Fitted, known: Mapping[str, outliers.Reference]) -> archive.Arrays:
    """Return the arrays of the model file, by name."""
    arrays = {f"state/{part}": np.asarray(v) for part, v in fitted.classifier.state().items()}
    for modality, reference in known.items():
        for part in ("centre", "scale", "weight", "rows"):
            arrays[f"far/{modality}/{part}"] = getattr(reference, part)
    if fitted.words is not None:
        arrays["chords/vectors"] = fitted.words.vectors.matrix
    return arrays


def _fit(all_params: Mapping[str, Any], name: str, model: str, scratch: Path) -> Fitted:
    """Fit the model on all tracks; see the module."""
    module = models.load(model)
    config = crossval.model_config(all_params, model)
    training, device = crossval.settings(all_params)
    tensors = load(all_params, name, module.INPUTS, scratch)
    seed, split = _split(name, tensors)
    data, words = tensors.view(PROTOCOL, seed, 0), None
    if CHORDS in tensors.shapes:
        words = vocabulary.fit(all_params, name, tensors, seed)
        data = replace(data, chords=words.pooled)
    if device == "cpu":
        torch.set_num_threads(1)
    classifier = module.build(config, tensors.shapes, len(tensors.classes))
    entry = key(
        kind="final",
        data=tensors.fingerprint,
        chords=None if words is None else words.digest,
        model=[model, asdict(config), asdict(training), device],
        split=[split.train.tolist(), split.validation.tolist(), seed],
        code=versions.of(model, None, False),
    )
    cache = Cache.at(params.section(all_params, "compute", "cache"))
    checkpoint = FileCheckpoint(cache.folder("checkpoints") / entry, entry)
    drawn = int(np.random.SeedSequence([seed]).generate_state(1)[0])
    classifier.fit(data, split, training, drawn, device, checkpoint)
    checkpoint.clear()
    return Fitted(tensors, data, split, seed, words, classifier)


def _split(name: str, tensors: Tensors) -> tuple[int, Split]:
    """Return the first grouped seed, and its fold 0 as validation beside all else as training."""
    for protocol, seed, fold, split in crossval.splits(name, tensors.tracks):
        if protocol == PROTOCOL and fold == 0:
            rest = np.sort(np.concatenate([split.train, split.validation]))
            return seed, Split(rest, split.test, np.zeros(0, np.int64))
    raise StageError(f"{paths.folds(name)}: no fold of protocol {PROTOCOL!r}; run `dvc repro`")


def _settings(
    all_params: Mapping[str, Any], name: str, model: str, fitted: Fitted
) -> dict[str, Any]:
    """Return how features, scores and model are made, and of which code."""
    tensors = fitted.tensors
    chords, notes = None, None
    if fitted.words is not None:
        config, own = read_config(all_params)
        chords = {
            "config": asdict(config),
            "tokenizer": asdict(own),
            "words": list(fitted.words.vectors.words),
            "limit": config.time_limit_seconds,
        }
    if NOTES in tensors.shapes:
        limit = read_config(all_params)[0].time_limit_seconds
        statistics = asdict(read_notes_config(all_params))
        notes = {"config": statistics, "names": list(notestats.names()), "limit": limit}
    stores = {each: store.attributes(paths.features(name, each)) for each in tensors.arrays}
    present = zip((tensors.seconds_valid > 0).tolist(), tensors.has_chords.tolist(), strict=True)
    return {
        "classes": list(tensors.classes),
        "config": asdict(crossval.model_config(all_params, model)),
        "shapes": {each: dict(shape) for each, shape in tensors.shapes.items()},
        "features": {each: _feature(all_params, each) for each in tensors.arrays},
        "audio": dict(params.section(all_params, "audio")),
        "crop_seconds": corpus.of(all_params, name).crop_seconds,
        "chord2vec": chords,
        "notes": notes,
        "presence": [list(pair) for pair in sorted(set(present))],
        "parameters": int(fitted.classifier.parameter_count()),
        "versions": {
            **versions.of(model, None if chords is None else config.tokenizer, notes is not None),
            "features": {each: versions.of_feature(about) for each, about in stores.items()},
        },
        "training": {
            **fitted.account,
            "settings": asdict(crossval.settings(all_params)[0]),
        },
    }


def _feature(all_params: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = params.section(all_params, "features", name)
    return asdict(params.build(features.load(name).Config, section, f"features.{name}"))


def _licence(all_params: Mapping[str, Any], name: str) -> str:
    info = corpora.load(corpus.of(all_params, name).adapter).INFO
    return (
        f"fitted on {info.title}; licence of the corpus: {info.licence}; citation: "
        f"{info.citation}. The file holds statistics of its tracks, and no sound."
    )


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(
        __doc__, lambda name, model: train_final(params.read(), name, model), "corpus", "model"
    )


if __name__ == "__main__":
    main()
