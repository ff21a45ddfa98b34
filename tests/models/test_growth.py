"""Growing by nodes and by tracks: equal to solving anew, honestly timed, blind to the test part."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from models.parts.broad import BlsConfig, BroadHead
from models.parts.growth import Part, by_nodes, by_tracks

CONFIG = BlsConfig(groups=4, group_nodes=6, shrink=0.8, ridge=(0.1, 1.0, 10.0))


def clock():
    """Return a clock that says 0, 1, 2, ... seconds."""
    ticks = count()
    return lambda: float(next(ticks))


def parts(seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, 90)
    nodes = rng.standard_normal((90, 8)) * 5 + labels[:, None] + 20
    return tuple(Part(nodes[own], labels[own]) for own in (slice(50), slice(50, 70), slice(70, 90)))


def test_grown_by_nodes_is_solved_anew():
    steps = by_nodes(*parts(), CONFIG, 0, clock())
    assert [step.nodes for step in steps] == [15, 21, 27, 33]
    assert {step.tracks for step in steps} == {70}
    assert max(step.difference for step in steps) < 1e-10


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_grown_by_tracks_is_solved_anew(batch):
    steps = by_tracks(*parts(), CONFIG, 0, clock(), first=12, batch=batch)
    assert [step.tracks for step in steps] == [
        min(12 + batch * n, 70) for n in range(1, len(steps) + 1)
    ]
    assert steps[-1].tracks == 70
    assert {step.nodes for step in steps} == {33}
    assert max(step.difference for step in steps) < 1e-10


def test_fully_grown_predicts_as_the_head_does():
    train, validation, test = parts()
    one = replace(CONFIG, groups=1)
    head = BroadHead(one, 3)
    head.fit(train.nodes, train.labels, validation.nodes, validation.labels, seed=5)
    accuracy = (head.predict_proba(test.nodes).argmax(axis=1) == test.labels).mean()
    assert by_nodes(train, validation, test, one, 5, clock())[-1].accuracy == accuracy
    first = len(train.labels)
    grown = by_tracks(train, validation, test, one, 5, clock(), first=first, batch=20)
    assert grown[-1].accuracy == accuracy


def test_what_cannot_be_seen_changes_nothing():
    train, validation, test = parts()
    silly = Part(test.nodes * 1e6, (test.labels + 1) % 3)
    plain = by_tracks(train, validation, test, CONFIG, 0, clock(), first=20, batch=25)
    spoilt = by_tracks(train, validation, silly, CONFIG, 0, clock(), first=20, batch=25)
    for one, other in zip(plain, spoilt, strict=True):
        assert replace(one, accuracy=0.0) == replace(other, accuracy=0.0)


def test_the_clock_is_read_around_either_way():
    one = replace(CONFIG, groups=1)
    readings = iter([5.0, 15.0, 20.0, 23.0])
    step = by_nodes(*parts(), one, 0, lambda: next(readings))[0]
    assert (step.grow_seconds, step.anew_seconds) == (10.0, 3.0)
    readings = iter([1.0, 3.0, 4.0, 11.0])
    step = by_tracks(*parts(), one, 0, lambda: next(readings), first=30, batch=99)[0]
    assert (step.grow_seconds, step.anew_seconds) == (2.0, 7.0)


@pytest.mark.parametrize("key", ["groups", "group_nodes", "shrink", "ridge", "seed"])
def test_every_number_matters(key):
    change = {"groups": 2, "group_nodes": 3, "shrink": 8.0, "ridge": (1e4,)}
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 600)
    nodes = rng.standard_normal((600, 8)) + np.sin(2.0 * labels)[:, None]
    own = tuple(
        Part(nodes[part], labels[part]) for part in (slice(50), slice(50, 70), slice(70, 600))
    )
    before = by_nodes(*own, CONFIG, 0, clock())
    config = replace(CONFIG, **{key: change[key]}) if key in change else CONFIG
    after = by_nodes(*own, config, int(key == "seed"), clock())
    assert [step.accuracy for step in before] != [step.accuracy for step in after]


def test_ridge_keeps_few_tracks_solvable():
    # Fewer tracks than nodes: without a ridge there would be no unique solution.
    steps = by_tracks(*parts(), CONFIG, 0, clock(), first=3, batch=4)
    assert steps[0].tracks == 7
    assert steps[0].nodes == 33
    assert max(step.difference for step in steps) < 1e-9


def test_refuses():
    own = parts()
    with pytest.raises(ValueError, match="first: 51 must lie in 1 to 50"):
        by_tracks(*own, CONFIG, 0, clock(), first=51, batch=1)
    with pytest.raises(ValueError, match="batch: 0"):
        by_tracks(*own, CONFIG, 0, clock(), first=1, batch=0)
    with pytest.raises(ValueError, match="labels: 2 for nodes of 3 tracks"):
        Part(np.zeros((3, 2)), np.zeros(2, dtype=int))
