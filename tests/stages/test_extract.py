"""The extraction stage: what it computes, what it need not compute, and that the bytes agree."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from dvc.repo import Repo

from pipeline import params, paths, previous, recipe, store
from pipeline.cache import Cache
from pipeline.execute import DIED, Executor
from pipeline.extract import Counts

LINE = re.compile(
    r"^extract c/gtf: (\d+) computed, (\d+) from cache, (\d+) from previous store, "
    r"(\d+) rejected$"
)
CACHE = "data/cache"


@pytest.fixture
def indexed(like):
    return like("indexed", lambda studio: studio.album().index())


def entries(feature: str = "gtf") -> list:
    return sorted(path for path in (Cache.at(CACHE).root / feature).rglob("*") if path.is_file())


def test_the_last_line_counts(indexed, capsys):
    counts = []
    for _ in range(2):
        capsys.readouterr()
        indexed.extract()
        last = capsys.readouterr().out.splitlines()[-1]
        assert LINE.match(last)
        counts.append(last)
    assert counts == [
        "extract c/gtf: 9 computed, 0 from cache, 0 from previous store, 0 rejected",
        "extract c/gtf: 0 computed, 9 from cache, 0 from previous store, 0 rejected",
    ]


def test_the_store_holds_every_track_of_the_index(indexed):
    rows = indexed.index()
    indexed.extract("wideband")
    reader = store.Reader(paths.features("c", "wideband"))
    assert reader.tracks == [row.track for row in rows]
    assert reader.shape == (9, 2, 401, 101)
    expected = [2 if float(row.duration_seconds) > 1.2 else 1 for row in rows]
    assert reader.seconds_valid.tolist() == expected
    for _, _, values in reader.shards():
        assert np.isfinite(values).all()
        assert [bool(row.any()) for row in values[:, 1]] == [valid == 2 for valid in expected]


def test_a_second_run_gives_the_same_bytes(indexed):
    indexed.extract()
    first = indexed.store_bytes()
    indexed.extract()
    assert indexed.store_bytes() == first


def test_a_corrupted_entry_is_computed_again(indexed):
    indexed.extract()
    first = indexed.store_bytes()
    victim = entries()[4]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    assert indexed.extract() == Counts(1, 8, 0, 0)
    assert indexed.store_bytes() == first
    assert indexed.extract() == Counts(0, 9, 0, 0)


@pytest.mark.parametrize("feature", ["gtf", "wideband"])
def test_one_file_added_is_one_row_computed(indexed, feature):
    indexed.extract(feature)
    indexed.tone("joy/new.wav", 77)
    indexed.manifest()
    indexed.index()
    assert indexed.extract(feature) == Counts(1, 9, 0, 0)
    assert "joy/new.wav" in store.Reader(paths.features("c", feature)).tracks


def test_one_changed_and_one_removed_is_one_row_computed(indexed):
    indexed.extract()
    indexed.tone("joy/04.wav", 77)
    (indexed.music / "calm/00.mp3").unlink()
    indexed.manifest()
    indexed.index()
    assert indexed.extract() == Counts(1, 7, 0, 0)
    assert "calm/00.mp3" not in store.Reader(paths.features("c", "gtf")).tracks


def test_a_renamed_file_is_known_by_its_content(indexed):
    indexed.extract()
    (indexed.music / "joy/04.wav").rename(indexed.music / "rage/else.wav")
    indexed.manifest()
    indexed.index()
    assert indexed.extract() == Counts(0, 9, 0, 0)


def test_a_configuration_there_and_back_computes_nothing(indexed):
    indexed.extract()
    first = indexed.store_bytes()
    gtf = indexed.params["features"]["gtf"]
    bands = gtf["bands"]
    gtf["bands"] = 8
    assert indexed.extract() == Counts(9, 0, 0, 0)
    assert store.Reader(paths.features("c", "gtf")).shape[2] == 8
    gtf["bands"] = bands
    assert indexed.extract() == Counts(0, 9, 0, 0)
    assert indexed.store_bytes() == first


def test_another_feature_s_configuration_computes_nothing(indexed):
    indexed.extract()
    indexed.params["features"]["wideband"]["bin_hz"] = 20.0
    indexed.params["chord2vec"]["dim"] = 5
    indexed.params["compute"]["batch_tracks"] = 1
    assert indexed.extract() == Counts(0, 9, 0, 0)


def test_copies_of_a_file_are_computed_once(indexed, monkeypatch):
    for name in ("rage/copy.wav", "calm/another.wav"):
        shutil.copyfile(indexed.music / "joy/04.wav", indexed.music / name)
    indexed.manifest()
    indexed.index()
    seen, real = [], recipe.compute_row
    monkeypatch.setattr(recipe, "compute_row", lambda path, *r: seen.append(path) or real(path, *r))
    indexed.extract()
    assert len(seen) == 9
    found = store.read_rows(
        paths.features("c", "gtf"), ["joy/04.wav", "rage/copy.wav", "calm/another.wav"]
    )
    first, *others = found.values()
    assert all(np.array_equal(first, other) for other in others)


def test_the_store_s_bytes_do_not_depend_on_how_it_is_computed(elsewhere, scheduler):
    found = []
    for changes, order in (
        ({"workers": 0, "batch_tracks": 16}, range(9)),
        ({"workers": 0, "batch_tracks": 1}, (4, 8, 1, 0, 7, 2, 5, 3, 6)),
        ({"workers": 2, "batch_tracks": 1}, reversed(range(9))),
        ({"scheduler": scheduler, "batch_tracks": 2}, range(9)),
    ):
        studio = elsewhere().album(tuple(order))
        studio.index()
        studio.params["compute"] |= changes
        assert studio.extract() == Counts(9, 0, 0, 0)
        found.append(studio.store_bytes())
    assert found[1:] == [found[0]] * 3


def test_a_file_that_changed_after_indexing_is_rejected(indexed, capsys):
    indexed.tone("joy/04.wav", 77)
    (indexed.music / "calm/00.mp3").unlink()
    assert indexed.extract() == Counts(7, 0, 0, 2)
    reader = store.Reader(paths.features("c", "gtf"))
    assert set(reader.attributes["rejected"]) == {"joy/04.wav", "calm/00.mp3"}
    assert reader.attributes["rejected"]["joy/04.wav"].startswith("changed: ")
    assert reader.attributes["rejected"]["calm/00.mp3"].startswith("unreadable: ")
    said = capsys.readouterr().out
    assert "extract c/gtf: rejected joy/04.wav: changed: its content is not what" in said


def _break(monkeypatch, answer, feature="gtf") -> None:
    """Let a feature fail on the shortest sounds, 0.6 s."""
    module = recipe.features.load(feature)
    real = module.from_signal

    def from_signal(signal, config):
        row = real(signal, config)
        return answer(row) if len(signal.samples) == signal.sample_rate else row

    monkeypatch.setattr(module, "from_signal", from_signal)


def _raise(_: object) -> object:
    raise ZeroDivisionError("a bug in the feature")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_raise, "failed: ZeroDivisionError: a bug in the feature"),
        (lambda row: row * np.float32(np.nan), "non-finite: the feature of this file is not"),
    ],
)
def test_a_feature_that_fails_on_some_files_keeps_the_others(indexed, monkeypatch, answer, reason):
    short = [row.track for row in indexed.index() if float(row.duration_seconds) <= 1.0]
    with monkeypatch.context() as patch:
        _break(patch, answer)
        assert indexed.extract() == Counts(9 - len(short), 0, 0, len(short))
    reader = store.Reader(paths.features("c", "gtf"))
    assert set(reader.attributes["rejected"]) == set(short) != set()
    assert all(why.startswith(reason) for why in reader.attributes["rejected"].values())
    assert not set(short) & set(reader.tracks)
    # Nothing of it was remembered: mended, the feature is computed.
    assert indexed.extract() == Counts(len(short), 9 - len(short), 0, 0)


def test_too_many_rejected_is_an_error_and_leaves_no_store(indexed, monkeypatch):
    indexed.params["compute"]["max_rejected"] = 0.3
    _break(monkeypatch, _raise)
    with pytest.raises(RuntimeError, match=r"6 of 9 tracks were rejected, .*max_rejected = 0\.3"):
        indexed.extract()
    assert not paths.features("c", "gtf").exists()
    assert len(entries()) == 3


def test_a_batch_that_dies_is_tried_again_file_by_file(indexed, monkeypatch):
    real, sizes = Executor.run, []

    def run(self, function, tasks, label, weigh, **how):
        results = real(self, function, tasks, label, weigh, **how)
        if function is not recipe.compute:
            return results
        sizes.append([len(task.files) for task in tasks])
        fatal = [any(path.name == "04.wav" for path, _, _ in task.files) for task in tasks]
        return [DIED if dies else r for dies, r in zip(fatal, results, strict=True)]

    monkeypatch.setattr(Executor, "run", run)
    assert indexed.extract() == Counts(8, 0, 0, 1)
    assert sizes == [[4, 4, 1], [1, 1, 1, 1]]
    assert store.Reader(paths.features("c", "gtf")).attributes["rejected"] == {
        "joy/04.wav": f"worker-died: {DIED.reason}"
    }


def test_a_corpus_of_scores_alone_has_an_empty_store(studio):
    for number in range(3):
        studio.score(f"joy/{number}.mid", number)
    studio.index()
    assert studio.extract() == Counts(0, 0, 0, 0)
    assert store.Reader(paths.features("c", "gtf")).tracks == []


def test_unknown_names_are_answered_with_the_nearest(indexed):
    with pytest.raises(params.ParamsError, match="features: no key 'gft'; did you mean 'gtf'"):
        indexed.extract("gft")
    with pytest.raises(params.ParamsError, match="corpora: no key 'd'"):
        indexed.extract(name="d")
    indexed.params["features"]["gtf"]["band"] = 3
    with pytest.raises(params.ParamsError, match=r"features\.gtf: unknown key 'band'"):
        indexed.extract()


def test_a_missing_index_is_named(album):
    with pytest.raises(
        FileNotFoundError, match=r"data/index/c\.csv is missing; run `dvc repro index@c`"
    ):
        album.extract()


DVC_YAML = """
stages:
  extract:
    matrix:
      corpus: [c]
      feature: [gtf]
    cmd: python -m pipeline.extract ${item.corpus} ${item.feature}
    deps:
      - data/index/${item.corpus}.csv
    outs:
      - data/features/${item.corpus}/${item.feature}.zarr
"""


@pytest.fixture
def committed(indexed, monkeypatch):
    """Return a project whose store DVC has recorded and whose own cache is gone."""
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(indexed.folder / "site"))
    indexed.extract()
    (indexed.folder / "dvc.yaml").write_text(DVC_YAML)
    Repo.init(no_scm=True).close()
    with Repo() as repo:
        repo.commit(force=True)
    shutil.rmtree(CACHE)
    return indexed


def dvc_objects(indexed) -> list:
    return sorted(p for p in (indexed.folder / ".dvc/cache").rglob("*") if p.is_file())


def test_rows_come_back_from_the_previous_store(committed):
    first = committed.store_bytes()
    shutil.rmtree(paths.features("c", "gtf"))  # as DVC does before the stage runs
    assert committed.extract() == Counts(0, 0, 9, 0)
    assert committed.store_bytes() == first
    assert committed.extract() == Counts(0, 9, 0, 0)


def test_of_the_previous_store_only_what_still_fits_is_taken(committed):
    committed.tone("joy/04.wav", 77)
    committed.tone("joy/new.wav", 78)
    (committed.music / "calm/00.mp3").unlink()
    committed.manifest()
    committed.index()
    assert committed.extract() == Counts(2, 0, 7, 0)


def test_a_previous_store_of_another_configuration_is_left_alone(committed):
    committed.params["features"]["gtf"]["bands"] = 8
    assert committed.extract() == Counts(9, 0, 0, 0)


def test_a_damaged_previous_store_is_computed_again(committed):
    first = committed.store_bytes()
    shard = max(dvc_objects(committed), key=lambda path: path.stat().st_size)
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.chmod(0o644)
    shard.write_bytes(data)
    counts = committed.extract()
    assert counts.computed + counts.previous == 9
    assert counts.computed > 0
    assert committed.store_bytes() == first


def test_a_previous_store_that_was_not_pulled_is_none(committed):
    max(dvc_objects(committed), key=lambda path: path.stat().st_size).unlink()
    assert committed.extract() == Counts(9, 0, 0, 0)


def test_without_a_record_there_is_no_previous_store(indexed):
    where = paths.features("c", "gtf")
    with previous.Previous(where, "extract@c-gtf") as before:
        assert before.reader is None
    (indexed.folder / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    with previous.Previous(where, "extract@c-gtf") as before:
        assert list(before.rows({"00"})) == []
    assert previous.keys(where, "extract@c-gtf") == set()
