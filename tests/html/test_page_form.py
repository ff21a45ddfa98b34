"""The form of the page: escaped, self-contained, reproducible, and open to every reader."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipeline.html import page
from pipeline.params import ParamsError

ADDRESSES = {"src", "href", "poster", "data", "action", "srcset", "xlink:href"}


def colours(style: str) -> list[dict[str, str]]:
    """Return the colours of the light and of the dark style."""
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in blocks)
    return [light, light | dark]


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_hostile_names_stay_text(tree: Any, text: str) -> None:
    assert len(tree.all("script")) == 1
    assert not [node for node in tree.walk() if any(n.startswith("on") for n in node.attributes)]
    assert "</script><script>alert(1)</script>" in tree.text, "shown as it is written"
    assert "<img src=x onerror=alert(2)>" in tree.text
    assert "<script>alert" not in text
    assert not tree.all("i")[0].text, "the quarantined file's tag is no tag"


def test_nothing_is_fetched(tree: Any, text: str) -> None:
    for node in tree.walk():
        for name in ADDRESSES & node.attributes.keys():
            value = node.attributes[name]
            assert value.startswith(("#", "data:")), f"<{node.tag} {name}={value[:60]}>"
    style = tree.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?://", text)


def test_links_lead_somewhere_and_ids_are_unique(tree: Any) -> None:
    ids = [node.attributes["id"] for node in tree.walk() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    for node in tree.walk():
        for name in ("href", "aria-labelledby"):
            target = node.attributes.get(name, "")
            if target.startswith("#") or (name == "aria-labelledby" and target):
                assert target.removeprefix("#") in ids, target


def test_equal_inputs_give_equal_bytes_elsewhere(own: Path, text: str, render: Any) -> None:
    assert render(own) == text


def test_no_path_of_the_machine_is_on_the_page(text: str, world: Path) -> None:
    assert str(world) not in text


def test_readers_of_every_kind_find_their_way(tree: Any) -> None:
    assert tree.all("html")[0].attributes["lang"] == "en"
    assert tree.all("title")[0].text
    assert [len(tree.all(tag)) for tag in ("h1", "main", "header", "footer", "nav")] == [1] * 5
    levels = [int(node.tag[1]) for node in tree.all("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    skip = tree.all("a")[0]
    assert skip.attributes["href"] == "#main"
    for picture in tree.all("img"):
        assert len(picture.attributes["alt"]) > 20
    for drawing in tree.all("svg"):
        hidden = drawing.attributes.get("aria-hidden") == "true" or "x" in drawing.attributes
        assert hidden or len(drawing.attributes["aria-label"]) > 20
    for player in tree.all("audio"):
        assert player.attributes["aria-label"].startswith("Excerpt of ")


def test_tables_have_captions_headings_and_boxes_that_scroll(tree: Any) -> None:
    boxed = [
        n
        for box in tree.all("div")
        if "scroll" in box.attributes.get("class", "")
        for n in box.all("table")
    ]
    assert {id(table) for table in tree.all("table")} == {id(table) for table in boxed}
    for table in tree.all("table"):
        assert table.all("caption")[0].text
        for row in table.all("tbody")[0].all("tr"):
            assert row.all("th")[0].attributes["scope"] == "row"
        assert all(head.attributes["scope"] == "col" for head in table.all("thead")[0].all("th"))
    for box in tree.all("div"):
        if "scroll" in box.attributes.get("class", ""):
            assert (box.attributes["role"], box.attributes["tabindex"]) == ("region", "0")


def test_text_and_drawings_stand_out_in_light_and_dark(tree: Any) -> None:
    for found in colours(tree.all("style")[0].text):
        for ink in ("ink", "quiet", "link", "warn"):
            for ground in ("paper", "soft"):
                assert contrast(found[ink], found[ground]) >= 4.5, (ink, ground)
        for ink in ("first", "second"):
            assert contrast(found[ink], found["paper"]) >= 4.5, ink
        for ink in ("third", "guide", "focus"):
            assert contrast(found[ink], found["paper"]) >= 3, ink


def test_coloured_cells_can_be_read(tree: Any) -> None:
    styles = [n.attributes["style"] for n in tree.all("td") if "style" in n.attributes]
    assert len(styles) == 3 * 16
    for style in styles:
        assert contrast("#333333", style.removeprefix("background:")) >= 4.5


def test_a_sound_of_an_unknown_corpus_is_refused(own: Path, render: Any) -> None:
    path = own / "params.yaml"
    path.write_text(path.read_text().replace("sounds: [demo]", "sounds: [dmeo]"))
    with pytest.raises(ParamsError, match=r"page\.sounds: 'dmeo'"):
        render(own)


def test_code_is_escaped_before_it_is_marked() -> None:
    assert page.code("`<b>`") == "<code>&lt;b&gt;</code>"
