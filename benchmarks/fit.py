"""How much faster is `fit(batches(X, y))` than `fit(X, y)` on the small data of the labs?

Trains two networks of the lecture notes in five ways, each time from a new model, and counts the
preparation of the data and the compilation of the training step. The ways take turns, so that
other work on the machine slows all of them. Goals: 6 times plain `fit` on Iris, 10 on Boston.
Run it with: python benchmarks/fit.py [--repeat N]
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dlcourse import datasets, models

BATCH_SIZE = 32
Arrays = tuple[np.ndarray, np.ndarray]
Losses = list[float]


@dataclass(frozen=True)
class Workload:
    """A network, the data it trains on, and for how long."""

    title: str
    build: Callable[[], keras.Model]
    train: Arrays
    validation: Arrays | None
    epochs: int


def iris() -> Workload:
    X, y = datasets.load_iris()
    train, validation = datasets.split(scaled(X), y, test_size=0.3, seed=0)
    return Workload(
        "Iris 4-256-256-256-3, 100 epochs, validation and early stopping in each",
        lambda: models.mlp(4, 3, hidden=(256, 256, 256)),
        train,
        validation,
        epochs=100,
    )


def boston() -> Workload:
    X, y = datasets.load_boston()
    return Workload(
        "Boston 6-100-1, 200 epochs",
        lambda: models.mlp(6, 1, "regression", hidden=(100,)),
        (scaled(X), y.astype("float32")),
        None,
        epochs=200,
    )


def scaled(X: np.ndarray) -> np.ndarray:
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype("float32")


def plain(model: keras.Model) -> keras.Sequential:
    """Return the model as students write it: a `keras.Sequential`."""
    copy = keras.Sequential.from_config(model.get_config())
    copy.compile_from_config(model.get_compile_config())
    copy.set_weights(model.get_weights())
    return copy


def fit(work: Workload, model: keras.Model, feed: Callable[..., Any] | None) -> Losses:
    """Train on the arrays, or on what `feed` makes of them."""
    X, y = work.train
    data: dict[str, Any] = {"x": feed(X, y)} if feed else {"x": X, "y": y}
    if work.validation:
        data["validation_data"] = feed(*work.validation) if feed else work.validation
        data["callbacks"] = keras.callbacks.EarlyStopping(
            patience=work.epochs, restore_best_weights=True
        )
    if feed is tf_data:
        data["shuffle"] = False  # the pipeline does
    return model.fit(**data, epochs=work.epochs, verbose=0).history["loss"]


def tf_data(X: np.ndarray, y: np.ndarray) -> tf.data.Dataset:
    rows = tf.data.Dataset.from_tensor_slices((X, y)).cache()
    return rows.shuffle(len(X), seed=0).batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)


def batches(X: np.ndarray, y: np.ndarray) -> Any:
    return datasets.batches(X, y, batch_size=BATCH_SIZE, seed=0)


def compiled_epochs(work: Workload, model: keras.Model) -> Losses:
    """Train without `fit`: a compiled function per epoch, nothing but losses and metrics."""
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(None, work.train[1][:1], model(work.train[0][:1]))

    def compiled(step: Callable[[Any], Any], X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
        X, y = tf.constant(X), tf.constant(y)

        @tf.function(autograph=False)
        def epoch(order: tf.Tensor) -> dict[str, tf.Tensor]:
            def body(start: tf.Tensor) -> tuple[tf.Tensor]:
                rows = order[start : start + BATCH_SIZE]
                step((tf.gather(X, rows), tf.gather(y, rows)))
                return (start + BATCH_SIZE,)

            model.reset_metrics()
            tf.while_loop(lambda start: start < len(X), body, (0,))
            return model.get_metrics_result()

        return epoch

    rng = np.random.default_rng(0)
    train = compiled(model.train_step, *work.train)
    test = compiled(model.test_step, *work.validation) if work.validation else None
    losses = []
    for _ in range(work.epochs):
        losses.append(float(train(rng.permutation(len(work.train[0])))["loss"]))
        if test and work.validation:
            test(np.arange(len(work.validation[0])))
    return losses


@dataclass(frozen=True)
class Way:
    """A way to train: whether on a plain Keras model, and how."""

    name: str
    is_plain: bool
    train: Callable[[Workload, keras.Model], Losses]

    def run(self, work: Workload) -> tuple[float, Losses]:
        """Return the seconds and the losses of training a new model."""
        keras.utils.set_random_seed(0)
        model = plain(work.build()) if self.is_plain else work.build()
        started = time.perf_counter()
        losses = self.train(work, model)
        return time.perf_counter() - started, losses


WAYS = [
    Way("fit(X, y)", True, partial(fit, feed=None)),
    Way("fit(tf.data)", True, partial(fit, feed=tf_data)),
    Way("fit(batches), any Keras model", True, partial(fit, feed=batches)),
    Way("fit(batches), dlcourse.models", False, partial(fit, feed=batches)),
    Way("limit: compiled epochs, no fit", True, compiled_epochs),
]


def main(
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each way; the median counts.")] = 5,
) -> None:
    """Compare ways to train on small data: seconds, and how many times faster than fit(X, y)."""
    console = Console()
    tf.get_logger().setLevel("ERROR")  # no advice against compiling one model after another
    for work in (iris(), boston()):
        for way in WAYS:  # what Keras and TensorFlow load on first use does not count
            way.run(replace(work, epochs=1))
        runs = [
            [way.run(work) for way in WAYS]
            for _ in track(range(repeat), work.title, transient=True, console=console)
        ]
        seconds = [statistics.median(run[i][0] for run in runs) for i in range(len(WAYS))]
        table = Table("way", "seconds", "times faster", title=work.title)
        for way, median in zip(WAYS, seconds, strict=True):
            table.add_row(way.name, f"{median:.2f}", f"{seconds[0] / median:.1f}")
        console.print(table)
        any_model, ours = (np.array(runs[0][i][1]) for i in (2, 3))
        difference = np.abs(any_model - ours).max()
        console.print(f"In the same order of batches, losses differ by at most {difference:.1g}.\n")


if __name__ == "__main__":
    typer.run(main)
