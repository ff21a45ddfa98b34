"""Pictures of scores: confusion matrix and learning curves; how every picture is saved.

Conventions
-----------
A picture function takes numbers and returns a figure; :func:`save` alone writes. Equal numbers give
equal PNG bytes with one release of Matplotlib and Pillow (no time, no software name in the file).
Colours are those of Okabe & Ito (2008), told apart by the colour-blind, or run from light to dark
(``Blues``; ``cividis``, Nunez et al., PLOS ONE 13(7), 2018); line style or text repeats what colour
says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
STYLE: Any = {
    "font.family": "DejaVu Sans",  # ships with Matplotlib: the same glyphs everywhere
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
}
DPI = 110
PALETTE = 256
#: A cell of this share or more is dark, so its text must be light.
LIGHT_TEXT = 0.5


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style, whatever ``matplotlibrc`` the user has."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def save(made: Figure, path: Path) -> None:
    """Write a PNG with nothing in it but the picture.

    A palette of :data:`PALETTE` colours makes it a third of the size, which counts in Git.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = BytesIO()
    with style():
        made.savefig(drawn, format="png", backend="agg")
    reduced = Image.open(drawn).convert("RGB")
    reduced = reduced.quantize(PALETTE, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    reduced.save(path, format="PNG", optimize=True)


def confusion_matrix(counts: NDArray[np.int64], classes: list[str], title: str) -> Figure:
    """Draw a confusion matrix: colour is the share of the true class, text share and count.

    Parameters
    ----------
    counts
        [shape=(class [true], class [predicted])].
    """
    size = 2.2 + 0.75 * len(classes)
    rows = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    share = counts / rows
    with style():
        made = figure(size + 0.8, size)
        axes = made.subplots()
        axes.grid(visible=False)
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (i, j), value in np.ndenumerate(share):
            colour = "white" if value >= LIGHT_TEXT else "black"
            text = f"{value:.0%}\n{counts[i, j]}"
            axes.text(j, i, text, ha="center", va="center", color=colour)
        ticks = range(len(classes))
        axes.set_xticks(ticks, classes, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(ticks, classes)
        axes.set(xlabel="predicted class", ylabel="true class", title=title)
        made.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    return made


def learning_curves(table: pd.DataFrame, title: str) -> Figure:
    """Draw mean loss and accuracy by epoch, training beside validation.

    Parameters
    ----------
    table
        ``learning_curves.csv``: epoch,fits,train_loss,validation_loss,train_accuracy,
        validation_accuracy. The mean is drawn faint where some fits have already stopped, because
        there it is a mean over fewer of them.
    """
    together = table[table["fits"] == table["fits"].max()]["epoch"].max()
    with style():
        made = figure(9.0, 3.6)
        for axes, value, unit in zip(
            made.subplots(1, 2), ("loss", "accuracy"), ("nats", "share right"), strict=True
        ):
            for part, colour, dash in (("train", BLUE, "-"), ("validation", ORANGE, "--")):
                curve = table[["epoch", f"{part}_{value}"]].dropna().to_numpy(np.float64)
                early, late = curve[curve[:, 0] <= together], curve[curve[:, 0] >= together]
                axes.plot(*early.T, dash, color=colour, label=part, marker=".")
                axes.plot(*late.T, dash, color=colour, alpha=0.35)
            axes.set(xlabel="epoch", ylabel=f"{value} ({unit})")
            axes.xaxis.get_major_locator().set_params(integer=True)
        if table["epoch"].max() > together:
            made.axes[0].set_title(f"faint: after epoch {together} some folds have stopped", size=9)
        made.axes[1].set_ylim(0, 1.02)  # so that a curve near chance looks near chance
        made.axes[1].legend(loc="lower right")
        made.suptitle(title)
    return made
