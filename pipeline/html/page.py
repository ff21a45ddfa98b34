"""The report of all corpora as one HTML file.

:func:`render` returns the page as text: style, script, pictures and sounds are inside, no address
outside is named, and equal inputs give equal bytes. Templates are in ``templates/``; they escape
whatever they are given, so that a class named ``<b>`` is four letters on the page and no tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline import params
from pipeline.html import charts, papers, scored, spectra, words
from pipeline.html.cells import Head, Table, cell, table
from pipeline.html.settings import Page
from pipeline.html.view import Source, View, view
from pipeline.reporting.sections import Corpus
from pipeline.reporting.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
#: Classes whose names say nothing to a reader who has not met them.
QUADRANTS = {"Q1", "Q2", "Q3", "Q4"}
CODE = re.compile(r"`([^`]+)`")


def render(
    root: Path,
    corpora: Sequence[Corpus],
    settings: Settings,
    parameters: Mapping[str, Any],
    models: Mapping[str, str],
) -> str:
    """Return the page.

    Parameters
    ----------
    root
        The repository.
    corpora
        What was measured, as :func:`pipeline.report.read_corpus` reads it.
    settings, parameters
        Sections ``report`` and ``cv.bootstrap``; all of ``params.yaml``.
    models
        Model -> what it is, in one line.

    Raises
    ------
    pipeline.params.ParamsError
        If section ``page`` is missing or wrong, or names a corpus that there is not.
    """
    page = settings_of(parameters, settings)
    source = Source(root, parameters, settings, page)
    views = [view(corpus, source) for corpus in corpora]
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            views=views,
            page=page,
            report=settings.report,
            bootstrap=settings.bootstrap,
            models=models,
            quadrants=any(QUADRANTS & set(each.corpus.summary["classes"]) for each in views),
            glance=glance(views),
            paper_scores=papers.scores(),
            paper_rates=papers.rates(),
            style=_trusted("style.css"),
            script=_trusted("script.js"),
        )
    )


def settings_of(parameters: Mapping[str, Any], settings: Settings) -> Page:
    """Read section ``page``; errors as :func:`render`."""
    page = params.build(Page, params.section(parameters, "page"), "page")
    for name in page.sounds:
        if name not in settings.corpora:
            raise params.ParamsError(f"page.sounds: {name!r} is not under `corpora`")
    return page


def environment() -> Environment:
    """Return the templates' environment; an unknown name is an error, and all text is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["code"] = code
    made.globals |= {
        "chart_size": (charts.WIDTH, charts.HEIGHT),
        "chart_edges": (charts.LEFT, charts.RIGHT, charts.TOP, charts.BOTTOM),
        "map_size": (words.WIDTH, words.HEIGHT),
        "hardware": scored.hardware,
        "range_db": spectra.RANGE_DB,
    }
    return made


def code(text: str) -> Markup:
    """Escape a text and set what stands between backticks as code.

    Examples
    --------
    >>> code("run `a<b>`")
    Markup('run <code>a&lt;b&gt;</code>')
    """
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


def _trusted(name: str) -> Markup:
    """Read a file of our own that goes into the page as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def glance(views: Sequence[View]) -> Table:
    """Set the corpora side by side."""
    rows = []
    for each in views:
        said, corpus = each.corpus.summary, each.corpus
        refused = sum(corpus.quarantined.values()) + sum(corpus.rejected.values())
        best: Any = each.best["accuracy"]
        rows.append(
            [
                corpus.name,
                said["indexed"],
                ", ".join(f"{name} {count}" for name, count in said["tracks_by_class"].items()),
                said["groups"],
                cell(float(said["hours"]), 2),
                refused,
                each.best["model"],
                best,
            ]
        )
    columns: list[Head] = [
        "corpus",
        "tracks",
        ("classes", "and their tracks"),
        ("groups", "artists, songs or speakers"),
        "hours",
        ("refused", "files that could not be used, and tracks rejected while extracting"),
        ("best model", "by accuracy, grouped folds"),
        ("its accuracy", "with its interval"),
    ]
    return table("glance", "Corpora at a glance", columns, rows)
