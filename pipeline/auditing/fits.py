"""Were the chord vectors fitted on the training part alone? The embeddings say on what they were.

Conventions
-----------
A fit is named by (protocol, seed, fold). Its store holds the digest of the ids of its pieces
(``fitted_on``); the same is worked out here from the folds file and ``has_chords``, by code that
shares with the embed stage no more than the rule of the parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.auditing.findings import Finding
from pipeline.auditing.folds import Folds
from pipeline.auditing.identity import digest
from pipeline.partition import parts

CHECK = "chord vectors"


def check(
    folds: Sequence[Folds],
    tracks: Sequence[str],
    has_chords: np.ndarray,
    attributes: Mapping[str, Any],
) -> list[Finding]:
    """Hold every fit against the folds.

    Parameters
    ----------
    tracks
        Ids in index order.
    has_chords
        [shape=(track,), bool], as the embeddings have it.
    attributes
        Of the embeddings.
    """
    again = "run `dvc repro embed`: the vectors are older than the folds, or made by other code"
    if list(attributes["tracks"]) != list(tracks):
        return [_fail("tracks", f"the embeddings have other tracks than the index; {again}")]
    if not has_chords.any():
        return [Finding(CHECK, "pass", "fits", "", "", "no piece has chords: nothing is fitted")]
    if "fitted_on" not in attributes:
        return [_fail("fits", f"the embeddings do not say on what they were fitted; {again}")]
    names = [(str(f["protocol"]), int(f["seed"]), int(f["fold"])) for f in attributes["fits"]]
    stored = dict(zip(names, attributes["fitted_on"], strict=True))
    if ("corpus", 0, 0) in stored:
        detail = (
            "the vectors were fitted on ALL pieces, the test pieces among them, the paper's way "
            "(chord2vec.fit: corpus); no result with chords is an honest one; "
            "set chord2vec.fit: fold"
        )
        return [Finding(CHECK, "warn", "fits", "1", str(_expected_count(folds)), detail)]
    return _held(folds, tracks, has_chords, stored, again)


def _held(
    folds: Sequence[Folds],
    tracks: Sequence[str],
    has_chords: np.ndarray,
    stored: Mapping[tuple[str, int, int], str],
    again: str,
) -> list[Finding]:
    findings = []
    for one in folds:
        for k in range(int(one.fold.max()) + 1):
            train, _, _ = parts(one.fold, k)
            what = f"{one}, fold {k}"
            expected = digest(tracks[i] for i in train if has_chords[i])
            if (one.protocol, one.seed, k) not in stored:
                findings.append(_fail(what, f"there is no fit for this fold; {again}"))
            elif stored[one.protocol, one.seed, k] != expected:
                findings.append(
                    _fail(
                        what,
                        "the vectors were not fitted on exactly the training pieces of this fold: "
                        f"pieces of the test or validation part can have shaped them; {again}",
                    )
                )
    if findings:
        return findings
    detail = "every fit was made on the training pieces of its fold, and on no other"
    count = str(_expected_count(folds))
    return [Finding(CHECK, "pass", "fits", str(len(stored)), count, detail)]


def _expected_count(folds: Sequence[Folds]) -> int:
    return sum(int(one.fold.max()) + 1 for one in folds)


def _fail(what: str, detail: str) -> Finding:
    return Finding(CHECK, "fail", what, "", "", detail)
