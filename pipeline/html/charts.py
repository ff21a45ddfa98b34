"""Line charts as numbers for a drawing of fixed size, which a template writes as SVG.

Conventions
-----------
A chart is :data:`WIDTH` x :data:`HEIGHT` units, about one pixel each on a phone, so that its
letters stay readable there; x runs to the right, y up, and coordinates are rounded to a tenth of a
unit. A series has a number that picks its colour (Okabe & Ito, 2008) and its dashes, so that
neither alone tells series apart. SVG text is the browser's: no font decides the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 320, 200
LEFT, RIGHT, TOP, BOTTOM = 50, 8, 10, 36
TICKS = 5
#: Round numbers between ticks, times a power of ten.
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """One axis: what it shows with its unit, ends, ticks, and other names for these."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    named: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The ticks as text."""
        return list(self.named) or [f"{tick:g}" for tick in self.ticks]


@dataclass(frozen=True)
class Series:
    """One line or row of dots, with a name for the legend; empty: not in the legend."""

    name: str
    points: tuple[tuple[float, float], ...]
    number: int
    look: str = "line"

    @property
    def path(self) -> str:
        """The points as the attribute of a polyline."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


@dataclass(frozen=True)
class Chart:
    """A chart ready to be written.

    Attributes
    ----------
    title, text
        Heading, and what a reader who does not see it should know.
    across, upwards
        Positions and names of the ticks.
    x_label, y_label
        With units.
    series
        In the order of the legend.
    bars
        x, y, width and height of each bar, in units of the drawing.
    """

    title: str
    text: str
    x_label: str
    y_label: str
    across: tuple[tuple[float, str], ...]
    upwards: tuple[tuple[float, str], ...]
    series: tuple[Series, ...]
    bars: tuple[tuple[float, float, float, float], ...] = ()


def axis(label: str, values: ArrayLike, whole: bool = False) -> Axis:
    """Return an axis that holds all finite values, with round ticks.

    Parameters
    ----------
    whole
        Whether the ticks are whole numbers.

    Examples
    --------
    >>> axis("epoch", [1, 18], whole=True).ticks
    (5.0, 10.0, 15.0)
    """
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    ticks = MaxNLocator(TICKS, integer=whole, steps=list(STEPS)).tick_values(low, high)
    return Axis(label, low, high, tuple(float(t) for t in ticks if low <= t <= high))


def shares(label: str) -> Axis:
    """Return the axis of a share, 0 to 1."""
    return Axis(label, 0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))


def place_x(values: ArrayLike, on: Axis) -> NDArray[np.float64]:
    """Return positions across the drawing."""
    scale = (WIDTH - LEFT - RIGHT) / (on.high - on.low)
    return np.round(LEFT + (np.asarray(values, np.float64) - on.low) * scale, 1)


def place_y(values: ArrayLike, on: Axis) -> NDArray[np.float64]:
    """Return positions down the drawing."""
    scale = (HEIGHT - TOP - BOTTOM) / (on.high - on.low)
    return np.round(HEIGHT - BOTTOM - (np.asarray(values, np.float64) - on.low) * scale, 1)


def series(
    name: str, x: ArrayLike, y: ArrayLike, axes: tuple[Axis, Axis], number: int, look: str = "line"
) -> Series:
    """Place a series on the axes (x, y); points that are not finite are left out.

    Parameters
    ----------
    number
        0, 1 or 2: colour and dashes.
    look
        ``line``, ``faint``, ``dots`` or ``guide``, which is grey and in no legend.
    """
    across, up = np.asarray(x, np.float64), np.asarray(y, np.float64)
    kept = np.isfinite(across) & np.isfinite(up)
    places = zip(place_x(across[kept], axes[0]), place_y(up[kept], axes[1]), strict=True)
    return Series(name, tuple((float(left), float(down)) for left, down in places), number, look)


def chart(
    title: str,
    text: str,
    axes: tuple[Axis, Axis],
    lines: Sequence[Series],
    bars: Sequence[tuple[float, float, float]] = (),
) -> Chart:
    """Put series on their axes.

    Parameters
    ----------
    bars
        Left end, right end and height of each, in units of the axes; they stand on the x axis.
    """
    across, up = axes
    floor = HEIGHT - BOTTOM
    boxes = []
    for left, right, height in bars:
        start, end = (float(value) for value in place_x([left, right], across))
        top = float(place_y(height, up))
        boxes.append((start, top, round(end - start, 1), round(floor - top, 1)))
    return Chart(
        title,
        text,
        across.label,
        up.label,
        tuple(zip(map(float, place_x(across.ticks, across)), across.names, strict=True)),
        tuple(zip(map(float, place_y(up.ticks, up)), up.names, strict=True)),
        tuple(lines),
        tuple(boxes),
    )
