"""Distance from the training tracks: robust, blind to scale, and never to one's own group."""

from __future__ import annotations

import numpy as np
import pytest

from models.parts.data import Data
from pipeline.prediction import outliers


def cloud(tracks: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, [1.0, 50.0, 0.01], (tracks, 3))


BLOCKS = np.array([0, 0, 1])


def test_the_threshold_is_the_quantile_of_distances_to_other_groups():
    rows, groups = cloud(), np.arange(200) // 4
    known = outliers.fit(rows, BLOCKS, groups, 3, 0.9)
    means = []
    for track in range(200):
        others = known.rows[groups != groups[track]].astype(float)
        apart = np.abs(others - known.rows[track].astype(float)).sum(axis=1)
        means.append(np.sort(apart)[:3].mean())
    assert known.threshold == pytest.approx(np.quantile(means, 0.9), rel=1e-6)


def test_new_tracks_of_the_same_kind_are_near_and_others_far():
    known = outliers.fit(cloud(), BLOCKS, np.arange(200), 5, 0.99)
    near = [known.ratio(row) for row in cloud(seed=1)]
    assert np.mean(np.array(near) > 1) < 0.05
    assert known.ratio(np.array([30.0, 0.0, 0.0])) > 3
    assert known.ratio(np.array([0.0, 0.0, 0.3])) > 3


def test_units_do_not_matter_and_one_wild_track_moves_nothing():
    rows = cloud()
    plain = outliers.fit(rows, BLOCKS, np.arange(200), 5, 0.95)
    scaled = outliers.fit(rows * [10, 0.1, 7], BLOCKS, np.arange(200), 5, 0.95)
    assert scaled.threshold == pytest.approx(plain.threshold, rel=1e-5)
    wild = outliers.fit(np.vstack([rows, [1e6] * 3]), BLOCKS, np.arange(201), 5, 0.95)
    assert wild.threshold == pytest.approx(plain.threshold, rel=0.1)


def test_blocks_count_the_same_whatever_their_width():
    rows = np.random.default_rng(2).normal(size=(100, 51))
    known = outliers.fit(rows, np.array([0] + [1] * 50), np.arange(100), 5, 0.99)
    assert known.weight[0] == pytest.approx(known.weight[1:].sum())


def test_a_little_in_every_column_is_farther_than_much_in_one():
    rows = np.random.default_rng(5).normal(size=(100, 50))
    known = outliers.fit(rows, np.zeros(50, int), np.arange(100), 5, 0.99)
    everywhere, once = np.full(50, 2.0), np.zeros(50)
    once[0] = 2.0 * np.sqrt(50)  # the same Euclidean length
    assert known.ratio(everywhere) > 1 > known.ratio(once)


def test_constant_columns_and_tracks_that_are_alike():
    rows = cloud()
    rows[:, 2] = 4.0
    assert np.isfinite(outliers.fit(rows, BLOCKS, np.arange(200), 5, 0.99).ratio(rows[0]))
    with pytest.raises(ValueError, match="all alike"):
        outliers.fit(np.ones((4, 3)), BLOCKS, np.arange(4), 2, 0.99)
    with pytest.raises(ValueError, match="one group"):
        outliers.fit(rows, BLOCKS, np.zeros(200, int), 2, 0.99)


def test_modalities_are_held_against_those_who_have_them():
    generator = np.random.default_rng(3)
    data = Data(
        features={"x": generator.normal(size=(6, 2, 4, 5)).astype(np.float32)},
        seconds_valid=np.array([2, 1, 2, 2, 0, 0]),
        chords=np.zeros((6, 1), np.float32),
        has_chords=np.array([False, False, True, True, True, True]),
        labels=np.zeros(6, int),
        groups=np.arange(6),
        notes=generator.normal(size=(6, 3)).astype(np.float32),
    )
    known = outliers.references(data, 2, 1.0)
    assert {name: len(one.rows) for name, one in known.items()} == {"audio": 4, "score": 4}
    assert known["audio"].rows.shape[1] == 8  # mean and deviation of four rows
    assert [len(outliers.ratios(known, data, track)) for track in (0, 2, 4)] == [1, 2, 1]
