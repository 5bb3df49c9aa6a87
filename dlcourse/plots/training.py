"""What training leaves behind: losses per epoch, learning rates per step, gradients per layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style

Schedule = Callable[[np.ndarray], Any]


def training_curves(
    curves: Mapping[Any, Any],
    *,
    title: str = "",
    xlabel: str = "epoch",
    ylabel: str = "loss",
    log: bool = False,
    marks: Mapping[str, int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a value of every epoch for several runs: batch sizes, optimizers, seeds.

    Args:
        curves: Values of shape (n_epochs,) by the name in the legend, such as
            `{"batch 32": history.history["loss"]}`.
        title: Title. Defaults to none.
        xlabel: What a step of the horizontal axis is. Defaults to "epoch", counted from 1.
        ylabel: What is drawn, with its unit. Defaults to "loss".
        log: Whether the vertical axis is logarithmic. Defaults to False.
        marks: Epochs, counted from 1, to mark by a vertical line, by their name, such as
            `{"best": 12, "stopped": 22}`. Defaults to none.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.training_curves({"batch 8": [1.2, 0.4, 0.2], "batch 128": [2.2, 2.1, 2.0]})
    """
    with style.axes(ax) as ax:
        ends = []
        for i, (name, values) in enumerate(curves.items()):
            heights = style.numbers(values, f"the curve of {name}")
            look = style.series(i) | {"markevery": max(1, heights.size // 10)}
            ax.plot(np.arange(1, heights.size + 1), heights, label=str(name), **look)
            ends.append(f"{name} from {heights[0]:.3g} to {heights[-1]:.3g}")
        for k, (name, epoch) in enumerate((marks or {}).items()):
            ax.axvline(epoch, color=style.GRAY, lw=1.2, linestyle=":")
            place: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "ha": "right"}
            ax.text(epoch, 0.97 - 0.08 * k, f"{name}: {epoch} ", va="top", fontsize=9, **place)
            ends.append(f"{name} at {xlabel} {epoch}")
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
        ax.locator_params(axis="x", integer=True)
        if len(curves) > 3:
            ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        else:
            ax.legend()
        style.describe(ax, f"{ylabel} over each {xlabel}: {'; '.join(ends)}.")
    return ax


def training_panels(
    panels: Mapping[str, Mapping[Any, Any]],
    *,
    xlabel: str = "epoch",
    ylabel: str = "loss",
    log: bool = False,
) -> Figure:
    """Draw several sets of training curves side by side, such as learning rates per optimizer.

    Args:
        panels: Curves as in `training_curves`, by the title of their panel.
        xlabel: What a step of the horizontal axis is. Defaults to "epoch", counted from 1.
        ylabel: What is drawn, with its unit. Defaults to "loss".
        log: Whether the vertical axis is logarithmic. Defaults to False.

    Returns:
        The Figure, at most two panels in a row; one legend if all have the same names.

    Example:
        >>> from dlcourse import plots
        >>> rates = {0.1: [2.0, 0.5], 0.01: [2.2, 1.9]}
        >>> figure = plots.training_panels({"SGD": rates, "Adam": rates})
    """
    with style.panels(len(panels), 2, height=2.9, sharex=True, sharey=True) as (figure, places):
        for ax, (title, curves) in zip(places, panels.items(), strict=True):
            training_curves(curves, title=title, xlabel=xlabel, ylabel=ylabel, log=log, ax=ax)
            ax.label_outer()
        if len({tuple(curves) for curves in panels.values()}) == 1:
            for ax in places:
                if legend := ax.get_legend():
                    legend.remove()
            handles = places[0].get_legend_handles_labels()
            figure.legend(*handles, loc="outside lower center", ncols=5)
    return figure


def schedules(
    rates: Mapping[str, Schedule | Sequence[float]] | None = None,
    n_steps: int = 1000,
    *,
    log: bool = False,
) -> Figure:
    """Draw learning-rate schedules, one panel each.

    Args:
        rates: Functions from steps (k,) to learning rates (k,), Keras' `LearningRateSchedule`
            objects, or learning rates of shape (n_steps,), by the title of their panel. Defaults to
            power, exponential, performance and 1cycle scheduling from 0.01.
        n_steps: Number of steps. Defaults to 1000.
        log: Whether the vertical axis is logarithmic. Defaults to False.

    Returns:
        The Figure, at most two panels in a row.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.schedules({"linear": lambda step: 0.1 * (1 - step / 1000)})
    """
    rates = _course_schedules(n_steps) if rates is None else rates
    steps = np.arange(n_steps)
    with style.panels(len(rates), 2, height=2.2, sharex=True, sharey=True) as (figure, panels):
        for ax, (name, rate) in zip(panels, rates.items(), strict=True):
            values = style.numbers(rate(steps) if callable(rate) else rate, name, steps.shape)
            ax.plot(steps, values, color=style.BLUE)
            ax.set(title=name, xlabel="step", ylabel="learning rate")
            ax.set_yscale("log" if log else "linear")
            ax.label_outer()
            style.describe(
                ax,
                f"the learning rate starts at {values[0]:.2g}, is at most {values.max():.2g} at "
                f"step {values.argmax()}, and ends at {values[-1]:.2g}.",
            )
    return figure


def _course_schedules(n_steps: int) -> dict[str, Schedule | Sequence[float]]:
    """The four schedules of the course; performance scheduling halves on imagined plateaus."""
    from keras.optimizers.schedules import ExponentialDecay, InverseTimeDecay

    halved = [
        0.01 * 0.5 ** sum(k >= n_steps * share for share in (0.45, 0.6, 0.85))
        for k in range(n_steps)
    ]
    knots = [0, n_steps // 2, n_steps - 1]
    return {
        "power": InverseTimeDecay(0.01, n_steps / 5, 1.0),
        "exponential": ExponentialDecay(0.01, n_steps / 2, 0.1),
        "performance (plateaus at 45, 60, 85 %)": halved,
        "1cycle": np.interp(range(n_steps), knots, [0.001, 0.01, 0.00001]),
    }


def gradient_norms(
    norms: Mapping[str, Any], *, ylabel: str = "norm of the gradient", ax: Axes | None = None
) -> Axes:
    """Draw the size of the gradient in every layer of several networks.

    Args:
        norms: Norms of shape (n_layers,), first layer first, by the name in the legend, such as
            "sigmoid, Glorot".
        ylabel: What is drawn. Defaults to "norm of the gradient".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes, with a logarithmic vertical axis.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.gradient_norms({"sigmoid": [1e-6, 1e-3, 1.0], "ReLU": [0.6, 0.6, 0.7]})
    """
    with style.axes(ax) as ax:
        ends = []
        for i, (name, values) in enumerate(norms.items()):
            heights = style.numbers(values, f"the norms of {name}")
            ax.plot(np.arange(1, heights.size + 1), heights, label=name, **style.series(i))
            ends.append(
                f"{name} {heights[0]:.2g} in the first, {heights[-1]:.2g} in the last layer"
            )
        ax.set(xlabel="layer (1 is next to the input)", ylabel=ylabel, yscale="log")
        ax.locator_params(axis="x", integer=True)
        ax.legend()
        style.describe(ax, f"{ylabel} per layer: {'; '.join(ends)}.")
    return ax


def gradient_histograms(
    gradients: Mapping[str, Any],
    n_bins: int = 60,
    *,
    title: str = "",
    xlabel: str = "gradient",
    ax: Axes | None = None,
) -> Axes:
    """Draw the distribution of the gradients, or activations, of every layer.

    Args:
        gradients: Values of any shape by the name of their layer.
        n_bins: Number of bins between the 1st and the 99th percentile of all values. Defaults
            to 60.
        title: Title. Defaults to none.
        xlabel: What is counted. Defaults to "gradient".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes: one histogram per layer, drawn as a line, as a density over all its values.

    Example:
        >>> import numpy as np
        >>> from dlcourse import plots
        >>> rng = np.random.default_rng(0)
        >>> ax = plots.gradient_histograms({"layer 1": rng.normal(size=100)})
    """
    with style.axes(ax) as ax:
        layers = {k: style.numbers(v, f"the values of {k}").ravel() for k, v in gradients.items()}
        limits = np.percentile(np.concatenate(list(layers.values())), [1, 99])
        spreads = []
        for i, (name, values) in enumerate(layers.items()):
            counts, edges = np.histogram(values, bins=n_bins, range=(limits[0], limits[1]))
            density = counts / values.size / np.diff(edges)
            ax.plot((edges[1:] + edges[:-1]) / 2, density, label=name, **style.curve(i))
            spreads.append(f"{name} {values.std():.2g}")
        ax.set(title=title, xlabel=xlabel, ylabel="density")
        ax.legend()
        style.describe(
            ax, f"Histograms of the {xlabel} per layer; standard deviations: {', '.join(spreads)}."
        )
    return ax
