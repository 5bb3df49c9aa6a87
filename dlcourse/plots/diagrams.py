"""Drawings of neurons and networks: circles and arrows, no Graphviz."""

from __future__ import annotations

from collections.abc import Sequence

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


def arrow(
    ax: Axes,
    start: Point,
    end: Point,
    text: str = "",
    at: float = 0.5,
    is_gradient: bool = False,
) -> None:
    """Draw an arrow from `start` to `end`, with a text on it after the share `at` of its way.

    Gradients are drawn dashed, in a color of their own.
    """
    color, line = (style.VERMILION, "--") if is_gradient else (style.BLACK, "-")
    look = {"color": color, "linestyle": line, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", **look})
    if text:
        middle = (start[0] + at * (end[0] - start[0]), start[1] + at * (end[1] - start[1]))
        ax.text(*middle, text, ha="center", va="center", fontsize=11, bbox=style.LABEL_BOX)


def link(
    ax: Axes,
    start: Point,
    end: Point,
    text: str = "",
    at: float = 0.5,
    radii: tuple[float, float] = (0.3, 0.3),
) -> None:
    """Draw an arrow between the circles of the given `radii` around `start` and `end`."""
    arrow(ax, _rim(start, end, radii[0]), _rim(end, start, radii[1]), text, at)


def _rim(center: Point, other: Point, radius: float) -> Point:
    """The point of the circle around `center` that faces `other`."""
    dx, dy = other[0] - center[0], other[1] - center[1]
    scale = radius / (dx**2 + dy**2) ** 0.5
    return (center[0] + scale * dx, center[1] + scale * dy)


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
        ax.text(3.3, 0.13, "$z = w\\cdot x + b$", ha="center", va="bottom", fontsize=11)
        arrow(ax, (4.6, 0.0), (5.5, 0.0))
        ax.text(5.6, 0.0, r"$a = \varphi(z)$", ha="left", va="center", fontsize=11)
        style.describe(
            ax,
            f"A neuron with inputs x_1 to x_{n_inputs}: each input is multiplied by its weight; "
            "their sum plus the bias b is the pre-activation o, which the activation function phi "
            "turns into the output a.",
        )
    return ax


def mlp(
    sizes: Sequence[int] = (4, 7, 7, 1),
    names: Sequence[str] | None = None,
    max_drawn: int = 8,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a multi-layer perceptron: one column of units per layer, every link between neighbors.

    Args:
        sizes: Numbers of units, input layer first; at least two layers. Defaults to (4, 7, 7, 1).
        names: Names of the layers. Defaults to input, hidden 1, hidden 2, ..., output.
        max_drawn: A layer with more units is drawn with dots in its middle. Defaults to 8.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Biases are not drawn.

    Raises:
        ValueError: There are less than two layers, or a layer is empty.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.mlp([784, 300, 100, 10])
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            "Invalid value for `sizes`: expected the numbers of units of two layers or more. "
            f"Received: sizes={sizes}"
        )
    names = _layer_names(len(sizes)) if names is None else names
    columns = [_column(size, max_drawn) for size in sizes]
    gap = max(2.0, 0.22 * max(len(column) for column in columns))
    half = max(max(column) for column in columns)
    right = gap * (len(sizes) - 1)
    with style.sheet(ax, (-0.8, right + 0.8), (-half - 1.0, half + 0.4)) as ax:
        for layer in range(1, len(sizes)):
            for start in columns[layer - 1]:
                for end in columns[layer]:
                    ax.plot(
                        [gap * (layer - 1), gap * layer], [start, end], color=style.GRAY, lw=0.5
                    )
        for layer, (size, column, name) in enumerate(zip(sizes, columns, names, strict=True)):
            color = ["#FFFFFF", style.SKY, style.GREEN][(layer > 0) + (layer == len(sizes) - 1)]
            for y in column:
                node(ax, (gap * layer, y), "", color, radius=0.18)
            if size > max_drawn:
                ax.text(gap * layer, 0, r"$\vdots$", ha="center", va="center", fontsize=14)
            note = f"{name}\n{size} unit{'s' * (size > 1)}"
            ax.text(gap * layer, -half - 0.4, note, ha="center", va="top", fontsize=9)
        style.describe(
            ax,
            f"A network of {len(sizes)} layers, each fully connected to the next: "
            + ", ".join(f"{name}: {size}" for name, size in zip(names, sizes, strict=True))
            + f". Its depth, without the input layer, is {len(sizes) - 1}.",
        )
    return ax


def _layer_names(n_layers: int) -> list[str]:
    hidden = [f"hidden {i}" for i in range(1, n_layers - 1)]
    return ["input", *(["hidden"] if len(hidden) == 1 else hidden), "output"]


def _column(size: int, max_drawn: int) -> list[float]:
    """Heights of a layer's circles around 0; a gap in the middle where some are left out."""
    if size <= max_drawn:
        return [0.5 * ((size - 1) / 2 - i) for i in range(size)]
    half = max_drawn // 2
    upper = [0.5 * (i + 1.2) for i in range(half)]
    return [*reversed(upper), *(-y for y in upper)]


def network_221(*, ax: Axes | None = None) -> Axes:
    """Draw the network with two inputs, two hidden units and one output, every part named.

    Each unit shows the sum that it receives and what it sends on; w_ij leads from input i to
    hidden unit j.

    Args:
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.network_221()
    """
    with style.sheet(ax, (-0.5, 9.0), (-1.9, 2.6)) as ax:
        inputs = [(0.0, 1.2), (0.0, -1.2)]
        hidden = [(3.4, 1.2), (3.4, -1.2)]
        output = (6.8, 0.0)
        for i, start in enumerate(inputs, 1):
            node(ax, start, f"$x_{i}$", radius=0.4)
            for j, end in enumerate(hidden, 1):
                link(ax, start, end, f"$w_{{{i}{j}}}$", at=0.26, radii=(0.4, 0.62))
        for j, center in enumerate(hidden, 1):
            node(ax, center, f"$z_{j}\\,|\\,h_{j}$", style.SKY, radius=0.62)
            link(ax, center, output, f"$w_{j}$", radii=(0.62, 0.62))
            _bias(ax, center, f"$b_{j}$")
        node(ax, output, r"$z\,|\,\hat y$", style.GREEN, radius=0.62)
        _bias(ax, output, "$b_3$")
        arrow(ax, (output[0] + 0.62, 0), (8.3, 0))
        ax.text(8.4, 0, r"$\hat y$", ha="left", va="center", fontsize=11)
        style.describe(
            ax,
            "A network with inputs x1 and x2, two hidden units and one output unit. The weight "
            "w_ij leads from input i to hidden unit j, which turns its sum z_j, with bias b_j, "
            "into h_j; w_1 and w_2 lead from the hidden units to the output unit, which turns its "
            "sum z, with bias b_3, into the prediction.",
        )
    return ax


def _bias(ax: Axes, center: Point, text: str) -> None:
    x, y = center
    arrow(ax, (x, y + 1.1), (x, y + 0.62))
    ax.text(x, y + 1.12, text, ha="center", va="bottom", fontsize=11)
