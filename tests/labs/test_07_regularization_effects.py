"""Lab 07: its functions against Keras and SciPy, and every effect that its text states."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from scipy import ndimage, stats

from dlcourse import datasets, models
from dlcourse.authoring import Bank
from dlcourse.layers import MCDropout

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "07_regularization"
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load_digits()
    return datasets.split(X / 16, y, test_size=0.5, seed=0)


@pytest.mark.parametrize("seed", range(20))
def test_early_stopping_is_that_of_keras(bank, seed):
    rng = np.random.default_rng(seed)
    losses = list(np.round(3 / np.arange(1, 26) + 0.1 * np.arange(25) + rng.normal(0, 0.3, 25), 1))
    delta = [0.0, 0.2][seed % 2]
    callback = keras.callbacks.EarlyStopping(patience=3, min_delta=delta)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    assert tuple(bank.early_stopping(losses, 3, delta)) == (epoch, callback.best_epoch)


def test_penalties_are_those_of_keras(bank, rng):
    W = rng.normal(size=(4, 3)).astype("float32")
    assert bank.l2([W, np.ones(3)], 0.1) == pytest.approx(float(keras.regularizers.L2(0.1)(W)))
    theirs = float(keras.regularizers.L1L2(0.1 * 0.3, 0.1 * 0.7 / 2)(W))
    assert bank.elastic_net(W, 0.1, 0.3) == pytest.approx(theirs, rel=1e-5)


def test_dropout_scales_as_keras_does(bank, rng):
    ours = bank.dropout(np.ones((50, 50)), 0.3, rng)
    theirs = np.asarray(layers.Dropout(0.3)(np.ones((50, 50)), training=True))
    np.testing.assert_allclose(np.unique(ours.round(4)), [0, 1.4286])
    np.testing.assert_allclose(np.unique(theirs.round(4)), [0, 1.4286], rtol=1e-5)


def test_entropy_and_shifts_are_those_of_scipy(bank, rng):
    p = rng.dirichlet(np.ones(5), size=7)
    np.testing.assert_allclose(bank.predictive_entropy(p), stats.entropy(p, axis=1))
    image = rng.random((2, 6, 7))
    theirs = ndimage.shift(image, (0, -1, 2), order=0, cval=0.5)
    np.testing.assert_allclose(bank.shift_images(image, 2, -1, fill=0.5), theirs)


def test_l1_makes_zeros_and_l2_makes_weights_small(digits):
    (X, y), _ = digits
    kernels = {}
    for name, penalty in {"none": None, "L1": "l1", "L2": "l2"}.items():
        keras.utils.set_random_seed(0)
        regularizer = penalty and keras.regularizers.get(
            {"class_name": penalty.upper(), "config": {penalty: 1e-3}}
        )
        net = models.Sequential([keras.Input((8, 8)), layers.Flatten()])
        net.add(layers.Dense(64, activation="relu", kernel_regularizer=regularizer))
        net.add(layers.Dense(10, activation="softmax"))
        net.compile("adam", "sparse_categorical_crossentropy")
        net.fit(datasets.batches(X, y, 32, seed=0), epochs=30, verbose=0)
        kernels[name] = net.layers[1].kernel.numpy()
    zeros = {name: np.mean(np.abs(W) < 0.01) for name, W in kernels.items()}
    assert zeros["L1"] > 0.5 > zeros["L2"] > zeros["none"]
    assert np.std(kernels["L2"]) < np.std(kernels["none"])


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_the_units_ignore_wrong_labels(seed):
    X, y = datasets.make_moons(120, flip=0.2, seed=seed)
    new = datasets.make_moons(1000, seed=100 + seed)

    def accuracies(p):
        keras.utils.set_random_seed(seed)
        net = models.Sequential([keras.Input((2,))])
        for _ in range(3):
            net.add(layers.Dense(256, activation="relu"))
            net.add(layers.Dropout(p))
        net.add(layers.Dense(1, activation="sigmoid"))
        net.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy", metrics=["accuracy"])
        net.fit(datasets.batches(X, y, 30, seed=seed), epochs=300, verbose=0)
        return net.evaluate(X, y, verbose=0)[1], net.evaluate(*new, verbose=0)[1]

    (noisy_0, new_0), (_, new_5), (noisy_9, new_9) = map(accuracies, (0.0, 0.5, 0.9))
    assert new_5 >= new_0 + 0.03
    assert new_5 > new_9
    assert noisy_0 >= 0.9
    assert noisy_9 <= 0.82


@pytest.mark.parametrize("seed", SEEDS)
def test_fewer_units_answer_with_dropout(seed):
    X = datasets.load_digits()[0].reshape(-1, 64) / 16

    def active(p):
        keras.utils.set_random_seed(seed)
        hidden = layers.Dense(128, activation="relu")
        coder = models.Sequential([keras.Input((64,)), hidden, layers.Dropout(p), layers.Dense(64)])
        coder.compile("adam", "mse")
        coder.fit(datasets.batches(X, X, 32, seed=seed), epochs=20, verbose=0)
        return np.mean(np.asarray(hidden(X)) > 0)

    assert active(0.5) < active(0.0) - 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_doubt_is_twice_as_large_where_the_network_is_wrong(bank, digits, seed):
    (X, y), (X_test, y_test) = digits
    keras.utils.set_random_seed(seed)
    net = keras.Sequential([keras.Input((8, 8)), layers.Flatten()])
    for _ in range(2):
        net.add(layers.Dense(128, activation="relu"))
        net.add(MCDropout(0.5))
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(datasets.batches(X, y, 32, seed=seed), epochs=15, verbose=0)
    p, _ = bank.mc_predict(net, X_test.astype("float32"), 30, seed)
    doubt, right = bank.predictive_entropy(p), p.argmax(axis=1) == y_test
    assert doubt[~right].mean() > 2 * doubt[right].mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_shifted_copies_help_on_shifted_digits(bank, digits, seed):
    (X, y), (X_test, y_test) = digits
    moves = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    more = np.concatenate([bank.shift_images(X, dx, dy) for dx, dy in moves])
    shifted = bank.shift_images(X_test, 1, -1)

    def accuracy(X, y, epochs):
        keras.utils.set_random_seed(seed)
        net = models.mlp((8, 8), 10, hidden=(64,))
        net.fit(datasets.batches(X, y, 32, seed=seed), epochs=epochs, verbose=0)
        return net.evaluate(shifted, y_test, verbose=0)[1]

    assert accuracy(more, np.tile(y, 9), 4) >= accuracy(X, y, 36) + 0.2
