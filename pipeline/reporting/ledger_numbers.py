"""A row of the ledger for every number of Tables IV to IX and Section VI.

Conventions
-----------
Testing accuracy, and the scores of Tables VII to IX, are ours over all folds together; precision
and recall are means over the classes, F1 is the formula of the paper on them. Training accuracy is
the mean over the fits. Training times are put beside the printed ones and never judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline import metrics
from pipeline.reporting import bootstrap, paper
from pipeline.reporting.bootstrap import Interval
from pipeline.reporting.ledger import (
    Evidence,
    Row,
    Rules,
    counterparts,
    decided,
    no_corpus,
    spread,
)
from pipeline.reporting.runs import RANDOM

#: Column of Tables VII to IX -> the score that it is.
METRICS: dict[str, metrics.Metric] = {
    "Accuracy": metrics.accuracy,
    "Precision": metrics.macro_precision,
    "Recall": metrics.macro_recall,
    "F1": metrics.paper_f1,
}
#: Digits after the point, as printed.
SWEEP_DIGITS, SCORE_DIGITS, HEADLINE_DIGITS = 2, 3, 4
CHANNELS = "channels"


def numbers(evidence: Sequence[Evidence], rules: Rules) -> Iterator[Row]:
    """Yield the rows of Tables IV to IX and the headlines, one for each corpus of ours."""
    for number in paper.SWEPT:
        for position in range(1, len(paper.table(number).rows) + 1):
            yield from _sweep(f"{number.lower()}-{position}", evidence, rules)
    for number in paper.SCORED:
        yield from _table(number, evidence, rules)
    for name, value in paper.HEADLINES.items():
        blank = Row(
            f"headline-{name.lower()}", "Section VI", name, "recognition rate (accuracy)", value
        )
        found = counterparts(evidence, name)
        yield from ([] if found else [no_corpus(blank, name)])
        for each in found:
            yield _score(blank, each, paper.HEADLINE_MODEL, "Accuracy", HEADLINE_DIGITS, rules)


def _sweep(variant: str, evidence: Sequence[Evidence], rules: Rules) -> Iterator[Row]:
    row = paper.sweep_row(variant)
    assert row is not None
    found = counterparts(evidence, row.table)
    for part, claimed in (("training", row.train), ("testing", row.test)):
        blank = Row(
            f"table-{variant}-{part}", f"Table {row.table}", row.corpus,
            f"{part} accuracy of channels {row.gtf} and {row.mf_rp}", claimed,
        )  # fmt: skip
        if not found:
            yield no_corpus(blank, row.table, f"experiments/dvc.yaml:run@NAME-{CHANNELS}")
        for each in found:
            yield _swept(replace(blank, our_corpus=each.name), each, variant, part, rules)


def _swept(blank: Row, each: Evidence, variant: str, part: str, rules: Rules) -> Row:
    results = each.experiments.get(CHANNELS)
    if results is None:
        command = f"`dvc repro experiments/dvc.yaml:run@{each.name}-{CHANNELS}`"
        return replace(blank, reason=f"the experiment has not run: {command}")
    if results.counted is None or variant not in results.trained:
        return replace(blank, reason=f"variant {variant} was not trained on {each.name}")
    found: dict[str, Interval] = {}
    for protocol in results.counted.protocols:
        if part == "testing":
            counts = results.counted.of(protocol, variant)
            found[protocol] = bootstrap.estimate(counts, metrics.accuracy, rules.bootstrap)
        else:
            fits = results.fits
            kept = (fits["variant"] == variant) & (fits["protocol"] == protocol)
            found[protocol] = spread(fits[kept]["train_accuracy"])
    return decided(blank, found, SWEEP_DIGITS, each)


def _table(number: str, evidence: Sequence[Evidence], rules: Rules) -> Iterator[Row]:
    entry = paper.table(number)
    found = counterparts(evidence, number)
    for model, theirs in paper.ROWS.items():
        cells = paper.model_row(number, model)
        assert cells is not None
        for column, claimed in zip(entry.columns[1:], cells[1:], strict=True):
            short = column.partition(" (")[0].lower().replace(" ", "-")
            blank = Row(
                f"table-{number.lower()}-{model}-{short}", f"Table {number}", entry.corpus,
                f"{column.lower()} of {theirs}", float(claimed),
            )  # fmt: skip
            yield from ([] if found else [no_corpus(blank, number)])
            for each in found:
                if column in METRICS:
                    yield _score(blank, each, model, column, SCORE_DIGITS, rules)
                else:
                    yield _time(blank, each, model)


def _score(blank: Row, each: Evidence, model: str, column: str, digits: int, rules: Rules) -> Row:
    blank = replace(blank, our_corpus=each.name)
    if each.counted is None or each.run(model) is None:
        return replace(blank, reason=each.why_absent(model))
    found = {
        protocol: bootstrap.estimate(
            each.counted.of(protocol, model), METRICS[column], rules.bootstrap
        )
        for protocol in each.counted.protocols
    }
    return decided(blank, found, digits, each)


def _time(blank: Row, each: Evidence, model: str) -> Row:
    blank = replace(blank, our_corpus=each.name)
    reason = "a time belongs to a machine: the paper names neither it nor the number of fits"
    run = each.run(model)
    if run is None:
        return replace(blank, reason=f"{reason}. {each.why_absent(model)}")
    fits = run.fits[run.fits["protocol"] == RANDOM]
    if fits.empty:
        return replace(blank, reason=reason)
    seconds = spread(fits["training_seconds"])
    return replace(
        blank,
        protocol=RANDOM,
        measured=seconds,
        reason=f"{reason}. Ours: seconds per fit on {run.card['hardware']}",
    )
