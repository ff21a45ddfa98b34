"""Stage: write the report of all corpora (``python -m pipeline.report``).

Reads ``data/evaluation/<corpus>.json``, ``data/vocabulary/<corpus>.json``, the tables that
``pipeline.evaluate`` wrote to ``reports/<corpus>/``, ``reports/<corpus>/quarantine.csv``, the index
and the feature stores of every corpus in ``params.yaml``, and the first line of every model's
documentation; for the page to look at also ``data/runs``, ``reports/<corpus>/audit.csv`` and the
recordings that are at hand. Writes ``reports/README.md``, ``reports/pictures/*.png``,
``reports/index.html`` (:mod:`pipeline.html.page`) and ``reports/metrics.json`` ({corpus: {model:
{accuracy, macro_f1}}}, grouped folds). No time, host or user is written beyond the hardware that
each run itself recorded.
"""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import params, stage, store
from pipeline.html import page as html_page
from pipeline.reporting import beside, differences, gallery, markdown, paper_page, sections
from pipeline.reporting.runs import GROUPED, RunError, read_index
from pipeline.reporting.sections import Corpus
from pipeline.reporting.settings import Settings
from pipeline.reporting.settings import read as read_settings

DIGITS = 6
ADAPTERS = Path(__file__).parent / "corpora"
MODELS = Path(__file__).parents[1] / "models"
TEXT = (
    "protocol",
    "model",
    "against",
    "verdict",
    "condition",
    "score",
    "class",
    "actual",
    "predicted",
    "hardware",
)


def read_corpus(root: Path, name: str, adapter: str, features: Iterable[str]) -> Corpus:
    """Read all that was measured on one corpus.

    Raises
    ------
    RunError
        If a file is missing, or a table is not the one that the summary was written with.
    """
    summary = _json(root / "data/evaluation" / f"{name}.json", f"evaluate@{name}")
    folder = root / "reports" / name
    tables = {
        table: _table(folder / f"{table}.csv", digest)
        for table, digest in summary["tables"].items()
    }
    rejected: dict[str, str] = {}
    for feature in features if summary["has"]["audio"] else ():
        path = root / "data/features" / name / f"{feature}.zarr"
        rejected |= store.attributes(path)["rejected"]
    return Corpus(
        name=name,
        adapter=adapter,
        about=_about(ADAPTERS / f"{adapter}.py"),
        summary=summary,
        tables=tables,
        quarantined=_counted(tables["quarantine"]["reason"]),
        rejected=_counted(rejected.values()),
        words=_json(root / "data/vocabulary" / f"{name}.json", f"vocabulary@{name}"),
    )


def _json(path: Path, stage_name: str) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: not readable ({error}); run `dvc repro {stage_name}`") from error


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(str(reason).partition(":")[0] for reason in reasons).items()))


def _table(path: Path, digest: str) -> pd.DataFrame:
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise RunError(
            f"{path}: missing, or not the table that was evaluated; run "
            f"`dvc repro evaluate@{path.parent.name}`"
        )
    return pd.read_csv(
        BytesIO(content), dtype=dict.fromkeys(TEXT, str), keep_default_na=False, na_values=[""]
    )


def _about(path: Path) -> str:
    """Return the first line of a module's documentation, without importing it."""
    if not path.is_file():
        raise RunError(f"{path}: no such module")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    return text.splitlines()[0].replace("``", "`")


def corpus_page(root: Path, corpus: Corpus, settings: Settings, features: list[str]) -> list[str]:
    """Return one corpus's part of the report and write its pictures."""
    reports = root / "reports"
    index = read_index(root / "data/index" / f"{corpus.name}.csv")
    stores = root / "data/features" / corpus.name
    return [
        f"## {corpus.name}",
        *sections.description(corpus),
        "### Results",
        *differences.verdicts(corpus),
        *gallery.overview(corpus, reports),
        *sections.results(corpus),
        *sections.skipped(corpus),
        *differences.real(corpus),
        *beside.counterpart(corpus),
        "### Details",
        *sections.optimism(corpus),
        *differences.conditions(corpus),
        *sections.classes(corpus),
        *gallery.scores(corpus, reports),
        *sections.chords(corpus),
        *gallery.features(corpus, index, stores, reports, features, settings.report.alpha),
        *paper_page.commands(corpus),
    ]


def headline(corpora: list[Corpus]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the few numbers that ``dvc exp show`` tabulates, grouped folds."""
    return {
        corpus.name: {
            str(row["model"]): {
                score: round(float(row[score]), DIGITS) for score in ("accuracy", "macro_f1")
            }
            for row in corpus.tables["results"].to_dict("records")
            if row["protocol"] == GROUPED
        }
        for corpus in corpora
    }


def report(root: Path) -> str:
    """Run the stage under a repository root and return the page."""
    parameters = params.read(root / "params.yaml")
    settings = read_settings(parameters)
    features = [str(name) for name in params.section(parameters, "features")]
    corpora = [
        read_corpus(root, str(name), str(params.section(config, "adapter")), features)
        for name, config in settings.corpora.items()
    ]
    reports = root / "reports"
    shutil.rmtree(reports / gallery.FOLDER, ignore_errors=True)
    models = {name: _about(MODELS / f"{name}.py") for name in settings.models}
    parts = list(paper_page.introduction(models, settings.report.ours))
    for corpus in corpora:
        parts += corpus_page(root, corpus, settings, features)
    text = markdown.page([*parts, *paper_page.tables(corpora)])
    (reports / "README.md").write_text(text, encoding="utf-8")
    page = html_page.render(root, corpora, settings, parameters, models)
    (reports / "index.html").write_text(page, encoding="utf-8")
    numbers = json.dumps(headline(corpora), indent=1, ensure_ascii=False)
    (reports / "metrics.json").write_text(numbers + "\n", encoding="utf-8")
    return text


def run() -> None:
    """Run the stage in the current folder and say what was made."""
    print(f"report: reports/index.html, reports/README.md, {report(Path()).count('![')} pictures")


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, run)


if __name__ == "__main__":
    main()
