"""What one unit does when the gradient comes back to it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style
from dlcourse.plots.diagrams import arrow, node

STAGES = (
    "the inputs x and y arrive",
    "forward: the unit computes z = f(x, y)",
    "it knows its local gradients",
    "backward: the gradient of the loss L arrives",
    "chain rule: times the local gradient, to x",
    "chain rule: times the local gradient, to y",
)

_X, _Y, _UNIT, _OUT = (0.0, 1.5), (0.0, -1.5), (4.0, 0.0), (7.0, 0.0)


def unit_gradient(stage: int = 6, *, ax: Axes | None = None) -> Axes:
    """Draw how a gradient passes through one unit, up to a stage of the story.

    The stages: inputs, output, local gradients, incoming gradient, and the two outgoing ones.

    Args:
        stage: How much of it to show, 1 to 6. Defaults to 6, everything.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Gradients are dashed and go from right to left.

    Raises:
        ValueError: There is no such stage.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.unit_gradient(3)
    """
    if not 1 <= stage <= len(STAGES):
        raise ValueError(
            f"Invalid value for `stage`: expected 1 to {len(STAGES)}. Received: stage={stage}"
        )
    with style.sheet(ax, (-0.5, 7.5), (-2.2, 2.2)) as ax:
        node(ax, _UNIT, "$f$", style.SKY, radius=1.15)
        for number, (place, name) in enumerate([(_X, "x"), (_Y, "y")]):
            side = 1 if number == 0 else -1
            node(ax, place, f"${name}$", radius=0.35)
            arrow(ax, (0.35, 1.4 * side), (2.95, 0.5 * side))
            if stage >= 3:
                local = rf"$\frac{{\partial z}}{{\partial {name}}}$"
                ax.text(3.3, 0.5 * side, local, ha="center", va="center", fontsize=12, zorder=4)
            if stage >= 5 + number:
                arrow(ax, (2.9, 0.85 * side), (0.37, 1.72 * side), is_gradient=True)
                product = (
                    rf"$\frac{{\partial L}}{{\partial {name}}} = "
                    rf"\frac{{\partial L}}{{\partial z}}\,\frac{{\partial z}}{{\partial {name}}}$"
                )
                ax.text(1.75, 1.85 * side, product, ha="center", va="center", fontsize=12)
        if stage >= 2:
            node(ax, _OUT, "$z$", radius=0.35)
            arrow(ax, (5.15, 0.12), (6.67, 0.12))
        if stage >= 4:
            arrow(ax, (6.67, -0.12), (5.15, -0.12), is_gradient=True)
            incoming = r"$\frac{\partial L}{\partial z}$"
            ax.text(5.9, -0.55, incoming, ha="center", va="center", fontsize=12)
        ax.set_title(f"{stage}. {STAGES[stage - 1]}")
        style.describe(ax, f"One unit f with inputs x and y: {'; '.join(STAGES[:stage])}.")
    return ax


def unit_gradient_panels() -> Figure:
    """Draw how a gradient passes through one unit, all six stages side by side.

    Returns:
        The Figure.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.unit_gradient_panels()
    """
    with style.panels(len(STAGES), n_cols=2, height=1.9) as (figure, panels):
        for stage, ax in enumerate(panels, 1):
            unit_gradient(stage, ax=ax)
            ax.title.set_fontsize(9)
        style.describe(figure, f"Six stages of one unit f(x, y): {'; '.join(STAGES)}.")
    return figure


def chain_rule(n_layers: int = 4, layer: int = 1, *, ax: Axes | None = None) -> Axes:
    """Draw a deep network with a color per layer, and a gradient as the product of these colors.

    Args:
        n_layers: Number of layers, at least 2. Defaults to 4.
        layer: The layer whose weights' gradient is written out, 1 for the first. Defaults to 1.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes: the layers in a row, and below each one the factor that it gives.

    Raises:
        ValueError: There is no such layer.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.chain_rule(3, layer=2)
    """
    if not 1 <= layer <= n_layers or n_layers < 2:
        raise ValueError(
            "Invalid value for `layer`: expected one of at least two layers, from 1 to "
            f"n_layers={n_layers}. Received: layer={layer}"
        )
    with style.sheet(ax, (-0.6, 2 * n_layers + 2.7), (-1.9, 0.9), width=6.6) as ax:
        for k in range(n_layers + 2):
            inside, color = _stations(n_layers)[k]
            node(ax, (2 * k, 0.0), inside, color, radius=0.45)
            if k:
                arrow(ax, (2 * k - 1.55, 0.0), (2 * k - 0.45, 0.0))
            if 1 <= k <= n_layers:
                ax.text(2 * k - 1, 0.25, f"$W_{k}$", ha="center", va="bottom", fontsize=11)
            if k >= layer:
                ax.text(2 * k, -1.1, _factor(k, layer, n_layers), ha="center", va="center",
                        fontsize=14, bbox={"boxstyle": "round", "facecolor": style.tint(color),
                                           "edgecolor": style.GRAY})  # fmt: skip
                if k > layer:
                    ax.text(2 * k - 1, -1.1, r"$\cdot$", ha="center", va="center", fontsize=16)
        ax.text(2 * layer - 0.95, -1.1, rf"$\frac{{\partial L}}{{\partial W_{layer}}} =$",
                ha="right", va="center", fontsize=14)  # fmt: skip
        style.describe(
            ax,
            f"A network of {n_layers} layers from the input a_0 to the loss L, each layer in a "
            f"color of its own. The gradient with respect to W_{layer} is a product of "
            f"{n_layers - layer + 2} factors: the derivative of a_{layer} with respect to "
            f"W_{layer}, one of each later layer's output with respect to the one before, and that "
            "of the loss.",
        )
    return ax


def _stations(n_layers: int) -> list[tuple[str, str]]:
    """Text and color of the input, the layers and the loss."""
    colors = [style.SKY, style.GREEN, style.YELLOW, style.PURPLE, style.BLUE, style.ORANGE]
    layers = [(f"$a_{k}$", colors[(k - 1) % len(colors)]) for k in range(1, n_layers + 1)]
    return [("$a_0$", "#FFFFFF"), *layers, ("$L$", style.VERMILION)]


def _factor(k: int, layer: int, n_layers: int) -> str:
    above = "L" if k > n_layers else f"a_{k}"
    below = f"W_{layer}" if k == layer else f"a_{k - 1}"
    return rf"$\frac{{\partial {above}}}{{\partial {below}}}$"
