"""Sequences with a known rule: what a recurrent or an attention layer has to find."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.arguments import check_count, invalid

Arrays = tuple[NDArray[Any], NDArray[Any]]


def make_adding(n_samples: int = 2000, length: int = 30, seed: int = 0) -> Arrays:
    """Draw the adding problem: the sum of the two marked numbers of a sequence.

    The first channel holds numbers drawn uniformly from [0, 1), the second is 1 at two random
    steps and 0 elsewhere. Always answering 1 has a mean squared error of 1/6, the variance of
    the target.

    Args:
        n_samples: Integer, number of sequences. Defaults to `2000`.
        length: Integer of at least 2, number of steps. Defaults to `30`.
        seed: Integer. Defaults to `0`.

    Returns:
        `X, y`: floats of shape `(n_samples, length, 2)` and `(n_samples,)`.

    Raises:
        ValueError: If `n_samples` is less than 1 or `length` less than 2.

    Example:

    >>> X, y = make_adding(n_samples=3, length=10)
    >>> X.shape, bool(np.allclose(y, (X[:, :, 0] * X[:, :, 1]).sum(axis=1)))
    ((3, 10, 2), True)

    Source: Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9, 1997,
    section 5.4, with all sequences of one length.
    """
    check_count("n_samples", n_samples)
    check_count("length", length, minimum=2)
    rng = np.random.default_rng(seed)
    numbers = rng.random((n_samples, length))
    marks = rng.permuted(np.broadcast_to(np.arange(length) < 2, (n_samples, length)), axis=1)
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1)


def make_recall(
    n_samples: int = 2000, n_pairs: int = 8, n_symbols: int = 16, seed: int = 0
) -> Arrays:
    """Draw associative recall: a list of key-value pairs, then a key whose value is asked.

    A sequence reads key, value, key, value, ..., query. The symbols are the integers 0 to
    `n_symbols - 1`; the keys of a sequence differ from each other, the query is one of them,
    and the values are arbitrary symbols.

    Args:
        n_samples: Integer, number of sequences. Defaults to `2000`.
        n_pairs: Integer, number of pairs in a sequence. Defaults to `8`.
        n_symbols: Integer of at least `n_pairs`. Defaults to `16`.
        seed: Integer. Defaults to `0`.

    Returns:
        `X, y`: symbols of shape `(n_samples, 2 * n_pairs + 1)` and the value that belongs to
        the query, of shape `(n_samples,)`.

    Raises:
        ValueError: If a number is less than 1 or there are fewer symbols than pairs.

    Example:

    >>> X, y = make_recall(n_samples=2, n_pairs=3, n_symbols=10, seed=0)
    >>> X  # in the first row, 4 is asked, and 4 is followed by 5
    array([[4, 5, 6, 0, 2, 7, 4],
           [2, 7, 9, 8, 3, 1, 3]])
    >>> y
    array([5, 1])

    Source: the task of Ba et al., Using fast weights to attend to the recent past, NeurIPS
    2016, section 4.1.
    """
    check_count("n_samples", n_samples)
    check_count("n_pairs", n_pairs)
    check_count("n_symbols", n_symbols)
    if n_symbols < n_pairs:
        raise invalid("n_symbols", f"at least as many as pairs ({n_pairs})", n_symbols)
    rng = np.random.default_rng(seed)
    symbols = np.broadcast_to(np.arange(n_symbols), (n_samples, n_symbols))
    keys = rng.permuted(symbols, axis=1)[:, :n_pairs]
    values = rng.integers(n_symbols, size=(n_samples, n_pairs))
    asked = rng.integers(n_pairs, size=(n_samples, 1))
    pairs = np.stack([keys, values], axis=-1).reshape(n_samples, 2 * n_pairs)
    query = np.take_along_axis(keys, asked, axis=1)
    return np.hstack([pairs, query]), np.take_along_axis(values, asked, axis=1)[:, 0]
