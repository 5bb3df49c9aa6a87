"""The search against scikit-learn's own cross-validation of the same Keras models."""

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from sklearn.datasets import make_blobs, make_regression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold

from dlcourse import models
from dlcourse.tuning import search

pytestmark = pytest.mark.slow

X, y = make_blobs(60, centers=3, cluster_std=2.0, random_state=0)
X = (X / 5).astype("float32")
GRID = {"units": [2, 8], "learning_rate": [1e-6, 0.3]}


def build(X, y, units=4, learning_rate=0.1):
    model = keras.Sequential(
        [
            keras.Input(X.shape[1:]),
            keras.layers.Dense(units, activation="tanh"),
            keras.layers.Dense(y.shape[1], activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(learning_rate), "categorical_crossentropy")
    return model


def build_line(X, y, learning_rate):
    model = keras.Sequential([keras.Input(X.shape[1:]), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(learning_rate), "mse")
    return model


@pytest.fixture(scope="module")
def result():
    return search(build, GRID, X, y, epochs=5, batch_size=20, cv=2)


def test_scores_are_those_of_a_loop_by_hand(result):
    for row in result.table.iloc[[0, -1]].itertuples():
        scores = []
        for train, test in StratifiedKFold(2, shuffle=True, random_state=0).split(X, y):
            keras.utils.set_random_seed(0)
            model = build(X, np.eye(3), row.units, row.learning_rate)
            model.fit(X[train], np.eye(3)[y[train]], epochs=5, batch_size=20, verbose=0)
            labels = model.predict(X[test], verbose=0).argmax(axis=1)
            scores.append(accuracy_score(y[test], labels))
        assert row.score == pytest.approx(np.mean(scores))
        assert row.std == pytest.approx(np.std(scores))


def test_table_is_best_first(result):
    table = result.table
    assert list(table.index) == [1, 2, 3, 4]
    assert table.index.name == "rank"
    assert list(table.columns) == ["learning_rate", "units", "score", "std", "seconds"]
    assert table["score"].is_monotonic_decreasing
    assert set(zip(table["units"], table["learning_rate"], strict=True)) == {
        (u, r) for u in GRID["units"] for r in GRID["learning_rate"]
    }
    assert result.best == {name: table[name].iloc[0] for name in GRID}
    assert result.best["learning_rate"] == 0.3
    assert result.score == table["score"].iloc[0]


def test_the_best_is_fitted_again_on_all_rows(result):
    keras.utils.set_random_seed(0)
    expected = build(X, np.eye(3), **result.best)
    expected.fit(X, np.eye(3)[y], epochs=5, batch_size=20, verbose=0)
    model = result.estimator.model_
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    labels = result.estimator.predict(X)
    np.testing.assert_array_equal(labels.ravel(), model.predict(X).argmax(axis=1))


def test_the_seed_decides(result):
    grid = {name: [value] for name, value in result.best.items()}

    def spread(estimator, X, y):
        return float(estimator.decision_function(X).std())

    options = {"epochs": 1, "cv": 2, "scoring": spread}
    keras.utils.set_random_seed(99)
    first, second, other = (search(build, grid, X, y, seed=s, **options).score for s in (0, 0, 1))
    assert first == second
    assert first != other


def test_random_search_of_a_regression():
    X, y = make_regression(40, 3, noise=1.0, random_state=0)
    rates = {"learning_rate": scipy.stats.loguniform(1e-4, 1e-1)}
    options = {"task": "regression", "cv": 2, "epochs": 5, "batch_size": 5}
    result = search(build_line, rates, X, y, n_iter=3, **options)
    expected = scipy.stats.loguniform(1e-4, 1e-1).rvs(3, random_state=np.random.RandomState(0))
    np.testing.assert_allclose(sorted(result.table["learning_rate"]), sorted(expected))
    scores = []
    for train, test in KFold(2, shuffle=True, random_state=0).split(X):
        keras.utils.set_random_seed(0)
        model = build_line(X, y, **result.best)
        model.fit(X[train], y[train], epochs=5, batch_size=5, verbose=0)
        scores.append(r2_score(y[test], model.predict(X[test], verbose=0)))
    assert result.score == pytest.approx(np.mean(scores), rel=1e-4)


def test_the_models_of_the_course():
    def build(X, y, hidden):
        return models.mlp(X.shape[1], y.shape[1], hidden=hidden)

    result = search(build, {"hidden": [(), (8, 8)]}, X, y, cv=2, epochs=1)
    assert set(result.table["hidden"]) == {(), (8, 8)}
    assert result.estimator.model_.output_shape == (None, 3)


def test_a_diverging_training_comes_last():
    X, y = make_regression(40, 3, random_state=0)
    rates = {"learning_rate": [1e6, 1e-2]}
    result = search(build_line, rates, X, y, task="regression", cv=2, epochs=20)
    assert result.best == {"learning_rate": 1e-2}
    assert np.isnan(result.table["score"].iloc[-1])


def test_accepts_frames_other_scores_and_numpy_values():
    frame, labels = pd.DataFrame(X, columns=["a", "b"]), pd.Series(np.array(["x", "y", "z"])[y])
    units = {"units": np.array([4])}
    result = search(build, units, frame, labels, scoring="balanced_accuracy", cv=2, epochs=1)
    assert result.best == {"units": 4}
    assert type(result.best["units"]) is int
    assert set(np.ravel(result.estimator.predict(frame))) <= {"x", "y", "z"}


def interrupted(at):
    """Return a `build` that the user stops with Ctrl-C at its call number `at`."""
    calls = []

    def build_until(X, y, units):
        calls.append(units)
        if len(calls) == at:
            raise KeyboardInterrupt
        return build(X, y, units)

    return build_until


def test_ctrl_c_keeps_the_results_so_far():
    result = search(interrupted(at=6), {"units": [2, 3, 4]}, X, y, cv=2, epochs=1)
    assert sorted(result.table["units"]) == [2, 3]
    assert result.estimator is None
    result = search(interrupted(at=3), {"units": [2]}, X, y, cv=2, epochs=1)
    assert list(result.table["units"]) == [2]
    with pytest.raises(KeyboardInterrupt):
        search(interrupted(at=2), {"units": [2, 3, 4]}, X, y, cv=2, epochs=1)


def test_is_silent_where_no_bar_can_move(capfd):
    search(build, {"units": [2]}, X, y, cv=2, epochs=1)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"parameters": {"lr": [0.1]}},
            r"`parameters`: expected arguments of `build\(X, y, units, learning_rate\)`. "
            r"Received: lr",
        ),
        ({"epoch": 3}, r"`fit`: expected arguments of `fit\(self, x, y, .*\)`. Received: epoch"),
        ({"task": "ranking"}, r"`task`: .* Received: task='ranking'"),
        ({"build": lambda units: None}, r"`build`: expected a function build\(X, y, ...\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        search(**{"build": build, "parameters": GRID, "X": X, "y": y, **arguments})


def test_an_error_in_build_is_shown_as_it_is():
    def old(X, y, learning_rate):
        return keras.optimizers.SGD(lr=learning_rate)

    with pytest.raises(ValueError, match=r"Argument.*not recognized: {'lr': 0.1}"):
        search(old, {"learning_rate": [0.1]}, X, y, cv=2)
