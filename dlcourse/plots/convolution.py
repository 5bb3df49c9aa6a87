"""Convolutions and pooling: what slides over what, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlcourse.datasets import make_sine_bump
from dlcourse.plots import style
from dlcourse.plots.diagrams import arrow


def filtering(x: Any, f: Any, y: Any) -> Figure:
    """Draw a signal, a filter, and what the filter makes of the signal.

    Args:
        x: The signal, shape (n,).
        f: The filter, shape (k,).
        y: The result, any length; it is drawn centered on the signal.

    Returns:
        The Figure: the filter on the left, signal and result on the right.

    Example:
        >>> import numpy as np
        >>> from dlcourse import plots
        >>> figure = plots.filtering([0, 0, 3, 0, 0], [1/3, 1/3, 1/3], [0, 1, 1, 1, 0])
    """
    widths = {"width_ratios": [1, 2.6]}
    with style.panels(2, 2, height=2.6, gridspec_kw=widths) as (figure, (left, right)):
        signal, weights = style.numbers(x, "x"), style.numbers(f, "f")
        result = style.numbers(y, "y")
        left.stem(np.arange(weights.size), weights, basefmt=" ")
        left.set(title="filter", xlabel="position in the filter", ylabel="weight")
        left.locator_params(axis="x", integer=True)
        places = np.arange(result.size) + (signal.size - result.size) / 2
        right.plot(signal, label="signal", color=style.GRAY, lw=1.2)
        right.plot(places, result, "--", label="filtered", color=style.VERMILION)
        right.set(title="signal", xlabel="position", ylabel="value")
        right.legend()
        style.describe(
            figure,
            f"A filter of {weights.size} weights that sum to {weights.sum():.3g}, a signal of "
            f"{signal.size} values with standard deviation {signal.std():.2g}, and the result of "
            f"{result.size} values with standard deviation {result.std():.2g}.",
        )
    return figure


_SQUARE = np.repeat([-1.0, 1.0, -1.0], 4)


def equivariance(position: int = 5, f: Any = None, *, ax: Axes | None = None) -> Axes:
    """Draw a sine bump at a position, and what a filter answers to it.

    Args:
        position: Where the bump begins, 0 to 40. Defaults to 5.
        f: The filter, an odd or even number of weights. Defaults to four times -1, four times 1,
            four times -1.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The peak of the answer is marked.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.equivariance(20)
    """
    weights = _SQUARE if f is None else style.numbers(f, "f")
    if not 0 <= position <= 40:
        raise ValueError(
            "Invalid value for `position`: expected an integer from 0 to 40. "
            f"Received: position={position}"
        )
    with style.axes(ax, (6.0, 2.8)) as ax:
        _, signal = make_sine_bump(position)
        answer = np.correlate(signal, weights, "same")
        peak = int(np.abs(answer).argmax())
        ax.plot(signal, color=style.GRAY, lw=1.4, label="signal")
        ax.plot(answer / np.abs(weights).sum(), "--", color=style.BLUE, label="filtered, scaled")
        ax.axvline(peak, color=style.VERMILION, linestyle=":", lw=1.2)
        ax.set(xlabel="position", ylabel="value", ylim=(-1.15, 1.15))
        ax.legend(loc="lower right")
        style.describe(
            ax,
            f"A sine bump that begins at {position}; the answer of the filter is largest in size "
            f"at {peak}, {peak - position} to the right of the beginning.",
        )
    return ax


def equivariance_frames(positions: Sequence[int] = (5, 20, 34), f: Any = None) -> Figure:
    """Draw the bump and the filter's answer at several positions: they move together.

    Args:
        positions: Where the bump begins. Defaults to (5, 20, 34).
        f: The filter, as in `equivariance`.

    Returns:
        The Figure, one row per position.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.equivariance_frames([0, 10])
    """
    with style.panels(len(positions), 1, height=1.7, sharex=True) as (figure, panels):
        for ax, position in zip(panels, positions, strict=True):
            equivariance(position, f, ax=ax)
            ax.set_title(f"begins at {position}", fontsize=9)
            ax.label_outer()
            if ax is not panels[0] and (legend := ax.get_legend()):
                legend.remove()
    return figure


_LENET = (
    ("input", "32 x 32 x 1", 3.2, 1),
    ("convolution 5 x 5", "28 x 28 x 6", 2.8, 6),
    ("pooling 2 x 2", "14 x 14 x 6", 1.6, 6),
    ("convolution 5 x 5", "10 x 10 x 16", 1.2, 10),
    ("pooling 2 x 2", "5 x 5 x 16", 0.8, 10),
)
_LENET_DENSE = (("dense", 120, 2.6), ("dense", 84, 2.0), ("softmax", 10, 1.0))


def lenet(*, ax: Axes | None = None) -> Axes:
    """Draw LeNet-5: what every layer does, and the shape of what it gives (LeCun et al. 1998).

    Args:
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.lenet()
    """
    with style.sheet(ax, (-0.4, 19.6), (-3.0, 3.0), width=8.4) as ax:
        x = 0.0
        for k, (name, shape, size, maps) in enumerate(_LENET):
            color = [style.SKY, style.GREEN][k % 2] if k else "#FFFFFF"
            for m in range(maps)[::-1]:
                corner = (x + 0.1 * m, -size / 2 + 0.1 * m - 0.05 * maps)
                ax.add_patch(Rectangle(corner, size * 0.6, size, facecolor=style.tint(color),
                                       edgecolor=style.BLACK, lw=0.7))  # fmt: skip
            _caption(ax, x + size * 0.3, name, shape)
            x += size * 0.6 + 0.1 * maps + 1.25
            arrow(ax, (x - 1.1, 0), (x - 0.15, 0))
        for k, (name, units, size) in enumerate(_LENET_DENSE):
            ax.add_patch(Rectangle((x, -size / 2), 0.35, size, lw=0.7, edgecolor=style.BLACK,
                                   facecolor=style.tint(style.ORANGE)))  # fmt: skip
            _caption(ax, x + 0.18, name, str(units))
            if k < len(_LENET_DENSE) - 1:
                arrow(ax, (x + 0.45, 0), (x + 1.65, 0))
            x += 1.75
        layers = [f"{name} to {shape}" for name, shape, *_ in _LENET[1:]]
        dense = [f"{name} with {units} units" for name, units, _ in _LENET_DENSE]
        style.describe(
            ax,
            f"LeNet-5 on an input of 32 x 32 x 1: {', '.join([*layers, *dense])}.",
        )
    return ax


def _caption(ax: Axes, x: float, name: str, shape: str) -> None:
    ax.text(x, -2.15, name.replace(" ", "\n", 1), ha="center", va="top", fontsize=7.5)
    ax.text(x, 2.15, shape.replace(" x ", r"$\times$"), ha="center", va="bottom", fontsize=7.5)


def padding(n: int = 5, k: int = 3) -> Figure:
    """Draw where a filter fits onto an image without and with a border of zeros.

    Args:
        n: Height and width of the image. Defaults to 5.
        k: Height and width of the filter, odd and at most `n`. Defaults to 3.

    Returns:
        The Figure: without padding the result is smaller, with padding as large as the image.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.padding(6, 3)
    """
    if not (1 <= k <= n and k % 2):
        raise ValueError(
            f"Invalid value for `k`: expected an odd integer from 1 to n={n}. Received: k={k}"
        )
    border = k // 2
    with style.panels(2, 2, height=2.6) as (figure, panels):
        for ax, pad in zip(panels, (0, border), strict=True):
            size = n + 2 * pad
            result = size - k + 1
            name = "same: a border of zeros" if pad else "valid: no padding"
            _grid(ax, (0, 0), size, lambda i, j, p=pad: p <= i < n + p and p <= j < n + p)
            _window(ax, (0, size - k), k)
            _grid(ax, (size + 2, (size - result) / 2), result, lambda i, j: True, style.GREEN)
            _window(ax, (size + 2, (size - result) / 2 + result - 1), 1)
            arrow(ax, (size + 0.3, size / 2), (size + 1.7, size / 2))
            ax.set(xlim=(-0.3, 2 * size + 2.3), ylim=(-0.3, size + 0.3), aspect="equal")
            ax.set_axis_off()
            ax.set_title(f"{name}\n{n} x {n} gives {result} x {result}", fontsize=9.5)
        style.describe(
            figure,
            f"A {k} x {k} filter on a {n} x {n} image. Without padding it fits at "
            f"{n - k + 1} x {n - k + 1} places; with a border of {border} zeros at {n} x {n}.",
        )
    return figure


def _grid(
    ax: Axes, corner: tuple[float, float], n: int, inside: Any, color: str = style.SKY
) -> None:
    """Draw n x n cells; those outside of the image are white and hold a zero."""
    for i in range(n):
        for j in range(n):
            is_inside = inside(i, j)
            place = (corner[0] + j, corner[1] + i)
            face = style.tint(color) if is_inside else "white"
            ax.add_patch(Rectangle(place, 1, 1, facecolor=face, edgecolor=style.GRAY, lw=0.7))
            if not is_inside:
                ax.text(place[0] + 0.5, place[1] + 0.5, "0", ha="center", va="center", fontsize=8)


def _window(ax: Axes, corner: tuple[float, float], k: int) -> None:
    ax.add_patch(Rectangle(corner, k, k, facecolor="none", edgecolor=style.VERMILION, lw=2.2))


def max_pooling(x: Any = None, size: int = 2) -> Figure:
    """Draw max pooling: the largest value of each window, and where it comes from.

    Args:
        x: Values, shape (height, width). Defaults to a table of 4 x 4.
        size: Height and width of a window, which is also the stride. Defaults to 2.

    Returns:
        The Figure: the table before and after.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.max_pooling([[1, 2], [3, 4]])
    """
    default = [[1, 3, 2, 1], [4, 6, 5, 0], [7, 2, 9, 8], [1, 0, 3, 4]]
    with style.panels(2, 2, height=2.6) as (figure, (left, right)):
        values = style.numbers(default if x is None else x, "x")
        if values.ndim != 2 or min(values.shape) < size:
            raise ValueError(
                f"Invalid value for `x`: expected a table of at least {size} x {size}. "
                f"Received: shape {values.shape}"
            )
        rows, columns = values.shape[0] // size, values.shape[1] // size
        used = values[: rows * size, : columns * size]
        pooled = used.reshape(rows, size, columns, size).max(axis=(1, 3))
        _table(left, values, size)
        _table(right, pooled, 1, columns)
        left.set_title(f"{values.shape[0]} x {values.shape[1]}")
        right.set_title(f"largest of each {size} x {size} window")
        style.describe(
            figure,
            f"A table of shape {values.shape} and the largest values of its {size} x {size} "
            f"windows: {pooled.tolist()}.",
        )
    return figure


def _table(ax: Axes, values: np.ndarray, size: int, columns: int | None = None) -> None:
    """Write numbers into cells, one color per window; the largest of a window is bold."""
    colors = [style.SKY, style.ORANGE, style.GREEN, style.PURPLE, style.YELLOW, style.BLUE]
    height, width = values.shape
    per_row = columns or width // size
    for (i, j), value in np.ndenumerate(values):
        place = (j, height - 1 - i)
        is_used = i < height // size * size and j < width // size * size
        color = colors[(i // size * per_row + j // size) % len(colors)] if is_used else "#FFFFFF"
        top, start = i // size * size, j // size * size
        largest = is_used and value == values[top : top + size, start : start + size].max()
        ax.add_patch(Rectangle(place, 1, 1, facecolor=style.tint(color, 0.4), edgecolor="white"))
        ax.text(place[0] + 0.5, place[1] + 0.5, f"{value:g}", ha="center", va="center",
                fontsize=12, fontweight="bold" if largest else "normal")  # fmt: skip
    ax.set(xlim=(-0.2, width + 0.2), ylim=(-0.2, height + 0.2), aspect="equal")
    ax.set_axis_off()
