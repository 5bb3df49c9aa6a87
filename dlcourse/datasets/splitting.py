"""Division of a data set into training and test data."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from dlcourse.arguments import invalid


def split(
    X: Any, y: Any, test_size: float = 0.2, seed: int = 0
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Shuffle the rows and divide them into training and test data.

    Classes (integers, Booleans or strings in a one-dimensional `y`) keep their shares in both
    parts: the split is stratified. A float or two-dimensional `y` is divided at random, so
    split first and one-hot encode afterwards. Nothing is scaled.

    Args:
        X: Array or `DataFrame` with one sample per row.
        y: Array or `Series` with as many rows as `X`.
        test_size: Float strictly between 0 and 1, the share of rows in the test data.
            Defaults to `0.2`.
        seed: Integer. Defaults to `0`.

    Returns:
        `(X_train, y_train), (X_test, y_test)`, of the types of `X` and `y`.

    Raises:
        ValueError: If `test_size` is out of range, `X` and `y` differ in length, or a class
            has too few rows for both parts.

    Example:

    >>> X, y = np.arange(20).reshape(10, 2), np.repeat([0, 1], 5)
    >>> (X_train, y_train), (X_test, y_test) = split(X, y, test_size=0.4, seed=0)
    >>> np.bincount(y_train), np.bincount(y_test)
    (array([3, 3]), array([2, 2]))
    """
    from sklearn.model_selection import train_test_split

    if not isinstance(test_size, numbers.Real) or not 0 < test_size < 1:
        raise invalid("test_size", "a float in (0, 1)", test_size)
    if len(X) != len(y):
        raise ValueError(
            "Invalid value for `y`: expected as many rows as in `X`. "
            f"Received: len(X)={len(X)}, len(y)={len(y)}"
        )
    labels = np.asarray(y)
    is_class = labels.ndim == 1 and labels.dtype.kind in "biuUO"
    try:
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=test_size, random_state=seed, stratify=labels if is_class else None
        )
    except ValueError as error:
        raise ValueError(
            "Invalid value for `y`: expected enough rows of each class for both parts. "
            f"Received: len(y)={len(y)}, test_size={test_size!r} ({error})"
        ) from error
    return (X_train, y_train), (X_test, y_test)
