"""Small pieces of Markdown: numbers, intervals, tables, pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def number(value: object, digits: int = 3) -> str:
    """Format a cell: reals with fixed digits, whole numbers with separators, gaps as a dash.

    Examples
    --------
    >>> number(0.5), number(12345), number("svm"), number(float("nan"))
    ('0.500', '12,345', 'svm', '–')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("|", "\\|")
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def interval(value: float, low: float, high: float, signed: bool = False) -> str:
    """Format an estimate with its interval.

    Examples
    --------
    >>> interval(0.5, 0.4, 0.6), interval(0.1, -0.05, 0.2, signed=True)
    ('0.500 [0.400, 0.600]', '+0.100 [-0.050, +0.200]')
    """
    sign = "+" if signed else ""
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out a table; the first column is flush left, the others flush right.

    Examples
    --------
    >>> print(table(["model", "accuracy"], [["svm", 0.5]]))
    | model | accuracy |
    | :-- | --: |
    | svm | 0.500 |
    """
    lines = [list(columns), [":--", *["--:"] * (len(columns) - 1)]]
    lines += [[number(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def picture(path: str, alternative: str) -> str:
    """Embed a picture with a text for those who do not see it."""
    return f"![{alternative}]({path})"


def page(parts: Iterable[str]) -> str:
    """Join paragraphs, tables and headings with one empty line between; drop empty ones."""
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
