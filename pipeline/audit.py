"""Stage: the leak audit of one corpus, a gate in front of all training.

``python -m pipeline.audit <corpus>`` looks for whatever could let a test track be known before it
is tested: groups, files and near-identical recordings across folds, chord vectors fitted on more
than the training part, and files that give their label away by how they were made. It writes
``reports/<corpus>/audit.csv`` (check, severity, what, value, limit, detail) and
``data/audit/<corpus>.json`` (verdict, findings, similarities), prints both warnings and failures,
and exits with an error if there is any failure; training depends on it. See ``docs/leaks.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline import corpus, params, paths, stage, store
from pipeline.auditing import copies, facts, fits, folds, groups
from pipeline.auditing.findings import COLUMNS, Finding, verdict
from pipeline.auditing.settings import AuditConfig
from pipeline.stage import StageError


def report_path(name: str) -> Path:
    """Return where the findings lie as a table (CSV)."""
    return Path("reports") / name / "audit.csv"


def summary_path(name: str) -> Path:
    """Return where verdict, findings and similarities lie (JSON)."""
    return Path("data/audit") / f"{name}.json"


def audit(all_params: Mapping[str, Any], name: str) -> list[Finding]:
    """Run the stage for one corpus.

    Raises
    ------
    StageError
        If a finding is a failure; its text holds all of them. The report is written before.
    """
    config = params.build(AuditConfig, params.section(all_params, "audit"), "audit")
    rows, root = corpus.read_index(name), corpus.of(all_params, name).root
    tracks = [row.track for row in rows]
    every = folds.read(name, tracks)
    arrays, attributes = store.read_arrays(paths.embeddings(name))
    heard = copies.hear(name, config.copies)
    accepted = [entry for entry in config.accepted if entry.corpus == name]
    grouped = next(one for one in every if one.protocol == folds.GROUPED)
    findings = [
        *groups.check(rows, every, config.purity),
        *copies.check(heard, every, tracks, config.copies, accepted),
        *fits.check(every, tracks, arrays["has_chords"].astype(bool), attributes),
        *facts.check(rows, grouped, root, copies.loudness(name), config.facts),
    ]
    _write(name, findings, copies.summary(heard))
    _say(name, findings)
    return findings


def _write(name: str, findings: list[Finding], similarities: Mapping[str, Any]) -> None:
    rows = [asdict(finding) for finding in findings]
    corpus.write_rows(report_path(name), COLUMNS, rows)
    about = {
        "corpus": name,
        "verdict": verdict(findings),
        "findings": rows,
        "similarities": similarities,
    }
    path = summary_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _say(name: str, findings: list[Finding]) -> None:
    """Print what is not in order, and fail if anything fails."""
    for finding in findings:
        if finding.severity == "warn":
            print(f"audit {name}: {finding}", flush=True)
    failed = [finding for finding in findings if finding.severity == "fail"]
    if failed:
        listed = "\n".join(f"  {finding}" for finding in failed)
        raise StageError(
            f"audit {name}: {len(failed)} of {len(findings)} findings are leaks; nothing is "
            f"trained until they are mended (docs/leaks.md; all findings: {report_path(name)})\n"
            f"{listed}"
        )
    print(f"audit {name}: {verdict(findings)}, {len(findings)} findings", flush=True)


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda name: audit(params.read(), name), "corpus")


if __name__ == "__main__":
    main()
