"""Points in the plane with a class each, and one loss surface over the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.arguments import (
    check_choice,
    check_count,
    check_noise,
    check_share,
    invalid,
)

Array = NDArray[Any]
Arrays = tuple[Array, Array]

TRUTH_TABLES: dict[str, list[int]] = {
    "not": [1, 0],
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xor": [0, 1, 1, 0],
}


def make_gate(name: str, n_samples: int | None = None, noise: float = 0.0, seed: int = 0) -> Arrays:
    """Return the truth table of a Boolean gate, or noisy points around its rows.

    Args:
        name: One of `"not"`, `"and"`, `"or"`, `"nand"`, `"nor"`, `"xor"`.
        n_samples: Integer, number of points; the rows of the table take turns. Defaults to
            `None`, each row once.
        noise: Float, standard deviation of normal noise on the inputs. Defaults to `0.0`.
        seed: Integer, of the noise. Defaults to `0`.

    Returns:
        `X, y`: floats of shape `(n_samples, 2)`, or `(n_samples, 1)` for `"not"`, and the
        outputs 0 or 1 of shape `(n_samples,)`.

    Raises:
        ValueError: If there is no such gate, `n_samples` is less than 1 or `noise` negative.

    Example:

    >>> X, y = make_gate("xor")
    >>> X.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    check_choice("name", name, TRUTH_TABLES)
    outputs = np.array(TRUTH_TABLES[name])
    n_rows = len(outputs)
    if n_samples is None:
        n_samples = n_rows
    check_count("n_samples", n_samples)
    check_noise("noise", noise)
    inputs = np.array([[0.0], [1.0]] if name == "not" else [[0.0, 0], [0, 1], [1, 0], [1, 1]])
    rows = np.arange(n_samples) % n_rows
    X = inputs[rows]
    return X + np.random.default_rng(seed).normal(scale=noise, size=X.shape), outputs[rows]


def make_disc(n_samples: int = 1000, seed: int = 0) -> Arrays:
    """Draw points in the square [-1, 1] x [-1, 1]; class 1 lies inside a disc.

    The disc around 0 covers half of the square, so the classes are about equally frequent.

    Args:
        n_samples: Integer, number of points. Defaults to `1000`.
        seed: Integer. Defaults to `0`.

    Returns:
        `X, y`: floats of shape `(n_samples, 2)` and classes of shape `(n_samples,)`.

    Raises:
        ValueError: If `n_samples` is less than 1.

    Example:

    >>> X, y = make_disc(1000)
    >>> X.shape, round(float(y.mean()), 1)
    ((1000, 2), 0.5)
    """
    check_count("n_samples", n_samples)
    X = np.random.default_rng(seed).uniform(-1, 1, size=(n_samples, 2))
    return X, (np.sum(X**2, axis=1) < 2 / np.pi).astype(int)


def make_half_planes(n_samples: int = 20, seed: int = 0) -> Arrays:
    """Draw points in the square [-1.5, 1.5] x [-1.5, 1.5]; class 1 lies right of the middle.

    Args:
        n_samples: Integer, number of points. Defaults to `20`.
        seed: Integer. Defaults to `0`.

    Returns:
        `X, y`: floats of shape `(n_samples, 2)` and classes of shape `(n_samples,)`.

    Raises:
        ValueError: If `n_samples` is less than 1.

    Example:

    >>> X, y = make_half_planes(20)
    >>> bool(np.all(y == (X[:, 0] > 0)))
    True
    """
    check_count("n_samples", n_samples)
    X = np.random.default_rng(seed).uniform(-1.5, 1.5, size=(n_samples, 2))
    return X, (X[:, 0] > 0).astype(int)


def make_moons(
    n_samples: int = 200, noise: float = 0.2, flip: float = 0.0, seed: int = 0
) -> Arrays:
    """Draw two interleaved half circles of radius 1, some of them with the wrong label.

    Args:
        n_samples: Integer of at least 2, number of points. Defaults to `200`.
        noise: Float, standard deviation of normal noise on the points. Defaults to `0.2`.
        flip: Float in [0, 1], the share of points with the wrong label. Defaults to `0.0`.
        seed: Integer. Points are the same whatever `flip` is. Defaults to `0`.

    Returns:
        `X, y`: floats of shape `(n_samples, 2)` and classes of shape `(n_samples,)`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> _, clean = make_moons(120)
    >>> _, y = make_moons(120, flip=0.2)
    >>> int(np.sum(y != clean))
    24
    """
    from sklearn import datasets

    return _noisy(datasets.make_moons, n_samples, noise, flip, seed)


def make_circles(
    n_samples: int = 200, noise: float = 0.1, flip: float = 0.0, seed: int = 0
) -> Arrays:
    """Draw a circle of radius 1 (class 0) around one of radius 0.5 (class 1).

    Args:
        n_samples: Integer of at least 2, number of points. Defaults to `200`.
        noise: Float, standard deviation of normal noise on the points. Defaults to `0.1`.
        flip: Float in [0, 1], the share of points with the wrong label. Defaults to `0.0`.
        seed: Integer. Points are the same whatever `flip` is. Defaults to `0`.

    Returns:
        `X, y`: floats of shape `(n_samples, 2)` and classes of shape `(n_samples,)`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> X, y = make_circles(100, noise=0.0)
    >>> np.unique(np.linalg.norm(X, axis=1).round(6))
    array([0.5, 1. ])
    """
    from functools import partial

    from sklearn import datasets

    return _noisy(partial(datasets.make_circles, factor=0.5), n_samples, noise, flip, seed)


def _noisy(
    draw: Callable[..., Arrays], n_samples: int, noise: float, flip: float, seed: int
) -> Arrays:
    """Draw points with scikit-learn and give a share of them the wrong label."""
    check_count("n_samples", n_samples, minimum=2)
    check_noise("noise", noise)
    check_share("flip", flip)
    X, y = draw(n_samples, noise=noise, random_state=seed)
    wrong = np.random.default_rng(seed).permutation(n_samples)[: round(flip * n_samples)]
    y[wrong] = 1 - y[wrong]
    return X, y


def make_bowl(
    curvature: tuple[float, float] = (1.0, 20.0),
) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Return a quadratic loss that is much steeper along one axis than along the other.

    With the curvatures a and b, the loss is (a x^2 + b y^2) / 2 and its gradient (a x, b y).
    Gradient descent converges for learning rates below 2 / max(a, b).

    Args:
        curvature: Two positive floats, the second derivatives along x and y. Defaults to
            `(1.0, 20.0)`.

    Returns:
        `loss, gradient`: two functions of an array of shape `(..., 2)`. They return arrays of
        shape `(...)` and `(..., 2)`.

    Raises:
        ValueError: If `curvature` is not two positive numbers.

    Example:

    >>> loss, gradient = make_bowl()
    >>> float(loss(np.array([2.0, 1.0]))), gradient(np.array([2.0, 1.0]))
    (12.0, array([ 2., 20.]))
    """
    factors = np.asarray(curvature, dtype=float)
    if factors.shape != (2,) or not np.all(factors > 0):
        raise invalid("curvature", "two positive numbers", curvature)

    def loss(theta: Array) -> Array:
        return np.sum(factors * np.square(theta), axis=-1) / 2

    def gradient(theta: Array) -> Array:
        return factors * np.asarray(theta)

    return loss, gradient
