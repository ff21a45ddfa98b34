"""What the page says: every corpus and model is there, and every number is the table's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

REPORTS = "reports/demo"


def table(tree: Any, name: str) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of a table as text."""
    found = next(node for node in tree.all("table") if node.attributes.get("id") == name)
    heads = [node.text for node in found.all("thead")[0].all("th")]
    rows = [[cell.text for cell in row.all("th", "td")] for row in found.all("tbody")[0].all("tr")]
    return heads, rows


def interval(row: pd.Series, name: str, sign: str = "") -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def test_every_result_is_the_csvs(tree: Any, world: Path) -> None:
    csv = pd.read_csv(world / REPORTS / "results.csv")
    _, rows = table(tree, "demo-results")
    shown = {(row[0], row[1]): row[2:] for row in rows}
    assert len(rows) == len(csv)
    for _, row in csv.iterrows():
        assert shown[row["model"], row["protocol"]] == [
            interval(row, "accuracy"),
            interval(row, "macro_f1"),
            *(f"{row[key]:.3f}" for key in ("macro_precision", "macro_recall", "paper_f1")),
            f"{row['train_accuracy']:.3f}",
            f"{row['parameters']:,}",
            f"{row['training_seconds']:.1f}",
        ]


def test_the_plot_shows_every_model_and_protocol(tree: Any, world: Path) -> None:
    csv = pd.read_csv(world / REPORTS / "results.csv")
    figure = next(node for node in tree.all("figure") if node.attributes.get("class") == "forest")
    lines = {line.all("bdi")[0].text: line for line in figure.all("li")}
    assert set(lines) == set(csv["model"])
    for _, row in csv.iterrows():
        assert interval(row, "accuracy") in lines[row["model"]].text
        places = [
            dot.attributes.get("cx") or dot.attributes.get("x")
            for dot in lines[row["model"]].all("circle", "svg")
        ]
        assert f"{100 * row['accuracy']:.2f}%" in places


def test_verdicts_are_the_csvs_seen_from_the_model(tree: Any, world: Path) -> None:
    csv = pd.read_csv(world / REPORTS / "comparisons.csv")
    for protocol, part in csv.groupby("protocol"):
        _, rows = table(tree, f"demo-comparisons-{protocol}")
        assert [row[:3] for row in rows] == part[
            ["model", "against", "verdict"]
        ].to_numpy().tolist()
        assert [row[3].split()[0] for row in rows] == [f"{d:+.3f}" for d in part["difference"]]
    meanings = {"better": "better than svm", "worse": "worse than svm"}
    grouped = csv[(csv["protocol"] == "grouped") & (csv["against"] == "svm")]
    for _, row in grouped.iterrows():
        line = next(
            each
            for each in tree.all("li")
            if each.all("bdi") and each.all("bdi")[0].text == row["model"] and each.all("circle")
        )
        marks = [each.text for each in line.all("span") if each.attributes.get("class") == "mark"]
        expected = meanings.get(row["verdict"], "not distinguishable from svm")
        assert any(expected in mark for mark in marks)


@pytest.mark.parametrize("model", ["majority", "svm", "multispec_music"])
def test_confusions_are_the_csvs(tree: Any, world: Path, model: str) -> None:
    csv = pd.read_csv(world / REPORTS / "confusion_matrix.csv")
    csv = csv[(csv["protocol"] == "grouped") & (csv["model"] == model)]
    caption = f"corpus-demo-confusion-{model}"
    box = next(n for n in tree.all("div") if n.attributes.get("aria-labelledby") == caption)
    names = [head.text for head in box.all("thead")[0].all("th")][1:]
    for row in box.all("tbody")[0].all("tr"):
        actual = row.all("th")[0].text
        for predicted, cell in zip(names, row.all("td"), strict=True):
            count = csv[(csv["actual"] == actual) & (csv["predicted"] == predicted)]["count"]
            assert cell.all("small")[0].text == str(count.item())


def test_class_scores_gaps_and_chords_are_the_csvs(tree: Any, world: Path) -> None:
    classes = pd.read_csv(world / REPORTS / "per_class.csv").query("protocol == 'grouped'")
    _, rows = table(tree, "demo-classes")
    keys = ["precision", "recall", "f1"]
    assert [row[3:] for row in rows] == [
        [f"{v:.3f}" for v in row] for row in classes[keys].to_numpy()
    ]
    gaps = pd.read_csv(world / REPORTS / "optimism.csv").set_index(["model", "score"])
    _, rows = table(tree, "demo-optimism")
    for row in rows:
        assert row[3] == interval(gaps.loc[row[0], "accuracy"], "gap", "+")
        assert row[6] == interval(gaps.loc[row[0], "macro_f1"], "gap", "+")
    chords = pd.read_csv(world / REPORTS / "chords.csv")
    _, rows = table(tree, "demo-chords")
    assert [row[3] for row in rows] == [f"{100 * share:.1f} %" for share in chords["coverage"]]


def test_the_words_are_those_of_the_vocabulary(tree: Any, world: Path) -> None:
    said = json.loads((world / "data/vocabulary/demo.json").read_text())
    _, rows = table(tree, "demo-frequent")
    assert [row[0] for row in rows] == [word["word"] for word in said["words"]]
    assert [int(row[3]) for row in rows] == [word["tokens"] for word in said["words"]]
    _, rows = table(tree, "demo-typical")
    assert [(row[0], row[4]) for row in rows] == [
        (label, each["word"])
        for label, found in zip(said["classes"], said["typical"], strict=True)
        for each in found
    ]
    assert len({row[4] for row in rows}) == len(rows) == 4, "a chord of its own for each class"
    assert all(row[2].startswith("100 %") and row[3].startswith("0 %") for row in rows)
    drawing = next(node for node in tree.all("svg") if node.attributes.get("class") == "map")
    assert len(drawing.all("circle")) == len(said["words"])
    names = {node.text for node in drawing.all("text")}
    assert names <= {word["word"] for word in said["words"]}
    assert names


def test_the_hardest_are_the_surest_mistakes(tree: Any, world: Path) -> None:
    path = world / "data/runs/demo/multispec_music/predictions.csv"
    csv = pd.read_csv(path, dtype={"track": str}).query(
        "protocol == 'grouped' and true != predicted"
    )
    sure = [row[f"p_{row['predicted']}"] for _, row in csv.iterrows()]
    best = csv.assign(sure=sure).sort_values(
        ["sure", "track", "seed"], ascending=[False, True, True]
    )
    _, rows = table(tree, "corpus-demo-hardest-table")
    assert [row[0] for row in rows] == list(best.drop_duplicates("track")["track"].head(3))
    assert [row[4] for row in rows] == [f"{value:.3f}" for value in sorted(sure)[::-1][:3]]


def test_there_is_a_chart_for_what_learns_and_what_predicts(tree: Any) -> None:
    labels = [n.attributes["aria-label"] for n in tree.all("svg") if "aria-label" in n.attributes]
    assert sum(label.startswith("Loss of multispec_music") for label in labels) == 1
    assert sum(label.startswith("Reliability of") for label in labels) == 3
    assert sum("residual phase" in label for label in labels) == 4, "one per class"
    assert "majority, svm: solved at once" in tree.text


def test_pictures_and_players_stand_where_the_recordings_are_at_hand(tree: Any) -> None:
    cards = [node for node in tree.all("article") if node.attributes.get("class") == "card"]
    assert len(cards) == 4
    for card in cards:
        assert [len(card.all(tag)) for tag in ("img", "audio")] in ([3, 1], [3, 0])
    silent = [card for card in cards if not card.all("audio")]
    assert len(silent) == 1
    assert "was not at hand" in silent[0].text


def test_audit_and_quarantine_are_in_plain_words(tree: Any) -> None:
    checks = {node.all("summary")[0].text: node for node in tree.all("details")}
    groups = next(text for text in checks if "training and test at once" in text)
    assert "in order" in groups
    copies = next(text for text in checks if "near-identical" in text)
    assert "to be judged" in copies
    assert "open" in checks[copies].attributes, "what is not in order is not folded away"
    assert any("something new" in text for text in checks)
    _, rows = table(tree, "demo-quarantine")
    assert rows == [["<i>bad</i>.wav", "index", "truncated"]]


def test_every_command_names_a_stage_and_a_corpus(tree: Any) -> None:
    said = [code.text for code in tree.all("code")]
    for command in ("evaluate@demo", "train@demo-multispec_music", "split@demo", "report"):
        assert f"dvc repro {command}" in said


def test_a_corpus_of_notes_alone_under_one_protocol_has_a_page(own: Path, bare: Any) -> None:
    tree = bare(own)
    for said in (
        "This corpus has no recordings",
        "Only one protocol was run",
        "No piece has MIDI",
        "This corpus was not audited",
        "Every file could be used",
        "No mistakes to show",
    ):
        assert said in tree.text, said
    assert not tree.all("img", "audio")
    assert not [path for path in tree.all("path") if path.attributes["class"] == "random"]
