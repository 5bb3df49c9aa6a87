"""An optimizer's learning rate, and the callbacks that set it once per epoch."""

from __future__ import annotations

from typing import Any

import keras

from dlcourse.arguments import invalid
from dlcourse.schedules import check_positive


def read_rate(model: keras.Model) -> float:
    """Return the learning rate of the model's next step."""
    return float(model.optimizer.learning_rate)


def require_settable_rate(callback: keras.callbacks.Callback) -> None:
    """Raise `ValueError` if the rate of the callback's optimizer is itself a schedule."""
    if not isinstance(callback.model.optimizer.learning_rate, keras.Variable):
        raise ValueError(
            "Invalid value for the optimizer's `learning_rate`: expected a float, which "
            f"`{type(callback).__name__}` changes while the model trains. "
            "Received: a schedule, which changes it already"
        )


class ExponentialDecay(keras.callbacks.LearningRateScheduler):
    """Exponential decay per epoch: `initial_learning_rate * 0.1 ** (epoch / decay_epochs)`.

    The rate is the same within an epoch and depends on nothing but its number (from 0), so
    that a training resumed with `initial_epoch` goes on where it was. `fit`'s history holds
    `"learning_rate"`. `schedules.Exponential` falls with every step instead.

    Args:
        initial_learning_rate: Float > 0, the rate of the first epoch; it replaces the optimizer's.
        decay_epochs: Number > 0 of epochs in which the rate falls by a factor of 10.

    Raises:
        ValueError: An argument is not positive, or (in `fit`) the optimizer has a schedule.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> decay = ExponentialDecay(0.01, decay_epochs=2)
        >>> history = model.fit(X, X, epochs=3, verbose=0, callbacks=[decay]).history
        >>> [round(rate, 5) for rate in history["learning_rate"]]
        [0.01, 0.00316, 0.001]

    Source: Esparza Alba, *Deep Learning* (2023), section 3.4.2.
    """

    def __init__(self, initial_learning_rate: float, decay_epochs: float) -> None:
        check_positive(initial_learning_rate=initial_learning_rate, decay_epochs=decay_epochs)
        super().__init__(lambda epoch, _: initial_learning_rate * 0.1 ** (epoch / decay_epochs))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        require_settable_rate(self)


class PerformanceDecay(keras.callbacks.ReduceLROnPlateau):
    """Performance scheduling: reduce the learning rate when the validation loss stops falling.

    Keras' `ReduceLROnPlateau` with the sources' defaults, which refuses a schedule before the
    training and not in the middle of it. `fit`'s history holds `"learning_rate"`.

    Args:
        monitor: String, the monitored quantity. Defaults to `"val_loss"`.
        factor: Float in (0, 1) by which the rate is multiplied. Defaults to 0.5.
        patience: Integer, epochs without improvement before that. Defaults to 5.
        **options: Other arguments of `keras.callbacks.ReduceLROnPlateau`, such as `min_lr`.

    Raises:
        ValueError: `factor` is outside (0, 1), or (in `fit`) the optimizer has a schedule.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")  # a perfect fit after one step
        >>> decay = PerformanceDecay(monitor="loss", patience=1)
        >>> history = model.fit(X, X, epochs=5, verbose=0, callbacks=[decay])
        >>> read_rate(model) < 0.5
        True

    Source: Esparza Alba, *Deep Learning* (2023), section 3.4.3.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.5,
        patience: int = 5,
        **options: Any,
    ) -> None:
        if not 0 < factor < 1:
            raise invalid("factor", "a float in (0, 1)", factor)
        super().__init__(monitor, factor=factor, patience=patience, **options)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        require_settable_rate(self)
