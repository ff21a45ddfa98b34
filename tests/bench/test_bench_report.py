"""Results as JSON, text, Markdown and a picture, and the command that makes them."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pipeline import cli
from pipeline.bench import picture, publish, results, sections, table
from pipeline.bench.results import Bar, Goal, Measured, Section
from pipeline.bench.timer import Spread
from pipeline.commands import bench

REPOSITORY = Path(__file__).resolve().parents[2]
SPEED = Spread(540.0, 520.0, 551.0)
SECTION = Section(
    name="features",
    title="Features",
    columns=("feature", "rate", "x realtime", "error"),
    rows=(("gtf", 44100, SPEED, 4e-14), ("tonal | more", 44100, SPEED, None)),
    goals=(Goal("error", 4e-14, 1e-9, least=False), Goal("ratio", 1.0, 2.5)),
    notes=("one thread.",),
    bars=(Bar("gtf", "ours", True, SPEED), Bar("gtf", "libraries", False, Spread(16, 15, 17))),
)
MEASURED = Measured(SECTION, "multispec bench features", {"processor": "P", "numpy": "2"})


def test_json_gives_back_what_was_written(tmp_path):
    path = tmp_path / "new" / "bench.json"
    results.write({"features": MEASURED}, path)
    assert results.read(path) == {"features": MEASURED}
    assert results.read(tmp_path / "absent.json") == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"features": {"section": {}}}'])
def test_another_file_is_no_report(tmp_path, text):
    path = tmp_path / "bench.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"bench\.json: no report of `multispec bench`"):
        results.read(path)


def test_a_row_has_a_cell_for_every_column():
    with pytest.raises(ValueError, match="2 cells"):
        replace(SECTION, rows=(("gtf", 1),))


def test_text_is_aligned():
    lines = table.text(SECTION).splitlines()
    assert lines[2].split() == ["feature", "rate", "x", "realtime", "error"]
    assert len({len(line) for line in lines[1:7]}) == 1
    assert "540 (520-551)" in lines[4]
    assert "4.0e-14" in lines[4]
    assert lines[-3:] == [
        "reached: error: 4.0e-14; goal: at most 1.0e-09",
        "MISSED: ratio: 1.00; goal: at least 2.50",
        "note: one thread.",
    ]


def test_markdown_names_command_and_machine():
    page = table.page({"features": MEASURED}, "bench.png")
    assert page.startswith("![Speed of each feature")
    assert "| gtf | 44,100 | 540 (520-551) | 4.0e-14 |" in page
    assert "tonal \\| more" in page
    assert "`multispec bench features` on processor P; numpy 2." in page


def test_picture_has_a_panel_for_each_section_with_bars():
    other = replace(MEASURED, section=replace(SECTION, name="peers"))
    without = replace(MEASURED, section=replace(SECTION, name="disk", bars=()))
    figure = picture.draw({"features": MEASURED, "peers": other, "disk": without})
    assert len(figure.axes) == 2
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [
        "gtf: ours",
        "gtf: libraries",
    ]
    assert picture.draw({"disk": without}) is None


def test_publishing(tmp_path):
    publish.write({"features": MEASURED}, tmp_path)
    assert Image.open(tmp_path / publish.PICTURE).width > 500
    assert "](bench.png)" in (tmp_path / publish.PAGE).read_text()


def test_a_page_keeps_what_is_around_the_marks(tmp_path):
    page = tmp_path / "speed.md"
    page.write_text(f"# Speed\n\n{publish.BEGIN}\nold\n{publish.END}\n\nmore\n")
    publish.write_docs({"features": MEASURED}, page)
    once = page.read_text()
    assert once.startswith("# Speed\n\n<!--")
    assert once.endswith("-->\n\nmore\n")
    assert "old" not in once
    assert "![" in once
    assert (tmp_path / "speed.png").is_file()
    publish.write_docs({"features": MEASURED}, page)
    assert page.read_text() == once


@pytest.mark.parametrize("text", ["", publish.BEGIN, publish.END + publish.BEGIN])
def test_a_page_without_marks_is_refused(text):
    with pytest.raises(ValueError, match="must stand in it once each"):
        publish.replaced(text, "new", "speed.md")


def test_the_documentation_shows_the_results_in_the_repository():
    report = results.read(REPOSITORY / bench.OUT / publish.JSON)
    text = (REPOSITORY / bench.DOCS).read_text(encoding="utf-8")
    made = table.page(report, "speed.png")
    assert publish.replaced(text, made, "speed.md") == text, (
        "run `multispec bench SECTION --docs`: docs/speed.md is not made from reports/bench"
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return a folder with the shipped parameters and a section that takes no time."""
    (tmp_path / "params.yaml").write_bytes((REPOSITORY / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    asked = []

    def run(settings):
        asked.append(settings)
        return SECTION

    monkeypatch.setattr(sections.load("features"), "run", run)
    return asked


def test_the_command_prints_and_writes(here, tmp_path, capsys):
    arguments = ["bench", "features", "--seconds", "2", "--rounds", "1", "--clips", "3"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.startswith("Features\n---")
    assert (here[0].seconds, here[0].rounds, here[0].clips) == (2.0, 1, 3)
    written = json.loads((tmp_path / bench.OUT / publish.JSON).read_text())
    command = written["features"]["command"]
    assert command == "multispec bench features --seconds 2 --rounds 1 --clips 3"
    cli.parser().parse_args(shlex.split(command)[1:])


@pytest.mark.usefixtures("here")
def test_sections_of_earlier_runs_are_kept(tmp_path):
    other = replace(MEASURED, section=replace(SECTION, name="peers"))
    results.write({"peers": other}, tmp_path / bench.OUT / publish.JSON)
    assert cli.main(["bench", "features"]) == 0
    assert set(results.read(tmp_path / bench.OUT / publish.JSON)) == {"features", "peers"}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["feature"], "no section 'feature'"),
        (["--rounds", "0"], "--rounds is 0; it must be at least 1"),
        (["--clips", "0"], "--clips is 0"),
        (["--seconds", "0.5"], "--seconds is 0.5"),
        (["--seconds", "nan"], "--seconds is nan"),
        (["--audio", "nowhere"], "--audio: nowhere is no folder"),
        (["--midi", "nowhere"], "--midi: nowhere is no folder"),
    ],
)
def test_wrong_arguments_are_one_line(arguments, words, capsys):
    assert cli.main(["bench", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert words in error


def test_examples_of_the_help_parse():
    lines = [line.strip() for line in (bench.__doc__ or "").splitlines()]
    examples = [line for line in lines if line.startswith("multispec bench")]
    assert len(examples) >= 3
    for example in examples:
        namespace = cli.parser().parse_args(shlex.split(example)[1:])
        assert set(namespace.sections) <= set(sections.names())


def test_every_section_explains_itself():
    assert set(sections.quick()) < set(sections.names())
    for name in sections.names():
        assert sections.load(name).__doc__.splitlines()[0].endswith(".")
