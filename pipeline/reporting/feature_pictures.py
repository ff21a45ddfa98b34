"""Pictures of features: MF_RP curves (after the paper's Fig. 9) and the two spectrograms.

Conventions
-----------
Rows are the valid seconds of one track as the stores hold them: MF_RP (second, part 2,
coefficient, frame), MFCC in dB and residual phase in [-1, 1]; spectrograms (second, bin, frame) in
dB re a full-scale sine. One track stands for a class; it shows what the feature looks like and is
no evidence about the class.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from pipeline.reporting.pictures import BLUE, GREEN, ORANGE, figure, style

Rows = Mapping[str, NDArray[np.float32]]

#: Fig. 9 shows three frames.
FRAMES = 3
#: Seconds of a spectrogram: enough for a phrase, few enough to see single onsets.
SECONDS = 4
#: Classes side by side in the spectrogram panel.
COLUMNS = 4
#: Range of the colours below the loudest value, dB; quieter is black.
RANGE_DB = 80


def standardised(rows: Rows) -> dict[str, NDArray[np.float64]]:
    """Return rows with every (part, coefficient) at mean 0 and deviation 1 over all rows' frames.

    A coefficient that never varies becomes 0.
    """
    everything = np.concatenate([np.asarray(row, np.float64) for row in rows.values()])
    mean = everything.mean(axis=(0, -1), keepdims=True)
    deviation = everything.std(axis=(0, -1), keepdims=True)
    scale = np.where(deviation > 0, deviation, 1)
    return {name: ((row - mean) / scale)[...] for name, row in rows.items()}


def mf_rp_curves(rows: Rows, hop_seconds: float, alpha: float) -> Figure:
    """Draw three frames of each class: MFCC, residual phase and their weighted sum.

    Parameters
    ----------
    rows
        Class -> the row of one track [shape=(second, part 2, coefficient, frame)].
    hop_seconds
        Distance of the frames, for their times.
    alpha
        Weight of MFCC; residual phase has ``1 - alpha``.
    """
    parts = standardised(rows)
    titles = ("MFCC", "residual phase (RP)", f"MF_RP = {alpha:g} MFCC + {1 - alpha:g} RP")
    with style():
        made = figure(11.0, 0.9 + 1.7 * len(rows))
        grid = made.subplots(len(rows), 3, sharex=True, sharey="col", squeeze=False)
        for line, (name, values) in zip(grid, parts.items(), strict=True):
            middle = values[len(values) // 2]
            panels = (middle[0], middle[1], alpha * middle[0] + (1 - alpha) * middle[1])
            for axes, panel in zip(line, panels, strict=True):
                _frames(axes, panel, hop_seconds)
            line[0].set_ylabel(f"{name}\nstandard deviations")
        for axes, title in zip(grid[0], titles, strict=True):
            axes.set_title(title)
        made.legend(
            *grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=FRAMES
        )
        for axes, unit in zip(grid[-1], ("coefficient", "sample", "row"), strict=True):
            axes.set_xlabel(f"{unit} (index)")
    return made


def _frames(axes: Axes, panel: NDArray[np.float64], hop_seconds: float) -> None:
    """Draw frames spread evenly over one second; panel [shape=(coefficient, frame)]."""
    count = panel.shape[-1]
    picked = [count * (2 * number + 1) // (2 * FRAMES) for number in range(FRAMES)]
    looks = ((BLUE, "-"), (ORANGE, "--"), (GREEN, ":"))
    for frame, (colour, dash) in zip(picked, looks, strict=True):
        label = f"frame {frame} ({frame * hop_seconds:.2f} s into the second)"
        axes.plot(panel[:, frame], dash, color=colour, linewidth=1.3, label=label)


def timeline(row: NDArray[np.float32], hop_seconds: float) -> NDArray[np.float32]:
    """Join one-second blocks to one picture [shape=(bin, frame)].

    Where the hop divides a second, a block's last frame is centred on its end, which is the next
    block's first frame, and is left out.
    """
    frames = min(row.shape[-1], round(1 / hop_seconds))
    return np.concatenate(list(row[..., :frames]), axis=-1)


def spectrograms(wideband: Rows, narrowband: Rows, hop_seconds: float, bin_hertz: float) -> Figure:
    """Draw the wideband above the narrowband spectrogram of one track per class.

    Parameters
    ----------
    wideband, narrowband
        Class -> the row of one track [shape=(second, bin, frame)]; the same classes.
    hop_seconds, bin_hertz
        Distances of frames and bins, common to both.
    """
    names = list(wideband)
    blocks = [names[start : start + COLUMNS] for start in range(0, len(names), COLUMNS)]
    with style():
        made = figure(3.1 * min(len(names), COLUMNS) + 0.8, 4.8 * len(blocks))
        columns = min(len(names), COLUMNS)
        grid = made.subplots(2 * len(blocks), columns, sharey=True, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        loudest = max(
            float(row[:SECONDS].max()) for rows in (wideband, narrowband) for row in rows.values()
        )
        for number, name in enumerate(names):
            block, column = divmod(number, COLUMNS)
            for offset, rows in enumerate((wideband, narrowband)):
                axes = grid[2 * block + offset, column]
                image = _spectrogram(axes, rows[name], hop_seconds, bin_hertz, loudest)
                if column == 0:
                    kind = ("wideband", "narrowband")[offset]
                    axes.set_ylabel(f"{kind}\nfrequency (kHz)")
            grid[2 * block, column].set_title(name)
            grid[2 * block + 1, column].set_xlabel("time (s)")
        label = "level (dB re full-scale sine)"
        made.colorbar(image, ax=grid, label=label, shrink=0.6, aspect=30)
    return made


def _spectrogram(
    axes: Axes, row: NDArray[np.float32], hop_seconds: float, bin_hertz: float, loudest: float
) -> AxesImage:
    picture = timeline(row[:SECONDS], hop_seconds)
    top = (len(picture) - 1) * bin_hertz / 1000
    axes.set_axis_on()
    axes.grid(visible=False)
    return axes.imshow(
        picture,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="cividis",
        vmin=loudest - RANGE_DB,
        vmax=loudest,
        extent=(0.0, float(min(len(row), SECONDS)), 0.0, top),
    )
