"""A finished project without any training: an index, runs and experiments of three corpora."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.reporting import paper

CLASSES = ["Q1", "Q2", "Q3", "Q4"]
FOLDS, GROUPS, PER_GROUP = 6, 30, 4
GROUPED, RANDOM = "grouped", "random"
PARAMS = """
corpora:
  demo: {adapter: synthetic}
  four: {adapter: four_q}
cv:
  bootstrap: {resamples: 200, confidence: 0.95, seed: 0}
models:
  majority: {}
  mcc_lstm: {}
  mcc_bls: {}
  rcnn_lstm: {}
  rcnn_bls: {}
  lstm_bls: {}
  multispec_music: {}
report: {significance: 0.05}
"""
EXPERIMENTS = """
models: {}
experiments:
  channels:
    title: Channels
    question: Does the architecture matter?
    paper: Tables IV to VI.
    reference: text
    protocols: [grouped, random]
    variants:
      text: {model: multispec_music}
      vi-1: {model: multispec_music}
      vi-2: {model: multispec_music}
  chords:
    title: Chord vectors
    question: Do chords help?
    paper: No number.
    reference: with chords
    protocols: [grouped]
    variants:
      with chords: {model: multispec_music}
      without chords: {model: multispec_music, inputs: [gtf, mf_rp]}
      absent: {model: multispec_music, inputs: [gtf]}
"""
#: Share of right answers; the two channels of Table VI are one true and one false to the paper.
MODELS = {
    "majority": 0.25, "mcc_lstm": 0.58, "mcc_bls": 0.58, "rcnn_lstm": 0.35, "rcnn_bls": 0.80,
    "lstm_bls": 0.66, "multispec_music": 0.66,
}  # fmt: skip
SECONDS = {"mcc_lstm": 9.0, "mcc_bls": 1.5}
CHANNELS = {"text": 0.55, "vi-1": 0.56, "vi-2": 0.95}
CHORDS = {"with chords": 0.85, "without chords": 0.45, "absent": None}
CHANNEL = {"models.multispec_music.gtf_channel": {"repeats": 3, "maps": 4, "kernel": 5, "pool": 4}}


def make_index() -> pd.DataFrame:
    rows = [
        [f"{group:02d}{take}", CLASSES[group % 4], f"artist{group}", "6.0", ""]
        for group in range(GROUPS)
        for take in range(PER_GROUP)
    ]
    return pd.DataFrame(rows, columns=["track", "label", "group", "duration_seconds", "condition"])


def make_predictions(
    index: pd.DataFrame, right: float, seed: int, protocols: Sequence[str] = (GROUPED, RANDOM)
) -> pd.DataFrame:
    """Answer rightly exactly this share of the tracks, spread evenly over classes and folds."""
    generator = np.random.default_rng(seed)
    rows = []
    for protocol in protocols:
        chosen = generator.permutation(len(index)) < round(right * len(index))
        for number, (track, label) in enumerate(zip(index["track"], index["label"], strict=True)):
            fold = (number // PER_GROUP if protocol == GROUPED else number) % FOLDS
            true = CLASSES.index(label)
            said = true if chosen[number] else (true + int(generator.integers(1, 4))) % 4
            shares = np.where(np.arange(4) == said, 0.7, 0.1)
            rows.append([protocol, 0, fold, track, label, CLASSES[said], *shares])
    names = ["protocol", "seed", "fold", "track", "true", "predicted"]
    return pd.DataFrame(rows, columns=names + [f"p_{name}" for name in CLASSES])


def make_fits(predictions: pd.DataFrame, train: float, seconds: float) -> pd.DataFrame:
    fits = predictions[["protocol", "seed", "fold"]].drop_duplicates().reset_index(drop=True)
    fits["train_accuracy"] = train + 0.01 * (fits["fold"] - 2.5)
    fits["training_seconds"] = seconds * (1 + 0.1 * fits["fold"])
    fits["parameters"] = 1000
    return fits


def write_run(folder: Path, index: pd.DataFrame, right: float, seed: int) -> None:
    folder.mkdir(parents=True)
    predictions = make_predictions(index, right, seed)
    predictions.to_csv(folder / "predictions.csv", index=False)
    fits = make_fits(predictions, 0.9, SECONDS.get(folder.name, 5.0))
    fits.to_csv(folder / "fits.csv", index=False)
    names = ["protocol", "seed", "fold", "epoch", "part", "loss", "accuracy"]
    pd.DataFrame(columns=names).to_csv(folder / "history.csv", index=False)
    card = {"classes": CLASSES, "hardware": "a test", "has": {"audio": True, "chords": True}}
    (folder / "model.json").write_text(json.dumps(card))


def write_experiment(
    folder: Path,
    corpus: str,
    index: pd.DataFrame,
    variants: Mapping[str, float | None],
    protocols: Sequence[str],
) -> None:
    folder.mkdir(parents=True)
    predictions, fits, cards = [], [], []
    for number, (name, right) in enumerate(variants.items()):
        card: dict[str, Any] = {
            "name": name, "model": "multispec_music", "inputs": ["gtf", "mf_rp", "chords"],
            "set": CHANNEL if name.startswith("vi") else {}, "skipped": None, "chords": None,
        }  # fmt: skip
        if right is None:
            card["skipped"] = "the corpus has none of gtf"
        else:
            rows = make_predictions(index, right, number, protocols)
            row = paper.sweep_row(name)
            predictions.append(rows.assign(variant=name))
            train = row.train if row else 0.7
            fits.append(make_fits(rows, train, 2.0).assign(variant=name))
            if folder.name == "chords":
                card["chords"] = {
                    "tokenizer": "vertical", "dim": 16, "pool": "mean", "fit": "fold",
                    "vocabulary": 40 + number, "coverage": 0.75, "empty_pieces": 2,
                    "pieces_with_midi": 120,
                }  # fmt: skip
        cards.append(card)
    if predictions:
        pd.concat(predictions).to_csv(folder / "predictions.csv", index=False)
        pd.concat(fits).to_csv(folder / "fits.csv", index=False)
    reference = next(iter(variants))
    about = {
        "corpus": corpus, "experiment": folder.name, "title": folder.name, "question": "?",
        "paper": "-", "reference": reference, "classes": CLASSES, "hardware": "a test",
        "variants": cards,
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("experiments")
    index = make_index()
    for folder in ("data/index", "experiments", "reports"):
        (root / folder).mkdir(parents=True)
    (root / "params.yaml").write_text(PARAMS)
    (root / "experiments/params.yaml").write_text(EXPERIMENTS)
    for corpus in ("demo", "four"):
        index.to_csv(root / "data/index" / f"{corpus}.csv", index=False)
    for number, (model, right) in enumerate(MODELS.items()):
        write_run(root / "data/runs/four" / model, index, right, number)
    folder = root / "data/experiments/four"
    write_experiment(folder / "channels", "four", index, CHANNELS, (GROUPED, RANDOM))
    write_experiment(folder / "chords", "four", index, CHORDS, (GROUPED,))
    folder = root / "data/experiments/demo"
    write_experiment(folder / "chords", "demo", index, {"with chords": None}, (GROUPED,))
    return root


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Path:
    """A project of one's own as if runs and experiments were done; nothing ran on demo."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return tmp_path
