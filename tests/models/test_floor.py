"""The floor's kernels and coefficients against scikit-learn, its statistics against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from models import logistic, svm
from models.parts.classifier import score, softmax
from models.parts.statistics import table, track_statistics

STATISTICS = ("mean", "std", "difference", "p10", "p90")


def problem(n_classes, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % n_classes
    return rng.standard_normal((60, 7)) + labels[:, None] * 0.5, labels


@pytest.mark.parametrize("n_classes", [2, 4])
def test_logistic_is_scikit_learns(n_classes):
    rows, labels = problem(n_classes)
    model = logistic.Logistic(logistic.Config(("mean",), (0.5,), 500))
    arrays = model.fit(rows, labels, n_classes, (0.5,))
    oracle = LogisticRegression(C=0.5, max_iter=500).fit(rows, labels)
    np.testing.assert_allclose(
        model.probabilities(arrays, rows), oracle.predict_proba(rows), atol=1e-12
    )


@pytest.mark.parametrize("n_classes", [3, 4])
def test_svm_is_scikit_learns_one_against_the_rest(n_classes):
    rows, labels = problem(n_classes)
    model = svm.Svm(svm.Config(("mean",), (2.0,), (1.5,)))
    arrays = model.fit(rows, labels, n_classes, (2.0, 1.5))
    oracle = OneVsRestClassifier(SVC(C=2.0, gamma=1.5 / 7)).fit(rows, labels)
    expected = softmax(oracle.decision_function(rows))
    np.testing.assert_allclose(model.probabilities(arrays, rows), expected, atol=1e-4)
    assert len(arrays["support"]) <= 60


@pytest.mark.parametrize(
    "model",
    [
        logistic.Logistic(logistic.Config(("mean",), (1.0,), 500)),
        svm.Svm(svm.Config(("mean",), (1.0,), (1.0,))),
    ],
)
@pytest.mark.parametrize("labels", [[0, 2, 3], [1, 3], [2]])
def test_unseen_classes_have_no_chance(model, labels):
    rows, _ = problem(2)
    seen = np.array(labels)[np.arange(60) % len(labels)]
    arrays = model.fit(rows, seen, 4, model.candidates()[0])
    probabilities = model.probabilities(arrays, rows)
    np.testing.assert_allclose(probabilities[:, labels].sum(axis=1), 1.0)


def test_statistics_by_hand():
    values = np.random.default_rng(1).standard_normal((3, 2, 4, 5))
    result = track_statistics(values, STATISTICS).reshape(5, 2, 4)
    rows = values.transpose(1, 2, 0, 3).reshape(2, 4, 15)
    np.testing.assert_allclose(result[0], rows.mean(axis=-1))
    np.testing.assert_allclose(result[1], rows.std(axis=-1))
    steps = [np.abs(second[..., 1:] - second[..., :-1]) for second in values]
    np.testing.assert_allclose(result[2], np.concatenate(steps, axis=-1).mean(axis=-1))
    np.testing.assert_allclose(result[3], np.percentile(rows, 10, axis=-1))
    np.testing.assert_allclose(result[4], np.percentile(rows, 90, axis=-1))


def test_table_flags_missing_audio(data):
    rows = table(data, np.array([0, 1]), ("gtf", "mf_rp"), STATISTICS)
    assert rows.shape == (2, 5 * (6 + 8) + 1)
    assert rows[0, -1] == 1.0
    assert not rows[1].any()


def test_score_is_equation_seven():
    probabilities = np.array([[0.2, 0.8], [0.5, 0.5], [1.0, 0.0]])
    loss, accuracy = score(probabilities, np.array([1, 0, 1]))
    expected = -(np.log(0.8) + np.log(0.5) + np.log(1e-12)) / 3
    assert loss == pytest.approx(expected)
    assert accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: logistic.Config((), (1.0,), 10), "statistics"),
        (lambda: logistic.Config(("mean",), (), 10), "c: "),
        (lambda: logistic.Config(("mean",), (1.0,), 0), "max_iterations: 0"),
        (lambda: svm.Config((), (1.0,), (1.0,)), "statistics"),
        (lambda: svm.Config(("mean",), (0.0,), (1.0,)), "c: "),
        (lambda: svm.Config(("mean",), (1.0,), ()), "gamma: "),
    ],
)
def test_config_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("logistic", {"statistics": ("mean", "p90")}),
        ("logistic", {"c": (1e-4,)}),
        ("logistic", {"max_iterations": 1}),
        ("svm", {"statistics": ("mean", "p90")}),
        ("svm", {"c": (0.01,)}),
        ("svm", {"gamma": (0.1,)}),
    ],
)
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_every_field_matters(name, change, configs, shapes, data, split, settings):
    module = {"logistic": logistic, "svm": svm}[name]
    results = []
    for config in (configs[name], replace(configs[name], **change)):
        model = module.build(config, shapes, 3)
        model.fit(data, split, settings, 0, "cpu", None)
        results.append(model.predict_proba(data, split.test))
    assert not np.array_equal(*results)
