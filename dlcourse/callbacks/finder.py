"""The learning-rate range test."""

from __future__ import annotations

from typing import Any

import pandas as pd
from keras import ops

from dlcourse.arguments import invalid
from dlcourse.callbacks.rates import read_rate
from dlcourse.callbacks.step_rate import StepRate


class LearningRateFinder(StepRate):
    """Smith's range test: train with a growing learning rate, record the loss, undo it all.

    The rate grows exponentially over all steps of `fit`, so that one run covers decades (Smith's
    grows linearly). `fit` stops when the loss is no longer finite or exceeds 4 times its first
    value and its mean (a first batch may be a lucky one). Then the model and its optimizer are as
    they were before; only an interrupted `fit` (Ctrl-C) undoes nothing.

    Args:
        min_learning_rate: Float > 0, the first rate. Defaults to 1e-5.
        max_learning_rate: Float > `min_learning_rate`, the last rate. Defaults to 10.

    Attributes:
        step: List of integers.
        history: Dict, `{"learning_rate": list of floats, "loss": list of floats}`. A loss is the
            mean over one execution: one batch, unless `steps_per_execution` is set.

    Raises:
        ValueError: The rates are out of range, or (in `fit`) the model has no weights yet, the
            optimizer has a schedule, or the number of batches is unknown.

    Example:
        >>> import keras, numpy as np
        >>> X = np.linspace(-1, 1, 100)[:, None]
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> model.set_weights([np.zeros((1, 1)), np.zeros(1)])
        >>> finder = LearningRateFinder()
        >>> history = model.fit(X, 3 * X, batch_size=10, epochs=10, verbose=0, callbacks=[finder])
        >>> 0.01 < finder.suggested_rate() < 1
        True

    Source: Smith, *Cyclical learning rates for training neural networks* (2017),
        arXiv:1506.01186.
    """

    def __init__(self, min_learning_rate: float = 1e-5, max_learning_rate: float = 10.0) -> None:
        super().__init__()
        if not 0 < min_learning_rate < max_learning_rate:
            expected = f"a float between 0 and max_learning_rate={max_learning_rate}"
            raise invalid("min_learning_rate", expected, min_learning_rate)
        self.min_learning_rate = min_learning_rate
        self.max_learning_rate = max_learning_rate

    def rate(self, progress: Any) -> Any:
        return (
            self.min_learning_rate * (self.max_learning_rate / self.min_learning_rate) ** progress
        )

    def suggested_rate(self) -> float:
        """Return a tenth of the rate at which the smoothed loss was smallest.

        The first losses, over which a mean is still that of a few batches, are not candidates.
        """
        losses = pd.Series(self.history["loss"])
        few = min(10, (len(losses) + 1) // 2)
        smooth = losses.ewm(alpha=0.1, min_periods=few).mean()
        return self.history["learning_rate"][int(smooth.argmin())] / 10

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        if not self.model.built:
            raise ValueError(
                "Invalid model for `LearningRateFinder`: expected one with weights to come back "
                "to. Start it with `keras.Input`. Received: a model that is not built"
            )
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self.step: list[int] = []
        self.history: dict[str, list[float]] = {"learning_rate": [], "loss": []}
        variables = [*self.model.variables, *self.model.optimizer.variables]
        self._before = [(variable, ops.convert_to_numpy(variable.value)) for variable in variables]

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.history["learning_rate"].append(read_rate(self.model))
        self.step.append(int(self.model.optimizer.iterations))
        self.model.reset_metrics()  # Keras' loss would be the mean since the epoch began

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        losses = self.history["loss"]
        losses.append(float((logs or {})["loss"]))
        usual = max(losses[0], sum(losses) / len(losses))
        self.model.stop_training = not losses[-1] <= 4 * usual  # true for nan, too

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_end(logs)
        for variable, value in self._before:
            variable.assign(value)
