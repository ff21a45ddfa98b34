"""The report stage: what the page says, that its links hold, that pictures are reproducible."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline import evaluate, report
from pipeline.reporting import paper, pictures, sections
from pipeline.reporting.runs import RunError

PICTURES = ["confusion", "learning-curves", "mf-rp", "spectrograms"]


@pytest.fixture(scope="module")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the whole report; the tests that use it change nothing."""
    root = tmp_path_factory.mktemp("finished")
    shutil.copytree(template, root, dirs_exist_ok=True)
    evaluate.evaluate(root, "demo")
    report.report(root)
    return root


@pytest.fixture(scope="module")
def page(finished: Path) -> str:
    return (finished / "reports/README.md").read_text()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the slow drawing out where a test is about words."""

    def touch(made: Figure, path: Path) -> None:
        assert made.axes
        path.parent.mkdir(exist_ok=True)
        path.touch()

    monkeypatch.setattr(pictures, "save", touch)


def test_links_and_pictures_resolve_and_have_texts(finished: Path, page: str) -> None:
    links = re.findall(r"(!?)\[([^\]]+)\]\(([^)]+)\)", page)
    headings = {
        "#" + re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("#")
    }
    assert sum(bool(mark) for mark, _, _ in links) == len(PICTURES)
    for mark, text, target in links:
        assert len(text) > 40 or not mark, f"{target} has a poor alternative text"
        assert target in headings or (finished / "reports" / target).exists(), target


def test_pictures_are_valid_and_reproducible(finished: Path, page: str) -> None:
    assert page.count("![") == len(PICTURES)
    paths = [finished / "reports/pictures" / f"demo-{name}.png" for name in PICTURES]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.info.keys() <= {"dpi"}, "a PNG holds nothing but its picture"
            assert min(image.size) >= 300
    report.report(finished)
    assert [path.read_bytes() for path in paths] == before
    assert (finished / "reports/README.md").read_text() == page


def test_metrics_are_few_and_those_of_the_table(finished: Path, page: str) -> None:
    found = json.loads((finished / "reports/metrics.json").read_text())
    assert list(found) == ["demo"]
    assert set(found["demo"]) == {"majority", "svm", "multispec_music"}
    assert all(set(scores) == {"accuracy", "macro_f1"} for scores in found["demo"].values())
    results = pd.read_csv(finished / "reports/demo/results.csv").set_index(["protocol", "model"])
    accuracy = results.loc[("grouped", "svm"), "accuracy"]
    assert found["demo"]["svm"]["accuracy"] == accuracy
    assert f"| svm | {accuracy:.3f} [" in page


def test_the_page_says_what_must_be_said(page: str) -> None:
    assert "they say nothing about real music" in page
    assert "**The network `multispec_music` loses to the baseline `svm`.**" in page
    assert "| quarantined files | 1 (truncated 1) |" in page
    assert "| tracks rejected while extracting | 1 (silent 1) |" in page
    assert "| grouped | 8 | 101.5 | 81.5% | 1 of 48 |" in page
    assert "dvc repro evaluate@demo" in page
    assert "The paper reports nothing on this corpus" in page
    for table in paper.TABLES:
        assert f"### Table {table.number}: " in page
    assert "91.24%" in page
    assert "71.88%" in page
    assert "With 16 groups the interval of macro-F1" in page
    assert "nan" not in page.lower().split()


@pytest.mark.usefixtures("undrawn")
def test_without_audio_the_feature_pictures_are_left_out_with_a_sentence(world: Path) -> None:
    for card in (world / "data/runs/demo").glob("*/model.json"):
        card.write_text(card.read_text().replace('"audio": true', '"audio": false'))
    evaluate.evaluate(world, "demo")
    page = report.report(world)
    assert "This corpus has no audio: there are no pictures of features." in page
    names = sorted(path.name for path in (world / "reports/pictures").iterdir())
    assert names == ["demo-confusion.png", "demo-learning-curves.png"]


@pytest.mark.usefixtures("undrawn")
def test_features_that_are_switched_off_leave_sentences(world: Path) -> None:
    path = world / "params.yaml"
    text = path.read_text().replace("  mf_rp: {}\n", "").replace("  wideband: {}\n", "")
    path.write_text(text)
    evaluate.evaluate(world, "demo")
    page = report.report(world)
    assert "No curves: `mf_rp` is not among the features." in page
    assert "No spectrograms:" in page


@pytest.mark.usefixtures("undrawn")
def test_a_network_without_epochs_leaves_a_sentence(world: Path) -> None:
    history = world / "data/runs/demo/multispec_music/history.csv"
    history.write_text("protocol,seed,fold,epoch,part,loss,accuracy\n")
    evaluate.evaluate(world, "demo")
    assert "No learning curves: the network records no epochs." in report.report(world)


@pytest.mark.usefixtures("undrawn")
def test_a_table_that_was_not_evaluated_is_refused(world: Path) -> None:
    evaluate.evaluate(world, "demo")
    path = world / "reports/demo/results.csv"
    path.write_text(path.read_text().replace("0.", "0.9", 1))
    with pytest.raises(RunError, match=r"results\.csv: missing, or not the table"):
        report.report(world)


@pytest.mark.usefixtures("undrawn")
def test_a_corpus_that_was_not_evaluated_is_named(world: Path) -> None:
    with pytest.raises(RunError, match="dvc repro evaluate@demo"):
        report.report(world)


@pytest.mark.usefixtures("undrawn")
def test_a_corpus_of_the_paper_stands_beside_its_table(world: Path) -> None:
    path = world / "params.yaml"
    path.write_text(path.read_text().replace("adapter: synthetic", "adapter: four_q"))
    evaluate.evaluate(world, "demo")
    page = report.report(world)
    assert "paper, Table IX: accuracy / F1" in page
    assert re.search(r"\| multispec_music \|.*\| 0\.635 / 0\.643 \|", page)
    assert "This run speaks to it with demo." in page
    assert "nothing about real music" not in page


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (-0.2, -0.3, -0.1, "loses to the baseline"),
        (-0.1, -0.3, 0.1, "scores below the baseline"),
        (0.1, -0.1, 0.3, "is not shown to beat"),
        (0.2, 0.1, 0.3, "beats the best baseline"),
    ],
)
def test_the_verdict_follows_the_interval(
    value: float, low: float, high: float, words: str
) -> None:
    summary = {
        "network": "net",
        "best_baseline": "svm",
        "baselines": ["svm"],
        "network_minus_baseline": {"macro_f1": {"value": value, "low": low, "high": high}},
    }
    corpus = sections.Corpus("demo", "synthetic", "", summary, {}, {}, {})
    assert words in sections.verdict(corpus)


def test_the_papers_f1_is_the_harmonic_mean_of_its_precision_and_recall() -> None:
    # An independent check of the transcription: rounded P and R give F1 to within 0.002.
    for name in paper.SCORED:
        for _, _, precision, recall, f1, _ in paper.table(name).rows:
            assert 2 * precision * recall / (precision + recall) == pytest.approx(f1, abs=0.002)


def test_every_counterpart_names_tables_and_headlines_that_exist() -> None:
    assert paper.SCORED == ("VII", "VIII", "IX")
    for entry in paper.COUNTERPARTS.values():
        assert all(paper.table(name).rows for name in entry.tables)
        assert entry.headline is None or entry.headline in paper.HEADLINES
