"""Lab 05: its rules against Keras and the papers, and every effect that its text states."""

import ast
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import optimizers

from dlcourse import datasets, models, plots, schedules
from dlcourse.authoring import Bank
from dlcourse.plots.contours import keras_path

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "05_optimizers"
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def gradients(rng):
    """Six gradients of three weights, different at each step."""
    return rng.choice([-1.0, 1.0], size=(6, 3)) * rng.uniform(0.3, 2, size=(6, 3))


START = np.array([0.5, -1.0, 2.0])


def keras_steps(optimizer, gradients):
    """The weights after each step of a Keras optimizer with given gradients."""
    weights, path = keras.Variable(START), []
    for g in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(g, "float32")], [weights])
        path.append(weights.numpy())
    return np.array(path)


def steps(step, state, gradients, *settings):
    """The weights after each step of a rule with one state."""
    theta, path = START, []
    for g in gradients:
        theta, state = step(theta, state, g, *settings)
        path.append(theta)
    return np.array(path)


def moment_steps(step, gradients, *settings):
    theta, m, v, path = START, np.zeros(3), np.zeros(3), []
    for t, g in enumerate(gradients, 1):
        theta, m, v = step(theta, m, v, t, g, *settings)
        path.append(theta)
    return np.array(path)


def close(ours, theirs, atol=3e-6):
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=atol)


# --- the rules ------------------------------------------------------------------------------------


def test_an_epoch_is_that_of_keras_fit(bank, rng):
    """Keras' mean squared error has twice the gradient of half the squared error."""
    X, y = rng.normal(size=(11, 3)).astype("float32"), rng.normal(size=11).astype("float32")
    theta = rng.normal(size=3).astype("float32")
    ours = bank.sgd_epoch(X, y, theta, bank.mean_slope, 0.2, 4, np.random.default_rng(5))
    order = np.random.default_rng(5).permutation(11)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([theta[:, None]])
    model.compile(optimizer=optimizers.SGD(0.1), loss="mse")
    model.fit(X[order], y[order], batch_size=4, shuffle=False, verbose=0)
    close(ours, model.get_weights()[0][:, 0])


def test_momentum_is_that_of_keras(bank, gradients):
    ours = steps(bank.momentum_step, np.zeros(3), gradients, 0.1, 0.8)
    close(ours, keras_steps(optimizers.SGD(0.1, momentum=0.8), gradients))


def test_momentum_adds_up_as_a_sum(bank, gradients):
    """Unrolled: the velocity after n steps is -lr sum beta^(n - i) g_i."""
    theta, m = START, np.zeros(3)
    for g in gradients:
        theta, m = bank.momentum_step(theta, m, g, 0.1, 0.8)
    powers = 0.8 ** np.arange(len(gradients))[::-1]
    np.testing.assert_allclose(m, -0.1 * powers @ gradients)


def test_nesterov_is_that_of_keras_after_the_change_of_variable(bank):
    def slope(w):
        return np.sin(w) + w**3

    theirs = keras_path(optimizers.SGD(0.05, momentum=0.8, nesterov=True), slope, [1.0, -0.7], 6)
    theta, m, plain, ahead = np.array([1.0, -0.7]), np.zeros(2), [], []
    for _ in range(6):
        theta, m = bank.nesterov_step(theta, m, slope, 0.05, 0.8)
        plain.append(theta)
        ahead.append(theta + 0.8 * m)
    close(ahead, theirs[1:])
    assert np.abs(plain - theirs[1:]).max() > 0.05


def test_nesterov_is_the_three_sequence_form_of_the_paper(bank):
    """Nesterov (1983): y_(k+1) = x_k + beta (x_k - x_(k-1)), x_(k+1) = y - lr grad(y)."""
    before = now = np.array([1.0, -0.7])
    theta, m = now, np.zeros(2)
    for _ in range(5):
        y = now + 0.8 * (now - before)
        before, now = now, y - 0.05 * np.tanh(y)
        theta, m = bank.nesterov_step(theta, m, np.tanh, 0.05, 0.8)
        np.testing.assert_allclose(theta, now)


def test_adagrad_is_that_of_keras_from_the_same_start(bank, gradients):
    """Keras starts the sum at 0.1; its epsilon under the root is made too small to matter."""
    for initial in (0.0, 0.1):
        theirs = optimizers.Adagrad(0.5, initial_accumulator_value=initial, epsilon=1e-12)
        ours = steps(bank.adagrad_step, np.full(3, initial), gradients, 0.5)
        close(ours, keras_steps(theirs, gradients))
    assert optimizers.Adagrad().initial_accumulator_value == 0.1


def test_adagrad_divides_by_the_root_of_all_squares(bank, gradients):
    ours = steps(bank.adagrad_step, np.zeros(3), gradients, 0.5)
    roots = [np.linalg.norm(gradients[: n + 1], axis=0) for n in range(len(gradients))]
    np.testing.assert_allclose(ours, START - np.cumsum(0.5 * gradients / roots, axis=0), atol=1e-7)


def test_rmsprop_is_that_of_keras(bank, gradients):
    ours = steps(bank.rmsprop_step, np.zeros(3), gradients, 0.1, 0.7)
    close(ours, keras_steps(optimizers.RMSprop(0.1, rho=0.7, epsilon=1e-12), gradients))


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.7, 0.95), (0.0, 0.9)])
def test_adam_is_that_of_keras(bank, gradients, betas):
    for answer in (bank.adam_step, bank.adam_notes):
        ours = moment_steps(answer, gradients, 0.1, *betas)
        close(ours, keras_steps(optimizers.Adam(0.1, *betas), gradients), atol=1e-5)


def test_adam_steps_by_normalized_weighted_means(bank, gradients):
    """The corrected moments are the means with weights beta^(t - i), whose sum they divide by."""
    theta = START
    ours = moment_steps(bank.adam_step, gradients, 0.1, 0.8, 0.9)
    for t in range(1, len(gradients) + 1):
        g, age = gradients[:t], np.arange(t)[::-1]
        mean = np.average(g, axis=0, weights=0.8**age)
        square = np.average(g**2, axis=0, weights=0.9**age)
        theta = theta - 0.1 * mean / (np.sqrt(square) + 1e-8)
        np.testing.assert_allclose(ours[t - 1], theta)


def dozat(gradients, mu, lr=0.1, beta1=0.9, beta2=0.999):
    """Nadam, Dozat (2016), Alg. 2: momentum mu(t), products of it in the corrections."""
    theta, m, v, product, path = START, 0.0, 0.0, 1.0, []
    for t, g in enumerate(gradients, 1):
        product *= mu(t)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        ahead = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
        theta = theta - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + 1e-8)
        path.append(theta)
    return np.array(path)


def test_nadam_of_keras_has_the_schedule_that_the_table_states(gradients):
    theirs = keras_steps(optimizers.Nadam(0.1), gradients)
    close(dozat(gradients, lambda t: 0.9 * (1 - 0.5 * 0.96**t)), theirs, atol=1e-5)


def test_nadam_is_dozats_with_constant_momentum_but_for_one_power(bank, gradients):
    """Ours corrects m by the power t. With beta1 = 0 there is nothing to tell apart."""
    theta = START
    ours = moment_steps(bank.nadam_step, gradients, 0.1, 0.8, 0.9)
    for t in range(1, len(gradients) + 1):
        g, age = gradients[:t], np.arange(t)[::-1]
        mean = np.average(g, axis=0, weights=0.8**age)
        square = np.average(g**2, axis=0, weights=0.9**age)
        share = (1 - 0.8) / (1 - 0.8**t)
        theta = theta - 0.1 * (0.8 * mean + share * g[-1]) / (np.sqrt(square) + 1e-8)
        np.testing.assert_allclose(ours[t - 1], theta)
    for rule in (optimizers.Nadam(0.1, beta_1=0.0), optimizers.Adam(0.1, beta_1=0.0)):
        ours = moment_steps(bank.nadam_step, gradients, 0.1, 0.0)
        close(ours, keras_steps(rule, gradients), atol=1e-5)
    late = dozat(np.tile(gradients, (40, 1)), lambda t: 0.9)
    ours = moment_steps(bank.nadam_step, np.tile(gradients, (40, 1)), 0.1)
    np.testing.assert_allclose(np.diff(ours, axis=0)[-6:], np.diff(late, axis=0)[-6:], rtol=1e-6)


def test_adam_ignores_the_scale_of_the_gradient(bank, gradients):
    ours = moment_steps(bank.adam_step, gradients, 0.1)
    np.testing.assert_allclose(ours, moment_steps(bank.adam_step, 1000 * gradients, 0.1), rtol=1e-6)
    np.testing.assert_allclose(START - ours[0], 0.1 * np.sign(gradients[0]), rtol=1e-6)


def test_schedules_are_those_of_keras(bank):
    t = np.arange(0, 400, 7)
    own = optimizers.schedules.InverseTimeDecay(0.1, 150, 1.0)
    close(bank.power_lr(t, 0.1, 150), own(t))
    close(bank.power_lr(t, 0.1, 150, 2), np.asarray(own(t)) ** 2 / 0.1)
    close(bank.exp_lr(t, 0.1, 150), optimizers.schedules.ExponentialDecay(0.1, 150, 0.1)(t))
    close(bank.one_cycle_lr(t, 399, 0.1), schedules.OneCycle(0.1, 399)(t))


def test_worked_numbers_of_the_docstrings(bank):
    """What the docstrings promise, typed here once more."""
    one = np.array([1.0])
    zero = 0 * one
    theta, m = bank.momentum_step(one, np.array([0.5]), np.array([2.0]), 0.1, 0.9)
    assert (theta, m) == (pytest.approx(1.25), pytest.approx(0.25))
    theta, m = bank.nesterov_step(one, zero, lambda w: 2 * w, 0.1, 0.9)
    assert (theta, m) == (pytest.approx(0.8), pytest.approx(-0.2))
    theta, m = bank.nesterov_step(theta, m, lambda w: 2 * w, 0.1, 0.9)
    assert (theta, m) == (pytest.approx(0.496), pytest.approx(-0.304))
    theta, s = bank.adagrad_step(np.ones(2), np.array([0, 12]), np.array([3, 2]), 0.1)
    assert theta == pytest.approx([0.9, 0.95])
    assert s == pytest.approx([9, 16])
    assert bank.rmsprop_step(one, one, 3 * one, 0.1, rho=0.5)[1] == pytest.approx(5)
    theta, m, v = bank.adam_step(one, zero, zero, 1, 2 * one, 0.1)
    assert [theta[0], m[0], v[0]] == pytest.approx([0.9, 0.2, 0.004])
    assert bank.nadam_step(one, zero, zero, 1, 2 * one, 0.1)[0] == pytest.approx(0.81)
    assert bank.power_lr(100, 0.1, 100, c=2) == pytest.approx(0.025)
    assert bank.exp_lr(50, 0.1, 100) == pytest.approx(0.0316, abs=1e-4)
    rates = bank.one_cycle_lr(np.array([0, 25, 50, 100]), 100, 0.1)
    assert rates == pytest.approx([0.01, 0.055, 0.1, 0.0001])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model = bank.compile_power_sgd(model, 0.01, 10_000)
    model.optimizer.iterations.assign(1000)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.00909, abs=1e-5)


# --- what the text says ---------------------------------------------------------------------------


def printed_rule():
    """The function `adam_printed` of the lesson."""
    cells = re.findall(r"```\{code-cell\}\n(.*?)```", (FOLDER / "lab.md").read_text(), re.DOTALL)
    cell = next(c for c in cells if "def adam_printed" in c)
    function = next(n for n in ast.parse(cell).body if isinstance(n, ast.FunctionDef))
    scope = {"np": np}
    exec(ast.unparse(function), scope)
    return scope["adam_printed"]


def on_square(rule, n_steps=200):
    theta, m, v, path = np.array([1.0]), np.zeros(1), np.zeros(1), [1.0]
    for t in range(1, n_steps + 1):
        theta, m, v = rule(theta, m, v, t, 2 * theta, 0.1)
        path.append(theta.item())
    return path


def test_printed_adam_starts_right_and_freezes(bank):
    printed, right = on_square(printed_rule()), on_square(bank.adam_step)
    assert printed[1] == pytest.approx(right[1])
    assert printed[10] == pytest.approx(printed[200], abs=1e-4) == pytest.approx(0.8715, abs=1e-4)
    assert abs(right[200]) < 1e-4
    averages, m, v = [], 0.0, 0.0
    for t in range(1, 4):
        _, m, v = printed_rule()(0.0, m, v, t, 1.0, 0.1)
        averages.append(m)
    assert averages == pytest.approx([1, 5.26, 17.85], abs=0.01)


def test_mini_batch_gradient_is_unbiased_and_noisier_the_smaller(rng):
    X, y, theta = rng.normal(size=(240, 3)), rng.normal(size=240), rng.normal(size=3)
    slopes = (X @ theta - y)[:, None] * X
    spread = []
    for size in (1, 4, 16):
        batches = slopes[rng.permutation(240)].reshape(-1, size, 3).mean(axis=1)
        np.testing.assert_allclose(batches.mean(axis=0), slopes.mean(axis=0))
        spread.append(batches.std(axis=0).mean())
    assert spread[0] > 1.5 * spread[1] > 2 * spread[2]


def test_duplicated_rows_leave_the_mean_and_double_the_sum(bank, rng):
    X, y, theta = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
    twice = np.tile(X, (2, 1)), np.tile(y, 2)
    once = bank.mean_slope(theta, X, y)
    np.testing.assert_allclose(bank.mean_slope(theta, *twice), once)
    np.testing.assert_allclose(10 * bank.mean_slope(theta, *twice), 2 * 5 * once)


def test_noise_may_carry_a_weight_over_the_barrier():
    """As the text reads the picture: descent and run 1 stay, the other runs do not."""
    ax = plots.escape()
    sides = re.findall(
        r"(\w[\w, ]*?) ends at w = \S+, on the side of the (\w+)", plots.alt_text(ax)
    )
    assert [side for _, side in sides] == ["local", "local", "global", "global"]


def test_bowl_diverges_above_one_tenth():
    _, slope = datasets.make_bowl()
    for lr, diverges in ((0.098, False), (0.102, True)):
        path = keras_path(optimizers.SGD(lr), slope, [4.5, 1.0], 50)
        assert (abs(path[-1, 1]) > 1) == diverges


def test_newton_needs_one_step_on_a_bowl(rng):
    _, slope = datasets.make_bowl((3.0, 20.0))
    theta = rng.normal(size=2)
    np.testing.assert_allclose(theta - slope(theta) / [3, 20], 0, atol=1e-12)


def test_momentum_adds_up_to_one_over_one_minus_beta(bank):
    theta = m = np.zeros(1)
    for _ in range(200):
        theta, m = bank.momentum_step(theta, m, np.ones(1), 0.01, 0.9)
    assert m[0] == pytest.approx(-0.01 / (1 - 0.9))


def test_average_of_equal_values_holds_the_share_that_is_corrected():
    m = 0.0
    for t in range(1, 8):
        m = 0.9 * m + 0.1 * 5.0
        assert m == pytest.approx((1 - 0.9**t) * 5.0)


def test_adaptive_rules_set_out_at_45_degrees(bank):
    start, slope, zero = np.array([4.5, 1.0]), np.array([4.5, 20.0]), np.zeros(2)
    ends = [
        bank.adagrad_step(start, zero, slope, 0.5)[0],
        bank.rmsprop_step(start, zero, slope, 0.1)[0],
        bank.adam_step(start, zero, zero, 1, slope, 0.1)[0],
    ]
    for end in ends:
        move = end - start
        assert move[0] == pytest.approx(move[1])


def test_norm_gives_both_weights_one_rate(bank):
    moves = [
        (step(np.zeros(2), np.zeros(2), np.array([10.0, 0.1]), 0.1)[0] / [10.0, 0.1])
        for step in (bank.norm, bank.adagrad_step)
    ]
    assert moves[0][0] == pytest.approx(moves[0][1])
    assert moves[1][1] == pytest.approx(100 * moves[1][0])


def test_defaults_of_keras():
    adam = optimizers.get("adam")
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.9, 0.999, 1e-7)
    assert float(adam.learning_rate) == pytest.approx(0.001)


def test_decay_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="no longer supported and will be ignored"):
        old = optimizers.SGD(learning_rate=0.01, decay=1e-4)
    old.iterations.assign(1000)
    assert float(old.learning_rate) == pytest.approx(0.01)


def test_l2_penalty_is_weight_decay_for_plain_sgd_only(rng):
    w, g = rng.normal(size=3).astype("float32"), rng.normal(size=3).astype("float32")
    for rule, same in ((optimizers.SGD, True), (optimizers.Adam, False)):
        penalized, decayed = keras.Variable(w), keras.Variable(w)
        for _ in range(3):
            rule(0.01).apply(
                [keras.ops.convert_to_tensor(g + 0.3 * penalized.numpy())], [penalized]
            )
            rule(0.01, weight_decay=0.3).apply([keras.ops.convert_to_tensor(g)], [decayed])
        assert np.allclose(penalized.numpy(), decayed.numpy(), atol=1e-4) == same


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.01),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=1.0),
    ],
)
def test_callback_cannot_set_the_rate_of_a_schedule(bank, callback):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model = bank.compile_power_sgd(model, 0.01, 10_000)
    with pytest.raises(TypeError, match="not settable"):
        model.fit(np.zeros((4, 3)), np.zeros(4), epochs=4, verbose=0, callbacks=[callback])


@pytest.fixture(scope="module")
def digits():
    X, digit = datasets.load_digits()
    return X.reshape(len(X), -1) / 16, digit


@pytest.mark.parametrize("seed", SEEDS)
def test_small_batches_get_further_with_the_same_rows(bank, digits, seed):
    X, Y = digits[0], np.eye(10)[digits[1]]

    def probabilities(theta, X):
        powers = np.exp(X @ theta - (X @ theta).max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def grad(theta, X, Y):
        return X.T @ (probabilities(theta, X) - Y) / len(X)

    losses = []
    for size in (1, 8, 32, 128, len(X)):
        rng, theta = np.random.default_rng(seed), np.zeros((64, 10))
        for _ in range(5):
            theta = bank.sgd_epoch(X, Y, theta, grad, 0.1, size, rng)
        losses.append(-np.mean(np.log(probabilities(theta, X)[np.arange(len(X)), digits[1]])))
    assert np.all(np.diff(losses) > 0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_best_rates_of_sgd_and_adam(digits, seed):
    """The reading of the two panels: `rate_reading` and `magic_rate`."""
    final = {}
    for rule in (optimizers.SGD, optimizers.Adam):
        for lr in (1e-4, 1e-3, 1e-2, 0.1, 1.0):
            keras.utils.set_random_seed(seed)
            model = models.mlp(64, 10, hidden=(32,), optimizer=rule(learning_rate=lr))
            rows = datasets.batches(*digits, batch_size=32, seed=seed)
            final[rule.__name__, lr] = model.fit(rows, epochs=5, verbose=0).history["loss"][-1]
    assert final["Adam", 0.01] == min(v for (rule, _), v in final.items() if rule == "Adam")
    assert final["Adam", 0.01] < 0.2
    assert final["SGD", 0.01] > 1.5
    assert final["SGD", 1.0] < 0.5
    assert final["Adam", 1.0] > 1.8
    rates = (1e-4, 1e-3, 1e-2, 0.1, 1.0)
    assert np.all(np.diff([final["SGD", lr] for lr in rates]) < 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_power_scheduling_settles_and_a_constant_rate_does_not(bank, seed):
    X, side = datasets.make_half_planes(20, seed=0)

    def grad(theta, X, y):
        return X.T @ (1 / (1 + np.exp(-X @ theta)) - y) / len(y) + 0.2 * theta

    def last_norm(rate):
        rng, theta, norms = np.random.default_rng(seed), np.array([1.0, -3.0]), []
        for epoch in range(100):
            theta = bank.sgd_epoch(X, side, theta, grad, rate(epoch), 4, rng)
            norms.append(np.linalg.norm(grad(theta, X, side)))
        return np.mean(norms[-20:])

    assert last_norm(lambda t: 0.8) > 10 * last_norm(lambda t: bank.power_lr(t, 0.8, 5))


@pytest.mark.parametrize("seed", SEEDS)
def test_performance_scheduling_halves_the_rate_on_a_plateau(digits, seed):
    keras.utils.set_random_seed(seed)
    model = models.mlp(64, 10, hidden=(32,), optimizer=optimizers.SGD(0.1))
    stalled = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", factor=0.5, patience=1, min_delta=0.1
    )
    rows = datasets.batches(*digits, batch_size=32, seed=seed)
    history = model.fit(rows, epochs=8, verbose=0, callbacks=[stalled]).history
    rates = np.array(history["learning_rate"])
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] < 0.06
    assert set(np.round(rates[:-1] / rates[1:], 3)) <= {1.0, 2.0}
