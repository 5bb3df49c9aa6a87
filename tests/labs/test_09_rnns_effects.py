"""Lab 09: its layers against Keras', and every effect that its text states."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from dlcourse import datasets, models
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "09_rnns"
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def random_weights(layer, rng):
    weights = [rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    return dict(zip(("kernel", "recurrent_kernel", "bias"), weights, strict=True))


def test_windows_are_those_of_keras(bank, rng):
    series = rng.normal(size=40)
    X, y = bank.make_windows(series, 6, horizon=3)
    dataset = keras.utils.timeseries_dataset_from_array(
        series[:-8], series[8:], sequence_length=6, batch_size=None
    )
    theirs = [(np.asarray(a), float(b)) for a, b in dataset]
    np.testing.assert_allclose(X[: len(theirs)], [a for a, _ in theirs])
    np.testing.assert_allclose(y[: len(theirs)], [b for _, b in theirs])


def test_rnn_is_that_of_keras(bank, rng):
    layer = layers.SimpleRNN(4, return_sequences=True)
    x, h0 = rng.normal(size=(7, 3)).astype("float32"), rng.normal(size=4).astype("float32")
    layer.build((1, 7, 3))
    p = random_weights(layer, rng)
    theirs = np.asarray(layer(x[None], initial_state=h0[None]))[0]
    ours = bank.rnn_forward(x, *p.values(), h0)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_lstm_step_is_that_of_keras(bank, rng):
    cell = layers.LSTMCell(3)
    cell.build((5, 2))
    p = random_weights(cell, rng)
    x, h, c = (rng.normal(size=(5, n)).astype("float32") for n in (2, 3, 3))
    out, (_, c_keras) = cell(x, [h, c])
    h_ours, c_ours = bank.lstm_step(x, h, c, p)
    np.testing.assert_allclose(h_ours, np.asarray(out), atol=1e-5)
    np.testing.assert_allclose(c_ours, np.asarray(c_keras), atol=1e-5)


def test_gru_step_is_that_of_keras_after_to_keras_only(bank, rng):
    cell = layers.GRUCell(3, reset_after=False)
    cell.build((5, 2))
    p = random_weights(cell, rng)
    x, h = (rng.normal(size=(5, n)).astype("float32") for n in (2, 3))
    ours = bank.gru_step(x, h, p)
    assert np.abs(np.asarray(cell(x, [h])[0]) - ours).max() > 0.1
    turned = bank.to_keras(p)
    cell.set_weights([turned[k] for k in ("kernel", "recurrent_kernel", "bias")])
    np.testing.assert_allclose(ours, np.asarray(cell(x, [h])[0]), atol=1e-5)


def test_influence_is_the_derivative_with_respect_to_each_state(bank):
    x, wh, wx, b = [0.5, -0.3, 0.8, 0.2, -0.6], 0.9, 0.7, 0.1

    def last(start, h):
        for value in x[start:]:
            h = np.tanh(wh * h + wx * value + b)
        return h

    h, expected = 0.0, []
    for t, value in enumerate(x[:-1]):
        h = np.tanh(wh * h + wx * value + b)
        slope = (last(t + 1, h + 1e-6) - last(t + 1, h - 1e-6)) / 2e-6
        expected.append(slope / wh)  # the factor leaves out one power
    np.testing.assert_allclose(bank.rnn_influence(wh, wx, b, x), expected, rtol=1e-6)


def test_the_sum_of_the_notes_lacks_a_term(bank):
    x = np.array([0.5, -0.3, 0.8, 0.2])

    def states(wh):
        h, found = 0.0, []
        for value in x:
            h = np.tanh(wh * h + value)
            found.append(h)
        return np.array(found)

    slope = (states(0.9 + 1e-6)[-1] - states(0.9 - 1e-6)[-1]) / 2e-6
    terms = states(0.9)[:-1] * bank.rnn_influence(0.9, 1.0, 0.0, x)
    assert terms.sum() == pytest.approx(slope, abs=1e-6)
    assert abs(terms[1:].sum() - slope) > 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_steps_back_less_than_a_tenth_is_left(bank, seed):
    x = np.random.default_rng(seed).normal(size=25)
    for wh in (0.5, 0.9, 1.0):
        assert abs(bank.rnn_influence(wh, 1.0, 0.0, x)[3]) < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_forget_bias_keeps_the_path_open(seed):
    def reach(layer):
        x = np.random.default_rng(seed).normal(size=(1, 20, 1))
        change = np.zeros_like(x)
        change[0, 0] = 0.01
        up, down = (np.asarray(layer(x + s * change), dtype="float64") for s in (1, -1))
        return np.abs(up - down).sum()

    with_bias = reach(layers.LSTM(32, seed=seed, dtype="float64"))
    without = reach(layers.LSTM(32, seed=seed, dtype="float64", unit_forget_bias=False))
    assert with_bias >= 100 * without


def test_parameter_counts_of_the_two_grus():
    def count(reset_after):
        layer = layers.GRU(3, reset_after=reset_after)
        layer.build((None, 5, 2))
        return layer.count_params()

    assert (count(False), count(True)) == (54, 63)


@pytest.mark.parametrize("seed", SEEDS)
def test_gates_win_the_adding_problem(seed):
    keras.utils.set_random_seed(seed)
    A, sums = datasets.make_adding(2000, length=30, seed=seed)
    losses = {}
    for kind in ("simple", "lstm", "gru"):
        net = models.recurrent((30, 2), 1, "regression", kind=kind, units=32)
        rows = datasets.batches(A, sums, batch_size=32, seed=seed)
        losses[kind] = net.fit(rows, epochs=15, verbose=0).history["loss"][-1]
    assert losses["simple"] >= 10 * losses["gru"]
    assert losses["simple"] >= 10 * losses["lstm"]


@pytest.mark.parametrize("seed", SEEDS)
def test_networks_and_a_linear_model_beat_persistence(bank, seed):
    _, spots = datasets.load_sunspots()
    past = spots[:-60]
    X, y = bank.make_windows((spots - past.mean()) / past.std(), 22)
    X, y = X.astype("float32"), y.astype("float32")
    naive = np.mean((X[-60:, -1] - y[-60:]) ** 2)
    linear = np.hstack([X, np.ones((len(X), 1))])
    weights = np.linalg.lstsq(linear[:-60], y[:-60], rcond=None)[0]
    errors = {"linear": np.mean((linear[-60:] @ weights - y[-60:]) ** 2)}
    for kind in ("simple", "gru"):
        keras.utils.set_random_seed(seed)
        net = bank.build_forecaster(kind, 22, 16)
        rows = datasets.batches(X[:-60, :, None], y[:-60], batch_size=32, seed=seed)
        net.fit(rows, epochs=40, verbose=0)
        errors[kind] = np.mean((np.asarray(net(X[-60:, :, None]))[:, 0] - y[-60:]) ** 2)
    assert max(errors.values()) < 0.65 * naive, errors
