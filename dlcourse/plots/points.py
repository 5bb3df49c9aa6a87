"""Data as points in the plane, and what separates their classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style

# A class is told by marker and filling as well as by color.
CLASS_STYLES: list[dict[str, Any]] = [
    {"marker": "o", "facecolor": "white", "edgecolor": style.VERMILION},
    {"marker": "s", "facecolor": style.BLUE, "edgecolor": style.BLACK},
    {"marker": "^", "facecolor": style.GREEN, "edgecolor": style.BLACK},
    {"marker": "D", "facecolor": style.YELLOW, "edgecolor": style.BLACK},
    {"marker": "v", "facecolor": style.PURPLE, "edgecolor": style.BLACK},
    {"marker": "P", "facecolor": style.SKY, "edgecolor": style.BLACK},
]

_CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
_TRUTH = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}


def scatter(
    x: Any,
    y: Any,
    model: Callable[[np.ndarray], Any] | None = None,
    *,
    xlabel: str = "$x$",
    ylabel: str = "$y$",
    ax: Axes | None = None,
) -> Axes:
    """Draw the samples of one feature and one target, and a model's predictions as a line.

    Args:
        x: Feature, shape (n,).
        y: Target, shape (n,).
        model: Function from features (k,) to predictions (k,). Defaults to None, points only.
        xlabel: Label of the feature, with its unit. Defaults to "$x$".
        ylabel: Label of the target, with its unit. Defaults to "$y$".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: `x` and `y` have different shapes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.scatter([5, 6, 7], [18, 21, 27], xlabel="rooms", ylabel="price ($1000)")
    """
    with style.axes(ax) as ax:
        x = style.numbers(x, "x")
        y = style.numbers(y, "y", x.shape)
        ax.scatter(x, y, s=14, facecolor="none", edgecolor=style.BLUE, linewidth=0.8)
        text = (
            f"Scatter plot of {x.size} samples: {xlabel} from {x.min():.3g} to {x.max():.3g}, "
            f"{ylabel} from {y.min():.3g} to {y.max():.3g}."
        )
        if model is not None:
            line = np.linspace(x.min(), x.max(), 100)
            prediction = style.numbers(model(line), "model(x)", line.shape)
            ax.plot(line, prediction, color=style.VERMILION, linestyle="--", label="model")
            ax.legend()
            text += (
                f" The model's line goes from {prediction[0]:.3g} on the left "
                f"to {prediction[-1]:.3g} on the right."
            )
        ax.set(xlabel=xlabel, ylabel=ylabel)
        style.describe(ax, text)
    return ax


def gates(gate: Callable[[str], Any] | None = None) -> Figure:
    """Draw the truth tables of AND, OR and XOR in the plane, and a unit's separating lines.

    Args:
        gate: Function that returns the weights of shape (2,) and the bias of the threshold unit
            for "and" and for "or"; the unit fires where `w.x + b >= 0`. Defaults to None, points
            only.

    Returns:
        The Figure, one panel per gate. Where a unit fires is shaded. For XOR the two dashed
        segments, one per class, cross: a line with one class on each side would have to separate
        the crossing point from itself.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.gates()
    """
    with style.panels(3, height=3.0, sharey=True) as (figure, panels):
        for ax, (name, outputs) in zip(panels, _TRUTH.items(), strict=True):
            if name == "xor":
                ax.plot([0, 1], [0, 1], "--", color=style.VERMILION, lw=1.3)
                ax.plot([0, 1], [1, 0], "--", color=style.BLUE, lw=1.3)
            elif gate is not None:
                _threshold_unit(ax, gate(name), name)
            class_points(ax, _CORNERS, np.array(outputs), size=70)
            ax.set(title=name.upper(), xlabel="input $a$", box_aspect=1)
            ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1])
        panels[0].set_ylabel("input $b$")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(
            handles, [f"output {label}" for label in labels], loc="outside lower center", ncols=2
        )
        lines = "" if gate is None else " A line separates them for AND and for OR."
        style.describe(
            figure,
            "The four inputs (0,0), (0,1), (1,0), (1,1) of the gates AND, OR and XOR, marked by "
            f"their output 0 or 1.{lines} For XOR the segment between the two zeros crosses the "
            "segment between the two ones, so that no line separates them.",
        )
    return figure


def class_points(ax: Axes, X: np.ndarray, y: np.ndarray, size: float = 22) -> None:
    """Draw points (n, 2), one marker per class of `y` (n,)."""
    for i, label in enumerate(np.unique(y)):
        of_class = X[y == label]
        look = CLASS_STYLES[i % len(CLASS_STYLES)]
        ax.scatter(
            of_class[:, 0],
            of_class[:, 1],
            s=size,
            label=str(label),
            linewidth=1.0,
            zorder=3,
            **look,
        )


def _threshold_unit(ax: Axes, unit: Any, name: str) -> None:
    """Draw the line w.x + b = 0 and shade the side where the unit fires."""
    if unit is None:
        raise style.NothingToDraw(f"Nothing to draw yet: gate({name!r}) is None.")
    w = style.numbers(unit[0], f"gate({name!r})[0]", (2,))
    b = float(unit[1])
    a, c = np.meshgrid(np.linspace(-0.5, 1.5, 101), np.linspace(-0.5, 1.5, 101))
    activation = w[0] * a + w[1] * c + b
    ax.contourf(a, c, activation, levels=[0, np.inf], colors=[style.tint(style.BLUE, 0.25)])
    ax.contour(a, c, activation, levels=[0], colors=style.BLACK, linewidths=1.5)
