"""Pictures of one track's gammatonegram and spectrograms, between the axes of a chart.

Conventions
-----------
Rows are the seconds of one track as the stores hold them, (second, band or bin, frame), levels in
dB. Colours run over :data:`RANGE_DB` below a level that is common to the pictures of one kind, so
that tracks compare. A picture is pixels alone; its axes are text, sharp at any size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dsp import erb
from pipeline.html import charts, inline
from pipeline.html.charts import Axis, Chart
from pipeline.reporting import feature_pictures

Row = NDArray[np.float32]

RANGE_DB = feature_pictures.RANGE_DB
#: Labelled channels of a gammatonegram.
CHANNELS = 5


@dataclass(frozen=True)
class Picture:
    """A picture: source, text for those who do not see it, its axes, and its ends in dB."""

    source: str
    text: str
    axes: Chart
    low: str
    high: str


def loudest(rows: Mapping[str, Row], seconds: int) -> float:
    """Return the highest level in the first seconds of some rows, dB."""
    return max(float(row[:seconds].max()) for row in rows.values())


def spectrogram(
    row: Row, config: Mapping[str, Any], seconds: int, top: float, name: str
) -> Picture:
    """Draw the first seconds of a spectrogram.

    Parameters
    ----------
    config
        The feature's: ``hop_seconds``, ``bin_hz``.
    top
        Level of the brightest colour, dB.
    name
        What it is a picture of; where the sound is strongest is added for those who do not see it.
    """
    values = feature_pictures.timeline(row[:seconds], config["hop_seconds"])
    frequencies = np.arange(len(values), dtype=np.float64) * config["bin_hz"]
    up = charts.axis("frequency, kHz", [0.0, frequencies[-1] / 1000])
    return _picture(values, frequencies, (_time(row, seconds), up), top, name)


def gammatonegram(
    row: Row, config: Mapping[str, Any], seconds: int, top: float, name: str
) -> Picture:
    """Draw the first seconds of a gammatonegram; ticks are the channels' centres.

    Parameters
    ----------
    config
        The feature's: ``hop_seconds``, ``f_min``, ``f_max``.
    top, name
        As in :func:`spectrogram`.
    """
    values = feature_pictures.timeline(row[:seconds], config["hop_seconds"])
    bands = len(values)
    centres = erb.centre_frequencies(bands, config["f_min"], config["f_max"])
    shown = np.unique(np.linspace(0, bands - 1, CHANNELS).round().astype(int))
    names = tuple(f"{centres[band]:.0f}" for band in shown)
    up = Axis("centre, Hz", 0.0, float(bands), tuple(float(band) + 0.5 for band in shown), names)
    return _picture(values, centres, (_time(row, seconds), up), top, name)


def _time(row: Row, seconds: int) -> Axis:
    return charts.axis("time, s", [0.0, float(min(len(row), seconds))])


def _picture(
    values: Row, frequencies: NDArray[np.float64], axes: tuple[Axis, Axis], top: float, name: str
) -> Picture:
    text = f"{name}: {_strongest(values, frequencies)}"
    low, high = top - RANGE_DB, top
    source = inline.picture(values, low, high)
    return Picture(source, text, charts.chart(name, text, axes, ()), f"{low:.0f}", f"{high:.0f}")


def _strongest(values: Row, frequencies: NDArray[np.float64]) -> str:
    """Say where the mean level is highest, and how far it stands out.

    Examples
    --------
    >>> _strongest(np.array([[-60.0], [-20.0], [-50.0]]), np.array([0.0, 440.0, 880.0]))
    'strongest around 440 Hz, 30 dB above the median over frequency'
    """
    levels = values.mean(axis=1, dtype=np.float64)
    peak = int(levels.argmax())
    above = levels[peak] - np.median(levels)
    where = f"strongest around {frequencies[peak]:.0f} Hz"
    return f"{where}, {above:.0f} dB above the median over frequency"
