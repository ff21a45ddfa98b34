"""The command that extracts to another place, and what it asks of a cache that is a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import cli, recipe
from pipeline.cache import Cache

UPath = pytest.importorskip("upath").UPath


def test_a_folder_that_all_reach_is_as_good(studio, capsys):
    for number in range(4):
        studio.tone(f"calm/{number}.wav", number)
    studio.index()
    studio.extract("gtf")
    studio.save()
    assert cli.main(["extract", "c", "gtf", "--to", "shared"]) == 0
    assert "extract c/gtf: 0 computed, 4 from cache" in capsys.readouterr().out
    assert studio.bytes_of(Path("shared/c/gtf.zarr")) == studio.store_bytes("gtf")
    assert [path.name for path in Path("shared/c").iterdir()] == ["gtf.zarr"]


def test_many_rows_are_looked_up_as_one_by_one(tmp_path):
    cache = Cache(UPath(f"memory://{tmp_path.name}/cache"))
    keys = [f"{number:02x}" * 32 for number in range(4)]
    assert recipe.held(cache, "gtf", keys) == set()
    cache.write("gtf", keys[0], b"row")
    cache.write("gtf", keys[1], b"")
    cache.write("mf_rp", keys[2], b"row")
    found = recipe.held(cache, "gtf", keys)
    assert found == {key for key in keys if recipe.has(cache, "gtf", key)} == {keys[0]}
    assert recipe.held(cache, "gtf", keys[1:]) == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x", "gtf"], "no key 'x'"),
        (["c", "gtx"], "did you mean 'gtf'?"),
        (["c", "gtf"], "run `dvc repro index@c`"),
    ],
)
def test_what_is_not_there_is_named_at_once(studio, capsys, words, message):
    studio.save()
    assert cli.main(["extract", *words, "--to", "s3://bucket/stores"]) == 2
    assert message in capsys.readouterr().err
