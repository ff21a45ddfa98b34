"""Rows of the ledger for comparisons: one side of ours better, faster or about as good as others.

Conventions
-----------
*Better* is supported if the first side is better than every other by the rule of
:mod:`pipeline.reporting.comparisons`, contradicted if another is better than it, and otherwise not
testable here: the corpus cannot tell them apart. The number shown is the accuracy of the first less
that of the strongest other. *Within* is supported if the interval of the difference lies within the
limit, contradicted if all of it lies outside. *Faster* compares the fits of the same folds on one
kind of hardware, seconds of the others over seconds of the first: supported if every fold is above
1, contradicted if every fold is below.

Random folds are the paper's protocol; an experiment that has grouped folds alone is judged on them,
and its row says so. Accuracy on synthesised music supports nothing; a time on it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from pipeline import metrics
from pipeline.reporting import bootstrap, comparisons, experiment_scores
from pipeline.reporting.bootstrap import Interval
from pipeline.reporting.ledger import (
    CONTRADICTED,
    SUPPORTED,
    UNTESTED,
    Evidence,
    Row,
    Rules,
    caveat,
    counterparts,
    no_corpus,
    spread,
)
from pipeline.reporting.paper import HEADLINES
from pipeline.reporting.paper import table as paper_table
from pipeline.reporting.paper_claims import RELATIVE, Relative
from pipeline.reporting.runs import FOLD, GROUPED, RANDOM, Run
from pipeline.reporting.scores import Counted

SYNTHETIC = "synthetic"
ANY = "any"


def relative(evidence: Sequence[Evidence], rules: Rules) -> Iterator[Row]:
    """Yield a row for each comparison and each corpus that it can be tested on."""
    for claim in RELATIVE:
        for number in claim.tables:
            theirs = number if number in HEADLINES else paper_table(number).corpus
            blank = Row(f"{claim.claim}-{number.lower()}", claim.source, theirs, claim.text)
            found = counterparts(evidence, number)
            target = f"experiments/dvc.yaml:run@NAME-{claim.experiment}"
            command = target if claim.experiment else "evaluate@NAME"
            yield from ([] if found else [no_corpus(blank, number, command)])
            for each in found:
                row = _row(blank, claim, each, rules)
                yield replace(row, reason=f"{row.reason}. {caveat(each)}")
        if not claim.tables:
            blank = Row(claim.claim, claim.source, ANY, claim.text)
            yield from (_row(blank, claim, each, rules) for each in evidence)


def _row(blank: Row, claim: Relative, each: Evidence, rules: Rules) -> Row:
    blank = replace(blank, our_corpus=each.name)
    if each.adapter == SYNTHETIC and claim.kind != "faster":
        return replace(blank, reason="synthesised music is no evidence about music")
    sides = _sides(claim, each)
    if isinstance(sides, str):
        return replace(blank, reason=sides)
    protocols = sides.protocols
    protocol = RANDOM if RANDOM in protocols else GROUPED
    judged = {"better": _better, "within": _within, "faster": _faster}[claim.kind]
    measured, verdict, reason = judged(claim, sides, protocol, rules)
    beside = None
    if protocol == RANDOM and GROUPED in protocols:
        beside = judged(claim, sides, GROUPED, rules)[0]
    return replace(
        blank,
        claimed=claim.limit or None,
        protocol=protocol,
        measured=measured,
        grouped=beside,
        verdict=verdict,
        reason=reason,
    )


def _sides(claim: Relative, each: Evidence) -> Counted | str:
    """Return the counts of all sides, the first side first, or why there are none."""
    names = (claim.first, *claim.others)
    counted = each.counted
    if claim.experiment is not None:
        results = each.experiments.get(claim.experiment)
        command = f"`dvc repro experiments/dvc.yaml:run@{each.name}-{claim.experiment}`"
        if results is None:
            return f"the experiment `{claim.experiment}` has not run: {command}"
        lacking = [name for name in names if name not in results.trained]
        if lacking:
            return f"`{claim.experiment}` has no result for *{lacking[0]}* on {each.name}"
        cards = [card for card in results.variants if card["name"] in names]
        if without := sorted({name for card in cards for name in card.get("lacking", ())}):
            return f"{each.name} has no {', '.join(without)}, which the compared variants read"
        counted = results.counted
    else:
        lacking = [name for name in names if each.run(name) is None]
        if lacking:
            return each.why_absent(lacking[0])
    assert counted is not None
    runs = [next(run for run in counted.runs if run.model == name) for name in names]
    return Counted(runs, each.index)


def _better(
    claim: Relative, sides: Counted, protocol: str, rules: Rules
) -> tuple[Interval, str, str]:
    rows = experiment_scores.against(sides, claim.first, rules.bootstrap, rules.significance)
    rows = rows[rows["protocol"] == protocol]
    strongest = max(rows.to_dict("records"), key=lambda row: float(row["difference"]))
    gap = Interval(-strongest["difference"], -strongest["high"], -strongest["low"])
    beaten_by = _named(rows, comparisons.BETTER)
    if beaten_by:
        return gap, CONTRADICTED, f"{beaten_by} better than `{claim.first}` ({protocol} folds)"
    unclear = _named(rows, comparisons.UNCLEAR)
    if unclear:
        reason = f"`{claim.first}` is not distinguishable from {unclear} ({protocol} folds)"
        return gap, UNTESTED, reason
    return gap, SUPPORTED, f"better than each of the others ({protocol} folds)"


def _named(rows: pd.DataFrame, verdict: str) -> str:
    return ", ".join(f"`{name}`" for name in rows[rows["verdict"] == verdict]["model"])


def _within(
    claim: Relative, sides: Counted, protocol: str, rules: Rules
) -> tuple[Interval, str, str]:
    first, second = (sides.of(protocol, run.model) for run in sides.runs)
    gap = bootstrap.difference(first, second, metrics.accuracy, rules.bootstrap)
    if gap.low > claim.limit or gap.high < -claim.limit:
        return gap, CONTRADICTED, f"the interval lies outside {claim.limit:g}"
    if gap.low < -claim.limit or gap.high > claim.limit:
        return gap, UNTESTED, f"the interval reaches beyond {claim.limit:g}: too few tracks to tell"
    return gap, SUPPORTED, f"the interval lies within {claim.limit:g}"


def _faster(
    claim: Relative, sides: Counted, protocol: str, rules: Rules
) -> tuple[Interval, str, str]:
    del rules
    hardware = {str(run.card["hardware"]) for run in sides.runs}
    seconds = [_seconds(run, protocol) for run in sides.runs]
    ratios = spread(pd.concat([other / seconds[0] for other in seconds[1:]]))
    if len(hardware) > 1:
        return ratios, UNTESTED, f"not trained on one kind of hardware: {', '.join(hardware)}"
    where = f"{ratios.value:.2f} times as long, on {hardware.pop()}"
    if ratios.low > 1:
        return ratios, SUPPORTED, f"slower in every fold: {where}"
    if ratios.high < 1:
        return ratios, CONTRADICTED, f"`{claim.first}` is the slower in every fold: {where}"
    return ratios, UNTESTED, f"folds disagree: {where}"


def _seconds(run: Run, protocol: str) -> pd.Series:
    fits = run.fits[run.fits["protocol"] == protocol]
    return fits.set_index(FOLD)["training_seconds"]
