"""Tracks into folds, and folds into training, validation and test.

Conventions
-----------
Axis ``track``. Fold k of K is test in turn, fold (k + 1) mod K the inner validation part, the rest
training. ``grouped`` keeps every group in one fold, ``random`` ignores groups; both are stratified
by label (scikit-learn's splitters).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

#: Test, validation and training need one fold each.
FEWEST_FOLDS = 3


def assign(
    labels: Sequence[str], groups: Sequence[str], protocol: str, folds: int, seed: int
) -> np.ndarray:
    """Assign each track to the fold in which it is test.

    Parameters
    ----------
    labels, groups
        Of each track [shape=(track,)].
    protocol
        ``grouped`` or ``random``.
    folds
        K at most; fewer where groups or the rarest class are fewer.
    seed
        Of the shuffle.

    Returns
    -------
    numpy.ndarray
        Fold of each track, 0 to K - 1 [shape=(track,)].

    Raises
    ------
    ValueError
        If fewer than three folds can be made, or a class would be missing from training.
    """
    rarest, count = min(Counter(labels).items(), key=lambda item: (item[1], item[0]))
    units = len(set(groups)) if protocol == "grouped" else len(labels)
    possible = min(folds, units, max(count, FEWEST_FOLDS))
    if possible < FEWEST_FOLDS or count < FEWEST_FOLDS or len(set(labels)) < 2:
        raise ValueError(
            f"{protocol} folds need at least 2 classes, {FEWEST_FOLDS} groups and {FEWEST_FOLDS} "
            f"tracks per class; there are {len(set(labels))} classes, {len(set(groups))} groups, "
            f"and {count} of {rarest!r}"
        )
    kind = StratifiedGroupKFold if protocol == "grouped" else StratifiedKFold
    splitter = kind(n_splits=possible, shuffle=True, random_state=seed)
    units_of = np.array(groups) if protocol == "grouped" else None
    fold = np.full(len(labels), -1)
    folded = splitter.split(np.zeros(len(labels)), np.array(labels), units_of)
    for number, (_, test) in enumerate(folded):
        fold[test] = number
    used = {old: new for new, old in enumerate(sorted(set(fold.tolist())))}
    return np.array([used[value] for value in fold.tolist()])


def parts(fold: np.ndarray, test: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of (training, validation, test) for one test fold.

    Examples
    --------
    >>> [part.tolist() for part in parts(np.array([0, 1, 2, 3, 0]), 3)]
    [[1, 2], [0, 4], [3]]
    """
    count = int(fold.max()) + 1
    validation = (test + 1) % count
    rest = (fold != test) & (fold != validation)
    return np.flatnonzero(rest), np.flatnonzero(fold == validation), np.flatnonzero(fold == test)
