"""Groups, files and classes across folds.

Conventions
-----------
Under ``grouped`` folds no group (artist, song, speaker), and no file under two names, may be in two
folds. Under ``random`` folds, the paper's, both happen by design: torn groups are told for
information, copies are a warning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.auditing.findings import Finding, Severity, some
from pipeline.auditing.folds import GROUPED, Folds
from pipeline.corpus import Row


def check(rows: Sequence[Row], folds: Sequence[Folds], purity: float) -> list[Finding]:
    """Run all checks of this module.

    Parameters
    ----------
    rows
        The index.
    folds
        All cross-validations.
    purity
        ``audit.purity``.
    """
    found = [_groups(rows, one) for one in folds]
    found += [finding for one in folds for finding in _files(rows, one)]
    found += [_classes(rows, one) for one in folds]
    return [*found, *_labels(rows), _purity(rows, purity)]


def _groups(rows: Sequence[Row], folds: Folds) -> Finding:
    held = _by([row.group for row in rows])
    torn = [group for group, at in held.items() if len(set(folds.fold[at])) > 1]
    limit = "0" if folds.protocol == GROUPED else ""
    if not torn:
        detail = "every group is in one fold"
        return Finding("groups", "pass", str(folds), "0", limit, detail)
    if folds.protocol != GROUPED:
        detail = "for information: groups are in several folds, as this protocol means it"
        return Finding("groups", "pass", str(folds), str(len(torn)), limit, detail)
    detail = (
        f"groups in several folds: {some(torn)}; tracks of {torn[0]!r}: "
        f"{some(rows[i].track for i in held[torn[0]])}; run `dvc repro split`: the folds are not "
        "those of this index"
    )
    return Finding("groups", "fail", str(folds), str(len(torn)), limit, detail)


def _files(rows: Sequence[Row], folds: Folds) -> list[Finding]:
    """Find tracks with byte-identical sound or MIDI in two folds."""
    severity: Severity = "fail" if folds.protocol == GROUPED else "warn"
    found = []
    for kind in ("sha256", "midi_sha256"):
        for key, at in _by([getattr(row, kind) for row in rows]).items():
            if key and len(set(folds.fold[at])) > 1:
                names = some((rows[i].track for i in at), most=20)
                detail = (
                    f"tracks {names} are one file ({kind}) in several folds; give them one group"
                    " in the corpus, or remove the copies"
                )
                what = f"{folds}: {names}"
                found.append(Finding("files", severity, what, str(len(at)), "1", detail))
    if not found:
        detail = "no file is in two folds under two names"
        found = [Finding("files", "pass", str(folds), "0", "0", detail)]
    return found


def _classes(rows: Sequence[Row], folds: Folds) -> Finding:
    """Name the classes that a fold does not test."""
    labels = np.array([row.label for row in rows])
    lacking = []
    for k in range(int(folds.fold.max()) + 1):
        absent = set(labels) - set(labels[folds.fold == k])
        lacking += [f"{label} in fold {k}" for label in absent]
    count = str(len(lacking))
    if not lacking:
        detail = "every class is tested in every fold"
        return Finding("classes", "pass", str(folds), count, "0", detail)
    detail = (
        f"not tested: {some(lacking)}; scores per fold are not comparable, those over all folds are"
    )
    return Finding("classes", "warn", str(folds), count, "0", detail)


def _labels(rows: Sequence[Row]) -> list[Finding]:
    """Find one file under two labels: no classifier can be right about both."""
    found = []
    for key, at in _by([row.sha256 for row in rows]).items():
        labels = {rows[i].label for i in at}
        if key and len(labels) > 1:
            names = some((rows[i].track for i in at), most=20)
            detail = f"one file has the labels {', '.join(sorted(labels))}; correct the corpus"
            found.append(Finding("labels", "warn", names, str(len(labels)), "1", detail))
    return found


def _purity(rows: Sequence[Row], limit: float) -> Finding:
    """Guess each track's class from the other tracks of its group."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row.group, Counter())[row.label] += 1
    hits = [
        max(_others(counts[row.group], row.label).items(), key=lambda item: (item[1], item[0]))[0]
        == row.label
        for row in rows
        if counts[row.group].total() > 1
    ]
    share = float(np.mean(hits)) if hits else 0.0
    value, most = f"{share:.3f}", f"{limit:.3f}"
    what = f"{len(hits)} tracks in groups of several"
    if share < limit:
        detail = "the class of a track is not known from its group"
        return Finding("purity", "pass", what, value, most, detail)
    detail = (
        "the other tracks of its group tell a track's class: whatever recognises the group (singer,"
        " recording) is right under random folds; trust grouped folds alone"
    )
    return Finding("purity", "warn", what, value, most, detail)


def _others(counts: Counter[str], own: str) -> Counter[str]:
    return Counter({label: n - (label == own) for label, n in counts.items()})


def _by(keys: Sequence[str]) -> dict[str, list[int]]:
    """Return key -> positions."""
    held: dict[str, list[int]] = {}
    for position, key in enumerate(keys):
        held.setdefault(key, []).append(position)
    return held
