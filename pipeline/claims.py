"""Stage: put every claim of the paper against what was measured (``python -m pipeline.claims``).

Reads ``data/index/<corpus>.csv``, ``data/runs/<corpus>/<model>/`` and
``data/experiments/<corpus>/<experiment>/`` of every corpus in ``params.yaml``; the claims are data
(:mod:`pipeline.reporting.paper`, :mod:`pipeline.reporting.paper_claims`). Writes
``reports/claims.md`` and ``reports/claims.csv`` (:data:`pipeline.reporting.ledger_page.COLUMNS`).
What is missing makes a claim *not testable here* and its row says which command would test it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import corpora, params, paths, stage, variants
from pipeline.reporting import experiment_scores, ledger_page, markdown
from pipeline.reporting.bootstrap import Bootstrap
from pipeline.reporting.experiment_scores import Results
from pipeline.reporting.ledger import VERDICTS, Evidence, Rules
from pipeline.reporting.ledger_numbers import numbers
from pipeline.reporting.ledger_printed import printed
from pipeline.reporting.ledger_relative import relative
from pipeline.reporting.runs import check, read_index, read_runs
from pipeline.reporting.scores import Counted

FLOAT_FORMAT = "%.6g"
PAGE, TABLE = Path("reports/claims.md"), Path("reports/claims.csv")


def read(root: Path, parameters: Mapping[str, Any], corpus: str) -> Evidence:
    """Read what was measured on one corpus, as far as it is there.

    Raises
    ------
    RunError
        If the index is missing, or a run or experiment breaks the protocol.
    """
    adapter = str(params.section(parameters, "corpora", corpus, "adapter"))
    index = read_index(root / paths.index(corpus))
    names = [
        str(model)
        for model in params.section(parameters, "models")
        if (root / paths.run(corpus, str(model)) / "model.json").is_file()
    ]
    folder = root / paths.run(corpus, "")
    skipped = _skipped(folder, names)
    counted: Counted | None = None
    if trained := [name for name in names if name not in skipped]:
        runs, _ = read_runs(folder, trained)
        check(runs, index)
        counted = Counted(runs, index)
    counts = corpora.load(adapter).INFO.counts
    return Evidence(
        name=corpus,
        adapter=adapter,
        index=index,
        expected=sum(counts.values()) if counts else None,
        counted=counted,
        absent={
            model: f"`{model}` has no run on {corpus}: {why}" for model, why in skipped.items()
        },
        experiments=_experiments(root, corpus, index),
    )


def _skipped(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Return model -> why it was not trained, of those that say so."""
    found = {}
    for name in names:
        try:
            card = json.loads((folder / name / "model.json").read_text(encoding="utf-8"))
        except ValueError:
            continue  # read_runs says so with the file's name
        if "skipped" in card:
            found[name] = str(card["skipped"])
    return found


def _experiments(root: Path, corpus: str, index: pd.DataFrame) -> dict[str, Results]:
    found = {}
    for name in params.section(params.read(root / variants.FILE), "experiments"):
        results = experiment_scores.read(root / paths.experiment(corpus, str(name)), index)
        if results is not None:
            found[str(name)] = results
    return found


def claims(root: Path) -> str:
    """Run the stage under a repository root and return the page."""
    parameters = params.read(root / "params.yaml")
    section = params.section(parameters, "cv", "bootstrap")
    rules = Rules(
        bootstrap=params.build(Bootstrap, section, "cv.bootstrap"),
        significance=float(params.section(parameters, "report", "significance")),
    )
    names = [str(name) for name in params.section(parameters, "corpora")]
    evidence = [read(root, parameters, name) for name in names]
    parts = [
        ("The numbers of the tables, and the headlines", list(numbers(evidence, rules))),
        ("Comparisons, tested on our runs", list(relative(evidence, rules))),
        ("The paper against itself", list(printed())),
    ]
    table = ledger_page.frame([row for _, rows in parts for row in rows])
    table.to_csv(root / TABLE, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    page = [
        *ledger_page.introduction(rules.bootstrap.confidence, names),
        *ledger_page.summary(parts),
    ]
    for title, rows in parts:
        page += ledger_page.section(title, rows)
    text = markdown.page(page)
    (root / PAGE).write_text(text, encoding="utf-8")
    return text


def run() -> None:
    """Run the stage in the current folder and count the verdicts."""
    claims(Path())
    counts = pd.read_csv(TABLE)["verdict"].value_counts()
    said = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
    print(f"claims: {PAGE}: {said}")


def main() -> None:
    """Run the stage with ``params.yaml`` and ``experiments/params.yaml``."""
    stage.main(__doc__, run)


if __name__ == "__main__":
    main()
