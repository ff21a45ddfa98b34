"""Rows of the ledger that need no data: what the paper prints, against what else it prints.

Conventions
-----------
A printed number stands for all that rounds to it: half a unit of its last digit to either side. A
statement is supported if numbers within those bounds can make it true, and contradicted otherwise.
``measured`` is what the tables give, between the bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from pipeline.reporting import paper
from pipeline.reporting.bootstrap import Interval
from pipeline.reporting.ledger import CONTRADICTED, SUPPORTED, Row
from pipeline.reporting.paper_claims import COUNTS, RELATIVE, STATED, Relative, Stated

PRINTED = "as printed"
#: Tables VII to IX print scores to 0.001.
HALF = 0.0005
ACCURACY, PRECISION, RECALL, F1, SECONDS = 1, 2, 3, 4, 5
#: Room for the rounding of sums in floating point.
EPSILON = 1e-9


def printed() -> Iterator[Row]:
    """Yield the rows: F1 by its formula, the text against the tables, the comparisons."""
    for number in paper.SCORED:
        yield from (_f1(number, str(row[0])) for row in paper.table(number).rows)
    yield from (_stated(each) for each in STATED)
    for count in COUNTS:
        total = sum(count.elsewhere)
        text = f"{count.where} {'gives' if len(count.elsewhere) > 1 else 'says'} {total:,}"
        verdict = SUPPORTED if total == count.value else CONTRADICTED
        yield Row(
            count.claim, count.source, "", count.text, count.value, protocol=PRINTED,
            measured=Interval(total, total, total), verdict=verdict, reason=text,
        )  # fmt: skip
    for claim in RELATIVE:
        printed = () if claim.experiment else claim.tables or paper.SCORED
        yield from (_relative(claim, number) for number in printed)


def _cells(number: str, name: str) -> tuple[float, ...]:
    """Return a row of Tables VII to IX by the paper's name; item 0 is no number."""
    row = next(row for row in paper.table(number).rows if row[0] == name)
    return (0.0, *(float(cell) for cell in row[1:]))


def f1_bounds(precision: float, recall: float) -> Interval:
    """Return 2PR / (P + R), and the least and most that numbers which print as P and R can give.

    Examples
    --------
    >>> bounds = f1_bounds(0.615, 0.557)
    >>> round(bounds.low, 4), round(bounds.high, 4)
    (0.5841, 0.5851)
    """

    def formula(p: float, r: float) -> float:
        return 2 * p * r / (p + r)

    ends = [formula(precision + a, recall + b) for a, b in product((-HALF, HALF), (-HALF, HALF))]
    return Interval(formula(precision, recall), min(ends), max(ends))


def _f1(number: str, name: str) -> Row:
    cells = _cells(number, name)
    bounds = f1_bounds(cells[PRECISION], cells[RECALL])
    fits = bounds.low - EPSILON <= cells[F1] + HALF and bounds.high + EPSILON >= cells[F1] - HALF
    return Row(
        f"f1-{number.lower()}-{name.lower()}",
        f"Table {number}",
        paper.table(number).corpus,
        f"F1 of {name} is 2PR / (P + R) of its precision and recall",
        cells[F1],
        protocol=PRINTED,
        measured=bounds,
        verdict=SUPPORTED if fits else CONTRADICTED,
        reason=f"the formula gives {bounds.value:.4f}, the table prints {cells[F1]:.3f}",
    )


def _stated(each: Stated) -> Row:
    value = _cells(each.table, each.model)[ACCURACY]
    room, what = HALF, f"Table {each.table} prints {value:.3f}"
    if each.minus is not None:
        other = _cells(each.table, each.minus)[ACCURACY]
        what = (
            f"Table {each.table} prints {value:.3f} and {other:.3f}: {100 * (value - other):.1f} "
            f"points, or {100 * (value / other - 1):.1f} % of the smaller"
        )
        value, room = value - other, 2 * HALF
    fits = abs(value - each.value) <= room + HALF + EPSILON
    return Row(
        each.claim,
        each.source,
        paper.table(each.table).corpus,
        each.text,
        each.value,
        protocol=PRINTED,
        measured=Interval(value, value - room, value + room),
        verdict=SUPPORTED if fits else CONTRADICTED,
        reason=what,
    )


def _relative(claim: Relative, number: str) -> Row:
    column = SECONDS if claim.kind == "faster" else ACCURACY
    first, *others = (
        _cells(number, paper.ROWS[name])[column] for name in (claim.first, *claim.others)
    )
    if claim.kind == "faster":
        value = min(others) / first
        holds, said = value > 1, f"{value:.2f} times as long"
    else:
        value = first - max(others)
        holds = value > 0 if claim.kind == "better" else abs(value) <= claim.limit + EPSILON
        said = f"{first:.3f} against {max(others):.3f}"
    return Row(
        f"{claim.claim}-{number.lower()}-printed",
        claim.source,
        paper.table(number).corpus,
        claim.text,
        claim.limit or None,
        protocol=PRINTED,
        measured=Interval(value, value, value),
        verdict=SUPPORTED if holds else CONTRADICTED,
        reason=f"Table {number} prints {said}; one run each, no interval",
    )
