"""The cache in an object store: the same promises, against a server of the S3 protocol."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from pipeline.cache import Cache
from pipeline.caching import claims
from pipeline.caching.inventory import items
from pipeline.caching.places import CacheError

KEY = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture(scope="module")
def server():
    """Yield the address of an S3 server of this process."""
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    running = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    """Return the cache in a new bucket."""
    import s3fs

    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MULTISPEC_CACHE", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"b{abs(hash(str(tmp_path))):x}"
    s3fs.S3FileSystem().mkdir(name)
    return Cache.at(f"s3://{name}/cache")


def test_entries_come_back(bucket):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert bucket.read_array("gtf", KEY) is None
    bucket.write_array("gtf", KEY, array)
    bucket.write_json("probe", KEY, {"a": [1, None]})
    bucket.write("gtf", OTHER, b"")
    again = pickle.loads(pickle.dumps(bucket))  # as a worker gets it
    np.testing.assert_array_equal(again.read_array("gtf", KEY), array)
    assert again.read_json("probe", KEY) == {"a": [1, None]}
    assert again.read("gtf", OTHER) == b""
    assert again.read("mf_rp", KEY) is None


def test_a_move_leaves_one(bucket):
    bucket.write("ahead-gtf", KEY, b"row")
    assert bucket.move("ahead-gtf", "gtf", KEY)
    assert not bucket.move("ahead-gtf", "gtf", KEY)
    assert (bucket.read("ahead-gtf", KEY), bucket.read("gtf", KEY)) == (None, b"row")


def test_a_damaged_object_is_no_entry_and_goes(bucket):
    bucket.write("gtf", KEY, b"payload")
    path = bucket.path("gtf", KEY)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert bucket.read("gtf", KEY) is None
    assert not path.exists()


def test_what_lies_there_is_listed(bucket):
    bucket.write("gtf", KEY, b"12345")
    bucket.write("mf_rp", OTHER, b"")
    bucket.root.joinpath("readme.txt").write_bytes(b"by hand")
    (bucket.folder("checkpoints") / OTHER).write_bytes(b"on this machine")
    found = [(item.sort, item.kind, item.found.bytes) for item in items(bucket)]
    assert found == [
        ("entry", "gtf", 37),
        ("entry", "mf_rp", 32),
        ("foreign", "", 7),
        ("checkpoint", "", 15),
    ]
    for item in items(bucket):
        assert item.place.remove(item.found)
    assert list(items(bucket)) == []


def test_a_claim_excludes_on_this_machine(bucket):
    with claims.claim(bucket.root, "gtf", KEY) as mine:
        with claims.claim(bucket.root, "gtf", KEY) as again:
            assert (mine, again) == (True, False)
        assert [lock.held for lock in claims.survey(bucket.root)] == [True]


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there():
    cache = Cache.at("s3://absent-bucket/cache")
    assert cache.read("gtf", KEY) is None
    assert list(items(cache)) == []
    with pytest.raises(
        CacheError, match=r"cache s3://absent-bucket/cache: cannot write gtf/.*keys"
    ):
        cache.write("gtf", KEY, b"row")


def test_a_store_that_refuses_is_no_missing_entry(bucket, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("Access Denied")

    monkeypatch.setattr(bucket.root.fs, "cat_file", refuse)
    with pytest.raises(CacheError, match=r"cannot read gtf/.*Access Denied; check the address"):
        bucket.read("gtf", KEY)
