"""Lab 02: its references against other implementations, and every effect that its text states."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from scipy import special
from sklearn.neural_network import MLPClassifier

from dlcourse import datasets, models
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "02_mlp"
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# the references


@pytest.mark.parametrize("z", [np.linspace(-1000, 1000, 4001), np.arange(-6, 7)])
def test_activations_are_those_of_scipy_and_keras(bank, z):
    keras_z = z.astype("float64")
    assert bank.sigmoid(z) == pytest.approx(special.expit(z))
    assert bank.relu(z) == pytest.approx(np.asarray(keras.activations.relu(keras_z)))
    assert bank.leaky_relu(z) == pytest.approx(
        np.asarray(keras.activations.leaky_relu(keras_z, negative_slope=0.1))
    )
    for alpha in (1.0, 0.3):
        theirs = np.asarray(keras.activations.elu(keras_z, alpha=alpha))
        assert bank.elu(z, alpha) == pytest.approx(theirs)


def test_values_in_the_docstrings(bank):
    z = np.array([-1, 0, 1])
    assert bank.sigmoid(z).round(4).tolist() == [0.2689, 0.5, 0.7311]
    assert bank.relu(z).tolist() == [0, 0, 1]
    assert bank.leaky_relu(z).tolist() == [-0.1, 0, 1]
    assert bank.elu(z).round(4).tolist() == [-0.6321, 0, 1]
    W = np.array([[1, 0, -1], [2, 1, 0.5]])
    layer = bank.dense(np.array([[1, 2]]), W, np.array([0.5, 0, 1]), lambda z: z)
    assert layer.tolist() == [[5.5, 2, 1]]
    params = [(np.array([[2]]), np.array([1])), (np.array([[3]]), np.array([-1]))]
    assert bank.mlp_forward(np.array([[1]]), params, np.square, np.negative).tolist() == [[-26]]
    (W1, b1), (W2, _) = params
    W, b = bank.collapse_linear(W1, b1, W2, np.array([4]))
    assert (W.tolist(), b.tolist()) == ([[6]], [7])
    assert bank.count_params([2, 3, 1]) == 13
    w, b, c = bank.relu_interpolant(np.square, np.array([0, 1, 3]))
    assert (w.tolist(), b.tolist(), c) == ([1, 3], [0, -1], 0)


def test_dense_is_the_layer_of_keras(bank, rng):
    X = rng.normal(size=(5, 4))
    layer = layers.Dense(3, activation="tanh", bias_initializer="random_normal")
    theirs = np.asarray(layer(X))
    assert bank.dense(X, *layer.get_weights(), np.tanh) == pytest.approx(theirs, abs=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_forward_pass_is_that_of_scikit_learn(bank):
    X, y = datasets.load_iris()
    network = MLPClassifier((7, 5), activation="tanh", max_iter=20, random_state=0).fit(X, y)
    params = list(zip(network.coefs_, network.intercepts_, strict=True))
    yours = bank.mlp_forward(X, params, np.tanh, lambda z: special.softmax(z, axis=-1))
    assert yours == pytest.approx(network.predict_proba(X))


def test_collapsed_layer_is_the_line_through_the_outputs_of_keras(bank, rng):
    network = keras.Sequential([keras.Input((3,))])
    for units in (5, 2):
        network.add(layers.Dense(units, bias_initializer="random_normal"))
    X = rng.normal(size=(40, 3))
    table = np.column_stack([X, np.ones(40)])
    fitted = np.linalg.lstsq(table, np.asarray(network(X)), rcond=None)[0]
    W, b = bank.collapse_linear(*network.get_weights())
    assert np.vstack([W, b]) == pytest.approx(fitted, abs=1e-5)


@pytest.mark.parametrize(
    ("sizes", "count"),
    [((10, 20, 3), 283), ((784, 300, 100, 10), 266_610), ((6, 100, 1), 801), ((4, 100, 3), 803)],
)
def test_parameters_are_those_that_keras_counts(bank, sizes, count):
    n_in, *hidden, n_out = sizes
    assert bank.count_params(list(sizes)) == count
    assert models.mlp(n_in, n_out, "regression", hidden=hidden).count_params() == count
    task = "regression" if n_out == 1 else "multiclass"
    assert bank.build_mlp(n_in, hidden, n_out, task).count_params() == count


def test_functional_and_sequential_networks_agree(bank, rng):
    functional = bank.build_functional(6, 4)
    sequential = models.mlp(6, 4, "multiclass", hidden=(300, 100))
    sequential.set_weights(functional.get_weights())
    X = rng.normal(size=(9, 6))
    assert np.asarray(functional(X)) == pytest.approx(np.asarray(sequential(X)), abs=1e-6)


def test_interpolant_is_that_of_numpy(bank, rng):
    knots = rng.permutation(np.cumsum(rng.uniform(0.1, 1, size=9)))
    x = np.linspace(knots.min(), knots.max(), 500)
    w, b, c = bank.relu_interpolant(np.sin, knots)
    g = c + np.maximum(x[:, None] + b, 0) @ w
    inner = np.sort(knots)
    assert g == pytest.approx(np.interp(x, inner, np.sin(inner)))


# what the text says


def test_two_relu_units_compute_xor(bank):
    params = [(np.ones((2, 2)), np.array([0, -1])), (np.array([[1], [-2]]), np.zeros(1))]
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    outputs = bank.mlp_forward(corners, params, bank.relu, lambda z: z)
    assert outputs.ravel().tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_only_without_activation_two_layers_are_one(bank, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(5, 4))
    first = rng.normal(size=(4, 50)), rng.normal(size=50)
    second = rng.normal(size=(50, 3)), rng.normal(size=3)
    W, b = bank.collapse_linear(*first, *second)
    linear = bank.mlp_forward(X, [first, second], lambda z: z, lambda z: z)
    bent = bank.mlp_forward(X, [first, second], np.tanh, lambda z: z)
    assert np.abs(linear - (X @ W + b)).max() < 1e-12
    assert np.abs(bent - (X @ W + b)).max() > 1


def test_default_slopes_of_keras():
    assert float(keras.activations.leaky_relu(-1.0)) == pytest.approx(-0.2)
    assert float(layers.LeakyReLU()(keras.ops.array(-1.0))) == pytest.approx(-0.3)


def test_input_shape_in_a_layer_warns():
    with pytest.warns(UserWarning, match="input_shape"):
        layers.Dense(20, input_shape=(10,))


def price_network(output):
    network = keras.Sequential([keras.Input((6,)), layers.Dense(100, "relu"), output])
    network.compile(keras.optimizers.SGD(0.01), "mse")
    return network


@pytest.mark.parametrize("seed", SEEDS)
def test_relu_outputs_are_dead_on_raw_features(seed):
    """The lab draws the weights with NumPy; here Keras' own initializer does."""
    X, _ = datasets.load_boston()
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    draw = keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(seed))
    weights = [(np.asarray(draw((6, 100))), np.asarray(draw((100, 1)))) for _ in range(200)]

    def dead(features):
        return sum(not np.any(np.maximum(features @ W, 0) @ v > 0) for W, v in weights)

    assert dead(X) > 50
    assert dead(scaled) < 20


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_output_never_learns(seed):
    X, y = datasets.load_boston()
    keras.utils.set_random_seed(seed)
    for _ in range(50):
        network = price_network(layers.Dense(1, "relu"))
        if not np.asarray(network(X)).any():
            break
    else:
        pytest.fail("no dead network in 50 draws")
    before = network.get_weights()
    network.fit(datasets.batches(X, y, seed=0), epochs=3, verbose=0)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("seed", SEEDS)
def test_network_tells_iris_flowers_apart(bank, seed):
    X, y = datasets.load_iris()
    (X_train, y_train), (X_test, y_test) = datasets.split(X, y, test_size=0.2, seed=seed)
    keras.utils.set_random_seed(seed)
    network = bank.build_mlp(4, [100], 3, "multiclass")
    network.fit(datasets.batches(X_train, y_train, batch_size=16, seed=seed), epochs=40, verbose=0)
    predicted = np.asarray(network(X_test)).argmax(axis=1)
    assert np.mean(predicted == y_test) >= 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_network_reads_letters(bank, seed):
    (X, y), (X_test, y_test) = datasets.load_glyphs(n_train=4000, n_test=500)
    keras.utils.set_random_seed(seed)
    network = bank.build_functional(784, 10)
    network.compile("adam", "sparse_categorical_crossentropy")
    pixels = X.reshape(-1, 784) / 255
    network.fit(datasets.batches(pixels, y, batch_size=64, seed=seed), epochs=5, verbose=0)
    predicted = np.asarray(network(X_test.reshape(-1, 784) / 255)).argmax(axis=1)
    assert np.mean(predicted == y_test) >= 0.8
    assert np.bincount(y_test).tolist() == [50] * 10  # so that guessing reaches 10%


def circle_accuracy(units, seed):
    X, y = datasets.make_circles(200, noise=0.1, seed=seed)
    keras.utils.set_random_seed(seed)
    fast = keras.optimizers.Adam(learning_rate=0.05)
    network = models.mlp(2, 1, "binary", hidden=[units], optimizer=fast)
    network.fit(datasets.batches(X, y, seed=seed), epochs=60, verbose=0)
    return np.mean((np.asarray(network(X))[:, 0] >= 0.5) == y)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_units_separate_more(seed):
    assert circle_accuracy(1, seed) <= 0.75
    assert circle_accuracy(2, seed) <= 0.9
    assert circle_accuracy(16, seed) >= 0.97


def test_with_three_units_it_depends_on_the_start():
    accuracies = [circle_accuracy(3, seed) for seed in range(6)]
    assert min(accuracies) < 0.85
    assert max(accuracies) > 0.95


def test_half_the_distance_is_a_quarter_of_the_error(bank):
    x = np.linspace(0, 2 * np.pi, 1000)
    errors = []
    for n_knots in (5, 9, 17, 33):
        w, b, c = bank.relu_interpolant(np.sin, np.linspace(0, 2 * np.pi, n_knots))
        errors.append(np.abs(c + np.maximum(x[:, None] + b, 0) @ w - np.sin(x)).max())
    ratios = np.divide(errors[:-1], errors[1:])
    assert np.all((ratios > 2.9) & (ratios < 4.1))
    assert ratios[-1] == pytest.approx(4, abs=0.1)
