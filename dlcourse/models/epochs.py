"""Training on small data without the overhead: slices of arrays, and whole epochs in one call.

With data that fit in memory, `fit` spends most of its time feeding the network. `Batches` hands
Keras slices of NumPy arrays instead of a `tf.data` pipeline; every Keras model can train on it.
`Sequential` and `Model` go further on TensorFlow: they run a short epoch in one compiled call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

# Keras takes any DataAdapter in place of arrays, but does not export the class.
from keras.src.trainers.data_adapters.data_adapter import DataAdapter

from dlcourse.arguments import invalid

LONGEST_CALL = 64  # mini-batches; a longer epoch shows its progress and can be interrupted

_Mixin: Any = object  # to mypy, what it is mixed into


class Batches(DataAdapter):
    """The mini-batches of two arrays; `dlcourse.datasets.batches` makes them.

    Iterating gives the `(X, y)` of one epoch, batch by batch, as NumPy arrays; `len` is the number
    of batches. The order of the rows depends on the seed and on the number of the epoch alone. An
    epoch counts once its last batch is taken: a look at the first one changes nothing.
    """

    def __init__(self, X: Any, y: Any, batch_size: int, seed: int, shuffle: bool) -> None:
        self.X, self.y = _floatx(X), _floatx(y)
        self._batch_size = batch_size
        self._seed = seed
        self._shuffle = shuffle
        self._epoch = 0

    def order(self) -> np.ndarray:
        """Return the row numbers in the order of the current epoch."""
        rows = np.arange(len(self.X))
        if self._shuffle:
            np.random.default_rng([self._seed, self._epoch]).shuffle(rows)
        return rows

    def count_epoch(self) -> None:
        """Go on to the next epoch."""
        self._epoch += 1

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        order = self.order()
        for start in range(0, len(order), self._batch_size):
            stop = start + self._batch_size
            if stop >= len(order):  # here, because Keras asks for no more than the last batch
                self.count_epoch()
            rows = order[start:stop]
            yield self.X[rows], self.y[rows]

    def __len__(self) -> int:
        return -(-len(self.X) // self._batch_size)

    @property
    def num_batches(self) -> int:
        return len(self)

    @property
    def batch_size(self) -> int:
        return self._batch_size

    def get_numpy_iterator(self) -> Batches:
        return self

    get_jax_iterator = get_tf_dataset = get_numpy_iterator


class _Epoch(NamedTuple):
    """All mini-batches of an epoch as one piece of data, the rows in their order."""

    X: Any
    y: Any
    batch_size: int

    def for_each_batch(self, step: Callable[[Any], Any]) -> None:
        """Call `step` with the `(X, y)` of one mini-batch after the other, in a compiled loop."""

        def run(start: Any) -> Any:
            stop = start + self.batch_size
            step((self.X[start:stop], self.y[start:stop]))
            return stop

        ops.while_loop(lambda start: start < ops.shape(self.X)[0], run, 0)


class _Epochs(DataAdapter):
    """The epochs of `batches`, each a single `_Epoch`."""

    num_batches = 1

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[_Epoch]:
        batches, order = self._batches, self._batches.order()
        batches.count_epoch()
        yield _Epoch(batches.X[order], batches.y[order], batches.batch_size)

    def get_tf_dataset(self) -> _Epochs:
        return self


class _EpochTrainer(_Mixin):
    """Mixin for Keras models: `fit(batches(...))` runs short epochs in one call.

    It does so where only the speed can tell: no callback watches single batches, and no argument
    asks for anything that the loop over an epoch does not do. The steps are Keras' own.
    """

    def fit(self, x: Any = None, y: Any = None, *args: Any, **options: Any) -> Any:
        """Train like `keras.Model.fit`."""
        if isinstance(x, Batches) and not args:
            _refuse_targets(y=y, **options)
            options["validation_data"] = _as_batches(options.get("validation_data"))
            if self._can_run_epochs(x, options):
                return self._run_epochs(x, **options)
        return super().fit(x, y, *args, **options)

    def _can_run_epochs(self, batches: Batches, options: dict[str, Any]) -> bool:
        harmless = {"callbacks", "epochs", "initial_epoch", "shuffle", "validation_data"}
        harmless |= {"validation_freq", "verbose"}
        return (
            keras.backend.backend() == "tensorflow"
            and len(batches) <= LONGEST_CALL
            and options.keys() <= harmless
            and isinstance(options["validation_data"], Batches | None)
            and not any(map(_watches_batches, keras.tree.flatten(options.get("callbacks") or [])))
            and self.compiled
            and self.built
            and not self.jit_compile  # XLA would need batches of one size
        )

    def _run_epochs(
        self,
        batches: Batches,
        *,
        validation_data: Batches | None,
        callbacks: Any = None,
        verbose: str | int = "auto",
        epochs: int = 1,
        **options: Any,
    ) -> Any:
        self._create_variables(batches)
        return super().fit(
            _Epochs(batches),
            validation_data=validation_data and _Epochs(validation_data),
            callbacks=keras.callbacks.CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=epochs,
                steps=len(batches),
            ),
            verbose=verbose,
            epochs=epochs,
            **options,
        )

    def _create_variables(self, batches: Batches) -> None:
        """Create what Keras would create in the first step: TensorFlow then traces it only once."""
        self.optimizer.build(self.trainable_variables)
        outputs = ops.zeros([size or 1 for size in self.output_shape])
        self.compute_metrics(None, ops.convert_to_tensor(batches.y[:1]), outputs)

    def train_step(self, *args: Any) -> Any:
        return self._steps(super().train_step, args)

    def test_step(self, *args: Any) -> Any:
        return self._steps(super().test_step, args)

    def _steps(self, step: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Call `step` once, or once per batch if the data are an `_Epoch`."""
        data = args[-1]  # after the state, on JAX
        if not isinstance(data, _Epoch):
            return step(*args)
        data.for_each_batch(step)
        return self.get_metrics_result()


@keras.saving.register_keras_serializable("dlcourse")
class Sequential(_EpochTrainer, keras.Sequential):
    """A `keras.Sequential` that trains faster on `dlcourse.datasets.batches`."""


@keras.saving.register_keras_serializable("dlcourse")
class Model(_EpochTrainer, keras.Model):
    """A `keras.Model` that trains faster on `dlcourse.datasets.batches`."""


def _floatx(values: Any) -> np.ndarray:
    """Return an array; floats get Keras' default type, as `fit` gives it to arrays."""
    array = np.asarray(values)
    is_float = np.issubdtype(array.dtype, np.floating)
    return array.astype(keras.config.floatx(), copy=False) if is_float else array


def _as_batches(data: Any) -> Any:
    """Return `Batches` of 32, as in `evaluate`, if `data` is a pair of arrays; else `data`."""
    match data:
        case (X, y) if hasattr(X, "__array__") and hasattr(y, "__array__"):
            return Batches(X, y, batch_size=32, seed=0, shuffle=False)
    return data


def _refuse_targets(**targets: Any) -> None:
    for name in ("y", "sample_weight", "class_weight"):
        if targets.get(name) is not None:
            raise invalid(name, "None, because `batches` feed `X` and `y` alone", targets[name])


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    base = keras.callbacks.Callback
    hooks = [name for name in dir(base) if "batch" in name]
    return any(getattr(getattr(callback, h), "__func__", None) is not vars(base)[h] for h in hooks)
