"""The picture of results: accuracy of every model with its interval, grouped beside random.

Conventions
-----------
As in :mod:`pipeline.reporting.pictures`: numbers in, a figure out, colours that the colour-blind
can tell apart, and a marker that repeats what colour says. Accuracy lies in [0, 1].
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.reporting.pictures import BLUE, GREY, ORANGE, figure, style
from pipeline.reporting.runs import GROUPED, RANDOM

#: Protocol -> offset of its row from the model's line, colour, marker, legend.
DRAWN = {
    GROUPED: (-0.14, BLUE, "o", "grouped folds"),
    RANDOM: (0.14, ORANGE, "D", "random folds (the paper's protocol)"),
}
#: Inches per model, and of what is drawn once.
ROW, REST = 0.42, 1.7


def order(results: pd.DataFrame) -> list[str]:
    """Return the models from best to worst accuracy under grouped folds, equals by name."""
    grouped = results[results["protocol"] == GROUPED]
    ranked = grouped.sort_values(["accuracy", "model"], ascending=[False, True], kind="stable")
    return [str(model) for model in ranked["model"]]


def accuracy(results: pd.DataFrame, ours: list[str], largest: float, title: str) -> Figure:
    """Draw a dot with error bars for every model and protocol, best model on top.

    Parameters
    ----------
    results
        ``results.csv``: protocol,model,accuracy,accuracy_low,accuracy_high.
    ours
        Models whose names are set in bold.
    largest
        Share of the largest class: what one gets without listening.
    """
    models = order(results)
    with style():
        made = figure(8.0, REST + ROW * len(models))
        axes = made.subplots()
        for protocol, (offset, colour, marker, label) in DRAWN.items():
            part = results[results["protocol"] == protocol].set_index("model")
            if part.empty:
                continue
            part = part.loc[models]
            value = part["accuracy"].to_numpy(np.float64)
            # A percentile interval need not hold its estimate where groups are few.
            reach = np.stack([value - part["accuracy_low"], part["accuracy_high"] - value])
            axes.errorbar(
                value, np.arange(len(models)) + offset, xerr=np.maximum(reach, 0), fmt=marker,
                color=colour, capsize=3, markersize=6, label=label,
            )  # fmt: skip
        axes.axvline(largest, color=GREY, linestyle=":", label="share of the largest class")
        axes.set_yticks(range(len(models)), models)
        for text in axes.get_yticklabels():
            text.set_fontweight("bold" if text.get_text() in ours else "normal")
        axes.set(xlim=(0, 1), ylim=(len(models) - 0.5, -0.5), xlabel="accuracy (share right)")
        axes.grid(visible=False, axis="y")
        made.suptitle(title)
        made.legend(loc="outside lower center", ncols=3, fontsize=9)
    return made
