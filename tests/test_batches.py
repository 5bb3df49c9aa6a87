"""`batches`, and training on them, against `fit` on arrays and `train_on_batch`."""

import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from dlcourse import models
from dlcourse.datasets import batches

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.fixture
def data():
    """Four classes of points, 70 rows to train and 40 to validate: a short last batch each."""
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=110)
    X = rng.normal(size=(110, 5)) + y[:, None]
    return X[:70], y[:70], X[70:], y[70:]


def rows_of(epoch):
    return [y.tolist() for _, y in epoch]


def numbered(n, **options):
    return batches(np.arange(n, dtype=float)[:, None], np.arange(n), **options)


class TestData:
    def test_an_epoch_visits_every_row_once_and_the_last_batch_may_be_short(self):
        train = numbered(10, batch_size=4)
        sizes = [len(y) for _, y in train]
        assert sizes == [4, 4, 2]
        assert len(train) == 3
        assert sorted(row for rows in rows_of(train) for row in rows) == list(range(10))

    def test_X_and_y_stay_together(self):
        for X, y in numbered(10, batch_size=3):
            np.testing.assert_array_equal(X[:, 0], y)

    def test_each_epoch_has_its_own_order_given_by_the_seed(self):
        one, same, other = (numbered(20, batch_size=8, seed=seed) for seed in (1, 1, 2))
        first, second = rows_of(one), rows_of(one)
        assert first != second
        assert [rows_of(same), rows_of(same)] == [first, second]
        assert rows_of(other) != first

    def test_shuffled_batches_are_not_just_batches_in_another_order(self):
        first = {frozenset(rows) for rows in rows_of(numbered(64, batch_size=8))}
        assert first != {frozenset(range(i, i + 8)) for i in range(0, 64, 8)}

    def test_without_shuffling_the_rows_keep_their_order(self):
        train = numbered(5, batch_size=2, shuffle=False)
        assert rows_of(train) == rows_of(train) == [[0, 1], [2, 3], [4]]

    def test_a_look_at_the_first_batch_changes_nothing(self):
        looked, untouched = numbered(9, batch_size=4), numbered(9, batch_size=4)
        next(iter(looked))
        assert rows_of(looked) == rows_of(untouched)

    def test_the_global_random_state_is_left_alone(self):
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        list(numbered(9))
        after = np.random.get_state(legacy=False)  # noqa: NPY002
        assert str(before) == str(after)

    def test_floats_become_float32_and_other_types_stay(self):
        X, y = next(iter(batches(np.ones((2, 1)), np.array([1, 2], "int8"))))
        assert (X.dtype, y.dtype) == ("float32", "int8")

    def test_pandas_objects_are_taken_by_position(self):
        frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=[7, 3])
        X, y = next(iter(batches(frame, pd.Series([0, 1], index=[5, 9]), shuffle=False)))
        np.testing.assert_array_equal(X, [[1, 3], [2, 4]])
        np.testing.assert_array_equal(y, [0, 1])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"X": [], "y": []}, "`X`: expected at least one row"),
            ({"y": [1, 2, 3]}, "`y`: expected 2 rows"),
            ({"batch_size": 0}, "`batch_size`: expected an integer of at least 1"),
            ({"batch_size": 2.0}, "`batch_size`: .* Received: batch_size=2.0"),
            ({"seed": -1}, "`seed`: expected an integer of at least 0"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=f"Invalid value for {message}"):
            batches(**{"X": [[1.0], [2.0]], "y": [1, 2]} | arguments)

    def test_importing_it_does_not_import_keras(self):
        code = "import dlcourse.datasets, sys; assert 'keras' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True)


def plain_copy(model):
    """The same layers and weights in a `keras.Sequential`, compiled alike, with its own state."""
    stock = keras.Sequential.from_config(model.get_config())
    stock.compile_from_config(model.get_compile_config())
    stock.set_weights(model.get_weights())
    return stock


def small_mlp():
    keras.utils.set_random_seed(1)
    return models.mlp(5, 4, hidden=(16,), optimizer=keras.optimizers.Adam(0.01))


class TestTraining:
    @pytest.mark.parametrize("build", [small_mlp, lambda: plain_copy(small_mlp())])
    def test_losses_are_those_of_fit_on_arrays_in_the_same_order(self, build, data):
        X, y, X_val, y_val = data
        history = build().fit(
            batches(X, y, batch_size=16, seed=4),
            validation_data=batches(X_val, y_val, batch_size=16, shuffle=False),
            epochs=10,
            verbose=0,
        )

        order = batches(np.arange(70.0), np.arange(70), batch_size=16, seed=4)
        reference, expected = plain_copy(small_mlp()), []
        for _ in range(10):
            rows = np.concatenate([rows for _, rows in order])
            epoch = reference.fit(
                X[rows],
                y[rows],
                batch_size=16,
                shuffle=False,
                validation_data=(X_val, y_val),
                verbose=0,
            )
            expected.append({name: values[0] for name, values in epoch.history.items()})
        assert history.history.keys() == expected[0].keys()
        for name, values in history.history.items():
            np.testing.assert_allclose(values, [e[name] for e in expected], atol=1e-5)

    def test_dropout_batch_norm_and_penalties_act_as_in_keras(self, data):
        X, y, *_ = data

        def trained(Model):
            keras.utils.set_random_seed(0)
            body = [
                keras.layers.Dense(16, "relu", kernel_regularizer="l2"),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.5, seed=1),
            ]
            model = Model([keras.Input((5,)), *body, keras.layers.Dense(1)])
            model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse", metrics=["mae"])
            history = model.fit(batches(X, y, batch_size=16), epochs=3, verbose=0).history
            return history, model.get_weights()

        (ours, weights), (theirs, expected) = trained(models.Sequential), trained(keras.Sequential)
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5)
        for ours, theirs in zip(weights, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)

    def test_validation_data_may_be_arrays(self, data):
        X, y, X_val, y_val = data
        frames = pd.DataFrame(X_val), pd.Series(y_val)
        kinds = [batches(X_val, y_val), (X_val, y_val), frames]
        losses = [
            small_mlp().fit(batches(X, y), validation_data=kind, verbose=0).history["val_loss"]
            for kind in kinds
        ]
        np.testing.assert_allclose(losses[1:], [losses[0]] * 2, rtol=1e-5)

    def test_evaluate_and_predict(self, data):
        X, y, *_ = data
        model = small_mlp()
        np.testing.assert_allclose(
            model.evaluate(batches(X, y), verbose=0), model.evaluate(X, y, verbose=0), rtol=1e-5
        )
        in_order = batches(X, y, batch_size=16, shuffle=False)
        np.testing.assert_allclose(
            model.predict(in_order, verbose=0), model.predict(X, verbose=0), rtol=1e-5
        )

    def test_training_can_go_on(self, data):
        X, y, *_ = data
        once, twice = small_mlp(), small_mlp()
        once.fit(batches(X, y), epochs=4, verbose=0)
        train = batches(X, y)
        twice.fit(train, epochs=2, verbose=0)
        twice.fit(train, epochs=4, initial_epoch=2, verbose=0)
        for ours, theirs in zip(once.get_weights(), twice.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)

    def test_frozen_layers_stay(self, data):
        X, y, *_ = data
        model = small_mlp()
        model.layers[0].trainable = False
        model.compile("sgd", "sparse_categorical_crossentropy")
        before = model.get_weights()
        model.fit(batches(X, y), epochs=2, verbose=0)
        changed = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
        assert changed == [False, False, True, True]

    @pytest.mark.parametrize("name", ["y", "sample_weight", "class_weight"])
    def test_targets_and_weights_beside_batches_are_refused(self, name, data):
        X, y, *_ = data
        with pytest.raises(ValueError, match=f"Invalid value for `{name}`: expected None"):
            small_mlp().fit(batches(X, y), **{name: {0: 1.0}})

    def test_an_uncompiled_model_says_so(self, data):
        X, y, *_ = data
        model = models.Sequential([keras.Input((5,)), keras.layers.Dense(4)])
        with pytest.raises(ValueError, match="compile"):
            model.fit(batches(X, y))

    def test_a_model_without_declared_input_learns_its_shape(self, data):
        X, y, *_ = data
        model = models.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(batches(X, y), verbose=0)
        assert model.count_params() == 6


def count_calls(model):
    """Return a list that grows with each call of the compiled training function."""
    calls = []
    model.make_train_function()
    step = model.train_function

    def counted(*args):
        calls.append(1)
        return step(*args)

    model.train_function = counted
    return calls


class Watcher(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


def ignore(batch, logs):
    """Do nothing after a batch."""


class TestCallbacks:
    @pytest.mark.skipif(not ON_TENSORFLOW, reason="whole epochs are for TensorFlow")
    @pytest.mark.parametrize(
        ("options", "calls_per_epoch"),
        [
            ({}, 1),
            ({"callbacks": [keras.callbacks.EarlyStopping("loss")]}, 1),
            ({"callbacks": [Watcher()]}, 5),
            (
                {
                    "callbacks": keras.callbacks.LambdaCallback(
                        on_train_batch_begin=lambda *_, **__: None
                    )
                },
                5,
            ),
            ({"steps_per_epoch": 5}, 5),
        ],
    )
    def test_an_epoch_is_one_call_unless_somebody_watches_the_steps(
        self, options, calls_per_epoch, data
    ):
        X, y, *_ = data
        model = small_mlp()
        calls = count_calls(model)
        model.fit(batches(X, y, batch_size=16), epochs=3, verbose=0, **options)
        assert len(calls) == 3 * calls_per_epoch
        assert int(model.optimizer.iterations) == 15

    @pytest.mark.skipif(not ON_TENSORFLOW, reason="whole epochs are for TensorFlow")
    def test_a_long_epoch_is_not_one_call(self):
        model = models.perceptron(1, 1, "regression")
        calls = count_calls(model)
        model.fit(numbered(65, batch_size=1), verbose=0)
        assert len(calls) == 65

    def test_a_callback_that_watches_batches_sees_each_of_them(self, data):
        X, y, *_ = data
        watcher = Watcher()
        small_mlp().fit(batches(X, y, batch_size=16), epochs=2, verbose=0, callbacks=[watcher])
        assert watcher.seen == [0, 1, 2, 3, 4] * 2
        assert watcher.params["steps"] == 5

    def test_callbacks_know_the_number_of_steps(self, data):
        X, y, *_ = data
        callback = keras.callbacks.Callback()
        small_mlp().fit(batches(X, y, batch_size=16), epochs=2, verbose=0, callbacks=[callback])
        assert callback.params == {"verbose": 0, "epochs": 2, "steps": 5}

    def test_early_stopping_restores_the_best_weights(self, data):
        X, y, X_val, y_val = data
        model = small_mlp()
        rising = keras.callbacks.EarlyStopping(
            monitor="val_loss", mode="max", patience=2, restore_best_weights=True
        )
        validation = batches(X_val, y_val)
        history = model.fit(
            batches(X, y), validation_data=validation, epochs=50, verbose=0, callbacks=[rising]
        )
        assert len(history.epoch) == 3
        np.testing.assert_allclose(
            model.evaluate(validation, verbose=0)[0], history.history["val_loss"][0], rtol=1e-5
        )

    def test_a_callback_may_predict_and_evaluate(self, data):
        X, y, *_ = data
        model = small_mlp()
        model.predict(X, verbose=0)
        model.evaluate(X, y, verbose=0)
        seen = {}

        def look(epoch, logs):
            seen["predictions"] = model.predict(X, batch_size=8, verbose=0)
            seen["loss"] = model.evaluate(X, y, batch_size=8, verbose=0)[0]

        model.fit(
            batches(X, y, batch_size=16),
            verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look)],
        )
        np.testing.assert_allclose(seen["predictions"], model.predict(X, verbose=0), rtol=1e-5)
        p = seen["predictions"][np.arange(70), y]
        np.testing.assert_allclose(seen["loss"], -np.log(p).mean(), rtol=1e-5)

    def test_the_progress_bar_ends_at_the_number_of_steps(self, data, capsys):
        X, y, *_ = data
        small_mlp().fit(batches(X, y, batch_size=16), epochs=2, verbose=2)
        assert capsys.readouterr().out.count("5/5") == 2
