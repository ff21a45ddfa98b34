"""Temperature scaling, and how far probabilities can be believed.

Conventions
-----------
Probabilities are [shape=(track, class)]. With temperature T a row p becomes softmax(ln p / T): T
above 1 takes certainty back, the predicted class stays (Guo et al., On Calibration of Modern Neural
Networks, ICML 2017; ln p differs from a network's logits by a constant per row, which softmax
forgets). Probabilities below :data:`FLOOR` count as that. T minimises the mean negative
log-likelihood, in nats; with b = 1 / T its derivative, the mean of E_b[ln p] - ln p_true, grows
with b, so that there is one minimum and bracketing finds it.

*Confidence* is the largest probability of a row. The expected calibration error (ECE) is the mean
over tracks of |accuracy - confidence| of the track's bin; bins are equally wide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]

#: Predictions are stored with six decimals: a smaller probability is unknown.
FLOOR = 1e-6
#: Predictions that are all right would ask for T = 0, useless ones for T without end.
LIMITS = (0.1, 10.0)
#: Bins of the reliability table.
BINS = 10
#: Columns of ``predictions.csv`` that hold probabilities begin with this.
PREFIX = "p_"


def temperature(probabilities: Floats, labels: NDArray[np.integer]) -> float:
    """Return the T within :data:`LIMITS` that minimises the negative log-likelihood.

    Parameters
    ----------
    probabilities
        Of tracks that the model was not fitted on [shape=(track, class)].
    labels
        True classes [shape=(track,)].

    Raises
    ------
    ValueError
        If there is no track.

    Examples
    --------
    >>> sure = np.array([[0.99, 0.01]] * 4)
    >>> temperature(sure, np.array([0, 0, 0, 1])) > 1  # right three times in four: too sure
    True
    """
    if not len(labels):
        raise ValueError("temperature: no track to fit it on")
    logs = np.log(np.maximum(probabilities, FLOOR))
    true = logs[np.arange(len(labels)), labels]

    def slope(inverse: float) -> float:
        expected = (softmax(logs * inverse, axis=1) * logs).sum(axis=1)
        return float((expected - true).mean())

    low, high = 1 / LIMITS[1], 1 / LIMITS[0]
    if slope(low) >= 0:
        return LIMITS[1]
    if slope(high) <= 0:
        return LIMITS[0]
    return 1 / float(brentq(slope, low, high, xtol=1e-12))


def scaled(probabilities: Floats, temperature: float | Floats) -> Floats:
    """Return probabilities at a temperature, one for all or one per track [shape=(track, 1)].

    Examples
    --------
    >>> scaled(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    logs = np.log(np.maximum(probabilities, FLOOR))
    return np.asarray(softmax(logs / temperature, axis=1), np.float64)


def table(
    probabilities: Floats, labels: NDArray[np.integer], bins: int = BINS
) -> list[dict[str, float]]:
    """Return one row per bin: low, high (confidence), tracks, confidence, accuracy (both means).

    Empty bins have ``nan`` means. Bins are [low, high), the last one [low, 1].
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = []
    for number in range(bins):
        own = place == number
        rows.append(
            {
                "low": number / bins,
                "high": (number + 1) / bins,
                "tracks": int(own.sum()),
                "confidence": float(confidence[own].mean()) if own.any() else np.nan,
                "accuracy": float(right[own].mean()) if own.any() else np.nan,
            }
        )
    return rows


def expected_error(probabilities: Floats, labels: NDArray[np.integer], bins: int = BINS) -> float:
    """Return the expected calibration error (Guo et al. 2017, Eq. 3), in [0, 1].

    Examples
    --------
    >>> expected_error(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1]))
    0.4
    """
    total = sum(
        row["tracks"] * abs(row["accuracy"] - row["confidence"])
        for row in table(probabilities, labels, bins)
        if row["tracks"]
    )
    return float(total / len(labels))


def likelihood(probabilities: Floats, labels: NDArray[np.integer]) -> float:
    """Return the mean negative log-likelihood, in nats."""
    logs = log_softmax(np.log(np.maximum(probabilities, FLOOR)), axis=1)
    return -float(logs[np.arange(len(labels)), labels].mean())


def read(predictions: pd.DataFrame) -> tuple[Floats, NDArray[np.int64], tuple[str, ...]]:
    """Return probabilities, labels and class names of rows of ``predictions.csv``."""
    columns = [name for name in predictions.columns if name.startswith(PREFIX)]
    classes = tuple(name.removeprefix(PREFIX) for name in columns)
    labels = predictions["true"].map({name: i for i, name in enumerate(classes)})
    probabilities = np.asarray(predictions[columns], np.float64)
    return probabilities, np.asarray(labels, np.int64), classes


def cross_fitted(predictions: pd.DataFrame) -> pd.Series:
    """Return each row's temperature, fitted on the other folds of its protocol and seed.

    No track calibrates itself: the temperature of test fold k comes from tracks of other folds,
    whose probabilities were made by models that had not seen them.

    Parameters
    ----------
    predictions
        Rows of ``predictions.csv``: protocol, seed, fold, true, p_<class>.

    Returns
    -------
    pandas.Series
        With the index of ``predictions``.
    """
    found = pd.Series(np.nan, index=predictions.index, name="temperature")
    for _, run in predictions.groupby(["protocol", "seed"], sort=False):
        for fold in run["fold"].unique():
            probabilities, labels, _ = read(run[run["fold"] != fold])
            found[run.index[run["fold"] == fold]] = temperature(probabilities, labels)
    return found


def _scalings(
    predictions: pd.DataFrame, protocol: str
) -> Iterator[tuple[str, Floats, NDArray[np.int64], Floats]]:
    """Yield (name, probabilities, labels, temperatures) before and after scaling."""
    own = predictions[predictions["protocol"] == protocol].reset_index(drop=True)
    if own.empty:
        raise ValueError(f"reliability: there are no predictions of protocol {protocol!r}")
    probabilities, labels, _ = read(own)
    each = cross_fitted(own).to_numpy(np.float64)[:, None]
    yield "none", probabilities, labels, np.ones_like(each)
    yield "temperature", scaled(probabilities, each), labels, each


def reliability(
    predictions: pd.DataFrame, protocol: str = "grouped", bins: int = BINS
) -> pd.DataFrame:
    """Return how often predictions are right, by confidence, before and after scaling.

    Parameters
    ----------
    predictions
        ``predictions.csv`` of a run, all seeds and folds.
    protocol
        Which protocol's rows.
    bins
        Equal bins of [0, 1].

    Returns
    -------
    pandas.DataFrame
        Columns scaling (``none``, or ``temperature``, cross-fitted over folds), low, high, tracks
        (predictions; a track counts once per seed), confidence, accuracy.
    """
    rows = [
        {"scaling": name, **row}
        for name, probabilities, labels, _ in _scalings(predictions, protocol)
        for row in table(probabilities, labels, bins)
    ]
    return pd.DataFrame(rows)


def errors(predictions: pd.DataFrame, protocol: str = "grouped", bins: int = BINS) -> pd.DataFrame:
    """Return one row per scaling: temperature (mean over tracks), ece, nll (nats), predictions.

    Parameters and Raises as :func:`reliability`.
    """
    rows = [
        {
            "scaling": name,
            "temperature": float(each.mean()),
            "ece": expected_error(probabilities, labels, bins),
            "nll": likelihood(probabilities, labels),
            "predictions": len(labels),
        }
        for name, probabilities, labels, each in _scalings(predictions, protocol)
    ]
    return pd.DataFrame(rows)
