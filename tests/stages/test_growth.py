"""Growing a trained head: exact at every step, and honest where there is nothing to grow."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.growth import Config, growth
from pipeline.reporting import growth_page
from pipeline.stage import StageError
from pipeline.train import train

CONFIG = Config(model="multispec_music", first_share=0.5, batch_tracks=1, repeats=2)


def sounds(studio) -> None:
    studio.album()
    studio.prepare("gtf", "mf_rp")


@pytest.fixture
def ready(like):
    return like("ready for growth", sounds)


def test_it_grows_to_the_solution_from_nothing(ready, capsys):
    ready.params["models"]["multispec_music"]["bls"]["groups"] = 3
    train(ready.params, "c", "multispec_music")
    growth(ready.params, CONFIG, "c")
    table = pd.read_csv(paths.growth("c"))
    nodes, tracks = (table[table["way"] == way] for way in ("nodes", "tracks"))
    bls = ready.params["models"]["multispec_music"]["bls"]
    assert len(nodes) == bls["groups"]
    assert set(nodes["nodes"].diff().dropna()) == {bls["group_nodes"]}
    assert set(tracks["tracks"].diff().dropna()) == {1}
    assert nodes["tracks"].nunique() == tracks["nodes"].nunique() == 1
    assert nodes["tracks"].iloc[0] == tracks["tracks"].iloc[-1]
    assert table["difference"].max() < 1e-8
    assert table["accuracy"].between(0, 1).all()
    assert (table[["grow_seconds", "anew_seconds"]] > 0).all(axis=None)
    assert "largest difference" in capsys.readouterr().out
    page = "\n".join(growth_page.section(paths.growth("c"), "c"))
    assert "By batches of new tracks" in page
    assert page.count("|") > 8 * len(table)


def test_a_model_that_was_left_out_gives_an_empty_table_and_a_missing_one_an_error(ready):
    with pytest.raises(StageError, match=r"no such run; run `dvc repro train@c-multispec_music`"):
        growth(ready.params, CONFIG, "c")
    ready.params["train"]["skip"] = {"c": ["multispec_music"]}
    train(ready.params, "c", "multispec_music")
    assert growth(ready.params, CONFIG, "c") == []
    assert "was left out" in "\n".join(growth_page.section(paths.growth("c"), "c"))


def test_a_model_without_a_broad_head_is_refused(ready):
    train(ready.params, "c", "majority")
    config = Config(model="majority", first_share=0.5, batch_tracks=1, repeats=1)
    with pytest.raises(StageError, match="majority has no Broad Learning System to grow"):
        growth(ready.params, config, "c")


def test_what_has_not_run_is_said_with_its_command(tmp_path):
    text = "\n".join(growth_page.section(tmp_path / "none.csv", "mine"))
    assert "dvc repro experiments/dvc.yaml:growth@mine" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [({"first_share": 1.0}, "first_share: 1.0 must lie between"), ({"repeats": 0}, "repeats: 0")],
)
def test_a_wrong_value_is_named(change, message):
    section = {"model": "svm", "first_share": 0.5, "batch_tracks": 1, "repeats": 1} | change
    with pytest.raises(params.ParamsError, match=message):
        params.build(Config, section, "growth")
