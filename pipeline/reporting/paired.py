"""Is the difference between two classifiers more than luck? Tests for paired answers.

Conventions
-----------
Both classifiers answered the same tracks in the same folds. A p value in [0, 1] is the chance, were
the two equally good, of a difference at least as large as the one seen, in either direction.
Swapping the two turns the sign of every difference and leaves every p value.

What each test leaves out, and why none of them decides alone:

* :func:`mcnemar` takes tracks for independent, which those of one artist are not: its p is too
  small where groups are hard or easy as a whole;
* :func:`corrected_t` knows the overlap of the training parts only through a correction of the
  variance that is good on average, and sees few folds;
* neither knows how many comparisons were made; :func:`holm` does.

Sources: McNemar, Psychometrika 12, 1947 (exact form: the binomial test of the tracks on which the
two differ); Nadeau & Bengio, Machine Learning 52, 2003, Eq. 9; Holm, Scandinavian Journal of
Statistics 6, 1979; Dietterich, Neural Computation 10(7), 1998, on what happens without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, stdtr

from pipeline.metrics import Floats

#: Differences whose spread is below this are equal: shares of tracks differ by more than rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class TTest:
    """A corrected resampled t-test.

    Attributes
    ----------
    t
        Statistic; infinite where every fold shows the same difference and it is not zero.
    df
        Degrees of freedom, folds x seeds - 1.
    p
        Two-sided p value.
    """

    t: float
    df: int
    p: float


def one_sided(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the tracks that only the first, and only the second, gets right.

    A track counts once, however many seeds it was predicted under: for the classifier that is right
    under more of them. With one seed these are the two cells of McNemar's table. Counting every
    seed's answer would call one hard track many.

    Parameters
    ----------
    first, second
        Whether the answer is right [shape=(seed, track)].

    Examples
    --------
    >>> one_sided(np.array([[True, True, False]]), np.array([[True, False, True]]))
    (1, 1)
    """
    if first.shape != second.shape:
        raise ValueError(f"answers of shapes {first.shape} and {second.shape}: not paired")
    net = first.sum(0, dtype=np.int64) - second.sum(0, dtype=np.int64)
    return int((net > 0).sum()), int((net < 0).sum())


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar test.

    Were the two equally good, the tracks on which they differ would fall to either like tosses of a
    fair coin. The binomial of one half is symmetric, so both tails are twice one tail.

    Parameters
    ----------
    only_first, only_second
        Number of tracks on which only this one is right (:func:`one_sided`).

    Examples
    --------
    >>> mcnemar(0, 5), mcnemar(3, 3), mcnemar(0, 0)
    (0.0625, 1.0, 1.0)
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"counts {only_first} and {only_second}: must not be negative")
    differ = only_first + only_second
    if differ == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), differ, 0.5)))


def corrected_t(differences: Sequence[float] | Floats, ratio: float) -> TTest:
    """Corrected resampled t-test over folds and seeds.

    t = m / sqrt((1 / J + r) s^2), with m and s^2 the mean and the variance (over J - 1) of the J
    differences. The ordinary test has r = 0 and takes folds for independent; their training parts
    overlap, and r = n_test / n_train restores about the right variance.

    Parameters
    ----------
    differences
        Score of the first minus that of the second, one per fold and seed [shape=(J,)], J >= 2.
    ratio
        Tracks tested over tracks trained on in a fold, > 0.

    Examples
    --------
    >>> result = corrected_t([0.0, 0.2, 0.1, 0.1], ratio=0.25)
    >>> round(result.t, 4), result.df, round(result.p, 4)
    (1.7321, 3, 0.1817)
    """
    values = np.asarray(differences, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"differences of shape {values.shape}: need at least 2, along one axis")
    if ratio <= 0:
        raise ValueError(f"ratio = {ratio}: must be positive")
    count, mean = len(values), float(values.mean())
    if np.ptp(values) < ROUNDING:
        same = abs(mean) < ROUNDING
        return TTest(0.0 if same else float(np.copysign(np.inf, mean)), count - 1, float(same))
    t = mean / float(np.sqrt((1 / count + ratio) * values.var(ddof=1)))
    return TTest(t, count - 1, 2 * float(stdtr(count - 1, -abs(t))))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for the number of tests, by Holm's step-down rule.

    The i-th smallest of m is multiplied by m + 1 - i, and none ends below one before it. Rejecting
    where the result is below a level keeps the chance of *any* false rejection below that level,
    however the tests depend on each other.

    Returns
    -------
    list of float
        Adjusted values in [0, 1], in the order given.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, np.float64)
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError("p values must lie in [0, 1]")
    order = np.argsort(values, kind="stable")
    stepped = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return [float(value) for value in adjusted]
