"""Images of characters, rendered from the fonts that Matplotlib ships."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.arguments import check_count, check_share, invalid

Array = NDArray[Any]
Arrays = tuple[Array, Array]

FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    *("cmr10", "cmb10", "cmss10", "cmtt10"),
)
OVERSAMPLING = 2  # pixels of a template per pixel of an image
EM = 0.95  # size of a font relative to the size of the image
CHUNK = 1000  # images that are distorted at a time, for the memory's sake

# What `difficulty=1` allows; the ranges shrink in proportion to it.
MAX_ROTATION = np.pi / 4
MAX_SHEAR = 0.5
MAX_LOG_SCALE = 0.4
MAX_SHIFT = 0.2  # of the image's size
MAX_FADING = 0.7
MAX_NOISE = 0.3  # standard deviation; black is 0, white is 1


def load_glyphs(
    n_train: int = 10_000,
    n_test: int = 2_000,
    classes: Sequence[str] = "ABCDEFGHIJ",
    size: int = 28,
    difficulty: float = 0.5,
    seed: int = 0,
) -> tuple[Arrays, Arrays]:
    """Render gray images of characters in 19 fonts, distorted and noisy.

    The images have the form of Fashion-MNIST's and need no download. Each is rotated, sheared,
    scaled, shifted, faded and overlaid with noise at random. The classes are equally frequent
    and in random order. The last few sets are kept in memory.

    Args:
        n_train: Integer, number of training images. Defaults to `10000`.
        n_test: Integer, number of test images. They do not depend on `n_train`. Defaults to
            `2000`.
        classes: At least two different visible characters; class k is `classes[k]`. Defaults to
            `"ABCDEFGHIJ"`.
        size: Integer of at least 8, height and width in pixels. Defaults to `28`.
        difficulty: Float in [0, 1]: 0 changes nothing but the font, 1 rotates by up to 45
            degrees and half buries the character in noise. Defaults to `0.5`.
        seed: Integer. The same seed gives the same bytes, as long as Matplotlib and NumPy
            stay the same. Defaults to `0`.

    Returns:
        `(X_train, y_train), (X_test, y_test)`: integers from 0 (black) to 255 (white) of
        shape `(n, size, size)`, and classes of shape `(n,)`.

    Raises:
        ValueError: If an argument is out of its range, or no font holds all the characters.

    Example:

    >>> (X_train, y_train), (X_test, y_test) = load_glyphs(n_train=50, n_test=10, classes="XO")
    >>> X_train.shape, X_train.dtype, np.bincount(y_test)
    ((50, 28, 28), dtype('uint8'), array([5, 5]))
    """
    check_count("n_train", n_train)
    check_count("n_test", n_test)
    check_count("size", size, minimum=8)
    check_share("difficulty", difficulty)
    characters = tuple(classes)
    distinct = len(characters) >= 2 and len(set(characters)) == len(characters)
    if not distinct or not all(len(c) == 1 and c.isprintable() and c != " " for c in characters):
        raise invalid("classes", "at least two different visible characters", classes)
    train, test = _render(n_train, n_test, characters, size, float(difficulty), seed)
    return (train[0].copy(), train[1].copy()), (test[0].copy(), test[1].copy())


@lru_cache(maxsize=4)
def _render(
    n_train: int, n_test: int, characters: tuple[str, ...], size: int, difficulty: float, seed: int
) -> tuple[Arrays, Arrays]:
    """Render training and test images from random streams of their own."""
    templates = _templates(characters, size)
    rng_train, rng_test = np.random.default_rng(seed).spawn(2)
    return (
        _draw(templates, n_train, size, difficulty, rng_train),
        _draw(templates, n_test, size, difficulty, rng_test),
    )


def _templates(characters: tuple[str, ...], size: int) -> Array:
    """Return each character in each font, of shape `(fonts, characters, side, side)`."""
    import matplotlib
    from matplotlib.ft2font import FT2Font, LoadFlags

    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    side = 2 * OVERSAMPLING * size  # twice the image, so that what moves in is black
    templates = []
    for name in FONTS:
        font = FT2Font(str(folder / f"{name}.ttf"))
        if not all(font.get_char_index(ord(character)) for character in characters):
            continue
        font.set_size(EM * OVERSAMPLING * size, 72)
        drawn = []
        for character in characters:
            font.set_text(character, 0.0, flags=LoadFlags.NO_HINTING)
            font.draw_glyphs_to_bitmap(antialiased=True)
            drawn.append(_centered(font.get_image(), side))
        templates.append(drawn)
    if not templates:
        raise invalid("classes", "characters that one of the fonts holds", "".join(characters))
    return np.array(templates)


def _centered(image: Array, side: int) -> Array:
    """Return `image`, scaled to [0, 1], in the middle of a black square and slightly blurred."""
    rows, columns = np.nonzero(image)
    ink = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] / 255
    canvas: Array = np.zeros((side, side), dtype=np.float32)
    top, left = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    # Average over one pixel of the final image, or thin strokes would break up.
    for axis in (0, 1):
        canvas = (canvas + (np.roll(canvas, 1, axis) + np.roll(canvas, -1, axis)) / 2) / 2
    return canvas


def _draw(
    templates: Array, n: int, size: int, difficulty: float, rng: np.random.Generator
) -> Arrays:
    """Draw `n` distorted images and their classes."""
    n_fonts, n_classes, side, _ = templates.shape
    templates = templates.reshape(-1, side * side)
    y = rng.permutation(np.arange(n) % n_classes)
    which = rng.integers(n_fonts, size=n) * n_classes + y
    matrices, offsets = _random_affine(n, size, difficulty, rng)
    X = np.empty((n, size, size), dtype=np.uint8)
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        ink = _sample(templates, which[part], matrices[part], offsets[part], size)
        ink *= rng.uniform(1 - MAX_FADING * difficulty, 1, size=(len(ink), 1))
        ink += MAX_NOISE * difficulty * rng.standard_normal(ink.shape, dtype=np.float32)
        X[part] = np.rint(255 * ink.clip(0, 1)).reshape(-1, size, size)
    return X, y


def _random_affine(
    n: int, size: int, difficulty: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return `n` matrices (rotation, shear, scale) and shifts from image to template."""
    angle, shear, log_x, log_y = rng.uniform(-difficulty, difficulty, size=(4, n))
    cos, sin = np.cos(MAX_ROTATION * angle), np.sin(MAX_ROTATION * angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    one, zero = np.ones(n), np.zeros(n)
    shearing = np.array([[one, zero], [MAX_SHEAR * shear, one]])
    scales = np.exp(MAX_LOG_SCALE * np.array([log_y, log_x]))
    matrices = np.einsum("ijn,jn,jkn->nik", rotation, scales, shearing)
    offsets = MAX_SHIFT * size * rng.uniform(-difficulty, difficulty, size=(n, 2))
    return (OVERSAMPLING * matrices).astype(np.float32), (OVERSAMPLING * offsets).astype(np.float32)


def _sample(templates: Array, which: Array, matrices: Array, offsets: Array, size: int) -> Array:
    """Look up every pixel of the images in their templates, with bilinear interpolation."""
    side = round(templates.shape[1] ** 0.5)
    pixels = np.indices((size, size), dtype=np.float32).reshape(2, -1) - (size - 1) / 2
    position = matrices @ pixels + offsets[:, :, None] + (side - 1) / 2
    position = position.clip(0, side - 1.001)
    corner = position.astype(np.int32)
    down, right = np.moveaxis(position - corner, 1, 0)
    flat = templates.reshape(-1)
    first = which[:, None] * side**2 + corner[:, 0] * side + corner[:, 1]
    above = (1 - right) * flat[first] + right * flat[first + 1]
    below = (1 - right) * flat[first + side] + right * flat[first + side + 1]
    return (1 - down) * above + down * below
