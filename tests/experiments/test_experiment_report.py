"""The page of experiments: its numbers, words, links and pictures."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from pipeline import experiment_report
from pipeline.reporting import experiment_scores, paper
from pipeline.reporting.bootstrap import Bootstrap
from pipeline.reporting.runs import RunError, read_index

SETTINGS = Bootstrap(resamples=200, confidence=0.95, seed=0)


@pytest.fixture(scope="module")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reported")
    shutil.copytree(template, root, dirs_exist_ok=True)
    experiment_report.report(root)
    return root


@pytest.fixture(scope="module")
def page(finished: Path) -> str:
    return (finished / "reports/experiments.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def channels(finished: Path) -> pd.DataFrame:
    table = pd.read_csv(finished / "reports/experiments/four-channels.csv")
    return table.set_index(["protocol", "variant"])


def test_scores_are_shares_of_right_answers_and_means_of_fits(channels: pd.DataFrame) -> None:
    assert channels["accuracy"].tolist() == pytest.approx([0.55, 67 / 120, 0.95] * 2)
    row = channels.loc["random", "vi-1"]
    assert row["train_accuracy"] == pytest.approx(0.91)
    assert (row["train_accuracy_low"], row["train_accuracy_high"]) == pytest.approx((0.885, 0.935))
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    assert row["seconds_per_fit"] == pytest.approx(2.5)
    assert row["seconds"] == pytest.approx(15)
    assert row["parameters"] == 1000


def test_a_difference_is_the_variant_minus_the_reference(channels: pd.DataFrame) -> None:
    row = channels.loc["grouped", "vi-2"]
    assert row["difference"] == pytest.approx(0.4)
    assert row["verdict"] == "better"
    assert channels.loc["grouped", "vi-1"]["verdict"] == "not distinguishable"
    assert channels.loc["grouped", "text"]["verdict"] == "reference"
    assert channels.loc["grouped", "text"].isna()["difference"]


def test_equal_answers_are_not_distinguishable(world: Path) -> None:
    folder = world / "data/experiments/four/channels"
    table = pd.read_csv(folder / "predictions.csv", dtype=str)
    same = table[table["variant"] == "text"].assign(variant="vi-1")
    pd.concat([table[table["variant"] != "vi-1"], same]).to_csv(
        folder / "predictions.csv", index=False
    )
    results = experiment_scores.read(folder, read_index(world / "data/index/four.csv"))
    assert results is not None
    found = experiment_scores.table(results, SETTINGS, 0.05).set_index(["protocol", "variant"])
    row = found.loc["random", "vi-1"]
    assert (row["difference"], row["difference_low"], row["difference_high"]) == (0, 0, 0)
    assert row["verdict"] == "not distinguishable"


def test_the_papers_rows_stand_beside_random_folds_alone(page: str) -> None:
    lines = [line for line in page.splitlines() if line.startswith("| vi-2 |")]
    assert ["VI, 4Q | 0.97 | 0.63" in line for line in lines] == [False, True]


def test_the_page_speaks_in_words(page: str) -> None:
    assert "**Does the architecture matter?**" in page
    assert "gtf channel: repeats 3, maps 4, kernel 5, pool 4" in page
    assert "Worse than *with chords*: *without chords*" in page
    assert "Skipped: *absent*: the corpus has none of gtf." in page
    assert "Not run on demo: `dvc repro experiments/dvc.yaml:run@demo-channels`." in page
    assert "No variant applies to this corpus." in page
    assert "synthesised by the pipeline" in page
    assert "Trained on a test." in page


def test_chord_vectors_are_accounted_for_where_variants_differ_in_them(page: str) -> None:
    assert "| with chords | vertical | 16 | mean | fold | 40 | 75.0% | 2 of 120 |" in page


def test_vectors_fitted_on_the_corpus_are_called_what_they_are(world: Path, page: str) -> None:
    assert "Fitted on all pieces" not in page
    path = world / "data/experiments/four/chords/about.json"
    about = json.loads(path.read_text())
    about["variants"][1]["chords"]["fit"] = "corpus"
    path.write_text(json.dumps(about))
    text = "**Fitted on all pieces, test pieces among them: *without chords*.**"
    assert text in experiment_report.report(world)


def test_links_lead_somewhere_and_pictures_have_texts(finished: Path, page: str) -> None:
    links = re.findall(r"(!?)\[([^\]]+)\]\((experiments/[^)]+)\)", page)
    assert sum(bool(mark) for mark, _, _ in links) == 2
    for mark, text, target in links:
        assert (finished / "reports" / target).is_file()
        assert len(text) > 40 or not mark


def test_pictures_and_page_are_reproducible(finished: Path, page: str) -> None:
    pictures = sorted((finished / "reports/experiments").glob("*.png"))
    assert [path.name for path in pictures] == ["four-channels.png", "four-chords.png"]
    before = [path.read_bytes() for path in pictures]
    for path in pictures:
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) >= 200
    assert experiment_report.report(finished) == page
    assert [path.read_bytes() for path in pictures] == before


def test_a_variant_that_breaks_the_protocol_is_refused(world: Path) -> None:
    path = world / "data/experiments/four/chords/predictions.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[0, "true"] = "Q4" if table.loc[0, "true"] != "Q4" else "Q1"
    table.to_csv(path, index=False)
    with pytest.raises(RunError, match="with chords: `true` is not the index's label"):
        experiment_report.report(world)
    path.unlink()
    with pytest.raises(RunError, match=r"predictions\.csv: missing or empty"):
        experiment_report.report(world)


def test_rows_of_the_paper_are_found_by_the_names_of_variants() -> None:
    found = [
        paper.sweep_row(f"{table}-{row}") for table in ("iv", "v", "vi") for row in range(1, 6)
    ]
    assert None not in found
    assert [paper.sweep_row(name) for name in ("text", "iv-0", "iv-6", "vii-1", "vi-x")] == [
        None
    ] * 5
