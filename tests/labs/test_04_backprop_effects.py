"""Lab 04: its references against other implementations, and every effect that its text states."""

import ast
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy import optimize, special

from dlcourse import datasets
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "04_backprop"
SEEDS = (0, 1, 2)
NAMES = ["w11", "w21", "w12", "w22", "b1", "b2", "w1", "w2", "b3"]


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture(scope="module")
def lesson(bank):
    """The functions that the lesson's cells define, over the references of the bank."""
    names = {**vars(bank), "np": np, "datasets": datasets, "names": NAMES}
    names["X_xor"], names["y_xor"] = datasets.make_gate("xor")
    for cell in nbformat.read(FOLDER / "04_backprop.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            tree = ast.parse(cell.source)
            tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            exec(compile(tree, "lesson", "exec"), names)
    return names


def parameters(seed):
    return dict(zip(NAMES, np.random.default_rng(seed).normal(size=9), strict=True))


def keras_221(p):
    import keras

    model = keras.Sequential([keras.Input((2,))])
    model.add(keras.layers.Dense(2, activation="sigmoid"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    W1 = np.array([[p["w11"], p["w12"]], [p["w21"], p["w22"]]])
    w2 = np.array([[p["w1"]], [p["w2"]]])
    model.set_weights([W1, np.array([p["b1"], p["b2"]]), w2, np.array([p["b3"]])])
    return model


def keras_gradients(model, loss, X, Y):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss(Y, model(X))
    return [g.numpy() for g in tape.gradient(value, model.trainable_variables)]


# the 2-2-1 network


@pytest.mark.parametrize("seed", SEEDS)
def test_forward_is_that_of_keras(bank, seed):
    p, x = parameters(seed), np.random.default_rng(seed + 10).normal(size=2)
    assert bank.forward(x, p)["yhat"] == pytest.approx(
        float(keras_221(p)(x[None]).numpy().item()), rel=1e-5
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("y", [0, 1])
def test_backward_is_that_of_keras_and_of_scipy(bank, seed, y):
    import keras

    p, x = parameters(seed), np.random.default_rng(seed + 10).normal(size=2)
    found = bank.backward(x, y, p, bank.forward(x, p))
    loss = keras.losses.BinaryCrossentropy()
    W1, b, w, b3 = keras_gradients(keras_221(p), loss, x[None], np.array([[float(y)]]))
    by_keras = [W1[0, 0], W1[1, 0], W1[0, 1], W1[1, 1], *b, *w[:, 0], *b3]
    assert [found[key] for key in NAMES] == pytest.approx(by_keras, rel=1e-4, abs=1e-6)

    def cross_entropy(theta):
        W1, b, w, b3 = theta[:4].reshape(2, 2).T, theta[4:6], theta[6:8], theta[8]
        z = special.expit(x @ W1 + b) @ w + b3
        return np.logaddexp(0, z) - y * z

    # theta holds w11, w21 | w12, w22: the columns of W1
    by_scipy = optimize.approx_fprime(np.array([p[key] for key in NAMES]), cross_entropy, 1e-7)
    assert [found[key] for key in NAMES] == pytest.approx(by_scipy, rel=1e-4, abs=1e-6)


def test_zero_biases_hide_the_minus(bank):
    minus = next(m.answer for m in bank.forward.misconceptions if m.name == "minus_b3")
    x, p = np.array([1.0, 2.0]), parameters(0)
    without = {**p, "b1": 0.0, "b2": 0.0, "b3": 0.0}
    assert minus(x, without) == bank.forward(x, without)
    assert minus(x, p) != bank.forward(x, p)


@pytest.mark.parametrize("seed", SEEDS)
def test_zero_inputs_teach_the_biases_only_and_the_output(bank, seed):
    p = parameters(seed)
    gradient = bank.backward(np.zeros(2), 1, p, bank.forward(np.zeros(2), p))
    assert [key for key in NAMES if gradient[key] == 0] == ["w11", "w21", "w12", "w22"]


# gradient checking


def errors_at_one(bank, eps):
    one_sided = (np.exp(1 + eps) - np.exp(1)) / eps - np.e
    return abs(one_sided), abs(bank.numerical_gradient(np.exp, 1.0, eps) - np.e)


def test_central_differences_gain_two_digits_where_one_sided_gain_one(bank):
    errors = np.array([errors_at_one(bank, eps) for eps in (1e-1, 1e-2, 1e-3)])
    np.testing.assert_allclose(errors[:-1] / errors[1:], [[10, 100]] * 2, rtol=0.05)


def test_rounding_takes_over(bank):
    good, small, tiny = (errors_at_one(bank, eps) for eps in (1e-5, 1e-8, 1e-11))
    assert good[1] < 1e-9 < small[1] < tiny[1]
    assert min(tiny) > 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_right_and_wrong_gradients_are_far_apart(bank, seed):
    """Below 1e-7 for the reference, above 1e-4 with one of the labels for every misconception."""
    x, p = np.array([2.0, -1.0]), parameters(seed)

    def error(answer, y):
        def loss(theta):
            yhat = bank.forward(x, dict(zip(NAMES, theta, strict=True)))["yhat"]
            return -np.log(yhat if y else 1 - yhat)

        numeric = bank.numerical_gradient(loss, np.array(list(p.values())))
        found = answer(x, y, p, bank.forward(x, p))
        return bank.relative_error(np.array([found[key] for key in NAMES]), numeric)

    assert max(error(bank.backward.reference, y) for y in (0, 1)) < 1e-7
    for m in bank.backward.misconceptions:
        assert max(error(m.answer, y) for y in (0, 1)) > 1e-4


# training


def test_two_starts_learn_xor_and_one_does_not(lesson):
    ends = [lesson["train"](seed)[-1] for seed in SEEDS]
    assert ends[0] == pytest.approx(0.35, abs=0.005)
    assert max(ends[1:]) < 0.01


def test_the_stuck_start_stays_stuck(lesson):
    assert lesson["train"](0, n_steps=8000)[-1] > 0.34


def test_a_wrong_gradient_lets_the_loss_fall_but_not_as_far(lesson, bank):
    """Without gradients for the biases, for three starts that learn XOR."""
    wrong = next(m.answer for m in bank.backward.misconceptions if m.name == "zero_for_biases")
    for seed in (1, 2, 3):
        right = lesson["train"](seed)
        lesson["backward"] = wrong
        falling = lesson["train"](seed)
        lesson["backward"] = bank.backward
        assert 10 * right[-1] < falling[-1] < 0.5 * falling[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_exchanged_hidden_units_are_a_twin_with_higher_ground_between(bank, seed):
    """The loss after the exchange is the same; a convex loss would be no higher in the middle."""
    X, Y = datasets.make_gate("xor")

    def loss(theta):
        p = dict(zip(NAMES, theta, strict=True))
        yhat = np.array([bank.forward(x, p)["yhat"] for x in X])
        return -np.mean(np.log(np.where(Y == 1, yhat, 1 - yhat)))

    start = np.random.default_rng(seed).normal(size=9)
    found = optimize.minimize(loss, start, options={"maxiter": 50}).x
    twin = found[[2, 3, 0, 1, 5, 4, 7, 6, 8]]
    assert loss(twin) == pytest.approx(loss(found))
    assert loss((found + twin) / 2) > loss(found) + 0.1


def test_the_printed_update_climbs_and_the_right_one_descends(lesson, bank):
    printed = lesson["or_losses"](lesson["printed_update"])[::60]
    assert np.all(np.diff(printed) > 0.5)
    losses = lesson["or_losses"](bank.ea_update)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_update_follows_the_slope_of_the_cross_entropy(bank, seed):
    rng = np.random.default_rng(seed)
    W, a_prev, y = rng.normal(size=(3, 4)), rng.normal(size=4), np.array([0, 1, 1])

    def cross_entropy(flat):
        z = flat.reshape(3, 4) @ a_prev
        return np.sum(np.logaddexp(0, z) - y * z)

    step = bank.ea_update(W, a_prev, special.expit(W @ a_prev), y, 0.3) - W
    slope = optimize.approx_fprime(W.ravel(), cross_entropy, 1e-7).reshape(3, 4)
    np.testing.assert_allclose(step, -0.3 * slope, rtol=1e-4, atol=1e-6)


# whole layers


def digits():
    images, labels = datasets.load_digits()
    return images[:64].reshape(64, 64) / 16, np.eye(10)[labels[:64]]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sizes", [(64, 16, 10), (64, 7, 5, 10), (64, 10)])
def test_backprop_is_that_of_keras(bank, seed, sizes):
    import keras

    X, Y = digits()
    rng = np.random.default_rng(seed)
    params = [
        (0.3 * rng.normal(size=shape), 0.1 * rng.normal(size=shape[1])) for shape in pairwise(sizes)
    ]
    model = keras.Sequential([keras.Input((64,))])
    for width in sizes[1:-1]:
        model.add(keras.layers.Dense(width, activation="sigmoid"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.set_weights([array for pair in params for array in pair])
    found = [array for pair in bank.backprop(X, Y, params) for array in pair]
    expected = keras_gradients(model, keras.losses.CategoricalCrossentropy(), X, Y)
    for ours, theirs in zip(found, expected, strict=True):
        assert bank.relative_error(ours, theirs) < 1e-6


def test_differences_need_two_passes_for_each_weight(bank):
    passes = []
    W = np.zeros((64, 16))
    bank.numerical_gradient(lambda W: passes.append(1) or 0.0, W)
    assert len(passes) == 2 * W.size == 2048
    assert 64 * 16 + 16 + 16 * 10 + 10 == 1210


# automatic differentiation


@pytest.mark.parametrize("seed", SEEDS)
def test_value_differentiates_as_scipy_does(bank, seed):
    def f(a, b, c, tanh):
        s = a * b + c
        t = tanh(s * a + 2) + 0.5 * s
        return (t * s + 3 * a) ** 2 * t

    inputs = np.random.default_rng(seed).normal(size=3)
    values = [bank.Value(v) for v in inputs]
    y = f(*values, lambda v: v.tanh())
    y.backward()
    expected = optimize.approx_fprime(inputs, lambda v: f(*v, np.tanh), 1e-8)
    assert y.data == pytest.approx(f(*inputs, np.tanh))
    assert [v.grad for v in values] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_value_of_the_text(bank):
    a, b = bank.Value(3.0), bank.Value(2.0)
    y = a * b + b
    y.backward()
    assert (y.data, a.grad, b.grad) == (8, 2, 3 + 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_tape_fills_the_gap_of_the_slides(bank, seed):
    from keras import ops

    rng = np.random.default_rng(seed)
    x, W1, W2 = rng.normal(size=3), rng.normal(size=(3, 2)), rng.normal(size=2)

    def loss(W1):
        u7 = ops.sigmoid(ops.sum(W2 * ops.sigmoid(ops.matmul(x, W1))))
        return -ops.log(u7) + 0.1 * (ops.sum(W1**2) + ops.sum(W2**2))

    u2 = special.expit(x @ W1)
    by_hand = np.outer(x, (special.expit(u2 @ W2) - 1) * W2 * u2 * (1 - u2)) + 0.2 * W1
    np.testing.assert_allclose(bank.tape_gradient(loss, W1), by_hand, rtol=1e-5, atol=1e-6)
