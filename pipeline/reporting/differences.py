"""The sections of the report that say which differences are real, as Markdown.

Conventions
-----------
Every function takes a :class:`pipeline.reporting.sections.Corpus` and returns a list of blocks.
Differences are of accuracy, which lies in [0, 1]; square brackets hold group-bootstrap intervals.
The rule behind each verdict is that of :mod:`pipeline.reporting.comparisons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import markdown
from pipeline.reporting.comparisons import BETTER, UNCLEAR, WORSE
from pipeline.reporting.runs import GROUPED, RANDOM
from pipeline.reporting.sections import Corpus

#: The same difference, seen from the other model.
OPPOSITE = {BETTER: WORSE, WORSE: BETTER, UNCLEAR: UNCLEAR}
#: p values below this are printed as such.
SMALLEST_P = 0.001
COLUMNS = [
    "model", "against", "difference of accuracy", "right alone", "McNemar p (adjusted)",
    "t-test p (adjusted)", "verdict",
]  # fmt: skip


def between(corpus: Corpus, model: str, against: str, protocol: str) -> dict[str, Any]:
    """Return the comparison of a pair, turned so that it speaks of ``model``."""
    table = corpus.tables["comparisons"]
    table = table[table["protocol"] == protocol]
    for row in table.to_dict("records"):
        if (row["model"], row["against"]) == (model, against):
            return {str(key): value for key, value in row.items()}
        if (row["model"], row["against"]) == (against, model):
            return {
                "difference": -row["difference"],
                "low": -row["high"],
                "high": -row["low"],
                "verdict": OPPOSITE[row["verdict"]],
            }
    raise KeyError(f"{protocol}: {model} and {against} were not compared")


def verdicts(corpus: Corpus) -> list[str]:
    """Say in plain words how each of ours fares against the best baseline."""
    said = corpus.summary
    lines = []
    if said["network"] != said["asked_network"]:
        lines.append(
            f"`{said['asked_network']}` was not trained on this corpus; `{said['network']}` stands "
            "in for it.\n"
        )
    lines += [f"- {_verdict(corpus, model)}" for model in said["ours"]]
    gap = said["network_minus_baseline"]["macro_f1"]
    amount = markdown.interval(gap["value"], gap["low"], gap["high"], signed=True)
    return [
        "\n".join(lines),
        "Under grouped folds; brackets hold the interval of the difference of accuracy. By "
        f"macro-F1, which is not tested, `{said['network']}` minus `{said['best_baseline']}` is "
        f"{amount}. The best baseline is the best of {len(said['baselines'])} by its macro-F1 on "
        "these very tracks, which favours it.",
    ]


def _verdict(corpus: Corpus, model: str) -> str:
    baseline = corpus.summary["best_baseline"]
    row = between(corpus, model, baseline, GROUPED)
    amount = markdown.interval(row["difference"], row["low"], row["high"], signed=True)
    if row["verdict"] == BETTER:
        return f"`{model}` beats the best baseline, `{baseline}`: {amount}."
    if row["verdict"] == WORSE:
        return f"**`{model}` loses to the best baseline, `{baseline}`**: {amount}."
    return f"`{model}` is not distinguishable from the best baseline, `{baseline}`: {amount}."


def real(corpus: Corpus) -> list[str]:
    """Show every comparison, and how to read it without knowing the tests."""
    said = corpus.summary
    level, groups = said["significance"], said["groups"]
    parts = [
        "### Is the difference real?",
        "A model may score higher because it is better, or because these tracks happened to suit "
        "it. Every model is therefore compared with "
        f"{', '.join(f'`{name}`' for name in [*said['ours'], said['reference']])}, on the same "
        "tracks in the same folds. "
        "*Right alone* counts the tracks that only the model, and only the other, gets right. "
        "A *p* is the chance of a difference at least this large if the two were equally good.",
        _rule(level),
        f"McNemar's test takes every track for a case of its own, though tracks of one of the "
        f"{groups} groups are alike, so its p alone is too bold; the interval resamples whole "
        "groups but knows nothing of the number of comparisons. Hence all three." + _seeds(corpus),
    ]
    for protocol, title in ((GROUPED, "Grouped folds"), (RANDOM, "Random folds")):
        table = corpus.tables["comparisons"]
        rows = [_row(row) for row in table[table["protocol"] == protocol].to_dict("records")]
        if rows:
            supported = sum(row[-1] != UNCLEAR for row in rows)
            parts += [
                f"#### {title}: {supported} of {len(rows)} differences are supported",
                markdown.table(COLUMNS, rows),
            ]
    return parts


def _rule(level: float) -> str:
    return "\n".join(
        [
            "*Better* or *worse* is said only if all three agree; otherwise the two are "
            f"*{UNCLEAR}* (which does not mean equal: these tracks cannot tell):\n",
            f"1. McNemar's exact test: its p is below {level:g}. Of models equally good, the "
            "tracks that only one gets right fall to either like tosses of a coin.",
            "2. The t-test over folds, corrected for training parts that overlap (Nadeau & "
            f"Bengio, 2003): its p is below {level:g}.",
            "3. The interval of the difference, from resampled groups, excludes zero.\n",
            "Both p are first adjusted (Holm, 1979) for the number of comparisons in the table: of "
            f"many, some would fall below {level:g} by luck.",
        ]
    )


def _seeds(corpus: Corpus) -> str:
    if max(sizes["seeds"] for sizes in corpus.summary["protocols"].values()) == 1:
        return ""
    return (
        " A track counts once, for the model that is right under more seeds; under as many, for "
        "neither."
    )


def _row(row: Mapping[Any, Any]) -> list[object]:
    return [
        row["model"],
        row["against"],
        markdown.interval(row["difference"], row["low"], row["high"], signed=True),
        f"{row['only_model_right']:,} : {row['only_other_right']:,}",
        f"{_p(row['mcnemar_p'])} ({_p(row['mcnemar_holm'])})",
        f"{_p(row['t_p'])} ({_p(row['t_holm'])})",
        row["verdict"],
    ]


def _p(value: float) -> str:
    """Print a p value.

    Examples
    --------
    >>> _p(0.0321), _p(1e-9)
    ('0.032', '<0.001')
    """
    return f"{value:.3f}" if value >= SMALLEST_P else f"<{SMALLEST_P:g}"


def conditions(corpus: Corpus) -> list[str]:
    """Show the scores by recording condition under grouped folds; nothing where there are none."""
    table = corpus.tables["per_condition"]
    table = table[table["protocol"] == GROUPED]
    if table.empty:
        return []
    rows = [
        [row["model"], row["condition"], row["tracks"], *(
            markdown.interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
            for name in ("accuracy", "macro_f1")
        )]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return [
        "#### Conditions, under grouped folds",
        "The same predictions, looked at by how the recording was made; both protocols are in "
        f"[`per_condition.csv`]({corpus.name}/per_condition.csv).",
        markdown.table(["model", "condition", "tracks", "accuracy", "macro-F1"], rows),
    ]
