"""Models from configs that a stranger may have made up: sound ones come back, others do not."""

import copy
import resource

import keras
import numpy as np
import pytest
from keras import layers

from dlcourse import models
from dlcourse.checks.rebuild import rebuild
from dlcourse.layers import MCDropout
from dlcourse.schedules import Power

pytestmark = pytest.mark.slow


def attention():
    inputs = keras.Input((5,), dtype="int32")
    x = layers.Embedding(10, 8)(inputs)
    x = layers.MultiHeadAttention(2, 4)(x, x)
    x = keras.ops.mean(keras.ops.concatenate([x, x], axis=-1), axis=1)
    return keras.Model(inputs, layers.Dense(3, "softmax")(x))


def transfer():
    base = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalMaxPooling2D(),
        ]
    )
    base.trainable = False
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, layers.Dense(2, "softmax")(base(inputs, training=False)))


def scheduled():
    model = keras.Sequential([keras.Input((3,)), MCDropout(0.0), layers.Dense(1, "sigmoid")])
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10_000_000, 0.9)
    metrics = ["accuracy", keras.metrics.AUC(), keras.metrics.MeanIoU(num_classes=2)]
    model.compile(
        keras.optimizers.Adam(rate), [keras.losses.BinaryCrossentropy()], [1.0], metrics=metrics
    )
    return model


def of_the_course():
    """With a schedule of the course, and a function as loss."""
    model = dense()
    model.compile(keras.optimizers.SGD(Power(0.1, 10_000)), keras.losses.mean_squared_error)
    return model


def deep():
    return keras.Sequential([keras.Input((2,)), *[layers.Activation("relu") for _ in range(70)]])


MODELS = {
    "attention": attention,
    "transfer": transfer,
    "scheduled": scheduled,
    "of the course": of_the_course,
    "deep": deep,
    "lenet": models.lenet,
    "lstm": lambda: models.recurrent((10, 2), 3, kind="lstm"),
    "selu": lambda: models.self_normalizing_mlp(4, 3),
}


def data(model):
    return keras.saving.serialize_keras_object(model), model.get_weights()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_with_its_weights_and_settings(name):
    model = MODELS[name]()
    config, weights = data(model)
    before = copy.deepcopy(config)
    again = rebuild(config, weights)
    assert config == before
    rng = np.random.default_rng(0)
    shape = (4, *[n or 6 for n in model.inputs[0].shape[1:]])
    X = rng.integers(0, 10, size=shape) if name == "attention" else rng.normal(size=shape)
    np.testing.assert_allclose(again(X), model(X), rtol=1e-5, atol=1e-6)
    assert [w.name for w in again.trainable_weights] == [w.name for w in model.trainable_weights]
    assert type(getattr(again, "optimizer", 0)) is type(getattr(model, "optimizer", 0))


def dense(units=4, **options):
    return keras.Sequential([keras.Input((3,)), layers.Dense(units, **options)])


def changed(config, **values):
    """A config with other values of some keys, wherever they stand."""
    if isinstance(config, dict):
        return {k: values.get(k, changed(v, **values)) for k, v in config.items()}
    return [changed(v, **values) for v in config] if isinstance(config, list) else config


MATRIX = {
    "module": "keras.metrics",
    "class_name": "MeanIoU",
    "config": {"num_classes": 10**6},
    "registered_name": None,
}


def compiled(**settings):
    model = dense()
    model.compile("sgd", "mse")
    config, weights = data(model)
    config["compile_config"] |= settings
    return config, weights


def metric_as_rate():
    model = dense()
    model.compile(keras.optimizers.SGD(Power(0.1, 10)), "mse")
    config, weights = data(model)
    return changed(config, learning_rate=MATRIX), weights


def metric_in_a_layer(**names):
    config, weights = data(dense())
    thresholds = {**MATRIX, "class_name": "AUC", "config": {"num_thresholds": 10**9}}
    return changed(config, kernel_regularizer={**thresholds, **names}), weights


def many_layers():
    return data(keras.Sequential([keras.Input((2,)), *[layers.Flatten() for _ in range(101)]]))


def many_layers_inside():
    inputs = x = keras.Input((2,))
    for _ in range(40):
        x = layers.Activation("relu")(x)
    inner = keras.Model(inputs, x)
    for _ in range(40):
        x = keras.ops.relu(x)
    return data(keras.Sequential([keras.Input((2,)), inner, keras.Model(inputs, x)]))


def repeated():
    return data(keras.Sequential([keras.Input((2,)), layers.RepeatVector(10**9), layers.Flatten()]))


def repeated_inside():
    inner = keras.Sequential([keras.Input((2,)), layers.RepeatVector(10**9)])
    inputs = keras.Input((2,))
    return data(keras.Model(inputs, layers.GlobalMaxPooling1D()(inner(inputs))))


def large_input():
    return data(keras.Sequential([keras.Input((10**9, 1)), layers.GlobalMaxPooling1D()]))


def many_outputs():
    many = [layers.RepeatVector(300_000), layers.Flatten(), *[layers.ReLU() for _ in range(9)]]
    return data(keras.Sequential([keras.Input((2,)), *many]))


def from_elsewhere():
    config, weights = data(dense(activation="relu"))
    function = {"module": "os", "class_name": "function", "config": "system",
                "registered_name": "system"}  # fmt: skip
    return changed(config, activation=function), weights


def reading_a_file():
    lookup = {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"name": "lookup", "vocabulary": "/etc/passwd"},
        "registered_name": None,
    }
    config, weights = data(dense())
    config["config"]["layers"].append(lookup)
    return config, weights


def too_many_units():
    config, weights = data(dense())
    return changed(config, units=10**9), weights


def lambda_layer():
    return data(keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: x + 1)]))


BOMBS = {
    "more units than weights": (too_many_units, "weights"),
    "no weights": (lambda: (data(dense(10**3))[0], []), "weights"),
    "a metric as loss": (lambda: compiled(loss=MATRIX), "MeanIoU cannot be the loss"),
    "a metric among losses": (lambda: compiled(loss=["mse", {"a": MATRIX}]), "MeanIoU"),
    "a metric as optimizer": (lambda: compiled(optimizer=MATRIX), "MeanIoU"),
    "a metric as learning rate": (metric_as_rate, "MeanIoU"),
    "a metric as weight": (lambda: compiled(loss_weights=[MATRIX]), "MeanIoU"),
    "a metric as anything": (lambda: compiled(jit_compile=MATRIX), "MeanIoU"),
    "a metric of no module": (lambda: compiled(loss={**MATRIX, "module": None}), "MeanIoU"),
    "a metric in a layer": (metric_in_a_layer, "AUC"),
    "a metric by a path": (
        lambda: metric_in_a_layer(module="keras", class_name="metrics.AUC"),
        "AUC",
    ),
    "settings that are none": (lambda: ({"compile_config": 3}, []), "settings"),
    "many layers": (many_layers, "more than 100 layers"),
    "many layers in models": (many_layers_inside, "more than 100 layers"),
    "a large output": (repeated, r"[\d,]{13} numbers"),
    "a large output in a nested model": (repeated_inside, r"[\d,]{13} numbers"),
    "a large input": (large_input, r"[\d,]{13} numbers"),
    "many outputs": (many_outputs, r"[\d,]{9} numbers"),
    "a function from elsewhere": (from_elsewhere, "not a part of Keras"),
    "a file": (reading_a_file, "StringLookup"),
    "code": (lambda_layer, "Lambda"),
    "no model": (lambda: (keras.saving.serialize_keras_object(layers.Dense(3)), []), "model"),
    "nothing": (lambda: ({}, []), "model"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_no_exercise_needs_is_refused_and_takes_no_memory(bomb):
    make, reason = BOMBS[bomb]
    config, weights = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=reason):
        rebuild(config, weights)
    with keras.StatelessScope():
        pass  # at its end Keras fills the variables that wait for it
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_metrics_are_left_out():
    config, weights = compiled(metrics=[MATRIX], weighted_metrics={"a": [MATRIX]})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert rebuild(config, weights).loss == "mse"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
