"""Lab 03: its references against other implementations, and every effect that its text states."""

from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from dlcourse import datasets
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "03_losses"
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def derivative(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


# the references


def test_log_likelihood_is_that_of_scipy(bank, rng):
    y, h = rng.integers(0, 2, size=50), rng.uniform(0.01, 0.99, size=50)
    expected = stats.bernoulli.logpmf(y, h).sum()
    assert bank.log_likelihood(y, h) == pytest.approx(expected)
    assert bank.nll(y, h) == pytest.approx(-expected)


def test_cross_entropies_are_those_of_scikit_learn(bank, rng):
    from sklearn.metrics import log_loss

    y, z = rng.integers(0, 2, size=50), 3 * rng.normal(size=50)
    p = special.expit(z)
    assert bank.binary_cross_entropy(y, p) == pytest.approx(log_loss(y, p))
    assert bank.bce_from_logits(y, z) == pytest.approx(log_loss(y, p))
    labels, table = rng.integers(0, 4, size=50), rng.dirichlet(np.ones(4), size=50)
    assert bank.sparse_nll(labels, table) == pytest.approx(log_loss(labels, table, labels=range(4)))


@pytest.mark.parametrize("z", [-1000.0, -500.0, 0.0, 500.0, 1000.0])
def test_extreme_logits_cost_what_mathematics_says(bank, z):
    y = np.array([1])
    assert bank.bce_from_logits(y, np.array([z])) == pytest.approx(
        max(-z, 0) + (z == 0) * np.log(2)
    )


def test_softmax_is_that_of_scipy(bank, rng):
    z = rng.normal(size=(3, 4, 5)) + 800 * rng.normal(size=(3, 4, 1))
    for axis in (-1, 2, 0):
        assert bank.softmax(z, axis=axis) == pytest.approx(special.softmax(z, axis=axis))


def test_jacobian_is_that_of_finite_differences(bank, rng):
    z = rng.normal(size=5)
    columns = [
        derivative(lambda t, j=j: special.softmax(z + t * np.eye(5)[j]), 0.0) for j in range(5)
    ]
    assert bank.softmax_jacobian(z) == pytest.approx(np.transpose(columns), abs=1e-8)
    assert bank.softmax_jacobian(z).sum(axis=1) == pytest.approx(np.zeros(5))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.1])
def test_metrics_are_those_of_scikit_learn(bank, rng, threshold):
    from sklearn.metrics import accuracy_score, precision_score, recall_score

    y, p = (rng.random(60) < 0.3).astype(int), np.round(rng.random(60), 1)
    guess = (p >= threshold).astype(int)
    assert bank.metrics(y, p, threshold) == pytest.approx(
        {
            "accuracy": accuracy_score(y, guess),
            "precision": precision_score(y, guess, zero_division=0),
            "recall": recall_score(y, guess, zero_division=0),
        }
    )


def test_losses_are_those_of_keras(bank, rng):
    import keras

    losses = keras.losses
    a, b = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
    assert bank.mse(a, b) == pytest.approx(float(losses.MeanSquaredError()(a, b)), rel=1e-6)
    column = float(losses.MeanSquaredError()(a[:, 0], b[:, :1]))
    assert bank.mse(a[:, 0], b[:, :1]) == pytest.approx(column, rel=1e-6)
    y, z = rng.integers(0, 2, size=50).astype(float), 3 * rng.normal(size=50)
    p = special.expit(z)
    bce = losses.BinaryCrossentropy
    assert bank.binary_cross_entropy(y, p) == pytest.approx(float(bce()(y, p)), rel=1e-6)
    assert bank.bce_from_logits(y, z) == pytest.approx(float(bce(from_logits=True)(y, z)), rel=1e-6)
    labels, logits = rng.integers(0, 4, size=50), rng.normal(size=(50, 4))
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert bank.sparse_nll(labels, bank.softmax(logits)) == pytest.approx(
        float(sparse(labels, logits)), rel=1e-6
    )


# what the text states


def test_broadcasting_turns_a_perfect_prediction_into_an_error_of_two_and_a_half(bank):
    y = np.array([1.0, 2.0, 3.0, 4.0])
    assert np.mean((y - y[:, None]) ** 2) == 2.5
    assert bank.mse(y, y[:, None]) == 0


def test_a_product_of_probabilities_underflows_and_its_logarithm_does_not():
    assert np.prod(np.full(2000, 0.3)) == 0
    assert round(2000 * np.log(0.3)) == -2408


def test_descent_on_the_log_likelihood_makes_the_predictions_worse(bank):
    """The cells of the section, with the exact gradient of logistic regression instead."""
    X, target = datasets.load_breast_cancer()
    y, radius = 1 - target, stats.zscore(X[:, 0])

    def accuracy_after_descent(sign):
        w = 0.0
        for _ in range(20):
            w -= 0.001 * sign * np.sum((y - special.expit(w * radius)) * radius)
        return w, np.mean((special.expit(w * radius) >= 0.5) == y)

    w, accuracy = accuracy_after_descent(+1)
    assert w < 0
    assert accuracy < 0.2
    w, accuracy = accuracy_after_descent(-1)
    assert w > 0
    assert accuracy > 0.8


def test_loss_of_logistic_regression_is_convex_and_that_of_a_network_is_not(bank):
    z = np.linspace(-8, 8, 101)
    losses = np.array([bank.bce_from_logits(np.array([1]), np.array([v])) for v in z])
    assert np.diff(losses, 2).min() > 0
    from dlcourse.plots.losses import _convex_and_not

    w = np.linspace(-5, 5, 201)
    convex, network = (np.diff(f(w), 2).min() for f in _convex_and_not().values())
    assert convex > 0 > network


def test_keras_clips_in_single_precision():
    import keras

    bce = keras.losses.BinaryCrossentropy()
    costs = [float(bce(np.array([[y]]), np.array([[1.0 - y]]))) for y in (1.0, 0.0)]
    assert [round(c, 2) for c in costs] == [16.12, 15.94]


def test_a_sigmoid_rounds_to_one():
    assert 1 / (1 + np.exp(-40.0)) == 1


def test_slopes_in_the_logit(bank):
    for y in (0, 1):
        for z in (-10.0, -1.0, 0.5, 4.0):
            p = special.expit(z)
            slope = derivative(lambda v, y=y: bank.bce_from_logits(np.array([y]), np.array([v])), z)
            assert slope == pytest.approx(p - y, abs=1e-8)
            squared = derivative(lambda v, y=y: (special.expit(v) - y) ** 2, z)
            assert squared == pytest.approx(2 * (p - y) * p * (1 - p), abs=1e-8)


def test_a_saturated_sigmoid_learns_with_cross_entropy_only():
    z, slow = -10.0, -10.0
    for _ in range(100):
        z -= derivative(lambda v: np.logaddexp(0, -v), z)
        slow -= derivative(lambda v: (special.expit(v) - 1) ** 2, slow)
    assert special.expit(z) > 0.95
    assert special.expit(slow) < 1e-4


def test_softmax_ignores_a_shift_and_overflows_as_printed(bank):
    z = np.array([0.3, -1.0, 2.0])
    assert bank.softmax(z + 5) == pytest.approx(bank.softmax(z))
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp([1000.0, 0.0])
        assert np.isnan((e / e.sum())[0])


def test_softmax_of_two_classes_is_a_sigmoid(bank):
    assert bank.softmax(np.array([1.5, 0.0]))[0] == pytest.approx(special.expit(1.5))


def test_softmax_applied_twice_costs_a_perfect_prediction_146(bank):
    twice = bank.softmax(np.eye(10)[[2]])
    assert round(bank.sparse_nll(np.array([2]), twice), 2) == 1.46


@pytest.mark.parametrize("seed", SEEDS)
def test_forgetting_from_logits_trains_badly_and_silently(seed):
    import keras

    images, digits = datasets.load_digits()
    pixels = images.reshape(len(images), -1) / images.max()
    train, test = datasets.split(pixels, digits, test_size=0.25, seed=0)

    def accuracy(loss):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss, metrics=["accuracy"])
        model.fit(datasets.batches(*train, batch_size=32, seed=seed), epochs=5, verbose=0)
        return model.evaluate(*test, verbose=0)[1]

    assert accuracy(keras.losses.SparseCategoricalCrossentropy(from_logits=True)) >= 0.9
    assert accuracy("sparse_categorical_crossentropy") <= 0.65


def test_keras_warns_of_a_softmax_with_from_logits():
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss)
    with pytest.warns(UserWarning, match="does not represent logits"):
        model.fit(np.ones((4, 2)), np.zeros(4, dtype=int), verbose=0)


def test_normal_likelihood_is_a_squared_error(rng):
    y, prediction = rng.normal(size=20), rng.normal(size=20)
    for sigma in (0.5, 2.0):
        density = -stats.norm.logpdf(y, loc=prediction, scale=sigma)
        formula = (y - prediction) ** 2 / (2 * sigma**2) + np.log(sigma) + np.log(2 * np.pi) / 2
        assert density == pytest.approx(formula)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lower_threshold_trades_precision_for_recall(bank, seed):
    import keras

    X, target = datasets.load_breast_cancer()
    train, (X_test, y_test) = datasets.split(X, 1 - target, test_size=0.25, seed=0)
    mean, std = train[0].mean(axis=0), train[0].std(axis=0)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    scaled = datasets.batches((train[0] - mean) / std, train[1], batch_size=32, seed=seed)
    model.fit(scaled, epochs=10, verbose=0)
    p = keras.ops.convert_to_numpy(model((X_test - mean) / std))[:, 0]
    low, middle, high = (bank.metrics(y_test, p, t) for t in (0.1, 0.5, 0.9))
    assert low["recall"] > middle["recall"] > high["recall"]
    assert low["precision"] < middle["precision"] <= high["precision"]
    assert middle["accuracy"] > 0.9
    assert np.mean(y_test == 0) > 0.6


def test_numbers_of_the_question_on_alarms(bank):
    y = np.repeat([1, 0], [10, 990])
    alarm = np.concatenate([np.repeat([1.0, 0.0], [8, 2]), np.repeat([1.0, 0.0], [32, 958])])
    assert bank.metrics(y, alarm) == pytest.approx(
        {"accuracy": 0.966, "precision": 0.2, "recall": 0.8}
    )
    assert np.mean(y == 0) == 0.99
