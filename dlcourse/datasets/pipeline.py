"""From arrays to mini-batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcourse.arguments import check_count, invalid

if TYPE_CHECKING:
    from dlcourse.models.epochs import Batches


def batches(X: Any, y: Any, batch_size: int = 32, seed: int = 0, shuffle: bool = True) -> Batches:
    """Return mini-batches for `fit`, which train much faster than the arrays themselves.

    `model.fit(batches(X, y), epochs=20)` trains any Keras model, and fastest the models of
    `dlcourse.models`. An epoch visits every row once; the last batch may be short. `batches` are
    good for `validation_data`, `evaluate` and `predict` too (there with `shuffle=False`, to keep
    the order of the rows), and a `for` loop over them gives the NumPy arrays of one epoch. Keras
    cannot apply `class_weight` and `sample_weight` of `fit` to them.

    Args:
        X: Array or data frame, one sample per row.
        y: Array, series or data frame with as many rows.
        batch_size: Integer of at least 1, rows per batch. Defaults to `32`.
        seed: Integer of at least 0. The same seed gives the same order of rows in each epoch.
            Defaults to `0`.
        shuffle: Boolean. A new order in each epoch, or always that of the rows. Defaults to `True`.

    Returns:
        An object with a length, the number of batches, that gives `(X, y)` of one batch after
        another: `X` of shape `(batch_size, ...)`, `y` of shape `(batch_size,)` or
        `(batch_size, n_out)`. Floats have Keras' default type, `float32`.

    Raises:
        ValueError: If `X` and `y` are empty or of different lengths, `batch_size` is less than 1,
            or `seed` is negative.

    Example:

    >>> train = batches([[0.0], [1.0], [2.0], [3.0], [4.0]], [0, 1, 2, 3, 4], batch_size=2, seed=0)
    >>> [y.tolist() for X, y in train], [y.tolist() for X, y in train]
    ([[2, 4], [3, 0], [1]], [[1, 4], [3, 0], [2]])
    """
    if len(X) == 0:
        raise invalid("X", "at least one row", X)
    if len(y) != len(X):
        raise invalid("y", f"{len(X)} rows, as many as X", y)
    check_count("batch_size", batch_size)
    check_count("seed", seed, minimum=0)
    from dlcourse.models.epochs import Batches  # imports Keras

    return Batches(X, y, batch_size, seed, shuffle)
