"""Feature stores: what is written is read, and equal input gives equal bytes."""

from __future__ import annotations

import dataclasses
import getpass
import multiprocessing
import platform
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray

from pipeline import shards, store
from pipeline.plan import Layout

PER_SHARD = 10


@dataclasses.dataclass(frozen=True)
class Small(Layout):
    """Ten tracks a shard, so that few bytes make several shards."""

    @property
    def per_shard(self) -> int:
        return PER_SHARD


COUNT = 23
LAYOUT = Small("demo", "gtf", 2, {"band": 3, "frame": 4}, tuple(f"t{i}" for i in range(COUNT)))
ROWS = np.random.default_rng(0).normal(size=(COUNT, *LAYOUT.row_shape)).astype(np.float32)
KEYS = np.random.default_rng(1).integers(0, 256, (COUNT, store.KEY_BYTES), dtype=np.uint8)
SECONDS = np.array([1 + i % 2 for i in range(COUNT)], np.int32)
ATTRIBUTES = {"config": {"bands": 3}, "rejected": {}, "code_version": "0", "libraries": {}}


def write_rows(path: Path, shards: list[tuple[int, int]]) -> None:
    for start, stop in shards:
        store.write_shard(path, LAYOUT, start, ROWS[start:stop])


def write(path: Path, shards: list[tuple[int, int]] | None = None) -> Path:
    store.create(path, LAYOUT, KEYS, ATTRIBUTES)
    write_rows(path, LAYOUT.shards() if shards is None else shards)
    store.finish(path, SECONDS)
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write(tmp_path_factory.mktemp("made") / "gtf.zarr")


@pytest.fixture
def copy(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "gtf.zarr"))


def test_what_is_read_is_what_was_written(made):
    reader = store.Reader(made)
    assert reader.tracks == list(LAYOUT.tracks)
    assert reader.shape == ROWS.shape
    assert reader.per_shard == PER_SHARD
    assert reader.keys == [row.tobytes().hex() for row in KEYS]
    assert reader.attributes["corpus"] == "demo"
    np.testing.assert_array_equal(reader.seconds_valid, SECONDS)
    parts = list(reader.shards())
    assert [part[:2] for part in parts] == LAYOUT.shards()
    np.testing.assert_array_equal(np.concatenate([part[2] for part in parts]), ROWS)
    np.testing.assert_array_equal(reader.rows(7, 13), ROWS[7:13])


def test_xarray_opens_it_with_named_axes(made):
    # A client that some other test closed may still be what Dask would ask for.
    opened = xarray.open_zarr(made, consolidated=False, chunks=None)
    assert opened["values"].dims == ("track", "second", "band", "frame")
    assert opened["values"].dtype == np.float32
    assert opened["seconds_valid"].dims == ("track",)
    assert opened["key"].dims == ("track", "byte")
    assert opened.attrs["tracks"] == list(LAYOUT.tracks)
    np.testing.assert_array_equal(opened["values"].to_numpy(), ROWS)
    np.testing.assert_array_equal(opened["seconds_valid"].to_numpy(), SECONDS)
    np.testing.assert_array_equal(opened["key"].to_numpy(), KEYS)


def test_equal_input_gives_equal_bytes_in_any_order(made, tmp_path):
    again = write(tmp_path / "elsewhere.zarr", LAYOUT.shards()[::-1])
    assert contents(again) == contents(made)


def test_other_input_gives_other_bytes(made, tmp_path):
    store.create(tmp_path / "x.zarr", LAYOUT, KEYS, ATTRIBUTES | {"config": {"bands": 4}})
    assert contents(tmp_path / "x.zarr")["zarr.json"] != contents(made)["zarr.json"]


def test_processes_on_distinct_shards_write_what_one_writes(made, tmp_path):
    path = tmp_path / "gtf.zarr"
    store.create(path, LAYOUT, KEYS, ATTRIBUTES)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(partial(write_rows, path), [[shard] for shard in LAYOUT.shards()]))
    store.finish(path, SECONDS)
    assert contents(path) == contents(made)


def test_neither_time_nor_host_nor_user_nor_place(made):
    text = b"".join(
        data for name, data in contents(made).items() if name.endswith("zarr.json")
    ).decode()
    words = [getpass.getuser(), platform.node(), str(made.parent), "date", "time", "created"]
    assert [word for word in words if word in text.lower()] == []


@pytest.mark.parametrize(
    ("start", "rows", "message"),
    [
        (1, ROWS[1:11], "rows 1:11 are not one whole shard of 10 tracks"),
        (0, ROWS[:9], "rows 0:9 are not one whole shard"),
        (0, ROWS[:20], "rows 0:20 are not one whole shard"),
        (20, ROWS[20:22], "rows 20:22 are not one whole shard"),
        (0, ROWS[:10, :1], r"rows are float32 \(1, 3, 4\); they must be float32 \(2, 3, 4\)"),
        (0, ROWS[:10].astype(np.float64), "rows are float64"),
        (0, np.where(ROWS[:10] == ROWS[4].max(), np.nan, ROWS[:10]), "track 't4' has a non-finite"),
        (0, np.where(ROWS[:10] == ROWS[4].max(), np.inf, ROWS[:10]), "track 't4' has a non-finite"),
    ],
)
def test_what_is_not_one_whole_shard_is_refused(copy, start, rows, message):
    before = contents(copy)
    with pytest.raises(store.StoreError, match=message):
        store.write_shard(copy, LAYOUT, start, rows)
    assert contents(copy) == before


def test_an_unfinished_store_does_not_open(tmp_path):
    path = tmp_path / "gtf.zarr"
    store.create(path, LAYOUT, KEYS, ATTRIBUTES)
    with pytest.raises(store.StoreError, match=r"not a readable store.*seconds_valid"):
        store.Reader(path)


@pytest.mark.parametrize("read", [store.Reader, store.attributes, store.read_arrays])
def test_no_store_at_all(tmp_path, read):
    with pytest.raises(store.StoreError, match=r"none\.zarr: not a readable store.*dvc pull"):
        read(tmp_path / "none.zarr")


def test_lengths_that_disagree_do_not_open(tmp_path):
    path = tmp_path / "gtf.zarr"
    store.create(path, LAYOUT, KEYS, ATTRIBUTES)
    store.finish(path, SECONDS[:-1])
    with pytest.raises(store.StoreError, match=r"disagree on the number of tracks: \[22, 23\]"):
        store.Reader(path)


def test_no_tracks(tmp_path):
    layout = dataclasses.replace(LAYOUT, tracks=())
    path = tmp_path / "gtf.zarr"
    store.create(path, layout, np.zeros((0, store.KEY_BYTES), np.uint8), ATTRIBUTES)
    store.finish(path, np.zeros(0, np.int32))
    reader = store.Reader(path)
    assert (reader.tracks, reader.keys, list(reader.shards())) == ([], [], [])
    assert reader.shape == (0, 2, 3, 4)
    assert store.read_rows(path, []) == {}
    assert xarray.open_zarr(path, consolidated=False)["values"].shape == (0, 2, 3, 4)


def test_read_rows_leaves_the_padding_out(made):
    found = store.read_rows(made, ["t3", "t0"])
    assert list(found) == ["t3", "t0"]
    np.testing.assert_array_equal(found["t3"], ROWS[3])
    np.testing.assert_array_equal(found["t0"], ROWS[0, :1])
    with pytest.raises(store.StoreError, match="no track 'nobody' among its 23"):
        store.read_rows(made, ["nobody"])


def test_create_replaces_what_is_there(copy):
    store.create(copy, LAYOUT, KEYS, ATTRIBUTES)
    assert not (copy / "values/c").exists()
    assert not (copy / "seconds_valid").exists()


def test_a_store_of_links_reads_like_the_store(made, tmp_path):
    for name in contents(made):
        (tmp_path / "view" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "view" / name).symlink_to(made / name)
    np.testing.assert_array_equal(store.Reader(tmp_path / "view").rows(0, COUNT), ROWS)


def test_attributes_come_without_the_arrays(made):
    found = store.attributes(made)
    own = {"corpus": "demo", "feature": "gtf", "tracks": list(LAYOUT.tracks)}
    assert found == ATTRIBUTES | own | {"encoder": shards.ENCODER}
