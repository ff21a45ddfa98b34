"""Every model against ours and against the reference baseline, in pairs, on one corpus.

Conventions
-----------
Differences are accuracy of ``model`` minus accuracy of ``against``, folds pooled, mean over the
seeds; each pair of models stands once. A *family* is all pairs of one protocol; p values are
adjusted within it, for each test by itself.

The verdict is ``better`` or ``worse`` only if

1. Holm's adjusted p of the exact McNemar test is below the significance, and
2. so is that of the corrected resampled t-test, and
3. the group-bootstrap interval of the difference excludes zero,

all with the same sign. Otherwise it is ``not distinguishable``. Each test alone is wrong somewhere
(:mod:`pipeline.reporting.paired`): McNemar's ignores groups, the interval ignores how many pairs
were compared, the t-test sees a handful of folds. Asking for all three can only make a false claim
rarer than the strictest of them does, at the price of missing small differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.metrics import Floats, accuracy
from pipeline.partition import parts
from pipeline.reporting import bootstrap, paired
from pipeline.reporting.runs import Run, RunError, listed
from pipeline.reporting.scores import Counted
from pipeline.reporting.settings import Roles

BETTER, WORSE, UNCLEAR = "better", "worse", "not distinguishable"
COLUMNS = [
    "protocol", "model", "against",
    "difference", "low", "high",
    "only_model_right", "only_other_right", "mcnemar_p", "mcnemar_holm",
    "t", "t_df", "t_p", "t_holm",
    "verdict",
]  # fmt: skip


class Answers:
    """Which answers of one protocol were right, rows aligned between models.

    Parameters
    ----------
    runs
        Checked runs: they predict the same tracks in the same folds.
    protocol
        ``grouped`` or ``random``.

    Raises
    ------
    RunError
        If a track is predicted under some seeds only.
    """

    def __init__(self, runs: Sequence[Run], protocol: str) -> None:
        tables = {run.model: _sorted(run.predictions, protocol) for run in runs}
        first = tables[runs[0].model]
        seeds = first["seed"].nunique()
        often = first["track"].value_counts()
        if (often < seeds).any():
            raise RunError(
                f"{protocol}: not under every seed: {listed(often[often < seeds].index)}"
            )
        shape = (seeds, len(first) // seeds)
        self.fold: NDArray[np.int64] = first["fold"].to_numpy(np.int64).reshape(shape)
        self.right: Mapping[str, NDArray[np.bool_]] = {
            model: (table["true"] == table["predicted"]).to_numpy(np.bool_).reshape(shape)
            for model, table in tables.items()
        }
        """Model -> right or wrong [shape=(seed, track)], tracks in sorted order."""

    @property
    def ratio(self) -> float:
        """Tracks tested over tracks trained on, from the sums over all folds and seeds.

        The inner validation part is not counted as trained on: that it may take part in a last fit
        would make the ratio, and with it the variance, smaller.
        """
        sizes = [
            (len(test), len(train))
            for fold in self.fold
            for train, _, test in (parts(fold, each) for each in range(int(fold.max()) + 1))
        ]
        tested, trained = np.sum(sizes, axis=0)
        return float(tested / trained)

    def by_fold(self, model: str, against: str) -> Floats:
        """Accuracy of one minus that of the other, by seed and fold [shape=(J,)]."""
        net = self.right[model].astype(np.float64) - self.right[against]
        return np.array(
            [
                row[fold == each].mean()
                for row, fold in zip(net, self.fold, strict=True)
                for each in range(int(fold.max()) + 1)
            ]
        )


def _sorted(predictions: pd.DataFrame, protocol: str) -> pd.DataFrame:
    return predictions[predictions["protocol"] == protocol].sort_values(["seed", "track"])


def pairs(models: Sequence[str], roles: Roles) -> Iterator[tuple[str, str]]:
    """Yield each pair (model, against) once: ours in turn, then the reference.

    Examples
    --------
    >>> roles = Roles(("best", "net"), "net", ("svm",), "svm")
    >>> list(pairs(["floor", "svm", "net", "best"], roles))[:3]
    [('floor', 'best'), ('svm', 'best'), ('net', 'best')]
    >>> list(pairs(["floor", "svm", "net", "best"], roles))[3:]
    [('floor', 'net'), ('svm', 'net'), ('floor', 'svm')]
    """
    done: set[str] = set()
    for against in (*roles.ours, roles.reference):
        done.add(against)
        yield from ((model, against) for model in models if model not in done)


def verdict(row: Mapping[str, float], significance: float) -> str:
    """Apply the rule of the module's conventions to one row of numbers.

    Examples
    --------
    >>> row = dict(difference=0.1, low=0.02, high=0.2, mcnemar_holm=0.01, t=3.0, t_holm=0.04)
    >>> verdict(row | {"only_model_right": 20, "only_other_right": 5}, 0.05)
    'better'
    >>> verdict(row | {"only_model_right": 20, "only_other_right": 5}, 0.03)
    'not distinguishable'
    """
    supported = max(row["mcnemar_holm"], row["t_holm"]) < significance
    gain = row["only_model_right"] - row["only_other_right"]
    if supported and gain > 0 and row["t"] > 0 and row["low"] > 0:
        return BETTER
    if supported and gain < 0 and row["t"] < 0 and row["high"] < 0:
        return WORSE
    return UNCLEAR


def table(
    counted: Counted, roles: Roles, resampling: bootstrap.Bootstrap, significance: float
) -> pd.DataFrame:
    """Compare every pair under every protocol.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`. ``only_model_right`` and ``only_other_right`` count tracks, each
        once over all seeds (:func:`pipeline.reporting.paired.one_sided`); ``*_holm`` are adjusted
        p values; ``t_df`` is the number of folds and seeds less one.
    """
    rows = []
    for protocol in counted.protocols:
        answers = Answers(counted.runs, protocol)
        family = [
            {"protocol": protocol, "model": model, "against": against}
            | _difference(counted, protocol, model, against, resampling)
            | _tests(answers, model, against)
            for model, against in pairs([run.model for run in counted.runs], roles)
        ]
        for test in ("mcnemar", "t"):
            adjusted = paired.holm([row[f"{test}_p"] for row in family])
            for row, value in zip(family, adjusted, strict=True):
                row[f"{test}_holm"] = value
        rows += [row | {"verdict": verdict(row, significance)} for row in family]
    return pd.DataFrame(rows, columns=COLUMNS)


def _difference(
    counted: Counted, protocol: str, model: str, against: str, resampling: bootstrap.Bootstrap
) -> dict[str, float]:
    first, second = (counted.of(protocol, name) for name in (model, against))
    gap = bootstrap.difference(first, second, accuracy, resampling)
    return {"difference": gap.value, "low": gap.low, "high": gap.high}


def _tests(answers: Answers, model: str, against: str) -> dict[str, float]:
    ours, theirs = paired.one_sided(answers.right[model], answers.right[against])
    result = paired.corrected_t(answers.by_fold(model, against), answers.ratio)
    return {
        "only_model_right": ours,
        "only_other_right": theirs,
        "mcnemar_p": paired.mcnemar(ours, theirs),
        "t": result.t,
        "t_df": result.df,
        "t_p": result.p,
    }
