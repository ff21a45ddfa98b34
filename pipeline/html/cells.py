"""Cells and tables of the page: the text that is shown and the value that sorts it.

Conventions
-----------
A table's first column is the heading of its row. Numbers are printed as in the Markdown report;
the value behind a cell keeps all its digits, and is empty where there is none, which sorts last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.reporting import markdown

#: Heading of a column, and an explanation where it needs one.
Head = str | tuple[str, str]
#: What stands where nothing was measured.
GAP = "–"


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text
        As shown.
    key
        What it is sorted by.
    look
        Class of the style sheet: ``number``, ``text`` for many words, or empty for a few.
    note
        In smaller type behind the text: the interval of an estimate.
    """

    text: str
    key: str
    look: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    name
        Unique on the page; letters, digits, ``-`` and ``_``.
    caption
        What it shows.
    columns
        Heading and an explanation, which may be empty.
    rows
        As many cells as columns.
    sortable
        Whether a reader can order it by a column.
    """

    name: str
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    sortable: bool = True

    @property
    def looks(self) -> list[str]:
        """``number`` for every column of numbers, so that its heading stands above them."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns)
        return [
            "number" if column and all(cell.look == "number" for cell in column) else ""
            for column in columns
        ]


def table(
    name: str,
    caption: str,
    columns: Sequence[Head],
    rows: Iterable[Sequence[object]],
    sortable: bool = True,
) -> Table:
    """Make a table of cells, numbers and words.

    Raises
    ------
    ValueError
        If a row has not as many cells as there are columns.
    """
    heads = tuple((head, "") if isinstance(head, str) else head for head in columns)
    lines = tuple(tuple(cell(value) for value in row) for row in rows)
    for line in lines:
        if len(line) != len(heads):
            raise ValueError(f"table {name}: {len(line)} cells under {len(heads)} columns")
    return Table(name, caption, heads, lines, sortable and len(lines) > 1)


def cell(value: object, digits: int = 3) -> Cell:
    """Make a cell of a number or a word; what is a cell stays as it is.

    Examples
    --------
    >>> cell(0.51562)
    Cell(text='0.516', key='0.51562', look='number', note='')
    >>> cell("svm").key, cell(float("nan")).text
    ('svm', '–')
    """
    if isinstance(value, Cell):
        return value
    if value == GAP:
        return Cell(GAP, "", "number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Cell(str(value), str(value))
    if not math.isfinite(value):
        return Cell(GAP, "", "number")
    return Cell(markdown.number(value, digits), repr(value), "number")


def estimate(value: float, low: float, high: float, *, signed: bool = False) -> Cell:
    """Make a cell of an estimate and its interval; the estimate sorts it.

    Examples
    --------
    >>> estimate(0.1, -0.05, 0.2, signed=True)
    Cell(text='+0.100', key='0.1', look='number', note='[-0.050, +0.200]')
    """
    if not math.isfinite(value):
        return Cell(GAP, "", "number")
    sign = "+" if signed else ""
    note = f"[{low:{sign}.3f}, {high:{sign}.3f}]" if math.isfinite(low + high) else ""
    return Cell(f"{value:{sign}.3f}", repr(float(value)), "number", note)


def signed(value: float) -> Cell:
    """Make a cell of a difference.

    Examples
    --------
    >>> signed(0.0625).text
    '+0.062'
    """
    return Cell(f"{value:+.3f}", repr(float(value)), "number")


def share(value: float, digits: int = 1) -> Cell:
    """Make a cell of a share as a percentage.

    Examples
    --------
    >>> share(0.5)
    Cell(text='50.0 %', key='0.5', look='number', note='')
    """
    if not math.isfinite(value):
        return Cell(GAP, "", "number")
    return Cell(f"{100 * value:.{digits}f} %", repr(float(value)), "number")
