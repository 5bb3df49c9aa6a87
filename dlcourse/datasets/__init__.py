"""Data for the labs: stored sets and generated ones; only Fashion-MNIST needs a download.

Stored sets are read by `load_...`, generated ones are drawn by `make_...`. One convention:

- A function returns `X, y`: NumPy arrays with one sample per row, unscaled and in the order of
  the source. Classes are the integers 0, 1, ..., K - 1.
- `X` has the shape that Keras expects: `(n, features)` for tables and points, `(n, steps,
  channels)` for sequences, `(n, steps)` for symbols, `(n, height, width)` for gray images. A single
  signal is `t, y`: its time axis and its values, both of shape `(n,)`.
- Sets that come divided into training and test data return `(X_train, y_train), (X_test, y_test)`,
  as in `keras.datasets`; `split` divides any other set in the same form.
- With `as_frame=True` the tables and the sunspots are one pandas `DataFrame`, the target in the
  last column.
- Two are not samples: `load_sample_image` returns one `(height, width, 3)` image, `make_bowl` the
  two functions of a loss surface.

Parameters have the same names everywhere: `n_samples`, `noise` (a standard deviation), `flip` (the
share of wrong labels), `seed`. The same seed gives the same arrays.
`batches` turns `X, y` into the mini-batches that train fastest.

Example:

>>> from dlcourse import datasets
>>> X, y = datasets.load_iris()
>>> (X_train, y_train), (X_test, y_test) = datasets.split(X, y, test_size=0.2, seed=0)
>>> X_train.shape, X_test.shape
((120, 4), (30, 4))
"""

from __future__ import annotations

from dlcourse.datasets.glyphs import load_glyphs
from dlcourse.datasets.images import (
    FASHION_CLASSES,
    load_digits,
    load_fashion_mnist,
    load_sample_image,
)
from dlcourse.datasets.pipeline import batches
from dlcourse.datasets.planar import (
    make_bowl,
    make_circles,
    make_disc,
    make_gate,
    make_half_planes,
    make_moons,
)
from dlcourse.datasets.sequences import make_adding, make_recall
from dlcourse.datasets.series import (
    load_sunspots,
    load_trace,
    make_random_walk,
    make_sine_bump,
)
from dlcourse.datasets.splitting import split
from dlcourse.datasets.tables import load_boston, load_breast_cancer, load_iris

__all__ = [
    "FASHION_CLASSES",
    "batches",
    "load_boston",
    "load_breast_cancer",
    "load_digits",
    "load_fashion_mnist",
    "load_glyphs",
    "load_iris",
    "load_sample_image",
    "load_sunspots",
    "load_trace",
    "make_adding",
    "make_bowl",
    "make_circles",
    "make_disc",
    "make_gate",
    "make_half_planes",
    "make_moons",
    "make_random_walk",
    "make_recall",
    "make_sine_bump",
    "split",
]
