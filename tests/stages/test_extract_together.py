"""One decoding for all features, rows copied from the previous store, and clusters that pay."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import zarr
from dvc.repo import Repo
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import execute, paths, recipe, shards, store
from pipeline.cache import Cache
from pipeline.caching import rows
from pipeline.caching.claims import claim
from pipeline.dsp.signal import Signal
from pipeline.execute import ComputeConfig, Executor
from pipeline.extract import Counts
from pipeline.plan import Layout, tapered

FEATURES = ("gtf", "mf_rp", "wideband")


def project(studio) -> None:
    """Make a small indexed project whose features are computed together."""
    studio.album().index()
    studio.params["compute"]["together"] = True


@pytest.fixture
def indexed(like):
    return like("together", project)


@pytest.fixture
def decoded(monkeypatch):
    """Return the names of the files that are decoded from now on."""
    seen, real = [], recipe.compute_row
    monkeypatch.setattr(
        recipe, "compute_row", lambda path, *r: seen.append(path.name) or real(path, *r)
    )
    return seen


def kind(name: str) -> list:
    deep = "*" if name.startswith("ahead-") else "*/*"
    return sorted(path for path in Cache.at("data/cache").root.glob(f"{name}/{deep}"))


def test_a_file_is_decoded_once_and_computed_once_for_every_feature(indexed, decoded):
    assert [indexed.extract(feature) for feature in FEATURES] == [Counts(9, 0, 0, 0)] * 3
    assert len(decoded) == 9
    assert not any(kind(recipe.ahead(feature)) for feature in FEATURES)
    assert [indexed.extract(feature) for feature in FEATURES] == [Counts(0, 9, 0, 0)] * 3


@pytest.mark.parametrize("how", [{"together": False}, {"batch_tracks": 1}, {"workers": 2}])
def test_the_bytes_do_not_depend_on_who_computes_together(master, elsewhere, how, monkeypatch):
    def whole(studio):
        project(studio)
        for feature in FEATURES:
            studio.extract(feature)

    model = master("together-whole", whole)
    monkeypatch.setattr(execute, "START_SECONDS", 0.0)
    studio = elsewhere().album()
    studio.index()
    studio.params["compute"] |= {"together": True, "batch_tracks": 16} | how
    for feature in FEATURES:
        assert studio.extract(feature) == Counts(9, 0, 0, 0)
        expected = model.bytes_of(model.folder / paths.features("c", feature))
        assert studio.store_bytes(feature) == expected


def test_a_companion_that_fails_harms_nobody_and_is_reported_by_its_own_stage(indexed, monkeypatch):
    module = recipe.features.load("mf_rp")
    with monkeypatch.context() as patch:
        patch.setattr(module, "from_signal", lambda *_: 1 / 0)
        assert indexed.extract("gtf") == Counts(9, 0, 0, 0)
        assert (len(kind("ahead-mf_rp")), len(kind("ahead-wideband"))) == (0, 9)
    indexed.params["features"]["wideband"]["nonsense"] = 1
    assert indexed.extract("mf_rp") == Counts(9, 0, 0, 0)


def test_nothing_is_computed_ahead_that_is_there(indexed):
    indexed.extract("mf_rp")
    assert len(kind("ahead-gtf")) == len(kind("ahead-wideband")) == 9
    indexed.extract("wideband")
    shutil.rmtree("data/cache")  # the workspace still holds both stores
    indexed.tone("joy/new.wav", 77)
    indexed.manifest()
    indexed.index()
    assert indexed.extract("gtf") == Counts(10, 0, 0, 0)
    assert len(kind("ahead-mf_rp")) == len(kind("ahead-wideband")) == 1


def test_a_damaged_row_ahead_is_computed_in_the_same_run(indexed):
    indexed.extract("gtf")
    victim = kind("ahead-mf_rp")[3]
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    assert indexed.extract("mf_rp") == Counts(9, 0, 0, 0)
    assert indexed.extract("mf_rp") == Counts(0, 9, 0, 0)


def test_a_feature_that_knows_no_signals_is_computed_all_the_same(indexed, monkeypatch):
    module = recipe.features.load("mf_rp")
    indexed.extract("mf_rp")
    first = indexed.store_bytes("mf_rp")
    shutil.rmtree("data/cache")
    real = module.from_signal
    monkeypatch.setattr(
        module, "extract", lambda samples, rate, config: real(Signal(samples, rate), config)
    )
    monkeypatch.delattr(module, "from_signal")
    indexed.extract("mf_rp")
    assert indexed.store_bytes("mf_rp") == first


def test_a_track_claimed_elsewhere_is_waited_for_and_taken(indexed, monkeypatch):
    indexed.params["compute"] |= {"together": False, "batch_tracks": 16}
    cache, asked = Cache.at("data/cache"), []

    def elsewhere(root, kind, key, wait=False):
        if not wait and not asked:
            asked.append(key)
            return nullcontext(False)
        if key in asked and wait:  # its holder has finished
            rows.write(cache, kind, key, shards.padded(np.ones((1, 24, 44), np.float32), 2))
        return claim(root, kind, key, wait)

    monkeypatch.setattr(recipe, "claim", elsewhere)
    assert indexed.extract("gtf") == Counts(8, 1, 0, 0)


DVC_YAML = """
stages:
  extract:
    matrix: {corpus: [c], feature: [gtf]}
    cmd: python -m pipeline.extract ${item.corpus} ${item.feature}
    outs: ["data/features/${item.corpus}/${item.feature}.zarr"]
"""


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("damaged", [False, True])
def test_rows_that_move_are_copied_as_they_are_encoded(indexed, monkeypatch, damaged, cached):
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(indexed.folder / "site"))
    indexed.params["compute"]["together"] = False
    indexed.extract()
    (indexed.folder / "dvc.yaml").write_text(DVC_YAML)
    Repo.init(no_scm=True).close()
    with Repo() as repo:
        repo.commit(force=True)
    if damaged:
        objects = (indexed.folder / ".dvc/cache").rglob("*")
        shard = max((p for p in objects if p.is_file()), key=lambda path: path.stat().st_size)
        data = bytearray(shard.read_bytes())
        data[len(data) // 2] ^= 1
        shard.chmod(0o644)
        shard.write_bytes(data)
    indexed.tone("calm/a-first.wav", 77)
    indexed.manifest()
    indexed.index()
    if not cached:
        shutil.rmtree("data/cache")
    encoded, real = [], shards.encode
    monkeypatch.setattr(shards, "encode", lambda row: encoded.append(1) or real(row))
    counts = indexed.extract()
    assert counts == (Counts(1, 9, 0, 0) if cached else Counts(1 + damaged, 0, 9 - damaged, 0))
    assert len(encoded) == counts.computed
    copied = indexed.store_bytes()
    shutil.rmtree("data/cache")
    shutil.rmtree(".dvc/cache")
    assert indexed.extract() == Counts(10, 0, 0, 0)
    assert indexed.store_bytes() == copied


def test_rows_of_another_encoder_are_encoded_again(indexed, monkeypatch):
    indexed.params["compute"]["together"] = False
    indexed.extract()
    first, cache = indexed.store_bytes(), Cache.at("data/cache")
    with monkeypatch.context() as patch:
        patch.setattr(shards, "LEVEL", 9)
        for path in (cache.root / "gtf").glob("*/*"):
            row = rows.read(cache, "gtf", path.name)
            frame = shards.padded(row.array(), row.shape[0]).frame
            assert frame != row.frame
            rows.write(cache, "gtf", path.name, replace(row, frame=frame, tag=b"another "))
    assert indexed.extract() == Counts(0, 9, 0, 0)
    assert indexed.store_bytes() == first


def test_damage_without_end_is_an_error(indexed, monkeypatch):
    monkeypatch.setattr(rows, "read", lambda *_: None)
    with pytest.raises(store.StoreError, match="damaged as often as they are written"):
        indexed.extract()
    assert not paths.features("c", "gtf").exists()


@settings(max_examples=8)
@given(st.integers(1, 70), st.integers(1, 3))
def test_a_shard_is_what_zarr_writes(tmp_path_factory, tracks, seconds):
    folder = tmp_path_factory.mktemp("shard")
    layout = Layout("c", "gtf", seconds, {"band": 3}, tuple(map(str, range(tracks))))
    rows = np.random.default_rng(tracks).normal(size=(tracks, seconds, 3)).astype(np.float32)
    for name in ("ours", "zarr"):
        store.create(folder / name, layout, np.zeros((tracks, 32), np.uint8), {})
    for start, stop in layout.shards():
        store.write_shard(folder / "ours", layout, start, rows[start:stop])
    zarr.open_array(folder / "zarr" / "values", mode="r+")[...] = rows
    for number in range(len(layout.shards())):
        ours, theirs = (shards.path_of(folder / n, number, (1, 1)) for n in ("ours", "zarr"))
        assert ours.read_bytes() == theirs.read_bytes()
    found = zarr.open_array(folder / "ours" / "values", mode="r")[...]
    np.testing.assert_array_equal(found, rows)


@given(st.lists(st.integers(), max_size=300), st.integers(1, 20), st.integers(1, 8))
def test_tapered_batches_partition_the_items_and_end_small(items, size, workers):
    made = tapered(items, size, workers)
    assert [item for part in made for item in part] == items
    assert all(0 < len(part) <= size for part in made)
    assert len(items) < 2 * workers or all(len(part) == 1 for part in made[-workers:])


@pytest.mark.parametrize(
    ("early", "late", "in_the_loop"), [(0.05, 0.05, 20), (0.06, 0.06, 1), (0.05, 0.5, 6)]
)
def test_a_cluster_is_started_when_the_rest_pays_for_it(monkeypatch, early, late, in_the_loop):
    """Twenty tasks, by a clock that the test turns; a cluster pays for one second."""
    ticks, handed = count(), []
    times = np.cumsum([0.0, *[early] * 5, *[late] * 15]).tolist()
    config = ComputeConfig(2, None, 16, True, "data/cache", 1.0, False)

    def on_dask(_, function, tasks):
        handed.extend(tasks)
        return ((index, function(task)) for index, task in enumerate(tasks))

    monkeypatch.setattr(Executor, "_connected", lambda _: None)
    monkeypatch.setattr(execute, "spread", on_dask)
    monkeypatch.setattr(execute, "START_SECONDS", 1.0 / execute.PAYS)
    with Executor(config, clock=lambda: times[next(ticks)]) as executor:
        assert executor.run(abs, list(range(20)), "t", patient=True) == list(range(20))
    assert handed == list(range(in_the_loop, 20))
