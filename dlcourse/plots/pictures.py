"""Images, their channels, and other tables of numbers shown as shades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style


def images(
    X: Any,
    titles: Sequence[Any] | None = None,
    n_cols: int = 8,
) -> Figure:
    """Draw a gallery of images.

    Args:
        X: Gray images (n, height, width) or (n, height, width, 1), or colored ones
            (n, height, width, 3); colors from 0 to 1 or from 0 to 255. All gray images share one
            scale, from the smallest to the largest value of all.
        titles: A title for each, such as its class. Defaults to none.
        n_cols: Images in a row. Defaults to 8.

    Returns:
        The Figure.

    Raises:
        ValueError: `X` has another shape, or `titles` another length.

    Example:
        >>> import numpy as np
        >>> from dlcourse import plots
        >>> figure = plots.images(np.eye(4).reshape(1, 4, 4), titles=["diagonal"])
    """
    pictures = _as_images(X)
    names = [""] * len(pictures) if titles is None else [str(title) for title in titles]
    if len(names) != len(pictures):
        raise ValueError(
            f"Invalid value for `titles`: expected {len(pictures)} of them, one per image. "
            f"Received: {len(names)}"
        )
    n_cols = min(n_cols, len(pictures))
    height, width = pictures.shape[1:3]
    row = 6.6 / n_cols * height / width + (0.25 if any(names) else 0.05)
    limits = (float(pictures.min()), float(pictures.max()))
    with style.panels(len(pictures), n_cols, height=row) as (figure, panels):
        for ax, picture, name in zip(panels, pictures, names, strict=True):
            show(ax, picture, limits)
            ax.set_title(name, fontsize=9, pad=2)
        what = f": {', '.join(names)}" if any(names) else ""
        style.describe(
            figure,
            f"{len(pictures)} images of {height} x {width} pixels, in rows of {n_cols}{what}.",
        )
    return figure


def channels(image: Any) -> Figure:
    """Draw a colored image beside its red, green and blue channel.

    Args:
        image: Shape (height, width, 3), from 0 to 1 or from 0 to 255.

    Returns:
        The Figure.

    Example:
        >>> from dlcourse import datasets, plots
        >>> figure = plots.channels(datasets.load_sample_image()[::8, ::8])
    """
    (picture,) = _as_images(np.asarray(image)[None])
    if picture.ndim != 3:
        raise ValueError(
            "Invalid value for `image`: expected shape (height, width, 3). "
            f"Received: shape {np.shape(image)}"
        )
    shape = picture.shape[:2]
    with style.panels(4, 4, height=6.6 / 4 * shape[0] / shape[1] + 0.3) as (figure, panels):
        show(panels[0], picture)
        panels[0].set_title(f"image {picture.shape}", fontsize=9)
        for k, name in enumerate(("red", "green", "blue")):
            show(panels[k + 1], picture[..., k], (0.0, 1.0))
            panels[k + 1].set_title(f"{name} {shape}", fontsize=9)
        means = ", ".join(f"{m:.2f}" for m in picture.mean(axis=(0, 1)))
        style.describe(
            figure,
            f"A colored image of {shape[0]} x {shape[1]} pixels and its red, green and blue "
            f"channel as gray images; their mean values, from 0 to 1, are {means}.",
        )
    return figure


def kernel(f: Any, image: Any = None, filtered: Any = None) -> Figure:
    """Draw a filter of two dimensions, and an image before and after it.

    Args:
        f: The filter, shape (height, width).
        image: A gray or colored image. Defaults to none.
        filtered: The image after the filter. Defaults to none.

    Returns:
        The Figure; values of the filter have a scale beside it.

    Example:
        >>> import numpy as np
        >>> from dlcourse import plots
        >>> figure = plots.kernel(np.full((3, 3), 1 / 9))
    """
    others = {"before": image, "after": filtered}
    given = {
        name: _as_images(np.asarray(i)[None])[0] for name, i in others.items() if i is not None
    }
    with style.panels(1 + len(given), 3, height=2.3) as (figure, panels):
        values = style.numbers(f, "f")
        if values.ndim != 2:
            raise ValueError(
                "Invalid value for `f`: expected shape (height, width). "
                f"Received: shape {values.shape}"
            )
        shades = show(panels[0], values, (float(values.min()), float(values.max())))
        panels[0].set_title(f"filter {values.shape}", fontsize=9)
        figure.colorbar(shades, ax=panels[0], shrink=0.8)
        for ax, (name, picture) in zip(panels[1:], given.items(), strict=True):
            show(ax, np.clip(picture, 0, 1), (0.0, 1.0))
            ax.set_title(name, fontsize=9)
        beside = f", and an image {' and '.join(given)} it" if given else ""
        style.describe(
            figure,
            f"A filter of shape {values.shape}{beside}; its values go from {values.min():.3g} to "
            f"{values.max():.3g} and sum to {values.sum():.3g}.",
        )
    return figure


def attention_map(
    A: Any,
    queries: Sequence[Any] | None = None,
    keys: Sequence[Any] | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw attention weights: one row per query, one column per key.

    Args:
        A: Weights, shape (n_queries, n_keys).
        queries: Names of the rows. Defaults to their numbers.
        keys: Names of the columns. Defaults to their numbers.
        title: Title. Defaults to none.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Small tables have their values written into them.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.attention_map([[1.0, 0.0], [0.3, 0.7]])
    """
    with style.axes(ax, (4.6, 3.9)) as ax:
        weights = style.numbers(A, "A")
        if weights.ndim != 2:
            raise ValueError(
                "Invalid value for `A`: expected shape (n_queries, n_keys). "
                f"Received: shape {weights.shape}"
            )
        rows = list(range(weights.shape[0]) if queries is None else queries)
        columns = list(range(weights.shape[1]) if keys is None else keys)
        shades = ax.imshow(weights, vmin=0, vmax=max(1.0, float(weights.max())), aspect="auto")
        style.figure_of(ax).colorbar(shades, ax=ax, label="weight")
        ax.grid(False)
        ax.set_xticks(range(len(columns)), [str(c) for c in columns])
        ax.set_yticks(range(len(rows)), [str(r) for r in rows])
        ax.set(title=title, xlabel="key", ylabel="query")
        if weights.size <= 64:
            for (i, j), value in np.ndenumerate(weights):
                color = "black" if value > 0.5 else "white"
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color=color)
        most = (f"{r}: {columns[k]}" for r, k in zip(rows, weights.argmax(axis=1), strict=True))
        style.describe(
            ax,
            f"Attention weights of {len(rows)} queries over {len(columns)} keys. The largest "
            f"weight of each row: {'; '.join(most)}.",
        )
    return ax


def show(ax: Axes, picture: np.ndarray, limits: tuple[float, float] = (0.0, 1.0)) -> Any:
    """Draw one image without axes; gray ones between the given limits."""
    ax.set_axis_off()
    return ax.imshow(picture, cmap="gray", vmin=limits[0], vmax=limits[1], interpolation="nearest")


def _as_images(X: Any) -> np.ndarray:
    """Images as (n, height, width) or (n, height, width, 3), colors from 0 to 1."""
    pictures = style.numbers(X, "X")
    if pictures.ndim == 4 and pictures.shape[-1] == 1:
        pictures = pictures[..., 0]
    is_colored = pictures.ndim == 4 and pictures.shape[-1] == 3
    if not (is_colored or pictures.ndim == 3) or not pictures.size:
        raise ValueError(
            "Invalid value for `X`: expected images (n, height, width), with 1 or 3 channels or "
            f"none. Received: shape {pictures.shape}"
        )
    if pictures.max() > 1.5 and is_colored:
        pictures = pictures / 255
    return pictures
