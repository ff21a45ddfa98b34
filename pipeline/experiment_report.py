"""Stage: write the report of all experiments (``python -m pipeline.experiment_report``).

Reads ``data/experiments/<corpus>/<experiment>/``, ``data/growth/<corpus>.csv`` and
``data/index/<corpus>.csv`` of every corpus in ``params.yaml`` and every experiment in
``experiments/params.yaml``. Writes
``reports/experiments.md`` and, for each corpus and experiment,
``reports/experiments/<corpus>-<experiment>.csv``
(:func:`pipeline.reporting.experiment_scores.table`) and ``.png``. What has not run yet is named,
with the command that runs it. Everything is a function of the inputs: no time, host or user beyond
the hardware that each experiment itself recorded.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pipeline import params, paths, stage, variants
from pipeline.reporting import (
    experiment_page,
    experiment_scores,
    growth_page,
    markdown,
    pictures,
)
from pipeline.reporting.bootstrap import Bootstrap
from pipeline.reporting.experiment_page import Section
from pipeline.reporting.runs import read_index

#: As in the tables of ``pipeline.evaluate``: far below any interval's width.
FLOAT_FORMAT = "%.6g"
FOLDER = Path("reports/experiments")
PAGE = Path("reports/experiments.md")


def read(root: Path, parameters: dict[str, Any], corpus: str, experiment: str) -> Section | None:
    """Read and score one experiment on one corpus; None if it has not run.

    Raises
    ------
    RunError
        If a table is missing, or the predictions break the protocol.
    """
    folder = root / paths.experiment(corpus, experiment)
    if not folder.is_dir():
        return None
    index = read_index(root / paths.index(corpus))
    results = experiment_scores.read(folder, index)
    if results is None:
        return None
    settings = params.build(
        Bootstrap, params.section(parameters, "cv", "bootstrap"), "cv.bootstrap"
    )
    level = float(params.section(parameters, "report", "significance"))
    return Section(
        corpus=corpus,
        adapter=str(params.section(parameters, "corpora", corpus, "adapter")),
        groups=int(index["group"].nunique()),
        results=results,
        table=experiment_scores.table(results, settings, level),
    )


def write(root: Path, part: Section) -> list[str]:
    """Write one experiment's table and picture; return its part of the page."""
    stem = f"{part.corpus}-{part.results.about['experiment']}"
    table = root / FOLDER / f"{stem}.csv"
    part.table.to_csv(table, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    parts = experiment_page.section(part)
    if part.table.empty:
        return [*parts, "No variant applies to this corpus."]
    pictures.save(experiment_page.dots(part), root / FOLDER / f"{stem}.png")
    shown = markdown.picture(f"{FOLDER.name}/{stem}.png", experiment_page.alternative(part))
    link = f"All numbers: [{stem}.csv]({FOLDER.name}/{stem}.csv)."
    return [*parts, shown, link]


def report(root: Path) -> str:
    """Run the stage under a repository root and return the page."""
    parameters = params.read(root / "params.yaml")
    file = root / variants.FILE
    names = [str(name) for name in params.section(params.read(file), "experiments")]
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    (root / FOLDER).mkdir(parents=True)
    parts = experiment_page.introduction(
        float(params.section(parameters, "cv", "bootstrap", "confidence")),
        float(params.section(parameters, "report", "significance")),
    )
    for name in names:
        asked = variants.read(name, file)
        parts += [f"## {asked.title}", f"**{asked.question}**", f"*The paper:* {asked.paper}"]
        for corpus in params.section(parameters, "corpora"):
            found = read(root, parameters, str(corpus), name)
            parts.append(f"### {asked.title}: {corpus}")
            parts += write(root, found) if found else [experiment_page.missing(str(corpus), name)]
    parts += growth_page.introduction()
    for corpus in params.section(parameters, "corpora"):
        parts += growth_page.section(root / paths.growth(str(corpus)), str(corpus))
    text = markdown.page(parts)
    (root / PAGE).write_text(text, encoding="utf-8")
    return text


def run() -> None:
    """Run the stage in the current folder and say what was made."""
    print(f"experiment_report: {PAGE}, {report(Path()).count('![')} experiments")


def main() -> None:
    """Run the stage with ``params.yaml`` and ``experiments/params.yaml``."""
    stage.main(__doc__, run)


if __name__ == "__main__":
    main()
