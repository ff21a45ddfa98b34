"""A Broad Learning System grown by nodes and by new tracks, beside solving it anew each time.

Conventions
-----------
The claim under test: a Broad Learning System takes up more nodes, or new tracks, without being
trained anew (Chen & Liu 2018). Nodes A = [Z | 1 | H] and the ridge are those of
:mod:`models.parts.bls`; feature nodes Z come from any fitted network. After each growth the same
system is also solved from nothing, by one Cholesky factorisation; both are timed with the caller's
clock, in seconds, and the largest absolute difference of their output weights is reported. The
timed part of growing contains the update alone, that of solving anew the solution alone: nodes have
to be computed in either case. The clock is an argument, so equal inputs give equal results but for
the seconds.

Tracks that the system knows are the training part and then the validation part; the ridge is chosen
beforehand, with all nodes, on the validation part. Test tracks are only judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.parts.bls import GrowingRidge, enhance, enhancement_weights, solve
from models.parts.broad import BlsConfig
from models.parts.classifier import positive
from models.parts.standardise import safe_deviation

Clock = Callable[[], float]


@dataclass(frozen=True)
class Part:
    """Feature nodes and labels of some tracks.

    Attributes
    ----------
    nodes
        [shape=(track, node)].
    labels
        Classes [shape=(track,), int], from 0.
    """

    nodes: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if len(self.nodes) != len(self.labels):
            raise ValueError(f"labels: {len(self.labels)} for nodes of {len(self.nodes)} tracks")


@dataclass(frozen=True)
class Step:
    """One growth.

    Attributes
    ----------
    nodes, tracks
        Columns and rows of A after it; ``nodes`` counts the column of ones.
    accuracy
        Of the grown system on the test tracks, 0 to 1.
    grow_seconds, anew_seconds
        Time of the update, and of solving the same system from nothing.
    difference
        Largest absolute difference between the output weights of both.
    """

    nodes: int
    tracks: int
    accuracy: float
    grow_seconds: float
    anew_seconds: float
    difference: float


@dataclass(frozen=True)
class _System:
    """All nodes of known tracks (in the order they become known) and of test tracks."""

    A: np.ndarray
    Y: np.ndarray
    A_test: np.ndarray
    labels_test: np.ndarray
    penalty: np.ndarray


def by_nodes(
    train: Part, validation: Part, test: Part, config: BlsConfig, seed: int, clock: Clock
) -> list[Step]:
    """Grow by groups of enhancement nodes, all known tracks being there from the start.

    Parameters
    ----------
    train, validation, test
        The three parts of a fold.
    config
        Number and size of groups, shrink and the candidates of the ridge.
    seed
        Draws the enhancement weights.
    clock
        Returns seconds; only differences are used.

    Returns
    -------
    list of Step
        One per group; the system starts from feature nodes and the column of ones.
    """
    system = _system(train, validation, test, config, seed, len(train.labels))
    first = system.A.shape[1] - config.groups * config.group_nodes
    grown = GrowingRidge(system.A[:, :first], system.Y, system.penalty[:first])
    steps = []
    for start in range(first, system.A.shape[1], config.group_nodes):
        stop = start + config.group_nodes
        began = clock()
        grown.add_nodes(system.A[:, start:stop], system.penalty[start:stop])
        steps.append(_compare(system, grown, clock() - began, clock))
    return steps


def by_tracks(
    train: Part,
    validation: Part,
    test: Part,
    config: BlsConfig,
    seed: int,
    clock: Clock,
    *,
    first: int,
    batch: int,
) -> list[Step]:
    """Grow by batches of new tracks, all nodes being there from the start.

    Parameters
    ----------
    train, validation, test, config, seed, clock
        As in :func:`by_nodes`. The seed also decides the order in which training tracks come;
        validation tracks come last.
    first
        Training tracks that the system starts with. Only they set the standardisation, since later
        ones are not known yet.
    batch
        New tracks per growth; the last may be smaller.

    Returns
    -------
    list of Step
        One per batch.

    Raises
    ------
    ValueError
        If ``first`` is not 1 to the number of training tracks, or ``batch`` is below 1.
    """
    positive("batch", batch)
    if not 1 <= first <= len(train.labels):
        raise ValueError(f"first: {first} must lie in 1 to {len(train.labels)} training tracks")
    order = np.random.default_rng(seed).permutation(len(train.labels))
    shuffled = Part(train.nodes[order], train.labels[order])
    system = _system(shuffled, validation, test, config, seed, first)
    grown = GrowingRidge(system.A[:first], system.Y[:first], system.penalty)
    steps = []
    for start in range(first, len(system.Y), batch):
        new = slice(start, start + batch)
        began = clock()
        grown.add_tracks(system.A[new], system.Y[new])
        steps.append(_compare(system, grown, clock() - began, clock))
    return steps


def _system(
    train: Part, validation: Part, test: Part, config: BlsConfig, seed: int, known: int
) -> _System:
    """Compute all nodes, scaled by the first ``known`` training tracks, and choose the ridge."""
    start = np.asarray(train.nodes[:known], dtype=np.float64)
    mean = start.mean(axis=0)
    deviation = safe_deviation(mean, start.var(axis=0))
    draws = np.random.SeedSequence(seed).generate_state(config.groups).tolist()
    weights = np.concatenate(
        [enhancement_weights(len(mean), config.group_nodes, draw) for draw in draws], axis=1
    )

    def nodes(part: Part) -> np.ndarray:
        Z = (np.asarray(part.nodes, dtype=np.float64) - mean) / deviation
        return np.concatenate([Z, np.ones((len(Z), 1)), enhance(Z, weights, config.shrink)], axis=1)

    one_hot = np.eye(1 + int(max(train.labels.max(), validation.labels.max())))
    A, A_val = nodes(train), nodes(validation)
    Y, Y_val = one_hot[train.labels], one_hot[validation.labels]

    def penalty(ridge: float) -> np.ndarray:
        free = np.full(A.shape[1], ridge)
        free[len(mean)] = 0.0
        return free

    errors = [np.square(A_val @ solve(A, Y, penalty(r)) - Y_val).mean() for r in config.ridge]
    return _System(
        A=np.concatenate([A, A_val]),
        Y=np.concatenate([Y, Y_val]),
        A_test=nodes(test),
        labels_test=test.labels,
        penalty=penalty(config.ridge[int(np.argmin(errors))]),
    )


def _compare(system: _System, grown: GrowingRidge, seconds: float, clock: Clock) -> Step:
    tracks, nodes = grown.A.shape
    A, Y = system.A[:tracks, :nodes], system.Y[:tracks]
    began = clock()
    anew = solve(A, Y, system.penalty[:nodes])
    anew_seconds = clock() - began
    predicted = (system.A_test[:, :nodes] @ grown.weights).argmax(axis=1)
    return Step(
        nodes=nodes,
        tracks=tracks,
        accuracy=float((predicted == system.labels_test).mean()),
        grow_seconds=seconds,
        anew_seconds=anew_seconds,
        difference=float(np.abs(grown.weights - anew).max()),
    )
