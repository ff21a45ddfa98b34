"""The per-track cache: whole entries or none, whoever is killed and whatever rots."""

from __future__ import annotations

import errno
import hashlib
import io
import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import shards
from pipeline.cache import Cache, key, real_root
from pipeline.caching import rows
from pipeline.caching.places import CacheError

KEY = hashlib.sha256(b"entry").hexdigest()
LEAF = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.1, 1e-300])
JSON = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.sampled_from("ab"), LEAF)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def test_an_array_comes_back(cache):
    array = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert cache.read_array("gtf", KEY) is None
    cache.write_array("gtf", KEY, array[:, ::-1])
    np.testing.assert_array_equal(cache.read_array("gtf", KEY), array[:, ::-1])
    assert cache.read_array("mf_rp", KEY) is None


def test_json_and_bytes_come_back(cache):
    cache.write_json("probe", KEY, {"b": [1, 0.1, None], "a": "ä"})
    assert cache.read_json("probe", KEY) == {"a": "ä", "b": [1, 0.1, None]}
    cache.write("folds", KEY, b"\x00abc")
    assert cache.read("folds", KEY) == b"\x00abc"
    cache.write("folds", KEY, b"")
    assert cache.read("folds", KEY) == b""


def test_a_key_ignores_the_order_of_names():
    assert key(a=1, b={"x": 1, "y": [2]}) == key(b={"y": [2], "x": 1}, a=1)


@given(JSON, JSON)
def test_other_parts_give_another_key(one, other):
    assert (key(part=one) == key(part=other)) == (repr_of(one) == repr_of(other))


def repr_of(value):
    """Text that tells 1 from 1.0 and from True, in any order of names."""
    if isinstance(value, dict):
        return sorted((name, repr_of(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return ["list", *map(repr_of, value)]
    return repr(value)


def test_a_key_needs_numbers_that_are_numbers():
    assert len(key(a=1)) == 64
    assert key(a=1) != key(b=1)
    with pytest.raises(ValueError, match="JSON"):
        key(a=float("nan"))


@pytest.mark.parametrize("write", ["write", "write_quickly"])
@pytest.mark.parametrize("position", [0, 8, 11, 31, 32, -1])
def test_a_flipped_byte_is_no_entry_and_goes(cache, position, write):
    getattr(cache, write)("gtf", KEY, b"payload")
    assert cache.read("gtf", KEY) == b"payload"
    path = cache.path("gtf", KEY)
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    assert cache.read("gtf", KEY) is None
    assert not path.exists()


@pytest.mark.parametrize("write", ["write", "write_quickly"])
@pytest.mark.parametrize("kept", [0, 10, 32, 38])
def test_a_truncated_entry_is_no_entry(cache, kept, write):
    getattr(cache, write)("gtf", KEY, b"payload")
    path = cache.path("gtf", KEY)
    path.write_bytes(path.read_bytes()[:kept])
    assert cache.read_array("gtf", KEY) is None
    assert not path.exists()


@pytest.mark.parametrize(
    ("error", "raised"),
    [(OSError("disk full"), CacheError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_writer_that_is_stopped_leaves_nothing(cache, monkeypatch, step, error, raised):
    def stop(*_):
        raise error

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), stop)
    with pytest.raises(raised):
        cache.write("gtf", KEY, b"payload")
    monkeypatch.undo()
    assert [path for path in cache.root.rglob("*") if path.is_file()] == []
    assert cache.read("gtf", KEY) is None


def test_a_failed_rewrite_keeps_the_old_entry(cache, monkeypatch):
    cache.write("gtf", KEY, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cache.write("gtf", KEY, b"new")
    assert cache.read("gtf", KEY) == b"old"


def _rewrite(cache: Cache, number: int) -> int:
    """Write one key again and again; count the reads that saw anything but a whole entry."""
    wrong = 0
    for _ in range(40):
        cache.write("gtf", KEY, bytes([number]) * 50_000)
        found = cache.read("gtf", KEY)
        wrong += found is None or len(found) != 50_000 or len(set(found)) != 1
    return wrong


def test_writers_of_one_key_do_not_disturb_each_other(cache):
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(partial(_rewrite, cache), [1, 2])) == [0, 0]
    assert [path for path in cache.root.rglob("*") if path.is_file()] == [cache.path("gtf", KEY)]


def test_pickles_are_neither_written_nor_read(cache):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        cache.write_array("gtf", KEY, np.array([{"a": 1}], dtype=object))
    assert cache.read("gtf", KEY) is None
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    cache.write("gtf", KEY, buffer.getvalue())
    assert cache.read_array("gtf", KEY) is None


@pytest.mark.parametrize("payload", [b"", b"{", b"\x93NUMPY\x09\x00", b"PK\x03\x04 a newer form"])
def test_what_other_code_wrote_is_no_entry_and_stays(cache, payload):
    cache.write("gtf", KEY, payload)
    assert cache.read_array("gtf", KEY) is None
    assert cache.read_json("gtf", KEY) is None
    assert cache.read("gtf", KEY) == payload


def test_a_row_comes_back(cache):
    row = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    rows.write(cache, "gtf", KEY, shards.padded(row, 5))
    found = rows.read(cache, "gtf", KEY)
    assert (found.shape, found.seconds) == ((5, 3, 4), 2)
    np.testing.assert_array_equal(found.array(), row)


@pytest.mark.parametrize("payload", [b"", b"{}", b"\x93NUMPY" * 9, b"\0" * 64, bytes(range(64))])
def test_what_is_no_row_makes_way_for_one(cache, payload):
    cache.write("gtf", KEY, payload)
    assert rows.read(cache, "gtf", KEY) is None
    assert not cache.path("gtf", KEY).exists()


def test_a_row_of_other_sizes_than_it_says_is_none(cache):
    row = shards.padded(np.ones((2, 3), np.float32), 4)
    for shape in ((4, 2), (3, 3)):
        rows.write(cache, "gtf", KEY, replace(row, shape=shape, tag=b"another "))
        assert rows.read(cache, "gtf", KEY) is None


def test_an_archive_of_arrays_is_no_array(cache):
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(2))
    cache.write("gtf", KEY, buffer.getvalue())
    assert cache.read_array("gtf", KEY) is None


def test_damage_that_was_mended_meanwhile_is_left_alone(cache):
    cache.write("gtf", KEY, b"sound")
    cache.place.discard(f"gtf/{KEY[:2]}/{KEY}", b"what another process read before")
    assert cache.read("gtf", KEY) == b"sound"


def test_an_entry_moves_to_another_kind(cache):
    cache.write("ahead-gtf", KEY, b"row")
    assert cache.move("ahead-gtf", "gtf", KEY)
    assert (cache.read("ahead-gtf", KEY), cache.read("gtf", KEY)) == (None, b"row")
    assert not cache.move("ahead-gtf", "gtf", KEY)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room with `multispec cache prune`"),
        (errno.EDQUOT, "make room with `multispec cache prune`"),
        (errno.EROFS, "let your group write to it"),
        (errno.EACCES, "let your group write to it"),
        (errno.EIO, "see whether its disk is there and sound"),
    ],
)
def test_what_cannot_be_written_names_place_cause_and_remedy(cache, monkeypatch, number, advice):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CacheError) as raised:
        cache.write("gtf", KEY, b"row")
    text = str(raised.value)
    for part in (str(cache.root), KEY, os.strerror(number), advice, "MULTISPEC_CACHE"):
        assert part in text
    assert str(pickle.loads(pickle.dumps(raised.value))) == text  # workers send it home


def test_a_disk_that_fails_is_no_missing_entry(cache, monkeypatch):
    cache.write("gtf", KEY, b"row")

    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(CacheError, match=r"cannot read gtf/.*Input/output error"):
        cache.read("gtf", KEY)


@pytest.mark.parametrize("there", ["file", "folder"])
def test_a_root_that_is_no_folder(tmp_path, there):
    (tmp_path / "cache").write_text("a file") if there == "file" else None
    cache = Cache(tmp_path / "cache")
    if there == "folder":
        cache.path("gtf", KEY).mkdir(parents=True)
    assert cache.read("gtf", KEY) is None
    with pytest.raises(CacheError):
        cache.write("gtf", KEY, b"row")


@pytest.mark.parametrize(
    ("here", "root"),
    [
        ("/data/repo", "/data/repo"),
        ("/data/repo/.dvc/tmp/exps/standalone/tmpabc", "/data/repo"),  # dvc exp run --temp
        ("/data/repo/.dvc/tmp/exps/tmpabc", "/data/repo"),  # dvc exp run --queue, workers
        ("/data/repo/.dvc/tmp/exps", "/data/repo"),
        ("/data/repo/.dvc/tmp", "/data/repo/.dvc/tmp"),
        ("/data/tmp/exps/repo", "/data/tmp/exps/repo"),
    ],
)
def test_the_repository_of_an_experiment(here, root):
    assert real_root(Path(here)) == Path(root)


def test_a_relative_cache_counts_from_the_repository(tmp_path, monkeypatch):
    monkeypatch.delenv("MULTISPEC_CACHE", raising=False)
    copy = tmp_path / ".dvc/tmp/exps/standalone/tmp1"
    copy.mkdir(parents=True)
    for folder in (tmp_path, copy):
        monkeypatch.chdir(folder)
        assert Cache.at("data/cache").root == tmp_path / "data/cache"
    assert Cache.at("/elsewhere").root == Path("/elsewhere")
    assert Cache.at("file:///elsewhere").root == Path("/elsewhere")


def test_one_user_may_name_another_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MULTISPEC_CACHE", "/group/cache")
    assert Cache.at("data/cache").root == Path("/group/cache")
    monkeypatch.setenv("MULTISPEC_CACHE", "~/cache")
    assert Cache.at("data/cache").root == Path.home() / "cache"
    monkeypatch.setenv("MULTISPEC_CACHE", "")
    assert Cache.at("data/cache").root == tmp_path / "data/cache"
