"""The report stage: what the page says, that its links hold, that pictures are reproducible."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline import evaluate, report
from pipeline.html import page as html_page
from pipeline.reporting import differences, paper, pictures, sections
from pipeline.reporting.runs import RunError

PICTURES = ["accuracy", "confusion", "learning-curves", "mf-rp", "spectrograms"]


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
    monkeypatch.setattr(html_page, "render", lambda *_: "")


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
    assert "`multispec_music` is not distinguishable from the best baseline, `svm`:" in page
    assert "### Is the difference real?" in page
    assert re.search(r"\| majority \| multispec_music \| -0\.\d+ \[.*\| worse \|", page)
    assert "- `svm`: Support vector machines with a Gaussian kernel" in page
    assert "does not apply" not in page
    assert "#### Conditions" not in page
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
    assert names == ["demo-accuracy.png", "demo-confusion.png", "demo-learning-curves.png"]


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
    results = pd.read_csv(world / "reports/demo/results.csv").set_index(["protocol", "model"])
    ours = results.loc[("random", "multispec_music")]
    gap = f"{ours['accuracy'] - 0.635:+.3f}"
    row = rf"\| MULTISPEC-DNN \| multispec_music \| 0\.635 \| {ours['accuracy']:.3f} \| "
    assert re.search(row + re.escape(gap), page)
    seconds = ours["training_seconds"] / 8  # 4 folds, 2 seeds
    assert page.count(f"| 191.54 | {seconds:.2f} |") == 1
    order = [page.index(f"| {name} | {key} |") for key, name in paper.ROWS.items()]
    assert order == sorted(order), "the rows keep the paper's order"
    assert "Without a run here: `mcc_lstm`" in page
    assert "This run speaks to it with demo." in page
    assert "nothing about real music" not in page


@pytest.mark.usefixtures("undrawn")
def test_the_headline_figures_stand_beside_the_speech_network(world: Path) -> None:
    path = world / "params.yaml"
    text = path.read_text().replace("adapter: synthetic", "adapter: emodb")
    path.write_text(text)
    evaluate.evaluate(world, "demo")
    assert "`multispec_speech`, has no run here" in report.report(world)
    path.write_text(text.replace("multispec_music", "multispec_speech"))
    (world / "data/runs/demo/multispec_music").rename(world / "data/runs/demo/multispec_speech")
    evaluate.evaluate(world, "demo")
    page = report.report(world)
    assert re.search(r"\| `multispec_speech`, random folds \| 0\.912 \| 0\.\d+ \[", page)
    assert "is 91.24% (Section VI)." in page


@pytest.mark.usefixtures("undrawn")
def test_who_does_not_apply_and_who_stands_in_is_said(
    world: Path, skip: Callable[[str, str], None]
) -> None:
    skip("multispec_music", "no audio to hear")
    evaluate.evaluate(world, "demo")
    page = report.report(world)
    assert "- `multispec_music`: no audio to hear" in page
    assert "`multispec_music` was not trained on this corpus; `majority` stands in for it." in page
    assert re.search("`majority` (loses to|is not distinguishable from) the best baseline", page)


def _corpus(difference: float, verdict: str, model: str = "net") -> sections.Corpus:
    against = {"net": "svm", "svm": "net"}[model]
    row = ["grouped", model, against, difference, difference - 0.05, difference + 0.05, verdict]
    names = ["protocol", "model", "against", "difference", "low", "high", "verdict"]
    summary = {
        "network": "net",
        "asked_network": "net",
        "ours": ["net"],
        "best_baseline": "svm",
        "baselines": ["svm"],
        "network_minus_baseline": {"macro_f1": {"value": 0.1, "low": 0.0, "high": 0.2}},
    }
    tables = {"comparisons": pd.DataFrame([row], columns=names)}
    return sections.Corpus("demo", "synthetic", "", summary, tables, {}, {})


@pytest.mark.parametrize(
    ("difference", "verdict", "words"),
    [
        (-0.2, "worse", "**`net` loses to the best baseline, `svm`**: -0.200 [-0.250, -0.150]"),
        (0.01, "not distinguishable", "`net` is not distinguishable from the best baseline"),
        (0.2, "better", "`net` beats the best baseline, `svm`: +0.200 [+0.150, +0.250]"),
    ],
)
def test_the_verdict_is_that_of_the_comparison_seen_from_either_side(
    difference: float, verdict: str, words: str
) -> None:
    turned = {"better": "worse", "worse": "better"}.get(verdict, verdict)
    for corpus in (_corpus(difference, verdict), _corpus(-difference, turned, "svm")):
        assert words in differences.verdicts(corpus)[0]


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
