"""The comparison of all pairs at all offsets, against the plain sums that define it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.auditing import fingerprint

EDGES = np.linspace(-1, 1, 21)


def plainly(first, second, overlap, quiet):
    """Return similarity and offset by the definition, offset by offset."""
    found = []
    least = min(overlap, len(first), len(second))
    means = [np.square(one, dtype=float).sum(axis=1).mean() for one in (first, second)]
    for lag in range(least - len(second), len(first) - least + 1):
        start, stop = max(lag, 0), min(len(first), len(second) + lag)
        a, b = first[start:stop].astype(float), second[start - lag : stop - lag].astype(float)
        energies = [
            max((part**2).sum(), quiet * mean * len(part))
            for part, mean in zip((a, b), means, strict=True)
        ]
        found.append(((a * b).sum() / np.sqrt(np.prod(energies)), lag))
    return max(found)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 25),
    st.integers(1, 25),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.integers(0, 99),
)
def test_similarity_is_what_it_is_defined_to_be(n, m, overlap, quiet, seed):
    rng = np.random.default_rng(seed)
    first, second = (rng.standard_normal((size, 3)).astype(np.float32) for size in (n, m))
    value, offset = fingerprint.compare(first, second, overlap, quiet)
    expected, lag = plainly(first, second, overlap, quiet)
    assert value == pytest.approx(expected, abs=1e-4)
    assert offset == lag
    assert value <= 1 + 1e-5


def test_scan_sees_every_pair_once_whatever_the_lengths(monkeypatch):
    monkeypatch.setattr(fingerprint, "BLOCK", (2, 3))
    rng = np.random.default_rng(1)
    tracks = [rng.standard_normal((n, 4)).astype(np.float32) for n in (9, 12, 9, 9, 15, 12, 9, 9)]
    matches, counts = fingerprint.scan(tracks, 5, 0.1, -1.0, EDGES)
    pairs = [(match.first, match.second) for match in matches]
    assert pairs == [(i, j) for i in range(8) for j in range(i + 1, 8)]
    assert counts.sum() == len(pairs)
    for match in matches:
        expected, lag = plainly(tracks[match.first], tracks[match.second], 5, 0.1)
        assert match.similarity == pytest.approx(expected, abs=1e-4)
        assert match.offset == lag


def test_the_offset_is_how_much_later_the_second_begins():
    track = np.random.default_rng(2).standard_normal((40, 4)).astype(np.float32)
    assert fingerprint.compare(track, track[7:], 10, 0.1) == (pytest.approx(1.0), 7)
    matches, _ = fingerprint.scan([track[7:], track], 10, 0.1, 0.9, EDGES)
    assert matches == [fingerprint.Match(0, 1, pytest.approx(1.0), -7)]


def test_a_gain_and_an_equaliser_change_nothing():
    levels = np.random.default_rng(3).normal(-30, 6, (3, 5, 44))
    changed = levels - 12 + np.arange(5)[None, :, None]
    a, b = (fingerprint.contour(values, 4, 90.0) for values in (levels, changed))
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_what_is_quiet_is_ignored():
    levels = np.full((2, 3, 44), -20.0)
    rustle = np.random.default_rng(4).normal(-80, 5, 44)
    levels[1, 2] = rustle
    levels[:, 1] = rustle
    flat = fingerprint.contour(levels, 4, 30.0)
    assert set(np.unique(flat[:, 1])) == {0.0}


def test_two_rests_are_no_copies():
    rng = np.random.default_rng(5)
    first, second = (rng.standard_normal((60, 4)).astype(np.float32) for _ in range(2))
    tail = 0.001 * rng.standard_normal((20, 4)).astype(np.float32)
    first[40:], second[:20] = tail, tail  # the same faint hiss after one and before the other
    assert fingerprint.compare(first, second, 20, 0.0)[0] == pytest.approx(1.0, abs=0.01)
    assert fingerprint.compare(first, second, 20, 0.1)[0] < 0.6


def test_silence_is_like_nothing():
    zero, other = np.zeros((20, 3), np.float32), np.ones((20, 3), np.float32)
    assert fingerprint.compare(zero, other, 5, 0.1)[0] == 0.0
    assert fingerprint.compare(zero, zero, 5, 0.1)[0] == 0.0
