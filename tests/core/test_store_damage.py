"""Small stores of named arrays, and damage to stores of both kinds: none goes unnoticed."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import store
from pipeline.plan import Layout

LAYOUT = Layout("demo", "gtf", 2, {"band": 3}, tuple(f"t{i}" for i in range(150)))
ROWS = np.random.default_rng(0).normal(size=(150, 2, 3)).astype(np.float32)


def write(path: Path, shards: list[tuple[int, int]], layout: Layout = LAYOUT) -> Path:
    count = len(layout.tracks)
    store.create(path, layout, np.zeros((count, store.KEY_BYTES), np.uint8), {})
    for start, stop in shards:
        store.write_shard(path, layout, start, ROWS[start:stop])
    store.finish(path, np.full(count, 2, np.int32))
    return path


def shard_file(path: Path, number: int = 0) -> Path:
    return path / f"values/c/{number}/0/0"


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write(tmp_path_factory.mktemp("made") / "gtf.zarr", LAYOUT.shards())


@pytest.fixture
def copy(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "gtf.zarr"))


def test_there_are_several_shards(made):
    assert LAYOUT.shards() == [(0, 64), (64, 128), (128, 150)]
    assert all(shard_file(made, number).is_file() for number in range(3))


def test_any_flipped_bit_of_a_shard_is_noticed_or_harmless(tmp_path):
    few = dataclasses.replace(LAYOUT, tracks=("a", "b", "c"))
    path = write(tmp_path / "gtf.zarr", few.shards(), few)
    file = shard_file(path)
    original = file.read_bytes()
    noticed = []

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, len(original) - 1), st.integers(0, 7))
    def flip(position, bit):
        data = bytearray(original)
        data[position] ^= 1 << bit
        file.write_bytes(data)
        try:
            found = store.Reader(path).rows(0, 3)
        except store.StoreError as error:
            assert "rows 0:3 are damaged" in str(error)  # noqa: PT017
            noticed.append(position)
        else:
            np.testing.assert_array_equal(found, ROWS[:3])

    flip()
    assert len(noticed) > 20


def test_a_flipped_byte_names_the_rows_and_a_way_out(copy):
    file = shard_file(copy, 1)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    reader = store.Reader(copy)
    np.testing.assert_array_equal(reader.rows(0, 64), ROWS[:64])
    with pytest.raises(store.StoreError, match=r"rows 64:128 are damaged.*delete it and run `dvc"):
        reader.rows(64, 128)


def test_a_deleted_shard_names_a_track(copy):
    shard_file(copy, 2).unlink()
    with pytest.raises(store.StoreError, match="track 't128' reads as missing"):
        store.Reader(copy).rows(100, 150)
    with pytest.raises(store.StoreError, match="track 't130' reads as missing"):
        store.read_rows(copy, ["t3", "t130"])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_shard_cut_short(copy, share):
    file = shard_file(copy)
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    with pytest.raises(store.StoreError, match="rows 0:64 are damaged"):
        store.Reader(copy).rows(0, 64)


def test_a_shard_that_nobody_wrote(tmp_path):
    path = write(tmp_path / "gtf.zarr", LAYOUT.shards()[:-1])
    with pytest.raises(store.StoreError, match="track 't128' reads as missing"):
        list(store.Reader(path).shards())


def damage(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    file.unlink()
    if how == "empty":
        file.write_bytes(b"")
    elif how == "flipped":
        data[len(data) // 2] ^= 0x10
        file.write_bytes(data)


@pytest.mark.parametrize("how", ["gone", "empty", "flipped"])
@pytest.mark.parametrize("name", ["seconds_valid/c/0", "key/c/0/0", "values/zarr.json"])
def test_a_damaged_small_array_does_not_open(copy, name, how):
    damage(copy / name, how)
    with pytest.raises(store.StoreError, match="not a readable store"):
        store.Reader(copy)


ARRAYS = {
    "vectors": (("fit", "track", "dim"), ROWS[:12].reshape(2, 3, 12)),
    "has_chords": (("track",), np.array([1, 0, 1], np.uint8)),
    "none": (("nothing", "track"), np.zeros((0, 3), np.float32)),
}


def test_arrays_round_trip_and_are_replaced(tmp_path):
    path = tmp_path / "deep" / "demo.zarr"
    store.write_arrays(path, {"old": (("x",), np.ones(3))}, {"a": 1})
    store.write_arrays(path, ARRAYS, {"tracks": ["a"], "coverage": [0.5]})
    found, attributes = store.read_arrays(path)
    assert attributes == store.attributes(path) == {"tracks": ["a"], "coverage": [0.5]}
    assert sorted(found) == sorted(ARRAYS)
    for name, (_, data) in ARRAYS.items():
        np.testing.assert_array_equal(found[name], data)
        assert found[name].dtype == data.dtype
    assert [file.name for file in path.parent.iterdir()] == ["demo.zarr"]
    opened = xarray.open_zarr(path, consolidated=False)
    assert opened["vectors"].dims == ("fit", "track", "dim")


def test_arrays_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        store.write_arrays(tmp_path / name, ARRAYS, {"x": 1})
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_arrays_must_be_finite_and_a_refusal_keeps_the_old(tmp_path):
    path = tmp_path / "demo.zarr"
    store.write_arrays(path, ARRAYS, {})
    before = contents(path)
    with pytest.raises(store.StoreError, match="array 'vectors' has a non-finite value"):
        store.write_arrays(path, {"vectors": (("x",), np.array([1.0, np.nan]))}, {})
    assert contents(path) == before


@pytest.mark.parametrize("how", ["gone", "empty", "flipped"])
@pytest.mark.parametrize("name", ["vectors/c/0/0/0", "has_chords/c/0"])
def test_damaged_arrays_do_not_open(tmp_path, name, how):
    path = tmp_path / "demo.zarr"
    store.write_arrays(path, ARRAYS, {})
    damage(path / name, how)
    with pytest.raises(store.StoreError, match="not a readable store"):
        store.read_arrays(path)
