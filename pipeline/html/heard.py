"""What the features look like and how it sounds: a card for one track of every class.

Conventions
-----------
A class is stood for by its first predicted track, in the store's order, that all pictured stores
hold: what a feature looks like, no evidence about the class. Pictures and player cover the same
first seconds. MF_RP curves follow the paper's Fig. 9: three frames of the middle second, every
coefficient standardised over the tracks shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import store
from pipeline.html import charts, spectra
from pipeline.html.charts import Axis, Chart
from pipeline.html.sounds import Library, Player
from pipeline.html.spectra import Picture
from pipeline.reporting import feature_pictures
from pipeline.reporting.gallery import MF_RP, NARROWBAND, WIDEBAND, one_per_class

GTF = "gtf"
#: Feature -> its name in a caption.
PICTURED = {
    GTF: "Gammatonegram",
    WIDEBAND: "Wideband spectrogram",
    NARROWBAND: "Narrowband spectrogram",
}
PANELS = (("MFCC", "coefficient"), ("residual phase", "sample"), ("MF_RP", "row"))


@dataclass(frozen=True)
class Card:
    """One class: its track, sound, pictures with captions, and MF_RP curves."""

    label: str
    track: str
    player: Player
    pictures: tuple[tuple[str, Picture], ...]
    curves: tuple[Chart, ...]


@dataclass(frozen=True)
class Stores:
    """The feature stores of one corpus.

    Attributes
    ----------
    folder
        That of the stores.
    names
        Features that ``params.yaml`` asks for.
    seconds
        How much of a track is pictured, s.
    alpha
        Weight of MFCC in MF_RP.
    """

    folder: Path
    names: tuple[str, ...]
    seconds: int
    alpha: float

    def attributes(self, feature: str) -> Mapping[str, Any]:
        """Return a store's attributes."""
        return store.attributes(self.folder / f"{feature}.zarr")

    def rows(self, feature: str, tracks: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the valid seconds of some tracks."""
        return store.read_rows(self.folder / f"{feature}.zarr", list(tracks))


def cards(stores: Stores, labels: Mapping[str, str], library: Library) -> list[Card]:
    """Make the card of every class, classes in sorted order.

    Parameters
    ----------
    labels
        Class of every predicted track.
    """
    shown = [name for name in (*PICTURED, MF_RP) if name in stores.names]
    if not shown:
        return []
    held = [stores.attributes(name)["tracks"] for name in shown]
    common = set(held[0]).intersection(*held[1:])
    chosen = one_per_class([track for track in held[0] if track in common], labels)
    drawn: dict[str, list[tuple[str, Picture]]] = {label: [] for label in chosen}
    for feature in shown:
        if feature in PICTURED:
            for label, picture in _pictures(stores, feature, chosen).items():
                drawn[label].append((_caption(stores, feature), picture))
    curves = _curves(stores, chosen) if MF_RP in shown else {}
    return [
        Card(
            label,
            track,
            library.player(track, f"{label}: {track}"),
            tuple(drawn[label]),
            curves.get(label, ()),
        )
        for label, track in chosen.items()
    ]


def _caption(stores: Stores, feature: str) -> str:
    window = 1000 * float(stores.attributes(feature)["config"]["window_seconds"])
    return f"{PICTURED[feature]}, window {window:g} ms"


def _pictures(stores: Stores, feature: str, chosen: Mapping[str, str]) -> dict[str, Picture]:
    rows = stores.rows(feature, list(chosen.values()))
    config = stores.attributes(feature)["config"]
    top = spectra.loudest(rows, stores.seconds)
    draw = spectra.gammatonegram if feature == GTF else spectra.spectrogram
    return {
        label: draw(
            rows[track],
            config,
            stores.seconds,
            top,
            f"{PICTURED[feature]} of {track}, a track of class {label}",
        )
        for label, track in chosen.items()
    }


def _curves(stores: Stores, chosen: Mapping[str, str]) -> dict[str, tuple[Chart, ...]]:
    rows = stores.rows(MF_RP, list(chosen.values()))
    hop = float(stores.attributes(MF_RP)["config"]["hop_seconds"])
    parts = feature_pictures.standardised({label: rows[chosen[label]] for label in chosen})
    panels = {}
    for label, values in parts.items():
        middle = values[len(values) // 2]
        mixed = stores.alpha * middle[0] + (1 - stores.alpha) * middle[1]
        panels[label] = (middle[0], middle[1], mixed)
    found: dict[str, tuple[Chart, ...]] = {}
    for label in panels:
        charts_here = []
        for number, (title, unit) in enumerate(PANELS):
            up = charts.axis("standard deviations", [each[number] for each in panels.values()])
            charts_here.append(_panel(label, title, unit, panels[label][number], up, hop))
        found[label] = tuple(charts_here)
    return found


def _panel(
    label: str, title: str, unit: str, panel: NDArray[np.float64], up: Axis, hop: float
) -> Chart:
    count, frames = panel.shape
    axes = (charts.axis(f"{unit}, index", [0, count - 1], whole=True), up)
    picked = [
        frames * (2 * number + 1) // (2 * feature_pictures.FRAMES)
        for number in range(feature_pictures.FRAMES)
    ]
    lines = [
        charts.series(f"{frame * hop:.2f} s", np.arange(count), panel[:, frame], axes, number)
        for number, frame in enumerate(picked)
    ]
    spread = float(panel[:, picked].std())
    text = f"{title} of {label} in three frames of a second, standard deviation {spread:.2f}"
    return charts.chart(title, text, axes, lines)
