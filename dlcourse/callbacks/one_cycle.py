"""The 1cycle policy: learning rate up and down, momentum down and up."""

from __future__ import annotations

from typing import Any

import keras

from dlcourse.arguments import invalid
from dlcourse.callbacks.step_rate import StepRate
from dlcourse.schedules import check_positive, triangle


class _Momentum(keras.Variable):
    """A momentum that changes. To Keras, which asks whether there is any, there always is."""

    def __ne__(self, other: object) -> bool:
        return True

    def __gt__(self, other: object) -> bool:
        return True


class OneCycle(StepRate):
    """The 1cycle policy over the whole of `fit`, for the learning rate and the momentum.

    The rate rises linearly from `max_learning_rate / div` to `max_learning_rate` in the first half
    of all steps and falls linearly to `max_learning_rate / final_div` in the second, as in
    `schedules.OneCycle`. Meanwhile the momentum falls from `momentum[0]` to `momentum[1]` and
    rises back. Both change at every step. After an interrupted `fit`, compile the model again.

    Args:
        max_learning_rate: Float > 0, the rate in the middle; it replaces the optimizer's.
        div: Float > 0. Defaults to 10.
        final_div: Float > 0. Defaults to 1000.
        momentum: Tuple of two floats in [0, 1), largest and smallest momentum (`beta_1` of Adam
            and its kin), or `None` to leave it alone. Defaults to `(0.95, 0.85)`.

    Raises:
        ValueError: An argument is out of range, or (in `fit`) the optimizer has a learning-rate
            schedule or no momentum, or the number of batches is unknown.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(momentum=0.9), "mse")
        >>> history = model.fit(X, X, epochs=4, verbose=0, callbacks=[OneCycle(0.1)])
        >>> round(float(model.optimizer.learning_rate), 6)
        0.0001

    Source: Smith, *A disciplined approach to neural network hyper-parameters: Part 1* (2018),
        arXiv:1803.09820.
    """

    def __init__(
        self,
        max_learning_rate: float,
        div: float = 10.0,
        final_div: float = 1000.0,
        momentum: tuple[float, float] | None = (0.95, 0.85),
    ) -> None:
        super().__init__()
        check_positive(max_learning_rate=max_learning_rate, div=div, final_div=final_div)
        if momentum is not None and not (len(momentum) == 2 and all(0 <= m < 1 for m in momentum)):
            raise invalid("momentum", "None or two floats in [0, 1)", momentum)
        self.max_learning_rate = max_learning_rate
        self.div = div
        self.final_div = final_div
        self.momentum = momentum

    def rate(self, progress: Any) -> Any:
        top = self.max_learning_rate
        return triangle(progress, top / self.div, top, top / self.final_div)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        if self.momentum is not None:
            self._name = _momentum_name(self.model.optimizer)
            self._constant = getattr(self.model.optimizer, self._name)
            self._current = _Momentum(self._constant, trainable=False)

    def before_step(self, optimizer: keras.optimizers.Optimizer, progress: Any) -> None:
        if self.momentum is not None:
            largest, smallest = self.momentum
            self._current.assign(triangle(progress, largest, smallest, largest))
            # straight into `vars`: Keras would save it among the optimizer's variables
            vars(optimizer)[self._name] = self._current

    def after_step(self, optimizer: keras.optimizers.Optimizer) -> None:
        if self.momentum is not None:
            vars(optimizer)[self._name] = self._constant


def _momentum_name(optimizer: keras.optimizers.Optimizer) -> str:
    for name in ("momentum", "beta_1"):
        if getattr(optimizer, name, 0):
            return name
    raise ValueError(
        "Invalid value for `momentum`: expected None, because the optimizer was compiled without "
        f"momentum. Received: optimizer={type(optimizer).__name__}"
    )
