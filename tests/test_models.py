"""The model builders against Keras models built by hand, the formulas of the losses, and data."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from dlcourse import datasets, models
from dlcourse.datasets import batches


def outputs(model, X):
    return keras.ops.convert_to_numpy(model(X))


def samples(model, n=3):
    """Inputs of the model: random numbers, or symbols below 3."""
    shape = (n, *[size or 9 for size in model.input_shape[1:]])
    rng = np.random.default_rng(0)
    symbols = model.name == "attention_recall"
    return rng.integers(3, size=shape) if symbols else rng.normal(size=shape)


EVERY_MODEL = {
    "perceptron": lambda: models.perceptron(6),
    "mlp": lambda: models.mlp((4, 3), 5, hidden=(7, 8)),
    "deep_mlp": lambda: models.deep_mlp(6, 3, hidden=(8, 8), l2=0.01),
    "self_normalizing_mlp": lambda: models.self_normalizing_mlp(6, 3, hidden=(8,), dropout=0.1),
    "lenet": lambda: models.lenet((16, 16), 3),
    "conv1d_classifier": lambda: models.conv1d_classifier(20, 3),
    "recurrent": lambda: models.recurrent((None, 2), 3),
    "attention_recall": lambda: models.attention_recall(9, 5),
}
every_model = pytest.mark.parametrize("build", EVERY_MODEL.values(), ids=EVERY_MODEL)


@pytest.mark.parametrize(
    ("model", "count"),
    [
        (lambda: models.mlp(10, 3, hidden=(20,)), 283),
        (lambda: models.mlp(784, 10, hidden=(300, 100)), 266_610),
        (lambda: models.mlp((28, 28), 10, hidden=(300, 100)), 266_610),
        (lambda: models.mlp(6, 1, "regression", hidden=(100,)), 801),
        (lambda: models.lenet(), 61_706),
        (lambda: models.conv1d_classifier((275, 1), 4), 2_276),
        (lambda: models.perceptron(4, 3, "multiclass"), 15),
    ],
)
def test_parameters_as_printed_in_the_sources(model, count):
    assert model().count_params() == count


def dense(units, activation):
    return layers.Dense(units, activation)


BY_HAND = {
    "perceptron": (
        lambda: models.perceptron(6),
        [keras.Input((6,)), dense(1, "sigmoid")],
    ),
    "mlp": (
        lambda: models.mlp((4, 3), 5, hidden=(7, 8), activation="tanh"),
        [
            keras.Input((4, 3)),
            layers.Flatten(),
            *[dense(7, "tanh"), dense(8, "tanh"), dense(5, "softmax")],
        ],
    ),
    "deep_mlp": (
        lambda: models.deep_mlp(6, 2, "regression", hidden=(8, 7)),
        [
            keras.Input((6,)),
            *[layers.Dense(8, use_bias=False), layers.BatchNormalization(), layers.ELU()],
            *[layers.Dense(7, use_bias=False), layers.BatchNormalization(), layers.ELU()],
            layers.Dense(2),
        ],
    ),
    "deep_mlp without batch norm": (
        lambda: models.deep_mlp(6, 2, "regression", hidden=(8,), batch_norm=False),
        [keras.Input((6,)), dense(8, "elu"), layers.Dense(2)],
    ),
    "self_normalizing_mlp": (
        lambda: models.self_normalizing_mlp(6, 3, hidden=(8, 8), dropout=0.5),
        [keras.Input((6,)), dense(8, "selu"), dense(8, "selu"), dense(3, "softmax")],
    ),
    "lenet": (
        lambda: models.lenet((20, 18, 3), 4),
        [
            keras.Input((20, 18, 3)),
            *[layers.Conv2D(6, 5, activation="relu"), layers.MaxPool2D()],
            *[layers.Conv2D(16, 5, activation="relu"), layers.MaxPool2D()],
            layers.Flatten(),
            *[dense(120, "relu"), dense(84, "relu"), dense(4, "softmax")],
        ],
    ),
    "conv1d_classifier": (
        lambda: models.conv1d_classifier((30, 2), 4, filters=5, kernel_size=3),
        [
            keras.Input((30, 2)),
            layers.Conv1D(5, 3, padding="same", activation="relu"),
            layers.MaxPool1D(4),
            layers.Conv1D(5, 3, padding="same", activation="relu"),
            layers.GlobalMaxPool1D(),
            dense(4, "softmax"),
        ],
    ),
    "simple": (
        lambda: models.recurrent((9, 2), 1, "regression", kind="Simple", units=4),
        [keras.Input((9, 2)), layers.SimpleRNN(4), layers.Dense(1)],
    ),
    "lstm": (
        lambda: models.recurrent((9, 2), 3, kind="LSTM", units=4),
        [keras.Input((9, 2)), layers.LSTM(4), dense(3, "softmax")],
    ),
    "gru": (
        lambda: models.recurrent((None, 2), 1, "binary", kind="gru", units=4),
        [keras.Input((None, 2)), layers.GRU(4), dense(1, "sigmoid")],
    ),
}


@pytest.mark.parametrize(("build", "by_hand"), BY_HAND.values(), ids=BY_HAND)
def test_same_weights_give_the_outputs_of_keras(build, by_hand):
    model, reference = build(), keras.Sequential(by_hand)
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.1, 0.6, size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    reference.set_weights(weights)
    X = samples(model)
    np.testing.assert_allclose(outputs(model, X), outputs(reference, X), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("without", "with_channel"),
    [
        (lambda: models.lenet((16, 17), 3), lambda: models.lenet((16, 17, 1), 3)),
        (lambda: models.conv1d_classifier(20, 3), lambda: models.conv1d_classifier((20, 1), 3)),
        (lambda: models.recurrent((20,), 3), lambda: models.recurrent((20, 1), 3)),
        (lambda: models.recurrent(None, 3), lambda: models.recurrent((None, 1), 3)),
    ],
)
def test_a_single_channel_may_be_left_out(without, with_channel):
    without, with_channel = without(), with_channel()
    with_channel.set_weights(without.get_weights())
    X = samples(without)
    np.testing.assert_allclose(
        outputs(without, X), outputs(with_channel, X[..., None]), rtol=1e-5, atol=1e-7
    )


@every_model
def test_layers_have_names_and_the_input_is_declared(build):
    names = [layer.name for layer in build().layers]
    assert len(set(names)) == len(names)
    assert names[-1] == "output"
    assert build().built
    assert names == [layer.name for layer in build().layers]  # no counters


class TestTasks:
    @pytest.mark.parametrize("n_out", [1, 2])
    def test_regression(self, n_out):
        model = models.perceptron(3, n_out, "regression")
        X, y = np.random.default_rng(0).normal(size=(2, 8, 3))
        kernel, bias = model.get_weights()
        prediction = X @ kernel + bias
        np.testing.assert_allclose(outputs(model, X), prediction, rtol=1e-4, atol=1e-5)
        loss = model.evaluate(X, y[:, :n_out], verbose=0)
        np.testing.assert_allclose(loss, np.mean((prediction - y[:, :n_out]) ** 2), rtol=1e-4)

    @pytest.mark.parametrize("column", [False, True])
    def test_binary(self, column):
        model = models.perceptron(3)
        X = np.random.default_rng(0).normal(size=(8, 3))
        y = np.arange(8) % 2
        kernel, bias = model.get_weights()
        p = 1 / (1 + np.exp(-(X @ kernel + bias)))[:, 0]
        np.testing.assert_allclose(outputs(model, X)[:, 0], p, rtol=1e-4)
        loss, accuracy = model.evaluate(X, y[:, None] if column else y, verbose=0)
        np.testing.assert_allclose(loss, -np.mean(np.log(np.where(y, p, 1 - p))), rtol=1e-4)
        np.testing.assert_allclose(accuracy, np.mean((p > 0.5) == y), rtol=1e-6)

    @pytest.mark.parametrize("one_hot", [False, True])
    def test_multiclass(self, one_hot):
        model = models.perceptron(3, 4, "multiclass")
        X = np.random.default_rng(0).normal(size=(8, 3))
        y = np.arange(8) % 4
        kernel, bias = model.get_weights()
        p = np.exp(X @ kernel + bias)
        p /= p.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(outputs(model, X), p, rtol=1e-4)
        loss, accuracy = model.evaluate(X, np.eye(4)[y] if one_hot else y, verbose=0)
        np.testing.assert_allclose(loss, -np.mean(np.log(p[np.arange(8), y])), rtol=1e-4)
        np.testing.assert_allclose(accuracy, np.mean(p.argmax(axis=1) == y), rtol=1e-6)

    @pytest.mark.parametrize("build", [models.mlp, models.deep_mlp, models.self_normalizing_mlp])
    def test_every_task_has_its_output(self, build):
        activations = {
            task: build(3, n_out, task).layers[-1].activation
            for task, n_out in {"regression": 2, "binary": 1, "multiclass": 2}.items()
        }
        assert activations == {
            "regression": keras.activations.linear,
            "binary": keras.activations.sigmoid,
            "multiclass": keras.activations.softmax,
        }


class TestDeepMlp:
    def test_default_configuration(self):
        model = models.deep_mlp(4, 3)
        kernels = [layer for layer in model.layers if layer.name.startswith("hidden")]
        assert all(type(k.kernel_initializer) is keras.initializers.HeNormal for k in kernels)
        assert not any(kernel.use_bias for kernel in kernels)
        assert type(model.optimizer) is keras.optimizers.SGD
        assert model.optimizer.momentum == 0.9
        assert model.layers[-1].use_bias

    def test_l2_penalizes_the_kernels_of_the_hidden_layers(self):
        model = models.deep_mlp(4, 3, hidden=(5, 5), l2=0.1)
        kernels = [w for w in model.get_weights() if w.ndim == 2][:-1]
        penalty = 0.1 * sum((kernel**2).sum() for kernel in kernels)
        np.testing.assert_allclose(sum(map(float, model.losses)), penalty, rtol=1e-5)
        assert models.deep_mlp(4, 3).losses == []

    def test_two_models_do_not_share_an_optimizer(self):
        assert models.deep_mlp(4, 3).optimizer is not models.deep_mlp(4, 3).optimizer


class TestSelfNormalizingMlp:
    def test_activations_stay_standardized_through_many_layers(self):
        keras.utils.set_random_seed(0)
        model = models.self_normalizing_mlp(50, 2, hidden=(200,) * 12, dropout=0.1)
        hidden = keras.Model(model.inputs[0], model.get_layer("hidden12").output)
        X = np.random.default_rng(0).normal(size=(300, 50))
        for training in (False, True):
            activations = keras.ops.convert_to_numpy(hidden(X, training=training))
            assert abs(activations.mean()) < 0.1
            assert 0.8 < activations.std() < 1.2

    def test_configuration(self):
        model = models.self_normalizing_mlp(4, 3, hidden=(8, 8), dropout=0.2)
        initializers = {type(layer.kernel_initializer) for layer in model.layers[:-1:2]}
        assert initializers == {keras.initializers.LecunNormal}
        assert {type(layer) for layer in model.layers[1:-1:2]} == {layers.AlphaDropout}
        assert [layer.rate for layer in model.layers[1:-1:2]] == [0.2, 0.2]
        assert model.optimizer.momentum == 0.9


class TestAttentionRecall:
    def test_it_attends_to_keys_and_returns_values(self):
        model = models.attention_recall(7, 5, units=4)
        X = samples(model)
        vectors = model.get_layer("embedding").get_weights()[0][X]
        query_of, key_of, value_of, out_of = (
            (w, b)
            for w, b in zip(*[iter(model.get_layer("attention").get_weights())] * 2, strict=True)
        )
        query = vectors[:, -1] @ query_of[0][:, 0] + query_of[1]
        keys = vectors[:, [0, 2, 4]] @ key_of[0][:, 0] + key_of[1]
        values = vectors[:, [1, 3, 5]] @ value_of[0][:, 0] + value_of[1]
        scores = np.exp((keys * query[:, None]).sum(axis=-1) / 2)
        weights = scores / scores.sum(axis=1, keepdims=True)
        found = (weights[:, :, None] * values).sum(axis=1) @ out_of[0][0] + out_of[1]
        kernel, bias = model.get_layer("output").get_weights()
        p = np.exp(found @ kernel + bias)
        np.testing.assert_allclose(
            outputs(model, X), p / p.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-6
        )


@every_model
def test_saving_and_loading(build, tmp_path):
    model = build()
    X = samples(model, 8)
    y = np.arange(8) % 2
    model.fit(batches(X, y), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.to_json() == model.to_json()
    np.testing.assert_allclose(outputs(loaded, X), outputs(model, X), rtol=1e-5, atol=1e-7)
    assert loaded.evaluate(X, y, verbose=0) == pytest.approx(model.evaluate(X, y, verbose=0))
    loaded.fit(batches(X, y), verbose=0)


@pytest.mark.slow
def test_loading_in_a_fresh_process(tmp_path):
    model = models.attention_recall(9, 5)
    X = samples(model)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, keras, numpy as np, dlcourse.models\n"
        "model = keras.saving.load_model(sys.argv[1] + '/model.keras')\n"
        "predictions = model.predict(np.load(sys.argv[1] + '/X.npy'), verbose=0)\n"
        "np.save(sys.argv[1] + '/predictions.npy', predictions)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "predictions.npy"), outputs(model, X), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.mlp(4, 3, "classes"), "`task`: .*Received: task='classes'"),
        (lambda: models.mlp(4, 1), "`n_out`: expected an integer of at least 2"),
        (lambda: models.mlp(4, 0, "regression"), "`n_out`: expected an integer of at least 1"),
        (lambda: models.mlp(4, 2, "binary"), "`n_out`: expected 1 for a binary task"),
        (lambda: models.mlp(0, 3), "`input_shape`: .*Received: input_shape=0"),
        (lambda: models.mlp((4, None), 3), "`input_shape`"),
        (lambda: models.mlp((), 3), "`input_shape`"),
        (lambda: models.mlp("4", 3), "`input_shape`: .*Received: input_shape='4'"),
        (lambda: models.mlp(4, 3, hidden=(5, -1)), "`hidden`: .*Received: hidden=-1"),
        (lambda: models.mlp(4, 3, hidden=5), "`hidden`: .*Received: hidden=5"),
        (lambda: models.deep_mlp(4, 3, l2=-1), "`l2`: expected a float >= 0"),
        (lambda: models.self_normalizing_mlp(4, 3, dropout=1), "`dropout`: .* in \\[0, 1\\)"),
        (lambda: models.lenet((8, 8, 1)), "`input_shape`: .*at least 16"),
        (lambda: models.lenet(32), "`input_shape`: expected 2 or 3 integers"),
        (lambda: models.conv1d_classifier((3, 1), 2), "`input_shape`: .*at least 4 steps"),
        (lambda: models.conv1d_classifier(9, 2, filters=0), "`filters`"),
        (lambda: models.conv1d_classifier(9, 2, kernel_size=0), "`kernel_size`"),
        (lambda: models.recurrent((9, None), 2), "`input_shape`"),
        (lambda: models.recurrent((9, 2, 2), 2), "`input_shape`: expected 1 or 2 integers"),
        (lambda: models.recurrent(9, 2, kind="rnn"), "`kind`: .*Received: kind='rnn'"),
        (lambda: models.recurrent(9, 2, units=0), "`units`"),
        (lambda: models.attention_recall(8, 5), "`input_shape`: expected an odd integer"),
        (lambda: models.attention_recall((9, 2), 5), "`input_shape`: expected an odd integer"),
        (lambda: models.attention_recall(9, 5, units=0), "`units`"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=f"Invalid value for {message}"):
        call()


class TestOnData:
    """What the labs rely on, with a margin below what was measured."""

    def test_convolutions_classify_trace(self):
        keras.utils.set_random_seed(0)
        (X, y), test = datasets.load_trace()
        model = models.conv1d_classifier(X.shape[1:], 4)
        model.fit(batches(X, y, batch_size=16), epochs=40, verbose=0)
        assert model.evaluate(*test, verbose=0)[1] >= 0.95

    def test_attention_recalls(self):
        keras.utils.set_random_seed(0)
        (X, y), test = datasets.split(*datasets.make_recall(), seed=0)
        model = models.attention_recall(X.shape[1], 16)
        model.fit(batches(X, y), epochs=20, verbose=0)
        assert model.evaluate(*test, verbose=0)[1] >= 0.95

    def test_a_deep_network_learns_the_disc(self):
        keras.utils.set_random_seed(0)
        X, y = datasets.make_disc(n_samples=1000)
        model = models.deep_mlp(2, 1, "binary", hidden=(32,) * 8)
        history = model.fit(batches(X, y), epochs=15, verbose=0).history
        assert history["accuracy"][-1] >= 0.85

    @pytest.mark.slow
    def test_a_recurrent_forecast_beats_persistence(self):
        keras.utils.set_random_seed(0)
        _, series = datasets.load_sunspots()
        series = (series - series[:250].mean()) / series[:250].std()
        windows = np.lib.stride_tricks.sliding_window_view(series, 23)
        X, y = windows[:, :-1], windows[:, -1]
        model = models.recurrent(22, 1, "regression", kind="gru", units=16)
        model.fit(batches(X[:220], y[:220]), epochs=40, verbose=0)
        persistence = np.mean((X[220:, -1] - y[220:]) ** 2)
        assert model.evaluate(X[220:], y[220:], verbose=0) <= persistence / 2
