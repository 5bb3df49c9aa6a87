"""Data as points in the plane, and what separates their classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

_FILLS = [style.ORANGE, style.BLUE, style.GREEN, style.YELLOW, style.PURPLE, style.SKY]
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


def decision_regions(
    model: Callable[[np.ndarray], Any],
    X: Any,
    y: Any,
    resolution: int = 300,
    *,
    title: str = "",
    xlabel: str = "$x_1$",
    ylabel: str = "$x_2$",
    ax: Axes | None = None,
) -> Axes:
    """Draw the points of several classes, and the class that a model sees at each place.

    Args:
        model: Function, or Keras model, of points (n, 2). It returns class labels (n,), one
            probability per point (n,) or (n, 1), or one per class (n, n_classes).
        X: Points, shape (n, 2).
        y: Their classes, integers from 0 on, shape (n,).
        resolution: Points of the grid along each axis. Defaults to 300.
        title: Title. Defaults to none.
        xlabel: Label of the first feature, with its unit. Defaults to "$x_1$".
        ylabel: Label of the second feature, with its unit. Defaults to "$x_2$".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The share of points on their own side is in the text alternative.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.decision_regions(lambda X: X[:, 0] > 0, [[-1, 0], [1, 0]], [0, 1])
    """
    with style.axes(ax, size=(4.6, 3.9)) as ax:
        X = style.numbers(X, "X")
        y = style.numbers(y, "y", X.shape[:1]).astype(int)
        margin = np.maximum(0.08 * np.ptp(X, axis=0), 1e-3)
        low, high = X.min(axis=0) - margin, X.max(axis=0) + margin
        sides = [np.linspace(low[i], high[i], resolution) for i in (0, 1)]
        grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
        regions = _classes(model, grid).reshape(resolution, resolution)
        n_classes = max(int(y.max()), int(regions.max())) + 1
        fills = [style.tint(_FILLS[k % len(_FILLS)], 0.3) for k in range(n_classes)]
        edges = np.arange(n_classes + 1) - 0.5
        ax.contourf(*sides, regions, levels=edges, colors=fills)
        ax.contour(*sides, regions, levels=edges[1:-1], colors=style.BLACK, linewidths=1.0)
        class_points(ax, X, y)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel, xlim=(low[0], high[0]))
        ax.set(ylim=(low[1], high[1]))
        ax.legend(title="class", loc="upper left", bbox_to_anchor=(1.0, 1.0))
        right = float(np.mean(_classes(model, X) == y))
        style.describe(
            ax,
            f"{len(X)} points of {len(np.unique(y))} classes and the regions that a model assigns "
            f"to them; {right:.0%} of the points lie in the region of their class.",
        )
    return ax


def decision_panels(
    models: Mapping[str, Callable[[np.ndarray], Any]], X: Any, y: Any, resolution: int = 300
) -> Figure:
    """Draw the decision regions of several models side by side: what more units can separate.

    Args:
        models: Functions or Keras models as in `decision_regions`, by the title of their panel.
        X: Points, shape (n, 2).
        y: Their classes, integers from 0 on, shape (n,).
        resolution: Points of the grid along each axis. Defaults to 300.

    Returns:
        The Figure, at most two panels in a row.

    Example:
        >>> from dlcourse import plots
        >>> models = {"left": lambda X: X[:, 0] > 0, "lower": lambda X: X[:, 1] > 0}
        >>> figure = plots.decision_panels(models, [[-1, 0], [1, 1]], [0, 1], resolution=50)
    """
    with style.panels(len(models), n_cols=2, height=2.6, sharex=True, sharey=True) as (
        figure,
        panels,
    ):
        for ax, (title, model) in zip(panels, models.items(), strict=True):
            decision_regions(model, X, y, resolution, title=title, ax=ax)
            ax.label_outer()
            if legend := ax.get_legend():
                legend.remove()
        handles = panels[0].get_legend_handles_labels()
        figure.legend(*handles, title="class", loc="outside right upper")
    return figure


def _classes(model: Callable[[np.ndarray], Any], X: np.ndarray) -> np.ndarray:
    """The class that a model sees at each point, from labels or probabilities."""
    if model is None:
        raise style.NothingToDraw("Nothing to draw yet: the model is None.")
    scores = style.numbers(model(X), "model(X)")
    if scores.ndim == 2 and scores.shape[1] > 1:
        return scores.argmax(axis=1)
    scores = style.numbers(scores.reshape(len(scores)), "model(X)", X.shape[:1])
    is_label = np.array_equal(scores, np.rint(scores))
    return scores.astype(int) if is_label else (scores >= 0.5).astype(int)


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
    b = style.number(unit[1], f"gate({name!r})[1]")
    a, c = np.meshgrid(np.linspace(-0.5, 1.5, 101), np.linspace(-0.5, 1.5, 101))
    activation = w[0] * a + w[1] * c + b
    ax.contourf(a, c, activation, levels=[0, np.inf], colors=[style.tint(style.BLUE, 0.25)])
    ax.contour(a, c, activation, levels=[0], colors=style.BLACK, linewidths=1.5)
