"""Early stopping that says what it did."""

from __future__ import annotations

from typing import Any

import keras


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras' `EarlyStopping` that restores the best weights and reports in one line.

    Epochs are counted from 1 in the report, as in Keras' progress bar, and from 0 in the
    attributes, as in Keras. The best weights also come back when the patience never ran out. Each
    `fit` starts to count anew, also when `BackupAndRestore` resumes it.

    Args:
        monitor: String, the monitored quantity. Defaults to `"val_loss"`.
        patience: Integer, epochs without improvement before stopping. Defaults to 10.
        restore_best_weights: Boolean. Defaults to `True`.
        verbose: 0 or 1: print the report at the end of `fit`. Defaults to 1.
        **options: Other arguments of `keras.callbacks.EarlyStopping`, such as `min_delta`.

    Attributes:
        best_epoch: Integer, the epoch with the best value.
        best: Float, that value; `None` if there was none.
        report: String, where and why the training ended.

    Example:
        >>> X = keras.ops.ones((8, 1))
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.0), "mse")  # never improves
        >>> early = EarlyStopping(patience=2)
        >>> history = model.fit(
        ...     X, X, epochs=9, validation_data=(X, X), verbose=0, callbacks=[early]
        ... )  # doctest: +ELLIPSIS
        Stopped after epoch 3: val_loss has not improved for 2 epochs. Best epoch: 1, val_loss ...
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 10,
        restore_best_weights: bool = True,
        verbose: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(
            monitor, patience=patience, restore_best_weights=restore_best_weights, **options
        )
        self.prints = bool(verbose)  # Keras' own `verbose` stays 0: it prints two lines
        self.report = ""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        self.last_epoch = -1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.last_epoch = epoch

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_end(logs)
        self.report = f"{self._ending()} {self._best()}"
        if self.prints:
            print(self.report)

    def _ending(self) -> str:
        if self.stopped_epoch:
            return (
                f"Stopped after epoch {self.stopped_epoch + 1}: {self.monitor} has not improved "
                f"for {self.wait} epochs."
            )
        return f"Not stopped early: the training ended after epoch {self.last_epoch + 1}."

    def _best(self) -> str:
        if self.best is None:
            return f"{self.monitor} was never measured: does `fit` have validation data?"
        restored = "restored" if self.restore_best_weights else "not restored"
        return (
            f"Best epoch: {self.best_epoch + 1}, {self.monitor} {self.best:.4g}, "
            f"weights {restored}."
        )
