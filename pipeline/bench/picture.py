"""The speeds of a report as bars, one panel per section, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.bench.results import Bar, Report
from pipeline.bench.table import number
from pipeline.reporting.pictures import BLUE, GREY, figure, style

#: Inches: of the picture, of a bar, of a panel's title and axis.
WIDTH, BAR, FRAME = 8.0, 0.27, 0.9
#: Room at the right for the numbers, a factor of the scale.
ROOM = 4.0


def draw(report: Report) -> Figure | None:
    """Draw all sections that have bars; ``None`` where none has."""
    sections = [report[name].section for name in sorted(report) if report[name].section.bars]
    if not sections:
        return None
    heights = [FRAME + BAR * len(section.bars) for section in sections]
    with style():
        made = figure(WIDTH, sum(heights))
        axes = made.subplots(len(sections), 1, height_ratios=heights, squeeze=False)
        for panel, section in zip(axes[:, 0], sections, strict=True):
            _panel(panel, section.title, section.bars)
    return made


def _panel(panel: Axes, title: str, bars: Sequence[Bar]) -> None:
    places = [-float(index) for index in range(len(bars))]
    medians = [bar.speed.median for bar in bars]
    below = [bar.speed.median - bar.speed.low for bar in bars]
    above = [bar.speed.high - bar.speed.median for bar in bars]
    panel.barh(
        places,
        medians,
        xerr=[below, above],
        color=[BLUE if bar.ours else GREY for bar in bars],
        ecolor="black",
        height=0.75,
    )
    for place, bar in zip(places, bars, strict=True):
        panel.annotate(
            number(bar.speed.median),
            (bar.speed.high, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    panel.set_yticks(places, [f"{bar.group}: {bar.who}" for bar in bars])
    panel.set_xscale("log")
    panel.set_xlim(min(medians) / ROOM, max(medians) * ROOM)
    panel.set_xlabel("x realtime on one core (logarithmic); lines: all rounds")
    panel.set_title(title, loc="left")
    panel.grid(False, axis="y")
