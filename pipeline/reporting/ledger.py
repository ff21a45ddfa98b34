"""The paper's statements against our results: what a row holds, and the rule for a number.

Conventions
-----------
A :class:`Row` is one statement of the paper on one of our corpora. Its verdict is one of three:

``supported``
    the printed number meets our interval; to either side of it count half a unit of its last digit
    and, for a testing score, the sampling error of the paper's own test part;
``contradicted``
    it lies above or below;
``not testable here``
    the corpus, the model, the protocol or the hardware is not here, or what is here cannot tell.

Only the paper's protocol (random folds) on a corpus of the same adapter is compared; grouped folds
stand beside. An interval of a test score comes from resampling groups; of a training accuracy it is
the lowest and the highest of the fits. A wide interval supports much: its ends are in the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.reporting import paper
from pipeline.reporting.bootstrap import Bootstrap, Interval
from pipeline.reporting.experiment_scores import Results
from pipeline.reporting.runs import GROUPED, RANDOM, Run
from pipeline.reporting.scores import Counted

SUPPORTED, CONTRADICTED, UNTESTED = "supported", "contradicted", "not testable here"
VERDICTS = (SUPPORTED, CONTRADICTED, UNTESTED)
NOWHERE = ""


@dataclass(frozen=True)
class Row:
    """One statement on one corpus; None and empty text where there is nothing to say."""

    claim: str
    source: str
    corpus: str
    what: str
    claimed: float | None = None
    our_corpus: str = NOWHERE
    protocol: str = ""
    measured: Interval | None = None
    grouped: Interval | None = None
    verdict: str = UNTESTED
    reason: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was measured on one corpus.

    Attributes
    ----------
    name, adapter
        Of the corpus.
    index
        ``data/index/<corpus>.csv``.
    expected
        Tracks in the full published set; None where nobody says.
    counted
        Runs of the main graph; None where there are none.
    absent
        Model -> why it has no run.
    experiments
        Name -> results.
    """

    name: str
    adapter: str
    index: pd.DataFrame
    expected: int | None
    counted: Counted | None
    absent: Mapping[str, str]
    experiments: Mapping[str, Results]

    def run(self, model: str) -> Run | None:
        """Return a model's run."""
        runs = self.counted.runs if self.counted else ()
        return next((run for run in runs if run.model == model), None)

    def why_absent(self, model: str) -> str:
        """Say why a model has no run, and how to get one."""
        command = f"`dvc repro train@{self.name}-{model}`"
        return self.absent.get(model, f"`{model}` was not trained on {self.name}: {command}")


@dataclass(frozen=True)
class Rules:
    """How to resample, and the level of the tests."""

    bootstrap: Bootstrap
    significance: float


def judge(claimed: float, digits: int, measured: Interval, error: float = 0.0) -> tuple[str, str]:
    """Apply the rule to one number; return verdict and reason.

    Parameters
    ----------
    error
        How far the claim's own sampling may have put it off, see
        :func:`pipeline.reporting.paper.sampling_error`.

    Examples
    --------
    >>> judge(0.62, 2, Interval(0.55, 0.50, 0.616))
    ('supported', 'the claim meets our interval')
    >>> judge(0.62, 2, Interval(0.55, 0.50, 0.60))
    ('contradicted', 'ours is lower than claimed')
    >>> judge(0.62, 2, Interval(0.55, 0.50, 0.60), error=0.08)
    ('supported', 'the claim meets our interval')
    """
    half = 0.5 * 10**-digits + error
    if measured.high < claimed - half:
        return CONTRADICTED, "ours is lower than claimed"
    if measured.low > claimed + half:
        return CONTRADICTED, "ours is higher than claimed"
    return SUPPORTED, "the claim meets our interval"


def counterparts(evidence: Sequence[Evidence], source: str) -> list[Evidence]:
    """Return our corpora that the paper's table (or headline) of that name speaks about."""
    return [
        each
        for each in evidence
        if (known := paper.COUNTERPARTS.get(each.adapter))
        and (source in known.tables or source == known.headline)
    ]


def adapter_of(source: str) -> str:
    """Return the adapter whose corpora a table or headline is about."""
    return next(
        adapter
        for adapter, known in paper.COUNTERPARTS.items()
        if source in known.tables or source == known.headline
    )


def caveat(each: Evidence) -> str:
    """Say why our corpus is not quite the paper's."""
    known = paper.COUNTERPARTS[each.adapter]
    text = known.caveat
    if each.expected and len(each.index) < each.expected:
        text += f" Here: {len(each.index):,} of the {each.expected:,} tracks of the published set."
    runs = each.counted.runs if each.counted else ()
    if known.tables and runs and not any(run.card["has"]["chords"] for run in runs):
        text += " Here is no MIDI, so that our networks have no chord vector."
    return text


def no_corpus(blank: Row, source: str, target: str = "evaluate@NAME") -> Row:
    """Say that no corpus of ours is the table's, and which commands would test it."""
    adapter = adapter_of(source)
    return replace(
        blank,
        reason=f"no corpus of adapter `{adapter}` in params.yaml; with one named NAME there, "
        f"`dvc repro {target}` and `python -m pipeline.claims` test it",
    )


def spread(values: Any) -> Interval:
    """Return the mean of some values between the lowest and the highest."""
    column = np.asarray(values, np.float64)
    return Interval(float(column.mean()), float(column.min()), float(column.max()))


def decided(blank: Row, found: Mapping[str, Interval], digits: int, each: Evidence) -> Row:
    """Fill in a row from what was measured, protocol -> interval."""
    if RANDOM not in found:
        reason = "random folds were not run (`cv.protocols` in params.yaml)"
        return replace(blank, grouped=found.get(GROUPED), reason=reason)
    assert blank.claimed is not None
    # Scores of training are of thousands of tracks many times over: their error is in the fits.
    training = blank.what.startswith("training")
    error = 0.0 if training else paper.sampling_error(blank.corpus, blank.claimed)
    verdict, reason = judge(blank.claimed, digits, found[RANDOM], error)
    return replace(
        blank,
        protocol=RANDOM,
        measured=found[RANDOM],
        grouped=found.get(GROUPED),
        verdict=verdict,
        reason=f"{reason}. {caveat(each)}",
    )
