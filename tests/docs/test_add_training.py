"""What training will take: proportional to fits and sound, and silent where nothing is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.adding import training

MODELS = ("quick", "slow", "new")


def parameters(**train: Any) -> dict[str, Any]:
    return {
        "corpora": {"other": {"crop_seconds": 7}, "old": {"crop_seconds": 4}},
        "train": {"crop_seconds": 5, **train},
        "cv": {"folds": 10, "seeds": [0, 1], "protocols": ["grouped"]},
    }


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Two models on 20 tracks of 4 s: two protocols of 5 folds each."""
    folder = tmp_path / "old"
    folder.mkdir()
    rows = [(p, m, 0, k, 4) for p in ("grouped", "random") for m in MODELS[:2] for k in range(5)]
    columns = ["protocol", "model", "seed", "fold", "tracks"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "per_fold.csv", index=False)
    # 10 fits of 80 s of sound: 1 and 3 s of training per fit.
    taken = [("grouped", "quick", 4.0), ("random", "quick", 6.0), ("random", "slow", 30.0)]
    columns = ["protocol", "model", "training_seconds"]
    pd.DataFrame(taken, columns=columns).to_csv(folder / "results.csv", index=False)
    return tmp_path


def test_time_grows_with_fits_and_with_the_sound_of_a_window(reports: Path) -> None:
    # 16 tracks of 5 s are 80 s again, once at most 5 s of each are shown; 10 folds x 2 seeds.
    found = training.estimate(parameters(), reports, [5.0] * 8 + [60.0] * 8, 30, MODELS)
    assert found is not None
    assert found.by_model == pytest.approx({"slow": 60.0, "quick": 20.0})
    assert list(found.by_model) == ["slow", "quick"], "the longest first"
    assert (found.seconds, found.unknown, found.corpus) == (pytest.approx(80), ("new",), "old")
    assert found.longest == "slow 75 %, quick 25 %"
    whole = training.estimate(parameters(crop_seconds=None), reports, [60.0], 30, ["slow"])
    assert whole is not None
    assert whole.seconds == pytest.approx(30 / 80 * 60)


def test_nothing_is_said_where_nothing_was_measured(tmp_path: Path) -> None:
    assert training.estimate(parameters(), tmp_path, [5.0], 30, MODELS) is None
