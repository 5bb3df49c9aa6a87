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
