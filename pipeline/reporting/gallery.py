"""The pictures of one corpus: which there can be, their files, captions and alternative texts.

Conventions
-----------
Pictures go to ``reports/pictures/<corpus>-<picture>.png``. A class is stood for by its first
predicted track, in the store's order, that the feature stores hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline import store
from pipeline.reporting import accuracy_picture, feature_pictures, markdown, pictures
from pipeline.reporting.runs import GROUPED
from pipeline.reporting.sections import Corpus

FOLDER = "pictures"
MF_RP, WIDEBAND, NARROWBAND = "mf_rp", "wideband", "narrowband"


def overview(corpus: Corpus, reports: Path) -> list[str]:
    """Draw the accuracy of every model under both protocols; return the Markdown."""
    table, counts = corpus.tables["results"], corpus.summary["tracks_by_class"]
    largest = max(counts.values()) / sum(counts.values())
    title = f"{corpus.name}: accuracy of every model"
    ours = list(corpus.summary["ours"])
    drawn = accuracy_picture.accuracy(table, ours, largest, title)
    path = _save(drawn, corpus, reports, "accuracy")
    value = table[table["protocol"] == GROUPED].set_index("model")["accuracy"]
    shown = "; ".join(f"{model} {value[model]:.3f}" for model in accuracy_picture.order(table))
    level = f"{corpus.summary['bootstrap']['confidence']:.0%}"
    return [
        markdown.picture(
            path, f"Accuracy of every model with its interval. Under grouped folds: {shown}"
        ),
        f"Dots: accuracy; bars: {level} intervals from resampled groups. Bars that overlap decide "
        "nothing, because the models answer the same tracks: see the next section. Bold: ours.",
    ]


def scores(corpus: Corpus, reports: Path) -> list[str]:
    """Draw the network's confusion matrix and learning curves; return the Markdown."""
    network = corpus.summary["network"]
    classes = list(corpus.summary["classes"])
    table = corpus.tables["confusion_matrix"]
    ours = table[(table["protocol"] == GROUPED) & (table["model"] == network)]
    counts = ours["count"].to_numpy(np.int64).reshape(len(classes), len(classes))
    title = f"{corpus.name}: {network}, grouped folds"
    path = _save(pictures.confusion_matrix(counts, classes, title), corpus, reports, "confusion")
    shares = "; ".join(
        f"{name} {counts[i, i] / max(counts[i].sum(), 1):.0%} right"
        for i, name in enumerate(classes)
    )
    parts = [
        f"#### Confusions and learning curves: `{network}` under grouped folds",
        markdown.picture(
            path, f"Confusion matrix, true class by row, predicted by column: {shares}"
        ),
        "Share of the true class and number of predictions, all folds and seeds.",
    ]
    curves = corpus.tables["learning_curves"]
    if curves.empty:
        return [*parts, "No learning curves: the network records no epochs."]
    path = _save(pictures.learning_curves(curves, title), corpus, reports, "learning-curves")
    last = curves.iloc[-1]
    text = (
        f"Learning curves over {len(curves)} epochs: at the end training loss "
        f"{last['train_loss']:.2f}, validation loss {last['validation_loss']:.2f} nats"
    )
    caption = "Mean over folds and seeds. Validation is the inner part that chooses when to stop."
    return [*parts, markdown.picture(path, text), caption]


def features(
    corpus: Corpus,
    index: pd.DataFrame,
    stores: Path,
    reports: Path,
    names: Collection[str],
    alpha: float,
) -> list[str]:
    """Draw MF_RP curves and spectrograms; return the Markdown, or say why there are none.

    Parameters
    ----------
    stores
        Folder of the corpus's feature stores.
    names
        Features that ``params.yaml`` asks for.
    alpha
        Weight of MFCC in MF_RP's picture.
    """
    heading = "#### What the features look like"
    if not corpus.summary["has"]["audio"]:
        return [heading, "This corpus has no audio: there are no pictures of features."]
    parts = [heading]
    labels = dict(zip(index["track"], index["label"], strict=True))
    for track in corpus.summary["not_predicted"]:
        labels.pop(track)
    paths = {name: stores / f"{name}.zarr" for name in (MF_RP, WIDEBAND, NARROWBAND)}
    parts += (
        _curves(corpus, labels, paths[MF_RP], reports, alpha)
        if MF_RP in names
        else [f"No curves: `{MF_RP}` is not among the features."]
    )
    parts += (
        _spectrograms(corpus, labels, paths, reports)
        if {WIDEBAND, NARROWBAND} <= set(names)
        else [f"No spectrograms: `{WIDEBAND}` and `{NARROWBAND}` are not among the features."]
    )
    return parts


def one_per_class(tracks: Collection[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Return class -> its first track, classes in sorted order.

    Examples
    --------
    >>> one_per_class(["a", "b", "c"], {"a": "sad", "c": "happy", "b": "sad"})
    {'happy': 'c', 'sad': 'a'}
    """
    found: dict[str, str] = {}
    for track in tracks:
        if track in labels:
            found.setdefault(labels[track], track)
    return dict(sorted(found.items()))


def _rows(
    path: Path, chosen: Mapping[str, str]
) -> tuple[dict[str, NDArray[np.float32]], Mapping[str, Any]]:
    """Return class -> row, and the feature's configuration."""
    rows = store.read_rows(path, list(chosen.values()))
    return {name: rows[track] for name, track in chosen.items()}, store.attributes(path)["config"]


def _curves(
    corpus: Corpus, labels: Mapping[str, str], path: Path, reports: Path, alpha: float
) -> list[str]:
    chosen = one_per_class(store.attributes(path)["tracks"], labels)
    rows, config = _rows(path, chosen)
    made = feature_pictures.mf_rp_curves(rows, config["hop_seconds"], alpha)
    saved = _save(made, corpus, reports, "mf-rp")
    text = f"Curves of MFCC, residual phase and their sum, one row for each of {', '.join(chosen)}"
    return [
        markdown.picture(saved, text),
        "After the paper's Fig. 9: three frames of the middle second of one track per class "
        f"({_named(chosen)}). Each coefficient is standardised over the tracks shown; MF_RP is "
        f"the weighted sum with alpha = {alpha:g}, before its derivatives. One track is no "
        "evidence about a class.",
        _sizes(rows),
    ]


def _sizes(rows: Mapping[str, NDArray[np.float32]]) -> str:
    _, parts, height, frames = next(iter(rows.values())).shape
    return (
        f"A second of MF_RP is stored unfused, {parts} x {height} x {frames}; the weighted sum "
        f"with two derivatives is {3 * height} x {frames} (paper, Table III: 192 x 44)."
    )


def _spectrograms(
    corpus: Corpus, labels: Mapping[str, str], paths: Mapping[str, Path], reports: Path
) -> list[str]:
    tracks = [store.attributes(paths[name])["tracks"] for name in (WIDEBAND, NARROWBAND)]
    both = set(tracks[1])
    chosen = one_per_class([track for track in tracks[0] if track in both], labels)
    wideband, config = _rows(paths[WIDEBAND], chosen)
    narrowband, other = _rows(paths[NARROWBAND], chosen)
    made = feature_pictures.spectrograms(
        wideband, narrowband, config["hop_seconds"], config["bin_hz"]
    )
    saved = _save(made, corpus, reports, "spectrograms")
    windows = [f"{1000 * each['window_seconds']:g} ms" for each in (config, other)]
    return [
        markdown.picture(saved, f"Wideband above narrowband spectrogram of {', '.join(chosen)}"),
        f"At most {feature_pictures.SECONDS} seconds from the start of one track per class "
        f"({_named(chosen)}): windows of {windows[0]} (wideband, fine in time) and "
        f"{windows[1]} (narrowband, fine in frequency); paper, Section IV.B.1. "
        "The paper swaps the two names in places.",
    ]


def _named(chosen: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: `{track}`" for name, track in chosen.items())


def _save(made: Figure, corpus: Corpus, reports: Path, name: str) -> str:
    path = f"{FOLDER}/{corpus.name}-{name}.png"
    pictures.save(made, reports / path)
    return path
