"""The loss as a curve over one weight, and gradient descent on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style

Loss = Callable[[np.ndarray], Any]


def wavy(w: Any) -> Any:
    """A polynomial with two minima, (w^4 - 8 w^2 + 3 w) / 8: the left one is the lower."""
    w = np.asarray(w, dtype=float)
    return (w**4 - 8 * w**2 + 3 * w) / 8


def wavy_slope(w: Any) -> Any:
    """The derivative of `wavy`."""
    w = np.asarray(w, dtype=float)
    return (4 * w**3 - 16 * w + 3) / 8


def _descend(grad: Callable[[float], Any], w0: float, lr: float, n_steps: int) -> np.ndarray:
    """The iterates of gradient descent, shape (n_steps + 1,); far outside they stop."""
    path = [float(w0)]
    for _ in range(n_steps):
        slope = grad(path[-1])
        if slope is None:
            raise style.NothingToDraw("Nothing to draw yet: grad(w) is None.")
        path.append(float(np.clip(path[-1] - lr * float(slope), -1e6, 1e6)))
    return np.array(path)


def _curve(ax: Axes, loss: Loss, w: np.ndarray, label: str | None = None) -> np.ndarray:
    values = style.numbers(loss(w), "loss(w)", w.shape)
    ax.plot(w, values, color=style.BLUE, label=label)
    return values


def loss_curve(
    loss: Loss,
    w_values: Any = None,
    *,
    xlabel: str = "weight $w$",
    ylabel: str = "loss $L(w)$",
    ax: Axes | None = None,
) -> Axes:
    """Draw the loss as a function of one weight, and mark the lowest of the values drawn.

    Args:
        loss: Function from weights (k,) to losses (k,).
        w_values: Weights to draw at, shape (k,). Defaults to 100 values in [-2, 10].
        xlabel: Label of the weight, with its unit. Defaults to "weight $w$".
        ylabel: Label of the loss, with its unit. Defaults to "loss $L(w)$".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: `loss` does not return one value per weight.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.loss_curve(lambda w: (w - 4) ** 2)
    """
    with style.axes(ax) as ax:
        w = _weights(w_values)
        values = _curve(ax, loss, w)
        best = int(np.argmin(values))
        note = f"lowest of the {w.size} values: $w$ = {w[best]:.2f}"
        ax.plot(w[best], values[best], "o", color=style.VERMILION, label=note)
        ax.legend(loc="upper center")
        ax.set(xlabel=xlabel, ylabel=ylabel)
        style.describe(
            ax,
            f"The loss for {w.size} weights between {w[0]:g} and {w[-1]:g}. The lowest value drawn "
            f"is {values[best]:.4g} at w = {w[best]:.3g}.",
        )
    return ax


def descent(
    loss: Loss,
    path: Any,
    w_values: Any = None,
    *,
    title: str = "",
    xlabel: str = "weight $w$",
    ylabel: str = "loss $L(w)$",
    ax: Axes | None = None,
) -> Axes:
    """Draw the path of gradient descent on the curve of a loss of one weight.

    Args:
        loss: Function from weights (k,) to losses (k,).
        path: Iterates, the start first, shape (n_steps + 1,).
        w_values: Weights to draw the curve at, shape (k,). Defaults to 100 values in [-2, 10].
        title: Title, such as the learning rate. Defaults to none.
        xlabel: Label of the weight, with its unit. Defaults to "weight $w$".
        ylabel: Label of the loss, with its unit. Defaults to "loss $L(w)$".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The picture keeps to the range of the curve; a path that leaves it is cut there,
        and a note says at which step.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.descent(lambda w: (w - 4) ** 2, [0.0, 3.2, 3.84, 3.97])
    """
    with style.axes(ax) as ax:
        w = _weights(w_values)
        values = _curve(ax, loss, w)
        steps = style.numbers(path, "path")
        heights = style.numbers(loss(steps), "loss(path)", steps.shape)
        ax.plot(steps, heights, "o-", color=style.VERMILION, lw=1.0, ms=4, mec="white", mew=0.4)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        _keep_view(ax, w, values)
        outside = np.flatnonzero(~((steps >= w.min()) & (steps <= w.max())))
        shown = steps.size if outside.size == 0 else int(outside[0])
        if shown:
            _label_ends(ax, loss, steps[:shown])
        text = _path_in_words(steps, heights)
        if outside.size:
            note = (
                f"step {shown} leaves the picture" if shown else "the start is not in the picture"
            )
            ax.text(
                0.5,
                0.98,
                note,
                transform=ax.transAxes,
                ha="center",
                va="top",
                fontsize=9,
                bbox=style.LABEL_BOX,
            )
            text += f" {note.capitalize()}."
        style.describe(ax, text)
    return ax


def descent_panels(
    loss: Loss,
    paths: Mapping[str, Any],
    w_values: Any = None,
    *,
    xlabel: str = "weight $w$",
    ylabel: str = "loss $L(w)$",
) -> Figure:
    """Draw several paths of gradient descent side by side on the curve of the same loss.

    Args:
        loss: Function from weights (k,) to losses (k,).
        paths: Iterates of shape (n_steps + 1,) by the title of their panel.
        w_values: Weights to draw the curve at, shape (k,). Defaults to 100 values in [-2, 10].
        xlabel: Label of the weight, with its unit. Defaults to "weight $w$".
        ylabel: Label of the loss, with its unit. Defaults to "loss $L(w)$".

    Returns:
        The Figure, one panel per path, at most three in a row.

    Example:
        >>> from dlcourse import plots
        >>> paths = {"small": [0.0, 0.8, 1.44], "large": [0.0, 7.2, 1.44]}
        >>> figure = plots.descent_panels(lambda w: (w - 4) ** 2, paths)
    """
    with style.panels(len(paths), sharex=True, sharey=True) as (figure, panels):
        for ax, (title, path) in zip(panels, paths.items(), strict=True):
            descent(loss, path, w_values, title=title, xlabel=xlabel, ylabel=ylabel, ax=ax)
            ax.label_outer()
    return figure


def descent_1d(
    loss: Loss = wavy,
    grad: Callable[[float], Any] = wavy_slope,
    w0: float = 3.2,
    lr: float = 0.125,
    n_steps: int = 10,
    w_values: Any = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Run gradient descent on a loss of one weight and draw its path.

    Args:
        loss: Function from weights (k,) to losses (k,). Defaults to `landscape.wavy`, a polynomial
            with two minima.
        grad: Its derivative, a function of one weight. Defaults to `landscape.wavy_slope`.
        w0: Starting weight. Defaults to 3.2.
        lr: Learning rate. Defaults to 0.125.
        n_steps: Number of steps. Defaults to 10.
        w_values: Weights to draw the curve at, shape (k,). Defaults to 200 values in [-3.6, 3.6].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.descent_1d(w0=-3.2)
    """
    with style.axes(ax) as ax:
        title = f"$w_0 = {w0:.3g}$, learning rate {lr:.3g}"
        descent(loss, _descend(grad, w0, lr, n_steps), _around_wavy(w_values), title=title, ax=ax)
    return ax


def descent_examples() -> Figure:
    """Draw what can happen on a loss with two minima: global minimum, local minimum, divergence.

    Returns:
        The Figure, three panels; the first two differ by the start, the third by the learning rate.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.descent_examples()
    """
    cases = {
        "global minimum": (-0.5, 0.125),
        "local minimum": (0.6, 0.125),
        "divergence": (2.7, 0.9),
    }
    with style.panels(len(cases), sharex=True, sharey=True) as (figure, panels):
        for ax, (name, (w0, lr)) in zip(panels, cases.items(), strict=True):
            descent_1d(w0=w0, lr=lr, n_steps=12, ax=ax)
            ax.set_title(f"{name}\n$w_0 = {w0:g}$, rate {lr:g}")
            ax.label_outer()
    return figure


def descent_frames(
    loss: Loss = wavy,
    grad: Callable[[float], Any] = wavy_slope,
    w0: float = 2.7,
    lr: float = 0.9,
    frames: Sequence[int] = (0, 1, 2, 3, 4, 5),
    w_values: Any = None,
) -> Figure:
    """Draw gradient descent on a loss of one weight as it proceeds, one panel per moment.

    Args:
        loss: Function from weights (k,) to losses (k,). Defaults to `landscape.wavy`, a polynomial
            with two minima.
        grad: Its derivative, a function of one weight. Defaults to `landscape.wavy_slope`.
        w0: Starting weight. Defaults to 2.7.
        lr: Learning rate. Defaults to 0.9, which diverges.
        frames: Numbers of steps to show. Defaults to 0 to 5.
        w_values: Weights to draw the curve at, shape (k,). Defaults to 200 values in [-3.6, 3.6].

    Returns:
        The Figure.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.descent_frames(lr=0.125, frames=(0, 2, 10))
    """
    with style.panels(len(frames), sharex=True, sharey=True) as (figure, panels):
        for ax, n_steps in zip(panels, frames, strict=True):
            path = _descend(grad, w0, lr, n_steps)
            title = "start" if n_steps == 0 else f"after {n_steps} step{'s' * (n_steps > 1)}"
            descent(loss, path, _around_wavy(w_values), title=title, ax=ax)
            ax.label_outer()
    return figure


def quadratic_model(
    loss: Loss = wavy,
    grad: Callable[[float], Any] = wavy_slope,
    w: float = 3.0,
    lr: float = 0.07,
    w_values: Any = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the parabola that one step of gradient descent minimizes.

    Around `w` the loss is replaced by L(w) + g e + e^2 / (2 lr) with the slope g at `w`. Its lowest
    point is at e = -lr g: one step of gradient descent (Nesterov 2004, section 1.2.3).

    Args:
        loss: Function from weights (k,) to losses (k,). Defaults to `landscape.wavy`, a polynomial
            with two minima.
        grad: Its derivative, a function of one weight. Defaults to `landscape.wavy_slope`.
        w: The weight to step from. Defaults to 3.0.
        lr: Learning rate: the larger, the flatter the parabola. Defaults to 0.07.
        w_values: Weights to draw at, shape (k,). Defaults to 200 values in [0.4, 3.4].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.quadratic_model(lr=0.2)
    """
    with style.axes(ax) as ax:
        weights = np.linspace(0.4, 3.4, 200) if w_values is None else _weights(w_values)
        values = _curve(ax, loss, weights, "loss $L(w)$")
        here = float(style.numbers(loss(np.array([w])), "loss(w)", (1,))[0])
        slope = float(style.numbers(grad(w), "grad(w)", ()))

        def model(e: Any) -> Any:
            return here + slope * e + e**2 / (2 * lr)

        step = -lr * slope
        ax.plot(weights, model(weights - w), "--", color=style.VERMILION, label="parabola")
        ax.plot(w, here, "o", color=style.BLACK, label="$w_0$")
        lowest = r"its lowest point $w_1 = w_0 - \eta\, L'(w_0)$"
        ax.plot(w + step, model(step), "D", color=style.VERMILION, label=lowest)
        ax.set(xlabel="weight $w$", ylabel="loss $L(w)$")
        _keep_view(ax, weights, values)
        ax.legend(loc="best")
        style.describe(
            ax,
            f"The loss and a parabola that touches it at w0 = {w:g} with the same slope "
            f"{slope:.3g}. The parabola's lowest point, w1 = {w + step:.3g}, is where one step of "
            f"gradient descent with learning rate {lr:g} goes.",
        )
    return ax


def _weights(w_values: Any) -> np.ndarray:
    return np.linspace(-2, 10, 100) if w_values is None else style.numbers(w_values, "w_values")


def _around_wavy(w_values: Any) -> np.ndarray:
    return np.linspace(-3.6, 3.6, 200) if w_values is None else _weights(w_values)


def _keep_view(ax: Axes, w: np.ndarray, values: np.ndarray) -> None:
    """Show the curve, whatever else is drawn."""
    side, top = 0.04 * np.ptp(w), 0.08 * np.ptp(values)
    ax.set_xlim(w.min() - side, w.max() + side)
    ax.set_ylim(values.min() - 1.5 * top, values.max() + top)


def _label_ends(ax: Axes, loss: Loss, path: np.ndarray) -> None:
    """Write w_0 and w_n beside the ends of a path: outside of the valley, and apart."""
    ends = {0: path[0], path.size - 1: path[-1]}
    heights = {k: float(loss(np.array([w]))[0]) for k, w in ends.items()}
    width = 0.001 * np.ptp(ax.get_xlim())
    for k, w in ends.items():
        before, after = loss(np.array([w - width, w + width]))
        is_left_wall = after < before
        is_upper = heights[k] >= max(heights.values())
        ax.annotate(
            f"$w_{{{k}}}$",
            (w, heights[k]),
            xytext=(-4 if is_left_wall else 4, 1 if is_upper else -2),
            textcoords="offset points",
            ha="right" if is_left_wall else "left",
            va="bottom" if is_upper else "top",
        )


def _path_in_words(path: np.ndarray, heights: np.ndarray) -> str:
    start = f"Gradient descent starts at w = {path[0]:.3g} with loss {heights[0]:.4g}"
    if path.size == 1:
        return f"{start}."
    return f"{start}; step {path.size - 1} is at w = {path[-1]:.3g} with loss {heights[-1]:.4g}."
