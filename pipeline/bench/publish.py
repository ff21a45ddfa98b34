"""Write a report: JSON, Markdown and a picture, and into a page of the documentation."""

from __future__ import annotations

from pathlib import Path

from pipeline.bench import picture, results, table
from pipeline.bench.results import Report
from pipeline.reporting.pictures import save

JSON, PAGE, PICTURE = "bench.json", "bench.md", "bench.png"
#: What is written by :func:`write_docs` lies between these lines of the page.
BEGIN, END = "<!-- multispec bench: begin -->", "<!-- multispec bench: end -->"


def write(report: Report, folder: Path) -> None:
    """Write ``bench.json``, ``bench.md`` and, where there is something to draw, ``bench.png``."""
    results.write(report, folder / JSON)
    _draw(report, folder / PICTURE)
    (folder / PAGE).write_text(table.page(report, PICTURE), encoding="utf-8")


def write_docs(report: Report, page: Path) -> None:
    """Replace the part of a page between its marks; the picture goes beside the page.

    Raises
    ------
    FileNotFoundError
        If there is no such page.
    ValueError
        If the page lacks the marks.
    """
    text = page.read_text(encoding="utf-8")
    beside = page.with_suffix(".png")
    page.write_text(replaced(text, table.page(report, beside.name), str(page)), encoding="utf-8")
    _draw(report, beside)


def replaced(text: str, made: str, name: str) -> str:
    """Return a page's text with what is between its marks replaced.

    Raises
    ------
    ValueError
        If the marks are not there once each, in order; ``name`` is for the message.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"{name}: the lines {BEGIN!r} and {END!r} must stand in it once each")
    return f"{before}{BEGIN}\n\n{made.strip()}\n\n{END}{after}"


def _draw(report: Report, path: Path) -> None:
    figure = picture.draw(report)
    if figure is not None:
        save(figure, path)
