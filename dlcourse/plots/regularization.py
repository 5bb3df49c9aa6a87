"""Overfitting and its remedies: small weights, dropped units, honest uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from dlcourse.plots import style


def weight_histogram(
    weights: Mapping[str, Any], n_bins: int = 41, *, log: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw how the weights of several networks are distributed: what a penalty does to them.

    Args:
        weights: Values of any shape by the name in the legend, such as {"L1": W1, "L2": W2}.
        n_bins: Number of bins over the range of all. Defaults to 41.
        log: Whether the vertical axis, the number of weights, is logarithmic. Defaults to True.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The text alternative tells the share of weights below 0.01 in size.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.weight_histogram({"none": [-1.0, 0.5, 2.0], "L1": [0.0, 0.0, 1.0]})
    """
    with style.axes(ax) as ax:
        values = {k: style.numbers(v, f"the weights of {k}").ravel() for k, v in weights.items()}
        reach = max(float(np.abs(v).max()) for v in values.values())
        edges = np.linspace(-reach, reach, n_bins + 1)
        shares = []
        for i, (name, of_one) in enumerate(values.items()):
            counts, _ = np.histogram(of_one, edges)
            look = {key: style.series(i)[key] for key in ("color", "linestyle")}
            ax.stairs(counts, edges, label=name, lw=1.6, **look)
            shares.append(f"{name} {np.mean(np.abs(of_one) < 0.01):.0%}")
        ax.set(xlabel="weight", ylabel="number of weights", yscale="log" if log else "linear")
        ax.legend()
        style.describe(
            ax, f"Histograms of weights; share of weights below 0.01 in size: {', '.join(shares)}."
        )
    return ax


def dropout_network(
    sizes: Sequence[int] = (4, 6, 6, 2),
    rate: float = 0.4,
    seed: int = 0,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a network in one step of training with dropout: dropped units are gray and unlinked.

    Args:
        sizes: Numbers of units, input layer first. Defaults to (4, 6, 6, 2).
        rate: Probability that an input or a hidden unit is dropped, in [0, 1). Defaults to 0.4.
        seed: Of the mask. Defaults to 0.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Output units are never dropped.

    Raises:
        ValueError: `sizes` or `rate` make no network.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.dropout_network(rate=0.5, seed=1)
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            "Invalid value for `sizes`: expected the numbers of units of two layers or more. "
            f"Received: sizes={sizes}"
        )
    if not 0 <= rate < 1:
        raise ValueError(
            f"Invalid value for `rate`: expected a float in [0, 1). Received: rate={rate}"
        )
    rng = np.random.default_rng(seed)
    kept = [rng.random(size) >= rate for size in sizes[:-1]] + [np.ones(sizes[-1], bool)]
    heights = [np.arange(size)[::-1] - (size - 1) / 2 for size in sizes]
    half = max(sizes) / 2
    with style.sheet(ax, (-0.6, 2 * len(sizes) - 1.4), (-half, half)) as ax:
        for layer in range(len(sizes) - 1):
            for i, start in enumerate(heights[layer]):
                for j, end in enumerate(heights[layer + 1]):
                    if kept[layer][i] and kept[layer + 1][j]:
                        ax.plot([2 * layer, 2 * layer + 2], [start, end], color=style.BLACK, lw=0.6)
        for layer, column in enumerate(heights):
            for y, is_kept in zip(column, kept[layer], strict=True):
                _unit(ax, (2 * layer, y), bool(is_kept))
        counts = [f"{int(k.sum())} of {k.size}" for k in kept[:-1]]
        style.describe(
            ax,
            f"A network in one step of training with dropout rate {rate:g}: "
            f"kept per layer, from the input on, are {', '.join(counts)} units and all outputs. "
            "Dropped units are gray, crossed out, and have no links.",
        )
    return ax


def _unit(ax: Axes, center: tuple[float, float], kept: bool) -> None:
    look: dict[str, Any] = {"facecolor": style.tint(style.SKY), "edgecolor": style.BLACK, "lw": 1.2}
    if not kept:
        look = {"facecolor": style.LIGHT, "edgecolor": style.GRAY, "lw": 1.0, "linestyle": "--"}
        x, y = center
        for slope in (-1, 1):
            ax.plot([x - 0.16, x + 0.16], [y - 0.16 * slope, y + 0.16 * slope],
                    color=style.GRAY, lw=1.0, zorder=4)  # fmt: skip
    ax.add_patch(Circle(center, 0.28, zorder=3, **look))


def dropout_frames(
    sizes: Sequence[int] = (4, 6, 6, 2), rate: float = 0.4, seeds: Sequence[int] = (0, 1, 2)
) -> Figure:
    """Draw several steps of training with dropout: another network in each.

    Args:
        sizes: Numbers of units, input layer first. Defaults to (4, 6, 6, 2).
        rate: Probability that a unit is dropped. Defaults to 0.4.
        seeds: One mask each. Defaults to (0, 1, 2).

    Returns:
        The Figure, at most three panels in a row.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.dropout_frames(seeds=[3, 4])
    """
    with style.panels(len(seeds), 3, height=2.2) as (figure, panels):
        for step, (ax, seed) in enumerate(zip(panels, seeds, strict=True), 1):
            dropout_network(sizes, rate, seed, ax=ax)
            ax.set_title(f"step {step}")
    return figure


def entropy_histogram(
    entropies: Mapping[str, Any], n_bins: int = 25, *, ax: Axes | None = None
) -> Axes:
    """Draw the predictive entropies of several groups of inputs: who is how uncertain.

    Args:
        entropies: Entropies in nats, shape (n,), by the name of the group, such as "right".
        n_bins: Number of bins from 0 to the largest value. Defaults to 25.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes, with the share of the group that falls into each bin; a line marks each mean.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.entropy_histogram({"right": [0.1, 0.2, 0.1], "wrong": [1.1, 1.5]})
    """
    with style.axes(ax) as ax:
        groups = {
            k: style.numbers(v, f"the entropies of {k}").ravel() for k, v in entropies.items()
        }
        edges = np.linspace(0, max(float(v.max()) for v in groups.values()) + 1e-9, n_bins + 1)
        means = []
        for i, (name, values) in enumerate(groups.items()):
            look = {key: style.series(i)[key] for key in ("color", "linestyle")}
            shares = np.histogram(values, edges)[0] / values.size
            ax.stairs(shares, edges, label=f"{name} ({values.size})", lw=1.6, **look)
            ax.axvline(float(values.mean()), lw=1.0, **look)
            means.append(f"{name} {values.mean():.2f}")
        ax.set(xlabel="predictive entropy (nats)", ylabel="share of the group")
        ax.legend()
        style.describe(ax, f"Histograms of predictive entropy; means: {', '.join(means)}.")
    return ax


def predictive_distribution(
    mean: Any,
    std: Any,
    titles: Sequence[Any] | None = None,
    *,
    classes: Sequence[Any] | None = None,
) -> Figure:
    """Draw the class probabilities of a few inputs, with the spread over Monte Carlo samples.

    Args:
        mean: Mean probabilities, shape (n, n_classes).
        std: Their standard deviations, same shape.
        titles: A title for each input. Defaults to none.
        classes: Names of the classes. Defaults to 0, 1, ...

    Returns:
        The Figure, one panel per input.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.predictive_distribution([[0.7, 0.3]], [[0.1, 0.1]])
    """
    heights = style.numbers(mean, "mean")
    spreads = style.numbers(std, "std", heights.shape)
    names = [""] * len(heights) if titles is None else [str(title) for title in titles]
    labels = [str(k) for k in (range(heights.shape[1]) if classes is None else classes)]
    with style.panels(len(heights), 3, height=2.0, sharey=True) as (figure, panels):
        for ax, name, height, spread in zip(panels, names, heights, spreads, strict=True):
            ax.bar(labels, height, yerr=spread, capsize=2, color=style.tint(style.BLUE, 0.6),
                   edgecolor=style.BLACK, lw=0.6, error_kw={"lw": 1.0})  # fmt: skip
            ax.set(title=name, xlabel="class", ylim=(0, 1.05))
            k = int(height.argmax())
            style.describe(ax, f"class {labels[k]} with {height[k]:.2f} +- {spread[k]:.2f}.")
        panels[0].set_ylabel("probability")
    return figure


def polynomial_fits(
    x: Any, y: Any, degrees: Sequence[int] = (1, 4, 12), x_new: Any = None, y_new: Any = None
) -> Figure:
    """Draw polynomials of several degrees fitted to points, and their errors.

    Args:
        x: Features of the training points, shape (n,).
        y: Their targets, shape (n,).
        degrees: Degrees of the polynomials, below n. Defaults to (1, 4, 12).
        x_new: Features of points that were held out. Defaults to none.
        y_new: Their targets. Defaults to none.

    Returns:
        The Figure, one panel per degree, with the mean squared errors in the title.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.polynomial_fits([0, 1, 2, 3], [0, 1, 4, 9], degrees=[1, 2])
    """
    x, y = style.numbers(x, "x"), style.numbers(y, "y", np.shape(x))
    line = np.linspace(x.min(), x.max(), 200)
    with style.panels(len(degrees), 3, height=2.6, sharey=True) as (figure, panels):
        for ax, degree in zip(panels, degrees, strict=True):
            model = np.polynomial.Polynomial.fit(x, y, degree)
            ax.plot(line, model(line), color=style.VERMILION)
            ax.scatter(x, y, s=18, facecolor="white", edgecolor=style.BLUE, zorder=3, label="train")
            errors = f"train MSE {np.mean((model(x) - y) ** 2):.3f}"
            if x_new is not None:
                new, truth = style.numbers(x_new, "x_new"), style.numbers(y_new, "y_new")
                ax.scatter(new, truth, s=18, marker="s", color=style.BLACK, zorder=3, label="new")
                errors += f"\nnew MSE {np.mean((model(new) - truth) ** 2):.3f}"
            ax.set(title=f"degree {degree}\n{errors}", xlabel="$x$")
            style.describe(ax, f"a polynomial of degree {degree} through {x.size} points.")
        margin = 0.4 * float(np.ptp(y))
        panels[0].set(ylabel="$y$", ylim=(y.min() - margin, y.max() + margin))
        panels[0].legend(fontsize=8)
    return figure
