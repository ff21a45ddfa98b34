"""A small clean corpus on disk, in which the tests plant one leak each."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import corpus, paths, store
from pipeline.audit import audit, report_path, summary_path
from pipeline.auditing.identity import digest
from pipeline.corpus import Row
from pipeline.partition import parts
from pipeline.plan import Layout

NAME = "tiny"
TRACKS, GROUPS, FOLDS, SECONDS = 40, 10, 5, 6
SHAPES = {
    "gtf": {"band": 24, "frame": 44},
    "mf_rp": {"part": 2, "coefficient": 64, "frame": 44},
}
AUDIT: dict[str, Any] = {
    "purity": 0.9,
    "copies": {
        "features": ["gtf", "mf_rp"],
        "step_seconds": 0.0909,
        "depth_db": 30.0,
        "overlap_seconds": 3.0,
        "quiet": 0.1,
        "coarse": 0.4,
        "similarity": 0.85,
        "fails": True,
    },
    "facts": {"depth": 3, "leaf": 2, "flips": 999, "seed": 0, "alpha": 0.05, "gain": 0.03},
    "accepted": [],
}


def smooth(rng: np.random.Generator, seconds: int) -> np.ndarray:
    """Return levels [shape=(second, band, frame)], dB, that change as slowly as music's do."""
    noise = rng.standard_normal((seconds * 44 + 20, 24))
    total = np.cumsum(np.concatenate([np.zeros((1, 24)), noise]), axis=0)
    frames = -30 + 12 * (total[20:] - total[:-20]) / np.sqrt(20)
    return frames[: seconds * 44].reshape(seconds, 44, 24).transpose(0, 2, 1).astype(np.float32)


@dataclass
class Tiny:
    """Everything the audit reads; change it, then :meth:`run`."""

    rows: list[Row]
    folds: dict[tuple[str, int], dict[str, int]]
    levels: dict[str, np.ndarray]
    feature: str = "gtf"
    fitted_on: Callable[[str, int, int, list[str]], list[str]] = lambda *a: a[-1]
    fit: str = "fold"
    settings: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(AUDIT)))

    def change(self, number: int, **values: str) -> None:
        self.rows[number] = replace(self.rows[number], **values)

    def parameters(self) -> dict[str, Any]:
        section = {"adapter": "folder", "root": "music", "crop_seconds": SECONDS}
        return {"corpora": {NAME: section}, "audit": self.settings}

    def write(self) -> None:
        corpus.write_index(NAME, self.rows)
        table = [
            {"protocol": protocol, "seed": seed, "track": track, "fold": fold}
            for (protocol, seed), fold_of in self.folds.items()
            for track, fold in fold_of.items()
        ]
        corpus.write_rows(paths.folds(NAME), ("protocol", "seed", "track", "fold"), table)
        if self.levels:
            write_feature(self.feature, self.levels)
        self._write_embeddings()

    def _write_embeddings(self) -> None:
        tracks = [row.track for row in self.rows]
        fits, made = [], []
        for (protocol, seed), fold_of in self.folds.items():
            fold = np.array([fold_of[track] for track in tracks])
            for k in range(fold.max() + 1):
                train = [tracks[i] for i in parts(fold, k)[0]]
                fits.append({"protocol": protocol, "seed": seed, "fold": k})
                made.append(digest(self.fitted_on(protocol, seed, k, train)))
        if self.fit == "corpus":
            fits, made = [{"protocol": "corpus", "seed": 0, "fold": 0}], [digest(tracks)]
        arrays = {
            "vectors": (("fit", "track", "dim"), np.zeros((len(fits), len(tracks), 2), np.float32)),
            "has_chords": (("track",), np.ones(len(tracks), np.uint8)),
        }
        path = paths.embeddings(NAME)
        path.parent.mkdir(parents=True, exist_ok=True)
        attributes = {"tracks": tracks, "fits": fits, "fitted_on": made}
        store.write_arrays(path, arrays, attributes)

    def run(self) -> list[dict[str, str]]:
        """Write and audit; return the rows of the report."""
        self.write()
        audit(self.parameters(), NAME)
        return self.report()

    def report(self) -> list[dict[str, str]]:
        with report_path(NAME).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def summary(self) -> dict[str, Any]:
        return json.loads(summary_path(NAME).read_text(encoding="utf-8"))


def write_feature(feature: str, levels: dict[str, np.ndarray]) -> None:
    """Write a feature store by the pipeline's own means."""
    layout = Layout(NAME, feature, SECONDS, SHAPES[feature], tuple(levels))
    path = paths.features(NAME, feature)
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"rejected": {}, "config": {"mels": 64}}
    store.create(path, layout, np.zeros((len(levels), store.KEY_BYTES), np.uint8), about)
    padded = np.zeros((len(levels), *layout.row_shape), np.float32)
    for row, values in zip(padded, levels.values(), strict=True):
        row[: len(values)] = values
    for start, stop in layout.shards():
        store.write_shard(path, layout, start, padded[start:stop])
    store.finish(path, np.array([len(values) for values in levels.values()], np.int32))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(11)
    rows, folds = [], {("grouped", 0): {}, ("random", 0): {}}
    (tmp_path / "music").mkdir()
    for number in range(TRACKS):
        group, track = number % GROUPS, f"t{number:02d}"
        label = "ab"[(number // GROUPS) % 2]
        size = int(rng.integers(1000, 9000))
        (tmp_path / "music" / f"{track}.wav").write_bytes(bytes(size))
        seconds = f"{rng.uniform(4, 9):.6f}"
        rate = str(rng.choice([22050, 44100]))
        row = Row(track, f"{track}.wav", "", label, f"g{group}", seconds, rate, f"s{number}", "")
        rows.append(row)
        folds["grouped", 0][track] = group % FOLDS
        folds["random", 0][track] = int((number // 3) % FOLDS)
    levels = {row.track: smooth(rng, SECONDS) for row in rows}
    return Tiny(rows, folds, levels)
