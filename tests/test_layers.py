"""Monte-Carlo dropout: the distribution of its outputs, and saving in one process for another."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from dlcourse.layers import MCAlphaDropout, MCDropout

BOTH = pytest.mark.parametrize("Layer", [MCDropout, MCAlphaDropout])


def outputs(function, X):
    return keras.ops.convert_to_numpy(function(np.asarray(X, "float32")))


@BOTH
def test_inference_is_random(Layer):
    model = keras.Sequential([keras.Input((50,)), Layer(0.5)])
    model.compile()
    X = np.ones((4, 50))
    for predict in (
        model,
        lambda X: model.predict(X, verbose=0),
        lambda X: model(X, training=False),
    ):
        assert (outputs(predict, X) != outputs(predict, X)).any()


@BOTH
def test_rows_have_masks_of_their_own(Layer):
    rows = outputs(Layer(0.5, seed=0), np.ones((8, 50)))
    assert len(np.unique(rows, axis=0)) == 8


@BOTH
def test_the_same_seed_gives_the_same_masks_call_by_call(Layer):
    one, same, other = Layer(0.5, seed=1), Layer(0.5, seed=1), Layer(0.5, seed=2)
    X = np.ones((2, 50))
    calls = [outputs(one, X), outputs(one, X)]
    np.testing.assert_array_equal(calls, [outputs(same, X), outputs(same, X)])
    assert (calls[0] != calls[1]).any()
    assert (outputs(other, X) != calls[0]).any()


@BOTH
def test_rate_zero_is_the_identity(Layer):
    np.testing.assert_array_equal(outputs(Layer(0), np.eye(3)), np.eye(3))


@BOTH
def test_the_noise_shape_shares_a_mask(Layer):
    dropped = outputs(Layer(0.5, noise_shape=[None, 1], seed=0), np.ones((20, 5)))
    assert (dropped == dropped[:, :1]).all()
    assert len(np.unique(dropped[:, 0])) == 2


def test_dropout_scales_the_survivors():
    dropped = outputs(MCDropout(0.8, seed=0), np.ones((200, 100)))
    np.testing.assert_allclose(np.unique(dropped), [0, 5], rtol=1e-6)
    assert np.mean(dropped == 0) == pytest.approx(0.8, abs=0.02)


def test_alpha_dropout_keeps_mean_and_variance():
    X = np.random.default_rng(0).normal(size=(400, 100))
    dropped = outputs(MCAlphaDropout(0.3, seed=0), X)
    assert dropped.mean() == pytest.approx(0, abs=0.03)
    assert dropped.std() == pytest.approx(1, abs=0.03)
    # Dropped units take one value: that of SELU at minus infinity, mapped like all others.
    values, counts = np.unique(dropped, return_counts=True)
    assert counts.max() / dropped.size == pytest.approx(0.3, abs=0.02)
    kept = dropped != values[counts.argmax()]
    scale, shift = np.polyfit(X[kept], dropped[kept], 1)
    selu_limit = -1.6732632423543772 * 1.0507009873554805
    assert values[counts.argmax()] == pytest.approx(scale * selu_limit + shift, abs=1e-4)


def test_averaging_many_passes_of_a_linear_network_gives_its_output_without_dropout():
    dense = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((20,)), MCDropout(0.5, seed=0), dense])
    X = np.random.default_rng(0).normal(size=(1, 20))
    passes = outputs(model, np.repeat(X, 20_000, axis=0))
    np.testing.assert_allclose(passes.mean(axis=0), outputs(dense, X)[0], atol=0.05)


@BOTH
def test_batch_norm_and_ordinary_dropout_stay_in_inference_mode(Layer):
    norm = keras.layers.BatchNormalization()
    inputs = keras.Input((6,))
    normal = keras.layers.Dropout(0.5)(norm(inputs))
    model = keras.Model(inputs, [normal, Layer(0.5)(normal)])
    X = np.random.default_rng(0).normal(5, 2, size=(30, 6))
    statistics = [w.copy() for w in norm.get_weights()]
    normalized, dropped = map(keras.ops.convert_to_numpy, model(X))
    np.testing.assert_allclose(normalized, X / np.sqrt(1.001), rtol=1e-5)
    assert (dropped != normalized).any()
    for statistic, expected in zip(norm.get_weights(), statistics, strict=True):
        np.testing.assert_array_equal(statistic, expected)


@BOTH
def test_a_model_with_it_trains(Layer):
    keras.utils.set_random_seed(0)  # the first weights, else those that the tests before leave
    rng = np.random.default_rng(0)
    X = rng.normal(size=(64, 5))
    y = X.sum(axis=1)
    model = keras.Sequential([keras.Input((5,)), Layer(0.1, seed=0), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    losses = model.fit(X, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2


@BOTH
def test_config(Layer):
    layer = Layer(0.3, noise_shape=(None, 1), seed=7, name="uncertain")
    copy = Layer.from_config(json.loads(json.dumps(layer.get_config())))
    assert copy.get_config() == layer.get_config()
    assert keras.saving.get_registered_name(Layer) == f"dlcourse>{Layer.__name__}"


@pytest.mark.slow
def test_saved_here_and_loaded_in_a_fresh_process(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((30,)),
            MCDropout(0.4, seed=3, name="drop"),
            MCAlphaDropout(0.2, noise_shape=(None, 1), seed=4, name="alpha"),
        ]
    )
    model.save(tmp_path / "model.keras")
    code = (
        "import json, sys, keras, numpy as np, dlcourse.layers\n"
        "model = keras.saving.load_model(sys.argv[1] + '/model.keras')\n"
        "names = [type(layer).__name__ for layer in model.layers]\n"
        "configs = [layer.get_config() for layer in model.layers]\n"
        "call = lambda: keras.ops.convert_to_numpy(model(np.ones((2, 30)))).tolist()\n"
        "json.dump([names, configs, call(), call()], open(sys.argv[1] + '/seen.json', 'w'))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    names, configs, first, second = json.loads((tmp_path / "seen.json").read_text())
    assert names == ["MCDropout", "MCAlphaDropout"]
    assert configs == json.loads(json.dumps([layer.get_config() for layer in model.layers]))
    assert first != second
    np.testing.assert_allclose(first, outputs(model, np.ones((2, 30))), rtol=1e-5)


@BOTH
@pytest.mark.parametrize("rate", [-0.1, 1, 1.5])
def test_bad_rate(Layer, rate):
    message = rf"Invalid value for `rate`: expected a float in \[0, 1\)\. Received: rate={rate}"
    with pytest.raises(ValueError, match=message):
        Layer(rate)
