"""Lab 08: its layers against Keras' and SciPy's, and every effect that its text states."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from scipy import ndimage

from dlcourse import datasets, models
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "08_convnets"
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv1d_is_that_of_keras_and_numpy(bank, rng, padding):
    x, f = rng.normal(size=30).astype("float32"), rng.normal(size=5).astype("float32")
    layer = layers.Conv1D(1, 5, padding=padding, use_bias=False)
    layer.build((1, 30, 1))
    layer.set_weights([f[:, None, None]])
    ours = bank.conv1d(x, f, padding)
    np.testing.assert_allclose(ours, np.ravel(layer(x[None, :, None])), atol=1e-5)
    np.testing.assert_allclose(ours, np.correlate(x, f, padding), atol=1e-5)


def test_conv2d_is_that_of_keras(bank, rng):
    layer = layers.Conv2D(4, (3, 2))
    image = rng.normal(size=(7, 6, 3)).astype("float32")
    theirs = np.asarray(layer(image[None]))[0]
    np.testing.assert_allclose(bank.conv2d(image, *layer.get_weights()), theirs, atol=1e-5)


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_pool2d_is_that_of_keras(bank, rng, mode):
    layer = {"max": layers.MaxPooling2D, "avg": layers.AveragePooling2D}[mode](2)
    x = rng.normal(size=(7, 6, 3)).astype("float32")
    np.testing.assert_allclose(bank.pool2d(x, 2, mode), np.asarray(layer(x[None]))[0], atol=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_sizes_and_parameters_are_those_of_keras(bank, padding):
    for n, k, stride in [(32, 5, 1), (7, 3, 2), (10, 4, 3), (9, 9, 1)]:
        layer = layers.Conv2D(6, k, strides=stride, padding=padding)
        shape = layer.compute_output_shape((None, n, n, 2))
        assert bank.conv_output(n, k, padding, stride) == shape[1]
        layer.build((None, n, n, 2))
        assert bank.conv_params(k, 2, 6) == layer.count_params()


def test_gaussian_keeps_the_gray_level_and_is_that_of_scipy(bank, rng):
    f = bank.gaussian_kernel(9, 1.3, ndim=2)
    assert f.sum() == pytest.approx(1)
    image = rng.random((20, 20))
    ours = bank.conv2d(image[..., None], f[..., None, None], [0.0])[..., 0]
    theirs = ndimage.gaussian_filter(image, 1.3, radius=4)[4:-4, 4:-4]
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    flat = bank.conv2d(np.full((12, 12, 1), 0.3), f[..., None, None], [0.0])
    np.testing.assert_allclose(flat, 0.3)


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_filter_follows_a_shift_by_one_and_only_inside(bank, seed):
    _, walk = datasets.make_random_walk(100, seed=seed)
    W = np.random.default_rng(seed).normal(size=(100, 100)) / 10

    def correlate(x):
        return np.correlate(x, [1.0, 2, -3], "same")

    def pool(x):
        return x.reshape(-1, 2).max(axis=1)

    assert bank.equivariance_error(correlate, walk, 1, 10) < 1e-12
    assert bank.equivariance_error(correlate, walk, 5, 0) > 0.01
    assert bank.equivariance_error(pool, walk, 1, 10) > 0.01
    assert bank.equivariance_error(lambda x: W @ x, walk, 1, 10) > 0.01
    moved = np.abs(pool(np.roll(walk, 2)) - np.roll(pool(walk), 1))
    assert moved[2:-2].max() < 1e-12


def test_no_patch_excites_a_filter_more(bank, rng):
    w = rng.normal(size=(5, 5))
    best = np.sum(bank.max_activation_patch(w) * w)
    patches = rng.normal(size=(1000, 5, 5))
    patches /= np.linalg.norm(patches, axis=(1, 2), keepdims=True)
    assert best > np.sum(patches * w, axis=(1, 2)).max()
    assert best == pytest.approx(np.linalg.norm(w))


def test_lenet_has_the_parameters_of_the_notes(bank):
    assert bank.build_lenet().count_params() == 61_706


@pytest.mark.parametrize("seed", SEEDS)
def test_lenet_reads_large_digits(bank, seed):
    digits, labels = datasets.load_digits()
    large = np.kron(digits, np.ones((4, 4)))[..., None] / 16
    train, test = datasets.split(large, labels, test_size=0.25, seed=seed)
    keras.utils.set_random_seed(seed)
    net = bank.build_lenet()
    net.fit(datasets.batches(*train, batch_size=32, seed=seed), epochs=8, verbose=0)
    assert net.evaluate(*test, verbose=0)[1] >= 0.93


@pytest.mark.parametrize("seed", SEEDS)
def test_filters_beat_a_dense_network_on_trace(bank, seed):
    (X, y), (X_test, y_test) = datasets.load_trace()
    accuracies = {}
    for name, net in {
        "dense": models.mlp((275,), 4, hidden=(64,), optimizer=keras.optimizers.Adam(0.003)),
        "convolutional": bank.build_conv1d(275, 4),
    }.items():
        keras.utils.set_random_seed(seed)
        net = keras.models.clone_model(net)
        net.compile(
            keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        shape = net.input_shape[1:]
        rows = datasets.batches(X.reshape(-1, *shape), y, batch_size=16, seed=seed)
        net.fit(rows, epochs=40, verbose=0)
        accuracies[name] = net.evaluate(X_test.reshape(-1, *shape), y_test, verbose=0)[1]
    assert accuracies["convolutional"] >= 0.95
    assert accuracies["dense"] <= 0.75


@pytest.mark.parametrize("seed", SEEDS)
def test_what_transfer_is_worth(bank, seed):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    (letters, names), _ = datasets.load_glyphs(4000, 10, classes=alphabet)
    (X, y), (new, y_new) = datasets.load_glyphs(1000, 1000, classes="0123456789", seed=1)
    letters, X, new = (x[..., None] / 255 for x in (letters, X, new))

    def learn(net, X, y, epochs, rate, size=16):
        net.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        net.fit(datasets.batches(X, y, size, seed=seed), epochs=epochs, verbose=0)
        return net

    def accuracy(net):
        return net.evaluate(new, y_new, verbose=0)[1]

    keras.utils.set_random_seed(seed)
    base = learn(models.lenet((28, 28, 1), 26), letters, names, 5, 0.002, size=64)
    learned = base.get_weights()
    found = {}
    for k, epochs in ((5, 60), (100, 20)):
        rows = np.concatenate([np.flatnonzero(y == c)[:k] for c in range(10)])
        data = X[rows], y[rows]
        scratch = accuracy(learn(models.lenet((28, 28, 1), 10), *data, epochs, 0.003))
        base.set_weights(learned)
        frozen = learn(bank.build_transfer(base, 10), *data, epochs, 0.01)
        frozen_accuracy = accuracy(frozen)
        tuned = bank.build_transfer(base, 10, trainable=True)
        tuned.layers[-1].set_weights(frozen.layers[-1].get_weights())
        found[k] = scratch, frozen_accuracy, accuracy(learn(tuned, *data, 20, 0.001))
    assert found[5][1] >= found[5][0] + 0.1
    assert found[5][2] >= found[5][0] + 0.1
    assert found[100][1] < found[100][0]
    assert found[100][2] >= found[100][1] + 0.03
