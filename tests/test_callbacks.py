"""The callbacks in small fits, against Keras' own, the formulas, and NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from dlcourse import callbacks, datasets, models, schedules

ZEROS = np.zeros((40, 1), "float32")


def first_output(y, output):
    """A loss with gradient 1 for the bias: what an optimizer does with it is plain arithmetic."""
    return output[..., 0]


def linear_model(optimizer="sgd", loss="mse", **compile_options):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer, loss, **compile_options)
    return model


def bias(model):
    return float(model.layers[-1].bias[0])


def train(model, *callback, X=ZEROS, y=ZEROS, epochs=4, batch_size=10, **fit):
    """Train on 40 rows; by default 4 epochs of 4 steps."""
    history = model.fit(
        X, y, epochs=epochs, batch_size=batch_size, callbacks=list(callback), verbose=0, **fit
    )
    return history.history


class TestEarlyStopping:
    @staticmethod
    def overfitted(*callback):
        """The bias walks from 0 towards 10; the validation loss is smallest when it passes 4."""
        model = linear_model(keras.optimizers.SGD(0.02))
        history = train(
            model, *callback, y=ZEROS + 10, epochs=30, validation_data=(ZEROS, ZEROS + 4)
        )
        return model, np.array(history["val_loss"])

    def test_stops_and_restores_like_keras(self):
        ours = callbacks.EarlyStopping(patience=3, verbose=0)
        theirs = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        model, losses = self.overfitted(ours)
        expected, their_losses = self.overfitted(theirs)
        np.testing.assert_array_equal(losses, their_losses)
        np.testing.assert_array_equal(bias(model), bias(expected))
        assert model.evaluate(ZEROS, ZEROS + 4, verbose=0) == pytest.approx(losses.min(), rel=1e-5)

    def test_reports_where_and_why_in_one_line(self, capsys):
        early = callbacks.EarlyStopping(patience=3)
        _, losses = self.overfitted(early)
        assert capsys.readouterr().out == early.report + "\n"
        assert f"after epoch {len(losses)}: val_loss has not improved for 3 epochs" in early.report
        best = losses.argmin()
        assert f"Best epoch: {best + 1}, val_loss {losses[best]:.4g}, weights restored" in (
            early.report
        )

    def test_restores_the_best_also_when_not_stopped(self):
        early = callbacks.EarlyStopping(patience=100, verbose=0)
        model, losses = self.overfitted(early)
        assert "Not stopped early: the training ended after epoch 30." in early.report
        assert model.evaluate(ZEROS, ZEROS + 4, verbose=0) == pytest.approx(losses.min(), rel=1e-5)

    def test_says_that_it_keeps_the_last_weights(self):
        early = callbacks.EarlyStopping(patience=3, restore_best_weights=False, verbose=0)
        model, losses = self.overfitted(early)
        assert "weights not restored" in early.report
        assert model.evaluate(ZEROS, ZEROS + 4, verbose=0) == pytest.approx(losses[-1], rel=1e-5)

    @pytest.mark.filterwarnings("ignore:Early stopping conditioned")
    def test_without_validation_data(self, capsys):
        train(linear_model(), callbacks.EarlyStopping())
        assert "val_loss was never measured: does `fit` have validation" in capsys.readouterr().out

    def test_again(self):
        early = callbacks.EarlyStopping(patience=3, verbose=0)
        self.overfitted(early)
        report = early.report
        self.overfitted(early)
        assert early.report == report


class TestExponentialDecay:
    def test_is_the_closure_of_the_sources(self):
        history = train(linear_model(), callbacks.ExponentialDecay(0.01, decay_epochs=20), epochs=5)
        expected = [0.01, 0.00891251, 0.00794328, 0.00707946, 0.00630957]  # 0.01 * 10^(-epoch/20)
        np.testing.assert_allclose(history["learning_rate"], expected, rtol=1e-5)

    def test_goes_on_with_initial_epoch(self):
        decay = callbacks.ExponentialDecay(1.0, decay_epochs=1)
        history = train(linear_model(), decay, initial_epoch=2, epochs=4)
        np.testing.assert_allclose(history["learning_rate"], [0.01, 0.001], rtol=1e-5)

    def test_bad_arguments(self):
        with pytest.raises(ValueError, match=r"`decay_epochs`.*Received: decay_epochs=0"):
            callbacks.ExponentialDecay(0.1, 0)


class TestPerformanceDecay:
    def test_equals_keras(self):
        rates = []
        for callback in (
            callbacks.PerformanceDecay(monitor="loss", patience=2),
            keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2),
        ):
            model = linear_model(keras.optimizers.SGD(1.0))  # jumps over the minimum and back
            rates.append(train(model, callback, y=ZEROS + 1, epochs=8)["learning_rate"])
        assert rates[0] == rates[1]
        assert rates[0][-1] < 1

    @pytest.mark.parametrize("factor", [0, 1])
    def test_bad_arguments(self, factor):
        with pytest.raises(ValueError, match=f"`factor`: expected .*Received: factor={factor}"):
            callbacks.PerformanceDecay(factor=factor)


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.ExponentialDecay(0.1, 3),
        callbacks.PerformanceDecay(monitor="loss"),
        callbacks.OneCycle(0.1),
        callbacks.LearningRateFinder(),
    ],
)
@pytest.mark.parametrize("rate", [schedules.Power(0.1, 10), lambda: 0.1], ids=["schedule", "call"])
def test_a_schedule_is_refused_before_the_training(callback, rate):
    model = linear_model(keras.optimizers.SGD(rate, momentum=0.9))
    with pytest.raises(ValueError, match=f"`learning_rate`: .*`{type(callback).__name__}`"):
        train(model, callback)
    assert int(model.optimizer.iterations) == 0


TOTAL = 16  # steps of `train`
RATES = np.interp(np.arange(TOTAL + 1), [0, TOTAL / 2, TOTAL], [0.02, 0.2, 0.0002])
MOMENTA = np.interp(np.arange(TOTAL + 1), [0, TOTAL / 2, TOTAL], [0.95, 0.85, 0.95])


def sgd_bias(nesterov=False, momenta=MOMENTA):
    """Return where stochastic gradient descent with a gradient of 1 takes the bias."""
    value = velocity = 0.0
    for rate, momentum in zip(RATES[:TOTAL], momenta, strict=False):
        velocity = momentum * velocity - rate
        value += momentum * velocity - rate if nesterov else velocity
    return value


def adam_bias():
    value = m = v = 0.0
    for t, (rate, beta) in enumerate(zip(RATES[:TOTAL], MOMENTA, strict=False), start=1):
        m = beta * m + (1 - beta)
        v = 0.999 * v + 0.001
        value -= rate * m / (1 - beta**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return value


class TestOneCycle:
    @pytest.mark.parametrize("steps_per_execution", [1, 2, 4])
    @pytest.mark.parametrize("nesterov", [False, True])
    def test_learning_rate_and_momentum_act_at_every_step(self, nesterov, steps_per_execution):
        sgd = keras.optimizers.SGD(momentum=0.9, nesterov=nesterov)
        model = linear_model(sgd, first_output, steps_per_execution=steps_per_execution)
        train(model, callbacks.OneCycle(0.2))
        assert bias(model) == pytest.approx(sgd_bias(nesterov), rel=1e-5)
        assert float(sgd.learning_rate) == pytest.approx(0.0002, rel=1e-4)
        assert sgd.momentum == 0.9

    def test_adam(self):
        model = linear_model("adam", first_output)
        train(model, callbacks.OneCycle(0.2))
        assert bias(model) == pytest.approx(adam_bias(), rel=1e-4)

    def test_momentum_left_alone(self):
        model = linear_model(keras.optimizers.SGD(momentum=0.9), first_output)
        train(model, callbacks.OneCycle(0.2, momentum=None))
        assert bias(model) == pytest.approx(sgd_bias(momenta=np.full(TOTAL, 0.9)), rel=1e-5)

    def test_rate_is_that_of_the_schedule(self):
        trace = callbacks.LearningRateTrace()
        train(linear_model("adam"), callbacks.OneCycle(0.2, div=5, final_div=50), trace)
        schedule = schedules.OneCycle(0.2, TOTAL, div=5, final_div=50)
        np.testing.assert_allclose(
            trace.history["learning_rate"], ops.convert_to_numpy(schedule(np.arange(TOTAL)))
        )

    def test_a_second_fit_is_a_new_cycle_and_a_plain_one_none(self):
        cycle, trace = callbacks.OneCycle(0.2), callbacks.LearningRateTrace()
        model = linear_model(keras.optimizers.SGD(0.5, momentum=0.9), first_output)
        train(model, trace)
        assert set(trace.history["learning_rate"]) == {0.5}
        for _ in range(2):
            train(model, cycle, trace)
            np.testing.assert_allclose(trace.history["learning_rate"], RATES[:-1], rtol=1e-5)
        model.optimizer.learning_rate = 0.25
        train(model, trace)
        assert set(trace.history["learning_rate"]) == {0.25}

    def test_goes_on_with_initial_epoch(self):
        model = linear_model(keras.optimizers.SGD(momentum=0.9), first_output)
        train(model, Stop(after_epoch=1), callbacks.OneCycle(0.2))
        train(model, callbacks.OneCycle(0.2), initial_epoch=2)
        assert bias(model) == pytest.approx(sgd_bias(), rel=1e-5)

    @pytest.mark.parametrize("cycle_first", [False, True])
    def test_goes_on_after_backup_and_restore(self, cycle_first, tmp_path):
        def session(*others):
            model = linear_model(keras.optimizers.SGD(momentum=0.9), first_output)
            backup = keras.callbacks.BackupAndRestore(tmp_path)
            pair = [callbacks.OneCycle(0.2), backup][:: 1 if cycle_first else -1]
            train(model, *pair, *others)
            return model

        with pytest.raises(Crash):
            session(CrashAfter(epoch=1))
        assert bias(session()) == pytest.approx(sgd_bias(), rel=1e-5)

    def test_a_model_saved_meanwhile_is_an_ordinary_model(self, tmp_path):
        checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
        train(linear_model(keras.optimizers.SGD(momentum=0.9)), callbacks.OneCycle(0.2), checkpoint)
        loaded = keras.models.load_model(tmp_path / "2.keras")
        assert type(loaded.optimizer) is keras.optimizers.SGD
        assert loaded.optimizer.momentum == 0.9
        assert float(loaded.optimizer.learning_rate) == pytest.approx(0.2)
        assert int(loaded.optimizer.iterations) == 8

    def test_an_optimizer_without_momentum_is_refused(self):
        with pytest.raises(ValueError, match=r"`momentum`: expected None.*optimizer=SGD"):
            train(linear_model("sgd"), callbacks.OneCycle(0.2))

    def test_an_unknown_number_of_steps_is_refused(self):
        def data():
            while True:
                yield ZEROS, ZEROS

        with pytest.raises(ValueError, match="`steps_per_epoch`: expected an integer"):
            linear_model("adam").fit(data(), callbacks=[callbacks.OneCycle(0.2)], verbose=0)
        trace = callbacks.LearningRateTrace()
        linear_model("adam").fit(
            data(),
            steps_per_epoch=4,
            epochs=4,
            callbacks=[callbacks.OneCycle(0.2), trace],
            verbose=0,
        )
        np.testing.assert_allclose(trace.history["learning_rate"], RATES[:-1], rtol=1e-5)

    @pytest.mark.parametrize("momentum", [(0.95,), (1.0, 0.85), (0.95, -0.1)])
    def test_bad_arguments(self, momentum):
        with pytest.raises(ValueError, match="`momentum`: expected None or two floats in"):
            callbacks.OneCycle(0.1, momentum=momentum)


class Stop(keras.callbacks.Callback):
    def __init__(self, after_epoch):
        super().__init__()
        self.after_epoch = after_epoch

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == self.after_epoch


class Crash(Exception):
    pass


class CrashAfter(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise Crash


class TestValidationRatio:
    def test_one_ratio_per_epoch_with_validation(self):
        ratio = callbacks.ValidationRatio()
        history = train(
            linear_model(),
            ratio,
            y=ZEROS + 1,
            validation_data=(ZEROS, ZEROS + 2),
            validation_freq=2,
        )
        expected = np.divide(history["val_loss"], np.array(history["loss"])[1::2])
        np.testing.assert_allclose(ratio.history["val_ratio"], expected)
        assert ratio.history["val_ratio"] == history["val_ratio"]
        assert ratio.epoch == [1, 3]

    def test_without_validation_data(self):
        ratio = callbacks.ValidationRatio()
        history = train(linear_model(), ratio)
        assert ratio.history == {"val_ratio": []}
        assert "val_ratio" not in history

    def test_a_perfect_fit(self):
        ratio = callbacks.ValidationRatio()
        train(linear_model(), ratio, epochs=1, validation_data=(ZEROS, ZEROS + 2))
        assert ratio.history["val_ratio"] == [np.inf]


class TestLearningRateTrace:
    @pytest.mark.parametrize("steps_per_execution", [1, 4])
    def test_schedule(self, steps_per_execution):
        schedule = schedules.Power(0.5, 3)
        model = linear_model(
            keras.optimizers.SGD(schedule), steps_per_execution=steps_per_execution
        )
        trace = callbacks.LearningRateTrace()
        train(model, trace, epochs=2)
        assert trace.step == list(range(0, 8, steps_per_execution))
        expected = [0.5 / (1 + step / 3) for step in trace.step]
        np.testing.assert_allclose(trace.history["learning_rate"], expected, rtol=1e-6)

    def test_steps_go_on_where_the_optimizer_is(self):
        model = linear_model()
        train(model, epochs=2)
        trace = callbacks.LearningRateTrace()
        train(model, trace, epochs=1)
        assert trace.step == [8, 9, 10, 11]
        np.testing.assert_allclose(trace.history["learning_rate"], [0.01] * 4)


@pytest.fixture(scope="module")
def probe():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)).astype("float32")
    return X, (X[:, 0] > 0).astype("int32")


def deep_model():
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.1), name="hidden"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.ReLU(name="relu"),
            keras.layers.Dropout(0.5, name="dropout"),
            keras.layers.Dense(2, activation="softmax", name="output"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class TestGradientNorms:
    def test_against_finite_differences(self, probe):
        X, y = probe
        inputs = keras.Input((3,))
        hidden = keras.layers.Dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.1))
        output = keras.layers.Dense(2, "softmax", name="output")
        model = keras.Model(inputs, output(hidden(inputs)))
        model.compile("sgd", "sparse_categorical_crossentropy")
        norms = callbacks.gradient_norms(model, X, y)
        for layer in (hidden, output):
            assert norms[layer.name] == pytest.approx(
                finite_difference_norm(model, layer, X, y), rel=2e-3
            )

    def test_of_the_training_with_its_batch_statistics(self, probe):
        model = deep_model()
        model.get_layer("dropout").rate = 0.0
        norms = callbacks.gradient_norms(model, *probe)
        before = {layer.name: layer.trainable_variables for layer in model.layers}
        before = {name: [v.numpy() for v in values] for name, values in before.items()}
        model.compile(keras.optimizers.SGD(1.0), model.loss)  # whose step is minus the gradient
        model.train_on_batch(*probe)
        for name, norm in norms.items():
            after = [variable.numpy() for variable in model.get_layer(name).trainable_variables]
            moves = [np.ravel(a - b) for a, b in zip(after, before[name], strict=True)]
            assert np.linalg.norm(np.concatenate(moves)) == pytest.approx(norm, rel=1e-4)

    def test_a_layer_that_is_frozen_is_left_out(self, probe):
        model = deep_model()
        assert list(callbacks.gradient_norms(model, *probe)) == ["hidden", "norm", "output"]
        model.get_layer("norm").trainable = False
        assert list(callbacks.gradient_norms(model, *probe)) == ["hidden", "output"]

    def test_embedding(self):
        layers = [keras.Input((2,)), keras.layers.Embedding(7, 3, name="embedding")]
        model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        words = np.array([[0, 1], [0, 1]])
        norm = callbacks.gradient_norms(model, words, model(words) - 1)["embedding"]
        kernel = ops.convert_to_numpy(model.layers[-1].kernel)
        assert norm == pytest.approx(2 * np.linalg.norm(kernel), rel=1e-5)

    def test_one_value_per_epoch_of_a_changing_gradient(self, probe):
        record = callbacks.GradientNorms(*probe)
        model = deep_model()
        model.fit(*probe, epochs=3, verbose=0, callbacks=[record])
        assert record.epoch == [0, 1, 2]
        assert {name: len(set(norms)) for name, norms in record.history.items()} == {
            "hidden": 3,
            "norm": 3,
            "output": 3,
        }
        last = {name: norms[-1] for name, norms in record.history.items()}
        assert callbacks.gradient_norms(model, *probe) == pytest.approx(last)

    def test_looking_changes_nothing(self, probe):
        plain, watched = (
            deep_model().fit(*probe, epochs=3, batch_size=8, verbose=0, callbacks=extra).history
            for extra in ([], [callbacks.GradientNorms(*probe)])
        )
        assert plain == watched


def finite_difference_norm(model, layer, X, y, step=1e-2):
    """Return the norm of the central differences of `evaluate`'s loss in the layer's weights."""
    weights, slopes = layer.get_weights(), []
    for array in weights:
        for index in np.ndindex(array.shape):
            center, losses = array[index], []
            for shifted in (center - step, center + step):
                array[index] = shifted
                layer.set_weights(weights)
                losses.append(model.evaluate(X, y, batch_size=len(X), verbose=0))
            array[index] = center
            layer.set_weights(weights)
            slopes.append((losses[1] - losses[0]) / (2 * step))
    return np.linalg.norm(slopes)


class TestLearningRateFinder:
    def test_rates_and_losses_of_every_batch(self):
        finder = callbacks.LearningRateFinder(1e-3, 1e-1)
        y = np.random.default_rng(0).normal(3, 1, size=(40, 1)).astype("float32")
        train(linear_model(), finder, y=y, shuffle=False)
        rates = 1e-3 * 100 ** (np.arange(TOTAL) / TOTAL)
        np.testing.assert_allclose(finder.history["learning_rate"], rates, rtol=1e-5)
        value, losses = 0.0, []
        for step, rate in enumerate(rates):
            errors = value - y[step % 4 * 10 :][:10]
            losses.append(np.mean(errors**2))
            value -= rate * 2 * np.mean(errors)
        np.testing.assert_allclose(finder.history["loss"], losses, rtol=1e-4)
        assert finder.step == list(range(TOTAL))

    @pytest.mark.parametrize("steps_per_execution", [1, 2])
    def test_leaves_model_and_optimizer_as_they_were(self, probe, steps_per_execution):
        def training(*first):
            model = deep_model()
            sgd = keras.optimizers.SGD(0.1, momentum=0.9)
            loss = "sparse_categorical_crossentropy"
            model.compile(sgd, loss, steps_per_execution=steps_per_execution)
            for callback in first:
                model.fit(*probe, batch_size=10, epochs=8, callbacks=[callback], verbose=0)
            return model, model.fit(*probe, batch_size=8, epochs=2, shuffle=False, verbose=0)

        finder = callbacks.LearningRateFinder()
        model, history = training(finder)
        expected, expected_history = training()
        assert history.history == expected_history.history
        for ours, theirs in zip(model.variables, expected.variables, strict=True):
            np.testing.assert_array_equal(*map(ops.convert_to_numpy, (ours.value, theirs.value)))
        assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
        assert finder.step == list(range(0, 32, steps_per_execution))[: len(finder.step)]

    def test_stops_when_the_loss_explodes(self):
        finder = callbacks.LearningRateFinder(1e-2, 1e8)
        model = linear_model()
        train(model, finder, y=ZEROS + 1, epochs=20)
        assert len(finder.step) == len(finder.history["loss"]) < 80
        assert not finder.history["loss"][-1] <= 4
        assert bias(model) == 0

    def test_stops_when_the_loss_is_no_number(self):
        finder = callbacks.LearningRateFinder()
        train(linear_model(), finder, y=ZEROS + np.nan)
        assert len(finder.step) == 1

    @pytest.mark.parametrize("seed", [0, 1, 24, 42, 56])  # with lucky first batches, too
    def test_suggests_a_rate_that_trains(self, seed):
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(0)
        X = rng.normal(size=(320, 1))
        y = 3 * X + rng.normal(size=(320, 1))
        finder = callbacks.LearningRateFinder()
        model = linear_model()
        train(model, finder, X=X, y=y, epochs=3)
        model.optimizer.learning_rate = finder.suggested_rate()
        assert train(model, X=X, y=y, epochs=2)["loss"][-1] == pytest.approx(1, abs=0.2)

    @pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX builds the model by itself")
    def test_a_model_without_weights_is_refused(self):
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        with pytest.raises(ValueError, match=r"Start it with `keras\.Input`"):
            train(model, callbacks.LearningRateFinder())

    def test_bad_arguments(self):
        with pytest.raises(ValueError, match=r"`min_learning_rate`: .*min_learning_rate=1"):
            callbacks.LearningRateFinder(1, 0.1)


def test_act_in_epochs_of_one_call(probe):
    """`models` trains a whole epoch of `batches` in one call, unless a callback watches steps."""
    losses = []
    for watcher in ([], [callbacks.LearningRateTrace()]):
        keras.utils.set_random_seed(0)
        model = models.mlp(3, 2, optimizer=keras.optimizers.SGD(momentum=0.9))
        others = [callbacks.OneCycle(0.3), callbacks.GradientNorms(*probe)]
        data = datasets.batches(*probe, batch_size=7)
        history = model.fit(data, epochs=3, verbose=0, callbacks=others + watcher)
        losses.append(history.history["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0003)


def test_all_together(probe, tmp_path):
    """Everything at once, with several steps per execution, and a save and load in the middle."""
    records = [
        callbacks.ValidationRatio(),
        callbacks.GradientNorms(*probe),
        callbacks.LearningRateTrace(),
    ]
    model = deep_model()
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=3)
    for half in (0, 1):
        model.fit(
            *probe,
            batch_size=7,
            epochs=4 * half + 4,
            initial_epoch=4 * half,
            validation_data=probe,
            verbose=0,
            callbacks=[
                callbacks.OneCycle(0.01),
                callbacks.EarlyStopping(patience=50, verbose=0),
                *records,
            ],
        )
        ratio, norms, trace = records
        assert ratio.epoch == norms.epoch == [4 * half + i for i in range(4)]
        assert trace.step == [24 * half + 3 * i for i in range(8)]
        model.save(tmp_path / "model.keras")
        model = keras.models.load_model(tmp_path / "model.keras")
