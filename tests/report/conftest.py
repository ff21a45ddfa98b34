"""A small finished pipeline in a temporary folder: index, runs, stores, parameters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import chord2vec, store, vocabulary
from pipeline.tokenizers import vertical

CLASSES = ["angry", "happy", "relaxed", "sad"]
MODELS = {"majority": None, "svm": 0.75, "multispec_music": 0.55}
PARAMS = """
corpora:
  demo: {adapter: synthetic, root: data/raw/demo, crop_seconds: 3}
audio:
  sample_rate: 16000
  min_seconds: 0.05
  silence_dbfs: -80.0
  max_peak: 16.0
  min_rate: 4000
  max_rate: 384000
features:
  gtf: {}
  mf_rp: {}
  wideband: {}
  narrowband: {}
cv:
  folds: 4
  bootstrap: {resamples: 200, confidence: 0.95, seed: 0}
models: {majority: {}, svm: {}, multispec_music: {}}
report:
  ours: [multispec_music]
  network: multispec_music
  baselines: [majority, svm]
  reference: svm
  significance: 0.05
  alpha: 0.5
page: {excerpt_seconds: 2, hardest: 3, bins: 10, sounds: [demo]}
"""
FOLDS, SEEDS, GROUPS, PER_GROUP = 4, 2, 16, 3


def make_index() -> pd.DataFrame:
    rows = []
    for group in range(GROUPS):
        for take in range(PER_GROUP):
            track = f"{group:02d}{take}"  # looks like a number, and begins with 0
            label, artist = CLASSES[group % 4], f"artist{group}"
            rows.append([track, f"{track}.wav", "", label, artist, "6.0", "", "0" * 64])
    names = ["track", "audio", "midi", "label", "group", "duration_seconds", "condition"]
    names.append("sha256")
    return pd.DataFrame(rows, columns=names)


def make_predictions(index: pd.DataFrame, right: float | None, seed: int = 0) -> pd.DataFrame:
    """Be right with probability ``right`` (plus 0.1 under random); None: say the first class."""
    generator = np.random.default_rng(seed)
    rows = []
    for protocol in ("grouped", "random"):
        for run_seed in range(SEEDS):
            for number, track in enumerate(index.itertuples()):
                fold = (number // PER_GROUP if protocol == "grouped" else number) % FOLDS
                true = CLASSES.index(track.label)
                chance = -1.0 if right is None else right + 0.1 * (protocol == "random")
                wrong = 0 if right is None else (true + generator.integers(1, 4)) % 4
                predicted = true if generator.random() < chance else int(wrong)
                share = np.where(np.arange(4) == predicted, 0.7, 0.1)
                rows.append(
                    [protocol, run_seed, fold, track.track, track.label, CLASSES[predicted], *share]
                )
    names = ["protocol", "seed", "fold", "track", "true", "predicted"]
    return pd.DataFrame(rows, columns=names + [f"p_{name}" for name in CLASSES])


def make_history(epochs: int) -> pd.DataFrame:
    rows = [
        [protocol, seed, fold, epoch, part, loss * np.exp(-epoch / 5) + floor, 1 - 0.6 / epoch**0.5]
        for protocol in ("grouped", "random")
        for seed in range(SEEDS)
        for fold in range(FOLDS)
        for epoch in range(1, max(0, epochs - fold) + 1)
        for part, loss, floor in (("train", 1.4, 0.1), ("validation", 1.2, 0.5))
    ]
    return pd.DataFrame(
        rows, columns=["protocol", "seed", "fold", "epoch", "part", "loss", "accuracy"]
    )


def make_fits(predictions: pd.DataFrame) -> pd.DataFrame:
    """One row per fold; random folds train for twice as long, later folds have larger heads."""
    fits = predictions[["protocol", "seed", "fold"]].drop_duplicates().reset_index(drop=True)
    fits["train_accuracy"] = 0.9 + 0.01 * fits["fold"]
    fits["training_seconds"] = 1.5 * (1 + (fits["protocol"] == "random"))
    fits["parameters"] = 12345 + fits["fold"]
    return fits


def write_run(folder: Path, predictions: pd.DataFrame, history: pd.DataFrame, audio: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    predictions.to_csv(folder / "predictions.csv", index=False)
    make_fits(predictions).to_csv(folder / "fits.csv", index=False)
    history.to_csv(folder / "history.csv", index=False)
    card = {
        "corpus": "demo",
        "model": folder.name,
        "classes": CLASSES,
        "hardware": "cpu (test)",
        "has": {"audio": audio, "chords": True},
    }
    (folder / "model.json").write_text(json.dumps(card))


def write_embedding(path: Path, tracks: list[str], pieces: int) -> None:
    fits = [
        {"protocol": protocol, "seed": seed, "fold": fold}
        for protocol in ("grouped", "random")
        for seed in range(SEEDS)
        for fold in range(FOLDS)
    ]
    count = len(fits)
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_arrays(
        path,
        {"has_chords": (("track",), np.ones(len(tracks), np.uint8))},
        {
            "fits": fits,
            "tracks": tracks,
            "tokenizer": "vertical",
            "dim": 256,
            "pool": "mean",
            "coverage": [0.8 + 0.01 * (number % 4) for number in range(count)],
            "vocabulary": [100 + number % 4 for number in range(count)],
            "empty_pieces": [1] * count,
            "pieces_with_midi": pieces,
        },
    )


def write_vocabulary(path: Path, index: pd.DataFrame, pieces: int) -> None:
    """Words as a piece of each class would have them: a chord of its own among common ones."""
    own = dict(zip(CLASSES, ("2:0.7", "3:0.4.7", "4:0.3.7", "3:0.1.6"), strict=True))
    texts = [
        ("3:0", own[label], "4:0", own[label], "5:0.12") if number < pieces else None
        for number, label in enumerate(index["label"])
    ]
    config = chord2vec.Config("vertical", 8, 5, 5, 5, 1, "mean", "fold", 30.0)
    settings = vocabulary.Config(words=6, nearest=2, typical=3)
    found = vocabulary.describe(
        tuple(texts), list(index["label"]), config, vertical.Config(), settings
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")


def write_features(folder: Path, index: pd.DataFrame) -> None:
    """Write harmonics that differ by class, in the units of the real features."""
    generator = np.random.default_rng(0)
    kept = tuple(index["track"][1:])  # the first track was rejected
    shapes = {
        "gtf": {"band": 24, "frame": 44},
        "mf_rp": {"part": 2, "coefficient": 64, "frame": 44},
        "wideband": {"bin": 51, "frame": 101},
        "narrowband": {"bin": 51, "frame": 101},
    }
    for name, shape in shapes.items():
        layout = store.Layout("demo", name, 3, shape, kept)
        config = {"hop_seconds": 0.02322 if name == "mf_rp" else 0.01, "bin_hz": 80.0}
        config |= {"f_min": 50.0, "f_max": 7300.0}
        config["window_seconds"] = 0.003 if name == "wideband" else 0.025
        store.create(
            folder / f"{name}.zarr",
            layout,
            np.zeros((len(kept), 32), np.uint8),
            {"config": config, "rejected": {str(index["track"][0]): "silent"}},
        )
        for start, stop in layout.shards():
            rows = np.stack([_row(name, layout.row_shape, generator) for _ in kept[start:stop]])
            store.write_shard(folder / f"{name}.zarr", layout, start, rows.astype(np.float32))
        store.finish(folder / f"{name}.zarr", np.full(len(kept), 2, np.int32))


def _row(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    if name == "mf_rp":
        decay = np.exp(-np.arange(64) / 10)[:, None]
        mfcc = 100 * decay * generator.standard_normal((shape[0], 64, 44))
        phase = np.clip(generator.standard_normal((shape[0], 64, 44)), -1, 1)
        return np.stack([mfcc, phase], axis=1)
    pitch = generator.integers(5, 15)
    harmonics = -60 + 40 * (np.arange(shape[1]) % pitch == 0)
    return harmonics[None, :, None] + generator.normal(0, 3, shape)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root as if every stage before ``evaluate`` had run on ``demo``; copied, never changed."""
    root = tmp_path_factory.mktemp("template")
    _build(root)
    return root


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Path:
    """A copy of the template of one's own."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def skip(world: Path) -> Callable[[str, str], None]:
    """Make a model of ``world`` one that does not apply, for the reason given."""

    def write(model: str, reason: str) -> None:
        folder = world / "data/runs/demo" / model
        shutil.rmtree(folder)
        folder.mkdir()
        card = {"corpus": "demo", "model": model, "skipped": reason}
        (folder / "model.json").write_text(json.dumps(card))

    return write


def _build(root: Path) -> None:
    index = make_index()
    for folder in ("data/index", "data/features/demo", "reports/demo"):
        (root / folder).mkdir(parents=True)
    (root / "params.yaml").write_text(PARAMS)
    index.to_csv(root / "data/index/demo.csv", index=False)
    for number, (model, right) in enumerate(MODELS.items()):
        history = make_history(12 if model == "multispec_music" else 0)
        predictions = make_predictions(index, right, number)
        write_run(root / "data/runs/demo" / model, predictions, history, audio=True)
    write_embedding(root / "data/embeddings/demo.zarr", list(index["track"]), len(index))
    write_vocabulary(root / "data/vocabulary/demo.json", index, len(index))
    write_features(root / "data/features/demo", index)
    (root / "reports/demo/quarantine.csv").write_text(
        "file,stage,reason\nbad.wav,index,truncated\n"
    )
