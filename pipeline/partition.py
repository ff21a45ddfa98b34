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


def merged(groups: Sequence[str], contents: Sequence[Sequence[str]]) -> list[str]:
    """Join groups that share a file's content: copies must not straddle two folds.

    Parameters
    ----------
    groups
        Of each track [shape=(track,)].
    contents
        Content hashes of each track's files [shape=(track, *)].

    Returns
    -------
    list of str
        The groups, each joined set under the first of its names in sorted order.

    Examples
    --------
    >>> merged(["a", "b", "c"], [["1"], ["2"], ["1"]])
    ['a', 'b', 'a']
    """
    joined = {group: group for group in groups}
    first: dict[str, str] = {}
    for group, hashes in zip(groups, contents, strict=True):
        for content in hashes:
            names = {joined[group], joined[first.setdefault(content, group)]}
            if len(names) > 1:
                least = min(names)
                joined = {name: least if to in names else to for name, to in joined.items()}
    return [joined[group] for group in groups]


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
        K at most; as many as there are groups, or tracks of the rarest class, where those are
        fewer.
    seed
        Of the shuffle.

    Returns
    -------
    numpy.ndarray
        Fold of each track, 0 to K - 1 [shape=(track,)].

    Raises
    ------
    ValueError
        If there are fewer than two classes, three groups, or three tracks of a class.

    Notes
    -----
    A class whose tracks lie in one or two groups can be missing from a grouped training part.
    """
    counts = Counter(labels)
    rarest, count = min(((n, label) for label, n in counts.items()), default=(0, ""))[::-1]
    units = len(set(groups)) if protocol == "grouped" else len(labels)
    made = min(folds, units, count)
    if made < FEWEST_FOLDS or len(counts) < 2:
        raise ValueError(
            f"{protocol} folds need at least 2 classes, {FEWEST_FOLDS} groups and {FEWEST_FOLDS} "
            f"tracks per class; there are {len(counts)} classes, {len(set(groups))} groups, "
            f"and {count} of {rarest!r}"
        )
    kind = StratifiedGroupKFold if protocol == "grouped" else StratifiedKFold
    splitter = kind(n_splits=made, shuffle=True, random_state=seed)
    units_of = np.array(groups) if protocol == "grouped" else None
    fold = np.full(len(labels), -1)
    folded = splitter.split(np.zeros(len(labels)), np.array(labels), units_of)
    for number, (_, test) in enumerate(folded):
        fold[test] = number
    return _fill(fold, groups, made)


def _fill(fold: np.ndarray, groups: Sequence[str], count: int) -> np.ndarray:
    """Give every empty fold the smallest group of the largest fold that has several.

    Rounding can make :class:`StratifiedGroupKFold` prefer a used fold to an empty one; of three
    folds it would then leave two, and nothing to train on.
    """
    for empty in sorted(set(range(count)) - set(fold.tolist())):
        where: dict[int, dict[str, int]] = {}
        for number, group in zip(fold.tolist(), groups, strict=True):
            sizes = where.setdefault(number, {})
            sizes[group] = sizes.get(group, 0) + 1
        several = [sizes for sizes in where.values() if len(sizes) > 1]
        largest = max(several, key=lambda sizes: (sum(sizes.values()), sorted(sizes)))
        moved = min(largest, key=lambda group: (largest[group], group))
        fold[np.array([group == moved for group in groups])] = empty
    return fold


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
