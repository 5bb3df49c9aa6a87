"""Callbacks that record what happens during the training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from dlcourse.callbacks.rates import read_rate


class ValidationRatio(keras.callbacks.Callback):
    """Records `val_loss / loss` at the end of every epoch: the further above 1, the more overfit.

    The ratio is also shown in the progress bar and kept in `fit`'s history as `"val_ratio"`.
    An epoch without validation is left out.

    Attributes:
        epoch: List of integers, the epochs with validation.
        history: Dict, `{"val_ratio": list of floats}`.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.0), "mse")
        >>> ratio = ValidationRatio()
        >>> history = model.fit(
        ...     X, 0 * X, epochs=2, validation_data=(2 * X, 0 * X), verbose=0, callbacks=[ratio]
        ... )
        >>> [round(value, 3) for value in ratio.history["val_ratio"]]
        [4.0, 4.0]

    Source: Esparza Alba, *Deep Learning* (2023), section 2.3.
    """

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {"val_ratio": []}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if logs is None or "val_loss" not in logs:
            return
        with np.errstate(divide="ignore", invalid="ignore"):  # a loss of 0 gives inf or nan
            logs["val_ratio"] = float(np.divide(logs["val_loss"], logs["loss"]))
        self.epoch.append(epoch)
        self.history["val_ratio"].append(logs["val_ratio"])


class LearningRateTrace(keras.callbacks.Callback):
    """Records the learning rate of every step, whoever sets it: schedule, callback or nobody.

    With `steps_per_execution=k` Keras lets it see every k-th step.

    Attributes:
        step: List of integers, the steps that the optimizer had done before.
        history: Dict, `{"learning_rate": list of floats}`.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> halving = keras.optimizers.schedules.ExponentialDecay(0.4, 1, decay_rate=0.5)
        >>> model.compile(keras.optimizers.SGD(halving), "mse")
        >>> trace = LearningRateTrace()
        >>> history = model.fit(X, X, batch_size=2, verbose=0, callbacks=[trace])
        >>> trace.step, [round(rate, 3) for rate in trace.history["learning_rate"]]
        ([0, 1, 2, 3], [0.4, 0.2, 0.1, 0.05])
    """

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.step: list[int] = []
        self.history: dict[str, list[float]] = {"learning_rate": []}

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.history["learning_rate"].append(read_rate(self.model))
        self.step.append(int(self.model.optimizer.iterations))


class GradientNorms(keras.callbacks.Callback):
    """Records the norm of the loss gradient of each layer at the end of every epoch.

    Call `gradient_norms` for the norms before the training.

    Args:
        X: Array of shape (n, ...), the inputs of a fixed probe batch.
        y: Array of shape (n, ...), their targets.

    Attributes:
        epoch: List of integers.
        history: Dict, for each layer with trainable weights `{name: list of floats}`.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="output")])
        >>> model.compile("sgd", "mse")
        >>> norms = GradientNorms(X, X)
        >>> history = model.fit(X, X, epochs=3, verbose=0, callbacks=[norms])
        >>> norms.epoch, len(norms.history["output"])
        ([0, 1, 2], 3)
    """

    def __init__(self, X: Any, y: Any) -> None:
        super().__init__()
        self.X = X
        self.y = y

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epoch.append(epoch)
        for name, norm in gradient_norms(self.model, self.X, self.y).items():
            self.history.setdefault(name, []).append(norm)


def gradient_norms(model: keras.Model, X: Any, y: Any) -> dict[str, float]:
    """Return the Euclidean norm of the loss gradient for each layer of a compiled model.

    The loss is that of the training: batch statistics, dropout masks and penalties included. The
    model stays as it is, with its moving averages and random states.

    Args:
        model: Compiled `keras.Model`.
        X: Array of shape (n, ...), inputs.
        y: Array of shape (n, ...), targets.

    Returns:
        Dict of layer names to the norm of the gradient with respect to all trainable weights of
        the layer, in the order of the layers.

    Example:
        >>> X = keras.ops.ones((4, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="output")])
        >>> model.compile("sgd", "mse")
        >>> gradient_norms(model, X, model(X) - 1)  # of error 1: 2 for the weight, 2 for the bias
        {'output': 2.82842...}
    """
    X, y = ops.convert_to_tensor(X), ops.convert_to_tensor(y)
    state = [ops.convert_to_tensor(variable.value) for variable in model.non_trainable_variables]
    metrics = [ops.convert_to_tensor(variable.value) for variable in model.metrics_variables]

    def loss(weights: list[Any]) -> Any:
        y_pred, _ = model.stateless_call(weights, state, X, training=True)
        value, _ = model.stateless_compute_loss(weights, state, metrics, X, y, y_pred)
        return value

    weights = [ops.convert_to_tensor(variable.value) for variable in model.trainable_variables]
    gradients = dict(
        zip(map(id, model.trainable_variables), _gradients(loss, weights), strict=True)
    )
    return {
        layer.name: float(
            np.sqrt(sum(np.sum(gradients[id(v)] ** 2) for v in layer.trainable_variables))
        )
        for layer in model.layers
        if layer.trainable_variables
    }


def _gradients(loss: Any, weights: list[Any]) -> list[np.ndarray]:
    if keras.backend.backend() == "jax":
        import jax

        gradients = jax.grad(loss)(weights)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights)
        gradients = tape.gradient(value, weights, unconnected_gradients="zero")
    return [ops.convert_to_numpy(gradient) for gradient in gradients]
