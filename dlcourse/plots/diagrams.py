"""Drawings of neurons and networks: circles and arrows, no Graphviz."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Circle

from dlcourse.plots import style

Point = tuple[float, float]


def node(ax: Axes, center: Point, text: str, color: str = "#FFFFFF", radius: float = 0.3) -> None:
    """Draw a circle with a text in it, filled with a tint of `color`."""
    ax.add_patch(
        Circle(center, radius, facecolor=style.tint(color), edgecolor=style.BLACK, lw=1.2, zorder=3)
    )
    ax.text(*center, text, ha="center", va="center", fontsize=11, zorder=4)


def arrow(ax: Axes, start: Point, end: Point, text: str = "", at: float = 0.5) -> None:
    """Draw an arrow from `start` to `end`, with a text on it after the share `at` of its way."""
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": style.BLACK,
            "lw": 1.1,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    if text:
        middle = (start[0] + at * (end[0] - start[0]), start[1] + at * (end[1] - start[1]))
        ax.text(*middle, text, ha="center", va="center", fontsize=11, bbox=style.LABEL_BOX)


def _rim(center: Point, other: Point, radius: float = 0.3) -> Point:
    """The point of the circle around `center` that faces `other`."""
    dx, dy = other[0] - center[0], other[1] - center[1]
    scale = radius / (dx**2 + dy**2) ** 0.5
    return (center[0] + scale * dx, center[1] + scale * dy)


def link(ax: Axes, start: Point, end: Point, text: str = "", at: float = 0.5) -> None:
    """Draw an arrow between the circles around `start` and `end`."""
    arrow(ax, _rim(start, end), _rim(end, start), text, at)


def neuron(n_inputs: int = 3, *, ax: Axes | None = None) -> Axes:
    """Draw one neuron: weighted inputs, their sum with the bias, the activation, the output.

    Args:
        n_inputs: Number of inputs drawn, at least 1. Defaults to 3.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: There is no input.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.neuron(2)
    """
    if n_inputs < 1:
        raise ValueError(
            f"Invalid value for `n_inputs`: expected at least 1. Received: n_inputs={n_inputs}"
        )
    top = 0.45 * (n_inputs - 1)
    total, output, bias = (2.3, 0.0), (4.3, 0.0), (2.3, -max(top, 0.9) - 0.3)
    with style.sheet(ax, (-0.4, 6.6), (bias[1] - 0.4, top + 0.4)) as ax:
        for i in range(n_inputs):
            start = (0.0, top - 0.9 * i)
            node(ax, start, f"$x_{i + 1}$")
            link(ax, start, total, f"$w_{i + 1}$", at=0.45)
        node(ax, bias, "$b$", style.ORANGE)
        link(ax, bias, total)
        node(ax, total, r"$\Sigma$", style.SKY)
        node(ax, output, r"$\varphi$", style.GREEN)
        link(ax, total, output)
        ax.text(3.3, 0.13, "$o = w\\cdot x + b$", ha="center", va="bottom", fontsize=11)
        arrow(ax, (4.6, 0.0), (5.5, 0.0))
        ax.text(5.6, 0.0, r"$a = \varphi(o)$", ha="left", va="center", fontsize=11)
        style.describe(
            ax,
            f"A neuron with inputs x_1 to x_{n_inputs}: each input is multiplied by its weight; "
            "their sum plus the bias b is the pre-activation o, which the activation function phi "
            "turns into the output a.",
        )
    return ax
