"""Lab 06: its references against other implementations, and every effect that its text states."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dlcourse import datasets
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "06_deep_networks"
SEEDS = (0, 1, 2)
NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu")

each_seed = pytest.mark.parametrize("seed", SEEDS)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def keras_activation(name):
    from keras import activations

    if name == "leaky_relu":
        return lambda z: activations.leaky_relu(z, negative_slope=0.1)
    return activations.get(name)


def normal(stddev, seed):
    """An initializer that draws another matrix for every layer."""
    import keras

    return keras.initializers.RandomNormal(stddev=stddev, seed=keras.random.SeedGenerator(seed))


def slope_by_tape(name, z):
    import tensorflow as tf

    z = tf.constant(z, dtype="float32")
    with tf.GradientTape() as tape:
        tape.watch(z)
        a = keras_activation(name)(z)
    return tape.gradient(a, z).numpy()


# the references


@pytest.mark.parametrize("name", NAMES)
def test_activations_and_derivatives_are_those_of_keras(bank, rng, name):
    z = 2 * rng.normal(size=50)
    assert bank.activate(name, z) == pytest.approx(
        np.asarray(keras_activation(name)(z)), rel=1e-5, abs=1e-6
    )
    assert bank.d_activation(name, z) == pytest.approx(slope_by_tape(name, z), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_finite_differences(bank, rng, name):
    z, h = 2 * rng.normal(size=50), 1e-6
    difference = (bank.activate(name, z + h) - bank.activate(name, z - h)) / (2 * h)
    assert bank.d_activation(name, z) == pytest.approx(difference, abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_factor_is_the_gradient_of_the_chain(bank, rng, name):
    import tensorflow as tf

    x, weights, zs = tf.Variable(0.7), rng.normal(size=5), []
    with tf.GradientTape() as tape:
        a = x
        for w in weights:
            zs.append(w * a)
            a = keras_activation(name)(zs[-1])
    found = bank.gradient_factor([float(z) for z in zs], weights, name)
    assert found == pytest.approx(float(tape.gradient(a, x)), rel=1e-4, abs=1e-6)


def test_spreads_are_those_of_keras_initializers(bank):
    from keras import initializers

    for scheme in ("glorot", "he", "lecun"):
        for fans in ((300, 500), (700, 200)):
            drawn = np.asarray(initializers.get(f"{scheme}_normal")(fans))
            assert drawn.std() == pytest.approx(bank.init_std(scheme, *fans), rel=0.01)
            # truncated at two standard deviations of a normal that is wider
            assert np.abs(drawn).max() == pytest.approx(2 * drawn.std() / 0.8796, rel=0.01)
    drawn = np.asarray(initializers.GlorotUniform()((300, 500)))
    assert np.abs(drawn).max() == pytest.approx(bank.glorot_limit(300, 500), rel=1e-3)
    assert drawn.std() == pytest.approx(bank.init_std("glorot", 300, 500), rel=0.01)


def test_standardize_is_that_of_scikit_learn(bank, rng):
    from sklearn.preprocessing import StandardScaler

    train, test = rng.normal([3, -1, 7], [2, 0.1, 50], size=(40, 3)), rng.normal(size=(9, 3))
    train[:, 1] = test[:, 1] = 0.5
    scaler = StandardScaler().fit(train)
    for found, X in zip(bank.standardize(train, test), (train, test), strict=True):
        assert found == pytest.approx(scaler.transform(X))


def test_standardize_does_not_divide_by_a_rounding_error(bank):
    tenths = np.full((7, 1), 0.1)
    assert 0 < tenths.std() < 1e-16
    assert np.abs(bank.standardize(tenths)[0]).max() < 1e-15


def test_batch_normalization_is_that_of_keras(bank, rng):
    from keras import layers

    gamma, beta, d = rng.normal(size=3), rng.normal(size=3), 3
    norm = layers.BatchNormalization()
    norm.build((None, d))
    norm.set_weights([gamma, beta, np.zeros(d), np.ones(d)])
    mean, var = np.zeros(d), np.ones(d)
    for _ in range(3):
        x = rng.normal([-10, 25, 3], [0.1, 5, 10], size=(8, d))
        y, batch_mean, batch_var = bank.batch_norm(x, gamma, beta)
        assert np.asarray(norm(x, training=True)) == pytest.approx(y, abs=1e-4)
        mean, var = bank.update_moving(mean, batch_mean), bank.update_moving(var, batch_var)
    assert np.asarray(norm.moving_mean) == pytest.approx(mean, rel=1e-4)
    assert np.asarray(norm.moving_variance) == pytest.approx(var, rel=1e-4)
    row = rng.normal(size=(1, d))
    found = bank.batch_norm_infer(row, gamma, beta, mean, var)
    assert np.asarray(norm(row)) == pytest.approx(found, abs=1e-5)


def test_parameters_of_the_docstring(bank):
    plain, normalized = (bank.build_deep(3, 8, flag, "he_normal") for flag in (False, True))
    assert plain.count_params() == 3 * 8 + 2 * 9 * 8 + 9 == 177
    assert normalized.count_params() == 249
    assert sum(int(np.prod(w.shape)) for w in normalized.trainable_weights) == 201


# what the text states


def test_slope_of_the_sigmoid_is_at_most_a_quarter(bank):
    slopes = bank.d_activation("sigmoid", np.linspace(-20, 20, 4001))
    assert slopes.max() == 0.25
    assert slopes.min() > 0


def test_factors_of_sigmoids_vanish_those_of_large_weights_explode(bank):
    z, w = np.full(10, 0.5), np.ones(10)
    assert bank.gradient_factor(z, w, "sigmoid") < 4.0**-10 < 1e-6
    assert 1e-3 < bank.gradient_factor(z, w, "tanh") < 0.5
    assert bank.gradient_factor(z, w, "relu") == 1
    assert bank.gradient_factor(z, 2 * w, "relu") == 1024
    z, w = np.full(30, 0.5), np.ones(30)
    assert bank.gradient_factor(z, w, "tanh") < 1e-3


@each_seed
def test_large_negative_biases_kill_nearly_all_units(bank, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(1000, 64)) @ rng.normal(scale=(2 / 64) ** 0.5, size=(64, 64))
    assert np.mean(z > 0) == pytest.approx(0.5, abs=0.02)
    assert not np.any(np.all(z <= 0, axis=0))
    assert np.sum(np.all(z - 6 <= 0, axis=0)) > 50
    assert np.mean(bank.d_activation("leaky_relu", z - 6)) == pytest.approx(0.1, abs=0.01)


@each_seed
def test_price_networks_with_a_relu_output_die_of_raw_features(bank, seed):
    raw, rng = datasets.load_boston()[0], np.random.default_rng(seed)
    dead = {"raw": 0, "standardized": 0}
    for _ in range(100):
        hidden, output = (
            rng.uniform(-1, 1, fans) * bank.glorot_limit(*fans) for fans in ((6, 100), (100, 1))
        )
        for name, X in {"raw": raw, "standardized": bank.standardize(raw)[0]}.items():
            dead[name] += np.all(np.maximum(X @ hidden, 0) @ output <= 0)
    assert dead["raw"] > 25
    assert dead["standardized"] < 10


@each_seed
def test_which_activations_keep_their_size(bank, seed):
    profiles = {
        pair: bank.activation_std(15, 256, *pair.split(), np.random.default_rng(seed))
        for pair in ("relu he", "relu glorot", "tanh glorot", "sigmoid glorot", "selu lecun")
    }
    first = 0.826  # of ReLU: half a normal distribution of variance 2
    assert np.all((profiles["relu he"] > first / 2) & (profiles["relu he"] < 2 * first))
    assert profiles["selu lecun"] == pytest.approx(np.ones(15), abs=0.15)
    loss = (profiles["relu glorot"][0] / profiles["relu glorot"][-1]) ** (1 / 14)
    assert loss == pytest.approx(np.sqrt(2), rel=0.06)
    assert np.all(np.diff(profiles["tanh glorot"]) < 0)
    assert np.ptp(profiles["sigmoid glorot"][2:]) < 0.03
    assert bank.activation_std(15, 256, "selu", "he", np.random.default_rng(seed))[-1] > 3


@each_seed
def test_deep_sigmoids_forget_the_rows(seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(500, 256))
    for _ in range(15):
        a = 1 / (1 + np.exp(-a @ rng.normal(scale=1 / 16, size=(256, 256))))
    assert a.mean() == pytest.approx(0.5, abs=0.05)
    assert a.std(axis=0).max() < 1e-3 < 0.1 < a.std()


@each_seed
def test_gradients_of_ten_layers(seed):
    import keras

    from dlcourse.callbacks import gradient_norms

    images, digits = datasets.load_digits()
    pixels = images.reshape(len(images), -1) / 16

    def norms(activation, initializer):
        hidden = [
            keras.layers.Dense(64, activation=activation, kernel_initializer=initializer)
            for _ in range(10)
        ]
        end = keras.layers.Dense(10, activation="softmax")
        net = keras.Sequential([keras.Input((64,)), *hidden, end])
        net.compile(loss="sparse_categorical_crossentropy")
        return np.array(list(gradient_norms(net, pixels[:256], digits[:256]).values()))

    keras.utils.set_random_seed(seed)
    sigmoid, he = norms("sigmoid", "glorot_normal"), norms("relu", "he_normal")
    large = norms("relu", normal(0.3, seed))
    assert sigmoid[0] < 1e-5 * sigmoid[-1]
    for pair in (("tanh", "glorot_normal"), ("elu", "he_normal")):
        found = norms(*pair)
        assert 0.1 < found[0] / found[-1] < 10
    assert 0.1 < he[0] / he[-1] < 10
    assert norms("relu", "glorot_normal").max() < 0.5 * he.min()
    assert np.all(large > 50 * he)
    assert 0.3 / np.sqrt(2 / 64) < 2


@pytest.fixture(scope="module")
def tumors():
    return datasets.split(*datasets.load_breast_cancer(), test_size=0.25, seed=0)


def fit_tumors(net, tumors, X_train, X_test, seed):
    import keras

    net.compile(keras.optimizers.SGD(0.01), "binary_crossentropy", metrics=["accuracy"])
    rows = datasets.batches(X_train, tumors[0][1], batch_size=32, seed=seed)
    net.fit(rows, epochs=20, verbose=0)
    return net.evaluate(X_test, tumors[1][1], verbose=0)[1]


@each_seed
def test_raw_features_teach_the_larger_class_only(bank, tumors, seed):
    import keras

    from dlcourse import models

    keras.utils.set_random_seed(seed)
    raw, scaled = (tumors[0][0], tumors[1][0]), bank.standardize(tumors[0][0], tumors[1][0])
    assert 0.001 < raw[0].std(axis=0).min() < raw[0].std(axis=0).max() < 1000
    accuracy = [
        fit_tumors(models.mlp(30, 1, "binary", hidden=(32,)), tumors, *rows, seed)
        for rows in (raw, scaled)
    ]
    assert accuracy[0] == pytest.approx(np.mean(tumors[1][1]))
    assert accuracy[1] > accuracy[0] + 0.2


@each_seed
def test_normalization_in_the_network_replaces_scaled_features(tumors, seed):
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    net = keras.Sequential([keras.Input((30,)), layers.BatchNormalization()])
    net.add(layers.Dense(32, activation="relu"))
    net.add(layers.BatchNormalization())
    net.add(layers.Dense(1, activation="sigmoid"))
    assert fit_tumors(net, tumors, tumors[0][0], tumors[1][0], seed) > 0.8


@each_seed
def test_irises_learn_better_when_standardized(bank, seed):
    import keras

    from dlcourse import models

    X, y = datasets.load_iris()

    def losses(X):
        keras.utils.set_random_seed(seed)
        net = models.mlp(4, 3, hidden=(256, 256, 256), optimizer="adam")
        rows = datasets.batches(X, y, 30, seed=seed)
        return net.fit(rows, epochs=60, verbose=0).history["loss"]

    assert np.mean(losses(bank.standardize(X)[0])[-5:]) < np.mean(losses(X)[-5:]) / 3


def test_pandas_divides_by_one_less(rng):
    import pandas as pd

    x = rng.normal(size=10)
    assert pd.Series(x).std() == pytest.approx(np.std(x, ddof=1))


def test_one_batch_moves_the_average_by_one_percent(rng):
    from keras import layers

    x = rng.normal([-10, 25, 3], [2, 5, 10], size=(10_000, 3))
    norm = layers.BatchNormalization()
    norm.build(x.shape)
    norm.set_weights(np.array([[1.0, 2, 3], [2, 4, 8], [0, 0, 0], [1, 1, 1]]))
    y = np.asarray(norm(x, training=True))
    assert y.mean(axis=0) == pytest.approx([2, 4, 8], abs=1e-3)
    assert y.std(axis=0) == pytest.approx([1, 2, 3], abs=1e-3)
    assert np.asarray(norm.moving_mean) == pytest.approx(0.01 * x.mean(axis=0), rel=1e-4)


def test_on_images_a_unit_is_a_channel(rng):
    from keras import layers

    x = rng.normal([0, 5, -3], [1, 2, 9], size=(20, 4, 6, 3))
    norm = layers.BatchNormalization()
    y = np.asarray(norm(x, training=True))
    assert y.mean(axis=(0, 1, 2)) == pytest.approx(np.zeros(3), abs=1e-4)
    assert y.std(axis=(0, 1, 2)) == pytest.approx(np.ones(3), abs=1e-2)
    assert [w.shape for w in norm.weights] == [(3,)] * 4


@each_seed
def test_statistics_of_small_batches_are_noise(bank, seed):
    rng = np.random.default_rng(seed)

    def spread_of_means(n):
        batches = rng.normal(size=(200, n, 5))
        return np.std([bank.batch_norm(x, np.ones(5), np.zeros(5))[1] for x in batches])

    assert spread_of_means(2) > 5 * spread_of_means(100)


def test_normalization_takes_off_a_bias(bank, rng):
    x, one, zero = rng.normal(size=(8, 3)), np.ones(3), np.zeros(3)
    with_bias = bank.batch_norm(x + np.array([5.0, -2.0, 1.0]), one, zero)[0]
    assert with_bias == pytest.approx(bank.batch_norm(x, one, zero)[0])


def learn_disc(bank, seed, batch_norm, init, momentum=0.99, epochs=15):
    import keras

    X, y = datasets.make_disc(1000)
    keras.utils.set_random_seed(seed)
    net = bank.build_deep(16, 32, batch_norm, init)
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum
    net.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    rows = datasets.batches(X, y, batch_size=100, seed=seed)
    accuracy = net.fit(rows, epochs=epochs, verbose=0).history["accuracy"]
    return accuracy, net.evaluate(X, y, verbose=0)[1]


def test_an_initializer_object_draws_one_matrix_for_all_layers(bank):
    import keras

    def equal(init):
        first, second = (layer.kernel for layer in bank.build_deep(3, 8, False, init).layers[2:5:2])
        return np.array_equal(first, second)

    assert equal(keras.initializers.RandomNormal(stddev=0.1))
    assert not equal(normal(0.1, 0))
    assert not equal("he_normal")


@each_seed
def test_batch_normalization_makes_small_weights_harmless(bank, seed):
    normalized, _ = learn_disc(bank, seed, True, normal(0.1, seed))
    plain, _ = learn_disc(bank, seed, False, normal(0.1, seed))
    he, _ = learn_disc(bank, seed, False, "he_normal")
    assert normalized[-1] >= 0.85
    assert max(plain) <= 0.6
    assert max(he) >= 0.65
    # less steadily: the accuracy falls further back from one epoch to another
    falls = [max(a - b for a, b in pairwise(run[3:])) for run in (normalized, he)]
    assert falls[0] < falls[1]


@each_seed
def test_moving_averages_lag_behind_short_trainings(bank, seed):
    history, evaluated = learn_disc(bank, seed, True, normal(0.1, seed))
    assert history[-1] >= 0.85
    assert evaluated <= 0.6
    _, evaluated = learn_disc(bank, seed, True, normal(0.1, seed), momentum=0.9)
    assert evaluated >= 0.8
    _, evaluated = learn_disc(bank, seed, True, normal(0.1, seed), epochs=80)
    assert evaluated >= 0.8


@each_seed
def test_selu_brings_a_layer_closer_to_its_fixed_point(bank, seed):
    rng = np.random.default_rng(seed)
    for scale in (0.7, 1.4):
        a, spreads = scale * rng.normal(size=(500, 256)), []
        for _ in range(12):
            W = rng.normal(scale=bank.init_std("lecun", 256, 256), size=(256, 256))
            a = bank.activate("selu", a @ W)
            spreads.append(np.sqrt(np.mean(a**2)))
        assert abs(spreads[-1] - 1) < 0.5 * abs(scale - 1)
        assert abs(a.mean()) < 0.1


@each_seed
def test_alpha_dropout_keeps_the_standard_deviation(seed):
    from keras import layers

    x = np.random.default_rng(seed).normal(size=(1000, 100))
    after = [
        np.asarray(kind(0.2, seed=seed)(x, training=True)).std()
        for kind in (layers.Dropout, layers.AlphaDropout)
    ]
    assert after[0] == pytest.approx(1.12, abs=0.02)
    assert after[1] == pytest.approx(1.0, abs=0.02)
