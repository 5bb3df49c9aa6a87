"""The schedules against the printed formulas, against Keras' own, and in an optimizer at work."""

import keras
import numpy as np
import pytest
from keras import ops

from dlcourse.schedules import Exponential, OneCycle, Power

STEPS = np.arange(0, 2001, 50)
SCHEDULES = {
    "power": (Power(0.01, 1000), lambda t: 0.01 / (1 + t / 1000)),
    "power 2": (Power(0.01, 200, power=2), lambda t: 0.01 / np.square(1 + t / 200)),
    "exponential": (Exponential(0.01, 500), lambda t: np.exp(np.log(0.01) - t / 500 * np.log(10))),
    "one cycle": (
        OneCycle(0.5, 1000, div=20, final_div=1e4),
        lambda t: np.interp(t, [0, 500, 1000], [0.5 / 20, 0.5, 0.5 / 1e4]),
    ),
}
every_schedule = pytest.mark.parametrize(
    ("schedule", "formula"), SCHEDULES.values(), ids=SCHEDULES.keys()
)


def rate_of_bias(schedule, **compile_options):
    """Return a model whose bias falls by exactly the learning rate at each step of `fit`."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, bias_initializer="zeros")])
    model.compile(keras.optimizers.SGD(schedule), lambda y, output: output, **compile_options)
    return model


@every_schedule
def test_formula(schedule, formula):
    np.testing.assert_allclose(ops.convert_to_numpy(schedule(STEPS)), formula(STEPS), rtol=1e-5)
    assert float(schedule(250)) == pytest.approx(formula(250), rel=1e-5)


@pytest.mark.parametrize(
    ("schedule", "theirs"),
    [
        (Power(0.1, 300), keras.optimizers.schedules.InverseTimeDecay(0.1, 300, decay_rate=1.0)),
        (Exponential(0.1, 300), keras.optimizers.schedules.ExponentialDecay(0.1, 300, 0.1)),
    ],
)
def test_equal_to_keras_where_keras_has_it(schedule, theirs):
    np.testing.assert_allclose(
        ops.convert_to_numpy(schedule(STEPS)), ops.convert_to_numpy(theirs(STEPS)), rtol=1e-5
    )


@every_schedule
def test_acts_in_an_optimizer(schedule, formula):
    model = rate_of_bias(schedule, steps_per_execution=100)
    model.fit(np.zeros((1000, 1)), np.zeros((1000, 1)), batch_size=1, verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(formula(1000), rel=1e-5)
    assert float(model.layers[0].bias[0]) == pytest.approx(-formula(np.arange(1000)).sum(), 1e-4)


def test_the_decay_of_the_sources_does_not_act():
    with pytest.warns(UserWarning, match="decay"):
        optimizer = keras.optimizers.SGD(learning_rate=0.01, decay=1e-4)
    optimizer.iterations.assign(1000)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    optimizer = keras.optimizers.SGD(Power(0.01, decay_steps=1e4))
    optimizer.iterations.assign(1000)
    assert float(optimizer.learning_rate) == pytest.approx(0.01 / 1.1)


@every_schedule
def test_saved_and_loaded_in_the_middle(schedule, formula, tmp_path):
    model = rate_of_bias(schedule)
    model.compile(model.optimizer, "mse")
    model.fit(np.zeros((40, 1)), np.zeros((40, 1)), batch_size=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(formula(40), rel=1e-5)
    name = keras.saving.get_registered_name(type(schedule))
    assert name == f"dlcourse>{type(schedule).__name__}"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Power(0.0, 10), "`initial_learning_rate`.*initial_learning_rate=0.0"),
        (lambda: Power(0.1, 10, power=-1), "`power`.*power=-1"),
        (lambda: Exponential(0.1, 0), "`decay_steps`.*decay_steps=0"),
        (lambda: OneCycle(0.1, 10, div=0), "`div`.*div=0"),
        (lambda: OneCycle(0.1, float("nan")), "`total_steps`.*total_steps=nan"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
