"""A report as aligned text for a terminal and as Markdown for the documentation.

Conventions
-----------
Numbers have three significant digits; a spread reads ``median (low-high)`` over the rounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.bench.results import Cell, Goal, Measured, Report, Section
from pipeline.bench.timer import Spread
from pipeline.reporting import markdown

DIGITS = 3
#: Numbers this large are written out, those below :data:`TINY` with an exponent.
LARGE, TINY = 1000, 0.001
SHOWN = ("processor", "cores", "gpu", "system", "python")


def number(value: float) -> str:
    """Write a real number with three significant digits, a whole one with all.

    Examples
    --------
    >>> [number(x) for x in (44100, 12345.6, 123.4, 1.234, 0.01234, 2.3e-8)]
    ['44,100', '12,346', '123', '1.23', '0.0123', '2.3e-08']
    """
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if abs(value) >= LARGE:
        return f"{value:,.0f}"
    if abs(value) < TINY:
        return f"{value:.1e}"
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def cell(value: Cell) -> str:
    """Write a cell.

    Examples
    --------
    >>> cell(Spread(540.0, 520.4, 551.0)), cell("librosa"), cell(None)
    ('540 (520-551)', 'librosa', '-')
    """
    if isinstance(value, Spread):
        return f"{number(value.median)} ({number(value.low)}-{number(value.high)})"
    if isinstance(value, int | float):
        return number(value)
    return "-" if value is None else value


def goal(value: Goal) -> str:
    """Write a goal as a sentence.

    Examples
    --------
    >>> goal(Goal("gtf against spafe", 3.0, 2.5))
    'reached: gtf against spafe: 3.00; goal: at least 2.50'
    """
    verdict = "reached" if value.reached else "MISSED"
    side = "at least" if value.least else "at most"
    return f"{verdict}: {value.what}: {number(value.value)}; goal: {side} {number(value.bound)}"


def text(section: Section) -> str:
    """Lay a section out for a terminal; the first column flush left, the others flush right."""
    lines = [list(section.columns), *([cell(value) for value in row] for row in section.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(section.columns))]
    table = [_aligned(line, widths) for line in lines]
    rule = "-" * len(table[0])
    parts = [section.title, rule, table[0], rule, *table[1:], rule]
    parts += [goal(each) for each in section.goals]
    return "\n".join(parts + [f"note: {note}" for note in section.notes])


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(word.rjust(width) for word, width in others)])


def page(report: Report, picture: str) -> str:
    """Return the report as Markdown.

    Parameters
    ----------
    picture
        Path of the picture, from the page; shown where something was drawn.
    """
    parts = []
    if any(measured.section.bars for measured in report.values()):
        parts.append(markdown.picture(picture, "Speed of each feature beside others', x realtime"))
    for name in sorted(report, key=lambda name: (report[name].section.bars == (), name)):
        parts += _paragraphs(report[name])
    return markdown.page(parts)


def _paragraphs(measured: Measured) -> list[str]:
    section, machine = measured.section, measured.machine
    rows = [[cell(value) for value in row] for row in section.rows]
    hardware = ", ".join(f"{key} {machine[key]}" for key in SHOWN if key in machine)
    versions = ", ".join(f"{key} {machine[key]}" for key in machine if key not in SHOWN)
    return [
        f"### {section.title}",
        markdown.table(section.columns, rows),
        "\n".join(f"- {each}" for each in [*map(goal, section.goals), *section.notes]),
        f"`{measured.command}` on {hardware}; {versions}.",
    ]
