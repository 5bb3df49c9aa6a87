"""Losses as functions of one error, one probability, or one weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style
from dlcourse.plots.functions import sigmoid

Slice = Callable[[np.ndarray], Any]


def squared_error(
    loss: Slice = np.square, errors: np.ndarray | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the squared error of one sample: twice the error costs four times as much.

    Args:
        loss: Function from errors (k,) to losses (k,). Defaults to the square.
        errors: Errors, shape (k,). Defaults to 161 values in [-4, 4].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes, with the absolute error for comparison.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.squared_error()
    """
    with style.axes(ax) as ax:
        errors = np.linspace(-4, 4, 161) if errors is None else style.numbers(errors, "errors")
        values = style.numbers(loss(errors), "loss(errors)", errors.shape)
        ax.plot(errors, values, color=style.BLUE, label="squared error")
        ax.plot(errors, abs(errors), "--", color=style.VERMILION, label="absolute error")
        marks = np.array([1.0, 2.0, 3.0])
        heights = style.numbers(loss(marks), "loss(errors)", marks.shape)
        ax.plot(marks, heights, "o", color=style.BLUE)
        _write(ax, marks, heights, [f"{height:g}" for height in heights], (-6, 2), "right")
        ax.set(xlabel=r"error $\hat y - y$ (unit of $y$)", ylabel="loss (unit of $y$, squared)")
        ax.legend(loc="upper center")
        style.describe(
            ax,
            "A parabola: errors of 1, 2 and 3 cost "
            + ", ".join(f"{height:g}" for height in heights)
            + ". The absolute error, a V, grows more slowly.",
        )
    return ax


def negative_log(p: np.ndarray | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the logistic loss of one sample, -log p, over the probability of its true class.

    Args:
        p: Probabilities, shape (k,). Defaults to 100 values in [0.01, 1].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.negative_log()
    """
    with style.axes(ax) as ax:
        p = np.linspace(0.01, 1, 100) if p is None else style.numbers(p, "p")
        ax.plot(p, -np.log(p), color=style.BLUE)
        marks = np.array([0.01, 0.1, 0.5, 1.0])
        heights = np.abs(np.log(marks))
        ax.plot(marks, heights, "o", color=style.VERMILION)
        labels = [f"$p$ = {m:g}: {h:.2f}" for m, h in zip(marks, heights, strict=True)]
        _write(ax, marks[:-1], heights[:-1], labels[:-1], (7, 3), "left")
        _write(ax, marks[-1:], heights[-1:], labels[-1:], (0, 8), "right")
        ax.set(xlabel="probability $p$ of the true class", ylabel=r"loss $-\log p$ (nats)")
        style.describe(
            ax,
            "The loss -log p falls from 4.61 at p = 0.01 over 0.69 at p = 0.5 to 0 at p = 1: a "
            "model that is sure of the wrong class pays most.",
        )
    return ax


def nll_bars(
    p: Sequence[float] = (0.1, 0.6, 0.25, 0.05),
    true_class: int = 2,
    class_names: Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the predicted probabilities of one sample: the loss looks at one bar only.

    Args:
        p: Probabilities of the classes, shape (n_classes,). Defaults to an example of 4 classes.
        true_class: Index of the true class. Defaults to 2.
        class_names: Names of the classes. Defaults to their indices.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The true class is hatched, and its negative log-likelihood stands over it.

    Raises:
        ValueError: `true_class` is no index of `p`.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.nll_bars([0.7, 0.2, 0.1], 0, ["setosa", "versicolor", "virginica"])
    """
    with style.axes(ax) as ax:
        values = style.numbers(p, "p")
        if not 0 <= true_class < values.size:
            raise ValueError(
                f"Invalid value for `true_class`: expected an index below {values.size}. "
                f"Received: true_class={true_class}"
            )
        names = [str(name) for name in (range(values.size) if class_names is None else class_names)]
        colors = [style.tint(style.GRAY, 0.5)] * values.size
        bars = ax.bar(names, values, color=colors, edgecolor=style.BLACK, width=0.6)
        bars[true_class].set(facecolor=style.tint(style.BLUE, 0.6), hatch="//")
        with np.errstate(divide="ignore"):
            loss = -np.log(values[true_class])
        note = f"true class\n$-\\log {values[true_class]:g} = {loss:.2f}$"
        _write(ax, np.array([true_class]), values[[true_class]], [note], (0, 4), "center")
        ax.set(xlabel="class", ylabel="predicted probability", ylim=(0, 1.05))
        ax.grid(visible=False, axis="x")
        style.describe(
            ax,
            "Bars of the predicted probabilities: "
            + ", ".join(f"{n} {v:g}" for n, v in zip(names, values, strict=True))
            + f". The true class is {names[true_class]}; the loss is minus the log of its bar, "
            f"{loss:.2f}.",
        )
    return ax


def loss_slices(
    slices: Mapping[str, Slice] | None = None, w_values: np.ndarray | None = None
) -> Figure:
    """Draw the loss of several models along one of their weights, all other weights fixed.

    Args:
        slices: Functions from weights (k,) to losses (k,), by the title of their panel. Defaults to
            a logistic regression, whose loss is convex, and a 6-20-1 network of sigmoid units,
            whose loss is not.
        w_values: Values of the weight, shape (k,). Defaults to 201 values in [-5, 5].

    Returns:
        The Figure, one panel per model.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.loss_slices()
    """
    slices = _convex_and_not() if slices is None else slices
    w = np.linspace(-5, 5, 201) if w_values is None else style.numbers(w_values, "w_values")
    with style.panels(len(slices), n_cols=2, height=2.8) as (figure, panels):
        for ax, (title, function) in zip(panels, slices.items(), strict=True):
            values = style.numbers(function(w), f"the loss of {title}", w.shape)
            slopes = np.sign(np.diff(values))
            minima = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] > 0)) + 1
            ax.plot(w, values, color=style.BLUE)
            ax.plot(w[minima], values[minima], "o", color=style.VERMILION)
            ax.set(title=title, xlabel="one weight $w$", ylabel="loss")
            style.describe(ax, f"the loss over one weight has {_minima_in_words(w[minima])}.")
    return figure


def _convex_and_not() -> dict[str, Slice]:
    """Two losses on 150 samples of 6 features, as functions of one weight of feature 3."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 6))
    hidden, output = rng.normal(size=(6, 20)), 3 * rng.normal(size=20)
    noisy_side = np.where(X[:, 3] + rng.normal(size=150) > 0, 1.0, -1.0)
    is_far = np.abs(X[:, 3]) > 0.7
    unit = 9
    sums = X @ hidden
    others = sigmoid(sums) @ output - sigmoid(sums[:, unit]) * output[unit]

    def logistic_regression(w: np.ndarray) -> np.ndarray:
        margins = noisy_side[:, None] * X[:, [3]] * w
        return np.logaddexp(0, -margins).mean(axis=0)

    def network(w: np.ndarray) -> np.ndarray:
        sum_of_unit = sums[:, [unit]] + (w - hidden[3, unit]) * X[:, [3]]
        prediction = sigmoid(others[:, None] + sigmoid(sum_of_unit) * output[unit])
        return np.mean((prediction - is_far[:, None]) ** 2, axis=0) + 1e-4 * w**2

    return {
        "logistic regression: convex": logistic_regression,
        "network 6-20-1: not convex": network,
    }


def _minima_in_words(minima: np.ndarray) -> str:
    if minima.size == 0:
        return "no minimum inside the picture"
    places = ", ".join(f"{w:.2g}" for w in minima)
    return f"{minima.size} local minim{'um' if minima.size == 1 else 'a'}, at w = {places}"


def _write(
    ax: Axes, x: np.ndarray, y: np.ndarray, texts: Sequence[str], offset: tuple[int, int], ha: str
) -> None:
    """Write a text beside each point; the offset is in typographic points."""
    for xy, text in zip(zip(x, y, strict=True), texts, strict=True):
        ax.annotate(text, xy, xytext=offset, textcoords="offset points", ha=ha)
