"""The site: it builds without a warning, needs no network, and says what the code says."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from docs.generate import links, pictures, reference
from pipeline import commands, params
from pipeline.codeversion import ROOT

#: What a page may fetch: the attributes of elements that load by themselves.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object)[^>]*?\s(?:src|data)=\"?([^\"\s>]+)"
    r"|<link[^>]*?\shref=\"?([^\"\s>]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Return the folder of the site, built strictly; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())
    logging.getLogger("mkdocs").addHandler(handler)
    patch = pytest.MonkeyPatch()
    patch.chdir(ROOT)
    patch.setenv("NO_MKDOCS_2_WARNING", "1")
    try:
        build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    except Abort:
        pytest.fail("\n".join(["mkdocs build --strict:", *messages]))
    finally:
        logging.getLogger("mkdocs").removeHandler(handler)
        patch.undo()
    return folder


def test_every_page_of_the_navigation_is_there(site):
    for name in ("index", "tutorial", "features/gtf", "reference/params", "reference/modules"):
        assert (site / f"{name}.html").stat().st_size > 1000
    assert not list(site.rglob("*.py"))


def test_no_page_fetches_from_the_network_and_the_browser_would_refuse(site):
    pages = [page for page in site.rglob("*.html") if page.name != "404.html"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        policy = re.search(r'Content-Security-Policy" content="default-src ([^"]*)"', text)
        assert policy is not None, page
        assert "http" not in policy.group(1)
        assert "*" not in policy.group(1)
        for one, other in FETCHED.findall(text):
            assert not re.match(r"(https?:)?//", one or other), (page, one or other)
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", styles)


def test_every_picture_of_a_page_is_in_the_site(site):
    shown = 0
    for page in site.rglob("*.html"):
        for source in re.findall(r"<img[^>]*?src=\"?([^\"\s>]+)", page.read_text("utf-8")):
            if not source.startswith("data:"):
                assert (page.parent / source).resolve().is_file(), (page, source)
                shown += 1
    assert shown >= 8


def test_docstrings_lose_their_other_markup(site):
    text = (site / "reference/modules.html").read_text(encoding="utf-8")
    assert "pipeline.features.gtf.extract" in text
    assert ":class:" not in text
    assert ":func:" not in text


def test_every_parameter_is_in_the_reference():
    text = reference.params_page()
    missing = [
        key for key in _leaves(params.read(ROOT / "params.yaml")) if f"| `{key}` |" not in text
    ]
    assert missing == []
    # A comment of the file and a docstring of the dataclass.
    assert "ERB-spaced channels [p]<br>Number of channels." in text


def _leaves(values: dict, above: str = "", depth: int = 0):
    """Yield keys below their section, as far as params.yaml has them on lines of their own."""
    for key, value in values.items():
        name = f"{above}.{key}" if above else key
        if depth == 0:
            yield from _leaves(value, "", 1) if isinstance(value, dict) else ()
        else:
            yield name


def test_every_command_and_stage_is_in_the_reference():
    text = reference.commands_page()
    assert text.count("usage: multispec ") == 1 + len(commands.names())
    stages = params.read(ROOT / "dvc.yaml")["stages"]
    page = reference.stages_page()
    assert [name for name in stages if f"\n## {name}\n" not in page] == []
    assert "${" not in page


def test_a_value_with_a_hash_or_a_colon_is_no_comment():
    text = "# top\na: # said\n  b: {c: 1, d: 2} # why: because\n  # between\n  e:\n    f: 1e-3\n"
    assert list(reference.sections(text)) == [
        (
            "a",
            "top said",
            [("b", "{c: 1, d: 2}", "why: because"), ("e", "", ""), ("e.f", "1e-3", "")],
        )
    ]


@pytest.mark.parametrize("page", links.pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert list(links.broken(page)) == []


def test_a_broken_link_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "ROOT", tmp_path)
    page = tmp_path / "a.md"
    page.write_text("# One two\n[x](#one-two) [y](#three) [z](b.md) `[c](d.md)` [e](https://f.g)\n")
    assert list(links.broken(page)) == [
        "#three: a.md has no heading of that name",
        "b.md: there is no b.md",
    ]


def test_every_picture_is_drawn_by_the_script_and_shown_somewhere():
    drawn = re.findall(r'^        "(\w+)": ', Path(pictures.__file__).read_text("utf-8"), re.M)
    there = sorted(path.stem for path in pictures.OUT.glob("*.png"))
    assert there == sorted(drawn)
    text = "".join(page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md"))
    assert [name for name in there if f"pictures/{name}.png" not in text] == []
