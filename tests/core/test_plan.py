"""Shards and batches: every row exactly once, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plan import MAX_TRACKS, SHARD_BYTES, Layout, batches, tracks_per_shard

SHAPES = st.lists(st.integers(1, 500), min_size=1, max_size=3)


def layout(count: int, seconds: int = 30, shape: list[int] | None = None) -> Layout:
    sizes = [24, 44] if shape is None else shape
    axes = {f"axis{i}": size for i, size in enumerate(sizes)}
    return Layout("demo", "gtf", seconds, axes, tuple(f"t{i}" for i in range(count)))


@given(st.integers(0, 700), st.integers(1, 60), SHAPES)
def test_shards_partition_the_rows(count, seconds, shape):
    made = layout(count, seconds, shape)
    shards = made.shards()
    assert [row for start, stop in shards for row in range(start, stop)] == list(range(count))
    assert all(start % made.per_shard == 0 for start, _ in shards)
    assert all(0 < stop - start <= made.per_shard for start, stop in shards)
    assert all(stop - start == made.per_shard for start, stop in shards[:-1])


@given(st.integers(0, 700), st.integers(0, 700), st.integers(1, 60), SHAPES)
def test_more_tracks_leave_full_shards_alone(count, more, seconds, shape):
    small, large = layout(count, seconds, shape), layout(count + more, seconds, shape)
    assert small.per_shard == large.per_shard
    full = [bounds for bounds in small.shards() if bounds[1] - bounds[0] == small.per_shard]
    assert large.shards()[: len(full)] == full


@given(st.lists(st.integers(1, 3000), max_size=3))
def test_a_shard_is_as_large_as_allowed_and_no_larger(shape):
    per_shard, row_bytes = tracks_per_shard(shape), 4 * int(np.prod(shape))
    assert 1 <= per_shard <= MAX_TRACKS
    assert per_shard == 1 or per_shard * row_bytes <= SHARD_BYTES
    assert per_shard == MAX_TRACKS or (per_shard + 1) * row_bytes > SHARD_BYTES


def test_row_shape_is_seconds_first():
    made = Layout("demo", "gtf", 9, {"band": 24, "frame": 44}, ("a",))
    assert made.row_shape == (9, 24, 44)


@given(st.lists(st.integers()), st.integers(1, 20))
def test_batches_partition_the_items_in_order(items, size):
    made = batches(items, size)
    assert [item for part in made for item in part] == items
    assert all(len(part) == size for part in made[:-1])
    assert all(0 < len(part) <= size for part in made)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_holds_something(size):
    with pytest.raises(ValueError, match=f"batch size is {size}; it must be at least 1"):
        batches([1], size)


def test_only_a_whole_shard_of_finite_float32_rows_is_no_trouble():
    made = layout(70)
    good = np.zeros((64, 30, 24, 44), np.float32)
    assert made.trouble(0, good) is None
    assert made.trouble(64, good[:6]) is None
    assert "rows 0:63 are not one whole shard of 64" in str(made.trouble(0, good[:63]))
    assert "rows 6:70 are not one whole shard" in str(made.trouble(6, good))
    assert "rows 64:128 are not one whole shard" in str(made.trouble(64, good))
    assert "must be float32" in str(made.trouble(0, good.astype(np.float64)))
    assert "(1, 24, 44)" in str(made.trouble(0, good[:, :1]))
    bad = good[:6].copy()
    bad[2, 3, 4, 5], bad[4] = np.inf, np.nan
    assert "track 't66' has a non-finite value" in str(made.trouble(64, bad))
