"""The base of the callbacks that set the learning rate before every single training step."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from dlcourse.arguments import invalid
from dlcourse.callbacks.rates import require_settable_rate


class StepRate(keras.callbacks.Callback):
    """Sets the learning rate at every step to a function of the progress of `fit`, from 0 to 1.

    Keras calls a callback only once per `steps_per_execution` steps, and on JAX at a time when
    variables cannot be set. So this one extends the optimizer's `apply` while the model trains:
    the rate becomes part of the compiled step.

    Progress follows the optimizer's own count of steps and the number of the epoch. A training
    resumed by `BackupAndRestore` or with `initial_epoch` goes on where it was.
    """

    def rate(self, progress: Any) -> Any:
        """Return the learning rate at `progress`, a scalar tensor in [0, 1]."""
        raise NotImplementedError

    def before_step(self, optimizer: keras.optimizers.Optimizer, progress: Any) -> None:
        """Prepare the optimizer for its next update. It does nothing by default.

        It is compiled, like `rate`, and must not ask for `self.model`, which would make JAX write
        its state into the model while it compiles.
        """

    def after_step(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Undo `before_step`. It does nothing by default."""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        require_settable_rate(self)
        self._extended = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not self._extended:  # not in on_train_begin, which does not know the first epoch
            self._extend_optimizer(epoch)
            self._extended = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        vars(self.model.optimizer).pop("apply", None)
        self.model.make_train_function(force=True)

    def _extend_optimizer(self, epoch: int) -> None:
        optimizer, steps = self.model.optimizer, self.params["steps"]
        if steps is None:
            expected = "an integer, because the number of batches in the data is unknown"
            raise invalid("steps_per_epoch", expected, None)
        total = steps * self.params["epochs"]
        start = int(optimizer.iterations) - steps * epoch

        def progress() -> Any:
            return ops.clip(ops.cast(optimizer.iterations - start, "float32") / total, 0, 1)

        def apply(grads: Any, trainable_variables: Any = None) -> None:
            self.before_step(optimizer, progress())
            type(optimizer).apply(optimizer, grads, trainable_variables)
            self.after_step(optimizer)
            optimizer.learning_rate = self.rate(progress())  # of the next step

        optimizer.learning_rate = self.rate(progress())
        optimizer.apply = apply
        self.model.make_train_function(force=True)  # an earlier `fit` compiled the plain one
