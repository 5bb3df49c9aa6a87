"""Stored images: gray ones with a class, and two photos."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dlcourse.arguments import check_choice

Arrays = tuple[NDArray[Any], NDArray[Any]]

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
FASHION_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def load_digits() -> Arrays:
    """Load 1797 gray images, 8 by 8 pixels, of handwritten digits.

    Returns:
        `X, y`: floats from 0 to 16 of shape `(1797, 8, 8)` and digits of shape `(1797,)`. Use
        `X.reshape(len(X), -1)` where a row of 64 pixels is needed.

    Example:

    >>> X, y = load_digits()
    >>> X.shape, y[:5]
    ((1797, 8, 8), array([0, 1, 2, 3, 4]))

    Source: Alpaydin and Kaynak, Optical recognition of handwritten digits, UCI repository,
    1998; the copy of its test set that scikit-learn ships.
    """
    from sklearn.datasets import load_digits as load

    digits = load()
    return digits.images, digits.target


def load_sample_image(name: str = "flower.jpg") -> NDArray[Any]:
    """Load one of the two photos that scikit-learn ships.

    Args:
        name: `"flower.jpg"` or `"china.jpg"`. Defaults to `"flower.jpg"`.

    Returns:
        Integers from 0 to 255 of shape `(427, 640, 3)`: height, width and red, green, blue.

    Raises:
        ValueError: If there is no such photo.

    Example:

    >>> load_sample_image("flower.jpg").shape
    (427, 640, 3)
    """
    from sklearn.datasets import load_sample_image as load

    check_choice("name", name, ("flower.jpg", "china.jpg"))
    return load(name).copy()  # scikit-learn returns a read-only view


def load_fashion_mnist() -> tuple[Arrays, Arrays]:
    """Load Fashion-MNIST: 70,000 gray images, 28 by 28 pixels, of ten kinds of clothing.

    Keras downloads the four files (30 MB) on the first call and keeps them.
    `FASHION_CLASSES` holds the names of the classes.

    Returns:
        `(X_train, y_train), (X_test, y_test)`: integers from 0 to 255 of shape
        `(60000, 28, 28)` and `(10000, 28, 28)`, and classes 0 to 9.

    Raises:
        OSError: If the files are not there and cannot be downloaded. The message says where
            to put them; `load_glyphs` gives images of the same form without a download.

    Example:

    >>> (X_train, y_train), (X_test, y_test) = load_fashion_mnist()  # doctest: +SKIP

    Source: Xiao, Rasul and Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms, arXiv:1708.07747, 2017.
    """
    import keras

    try:
        return keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
        raise OSError(
            f"Fashion-MNIST could not be loaded: {error}\n"
            f"Put these four files into {folder / 'datasets' / 'fashion-mnist'}:\n"
            f"  {', '.join(FASHION_FILES)}\n"
            "(from https://github.com/zalandoresearch/fashion-mnist), or use "
            "`datasets.load_glyphs()`: images of the same shape, 10 classes, no download."
        ) from error
