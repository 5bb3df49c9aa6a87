"""Recurrent networks: the loop unrolled, how far back it sees, and forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dlcourse.plots import style
from dlcourse.plots.diagrams import arrow, node


def rnn_unrolled(n_steps: int = 4, *, ax: Axes | None = None) -> Axes:
    """Draw a recurrent network as a loop, and unrolled over time with its shared weights.

    Args:
        n_steps: Number of steps drawn, at least 2. Defaults to 4.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.rnn_unrolled(3)
    """
    if n_steps < 2:
        raise ValueError(
            f"Invalid value for `n_steps`: expected at least 2. Received: n_steps={n_steps}"
        )
    with style.sheet(ax, (-1.0, 2 * n_steps + 4.2), (-2.1, 2.1), width=7.0) as ax:
        _cell(ax, 0.0, "$x_t$", "$h_t$")
        loop = {
            "arrowstyle": "-|>",
            "connectionstyle": "arc3,rad=-1.9",
            "lw": 1.1,
            "color": "black",
        }
        ax.annotate("", xy=(0.36, -0.3), xytext=(0.36, 0.3), arrowprops=loop)
        ax.text(1.25, 0.0, "$W_h$", ha="center", va="center", fontsize=11)
        ax.text(2.35, 0.0, "=", ha="center", va="center", fontsize=18)
        node(ax, (3.4, 0.0), "$h_0$", radius=0.38)
        for t in range(1, n_steps + 1):
            x = 3.4 + 2 * t
            if t == n_steps:  # the last one may be any
                ax.text(x - 1, -0.45, r"$\cdots$", ha="center", va="center", fontsize=13)
            step = "T" if t == n_steps else str(t)
            _cell(ax, x, f"$x_{step}$", f"$h_{step}$")
            arrow(ax, (x - 1.6, 0.0), (x - 0.45, 0.0))
            ax.text(x - 1, 0.15, "$W_h$", ha="center", va="bottom", fontsize=10)
        style.describe(
            ax,
            "A recurrent layer drawn twice: as a loop, in which the state h_t feeds the next step, "
            f"and unrolled, as {n_steps} copies in a row from h_0 to h_T. Each copy takes "
            "its input x_t through the same weights W_x and the state before through the same W_h.",
        )
    return ax


def _cell(ax: Axes, x: float, inner: str, outer: str) -> None:
    node(ax, (x, 0.0), "RNN", style.SKY, radius=0.45)
    ax.text(x, -1.75, inner, ha="center", va="center", fontsize=12)
    arrow(ax, (x, -1.45), (x, -0.45))
    ax.text(x + 0.12, -0.95, "$W_x$", ha="left", va="center", fontsize=10)
    arrow(ax, (x, 0.45), (x, 1.4))
    ax.text(x, 1.7, outer, ha="center", va="center", fontsize=12)


def influence(
    factors: Mapping[Any, Any],
    *,
    ylabel: str = "influence on the last state",
    ax: Axes | None = None,
) -> Axes:
    """Draw how much a state of long ago still changes the last one.

    Args:
        factors: Derivatives of the last state with respect to the state at each earlier step,
            shape (n_steps,), oldest first, by the name in the legend, such as "w_h = 0.9".
        ylabel: What is drawn. Defaults to "influence on the last state".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes: sizes on a logarithmic scale over the number of steps back.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.influence({"0.5": [0.125, 0.25, 0.5], "0.9": [0.73, 0.81, 0.9]})
    """
    with style.axes(ax) as ax:
        ends = []
        for i, (name, values) in enumerate(factors.items()):
            sizes = np.abs(style.numbers(values, f"the factors of {name}"))[::-1]
            look = style.series(i) | {"markevery": max(1, sizes.size // 10)}
            ax.plot(np.arange(1, sizes.size + 1), sizes, label=str(name), **look)
            ends.append(f"{name}: {sizes[0]:.2g} one step back, {sizes[-1]:.2g} {sizes.size} back")
        ax.set(xlabel="steps back", ylabel=ylabel, yscale="log")
        ax.locator_params(axis="x", integer=True)
        ax.legend()
        style.describe(ax, f"{ylabel}: {'; '.join(ends)}.")
    return ax


def forecast(
    times: Any,
    truth: Any,
    predictions: Mapping[str, Any],
    *,
    ylabel: str = "value",
    ax: Axes | None = None,
) -> Axes:
    """Draw a series and what several models predicted for it, each one step ahead.

    Args:
        times: Shape (n,).
        truth: What was observed, shape (n,).
        predictions: Forecasts of shape (n,) by the name in the legend.
        ylabel: What is forecast, with its unit. Defaults to "value".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes; the legend tells the mean squared error of each.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.forecast([1, 2, 3], [5, 6, 7], {"persistence": [4, 5, 6]})
    """
    with style.axes(ax) as ax:
        when = style.numbers(times, "times")
        observed = style.numbers(truth, "truth", when.shape)
        ax.plot(when, observed, color=style.GRAY, lw=2.2, label="observed")
        errors = []
        for i, (name, values) in enumerate(predictions.items()):
            guess = style.numbers(values, name, when.shape)
            error = float(np.mean((guess - observed) ** 2))
            look = style.series(i) | {"markevery": max(1, when.size // 12), "lw": 1.3}
            ax.plot(when, guess, label=f"{name}, MSE {error:.3g}", **look)
            errors.append(f"{name} {error:.3g}")
        ax.set(xlabel="time", ylabel=ylabel)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        style.describe(
            ax,
            f"A series of {when.size} values and forecasts of it; mean squared errors: "
            f"{', '.join(errors)}.",
        )
    return ax
