"""A curve as a sum of ReLUs: what one hidden layer can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style

Curve = Callable[[np.ndarray], Any]


def relu_sum(
    w: Any,
    b: Any,
    c: float,
    f: Curve = np.sin,
    x: np.ndarray | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw g(x) = c + sum_i w_i ReLU(x + b_i), its terms, and the curve it approximates.

    Args:
        w: Output weights, shape (k,).
        b: Biases, shape (k,); unit i starts at x = -b_i.
        c: Output bias.
        f: The curve, a function of an array. Defaults to `numpy.sin`.
        x: Where to draw, shape (m,). Defaults to 400 values in [0, 2 pi].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The picture keeps to the range of the curve; the terms may leave it.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.relu_sum([1.0, -1.6], [0.0, -1.2], 0.0)
    """
    with style.axes(ax) as ax:
        x = np.linspace(0, 2 * np.pi, 400) if x is None else style.numbers(x, "x")
        w = style.numbers(w, "w")
        b = style.numbers(b, "b", w.shape)
        target = style.numbers(f(x), "f(x)", x.shape)
        terms = w * np.maximum(x[:, None] + b, 0)
        total = style.number(c, "c") + terms.sum(axis=1)
        for i, term in enumerate(terms.T):
            label = "terms" if i == 0 else None
            ax.plot(x, term, color=style.GRAY, lw=0.7, linestyle=":", label=label)
        ax.plot(x, target, color=style.BLUE, label="$f(x)$")
        ax.plot(x, total, color=style.VERMILION, linestyle="--", label="sum $g(x)$")
        knots = -b[(-b >= x.min()) & (-b <= x.max())]
        ax.plot(knots, np.interp(knots, x, total), "o", color=style.VERMILION, ms=4)
        margin = 0.25 * np.ptp(target)
        ax.set(xlabel="$x$", ylabel="value")
        ax.set_ylim(target.min() - margin, target.max() + margin)
        ax.legend()
        style.describe(
            ax,
            f"A curve and a sum of {w.size} ReLUs, a line with kinks. The largest distance between "
            f"them is {np.abs(total - target).max():.2g}.",
        )
    return ax


def relu_frames(
    fit: Callable[[Curve, np.ndarray], Any] | None = None,
    f: Curve = np.sin,
    n_knots: Sequence[int] = (2, 3, 4, 5, 8, 13),
    interval: tuple[float, float] = (0.0, 2 * np.pi),
) -> Figure:
    """Draw how a sum of ReLUs comes close to a curve when its kinks grow in number.

    Args:
        fit: Function of the curve and of equally spaced knots (k,), increasing, that returns
            (w, b, c) of the sum c + sum_i w_i ReLU(x + b_i). Defaults to least squares with a unit
            at each knot but the last.
        f: The curve, a function of an array. Defaults to `numpy.sin`.
        n_knots: Number of knots of each panel, at least 2. Defaults to (2, 3, 4, 5, 8, 13).
        interval: First and last knot. Defaults to (0, 2 pi).

    Returns:
        The Figure.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.relu_frames(n_knots=(3, 6))
    """
    fit = _least_squares if fit is None else fit
    x = np.linspace(*interval, 400)
    with style.panels(len(n_knots), sharex=True, sharey=True) as (figure, panels):
        for ax, n in zip(panels, n_knots, strict=True):
            parts = fit(f, np.linspace(*interval, n))
            w, b, c = (None, None, 0.0) if parts is None else parts
            relu_sum(w, b, c, f, x, ax=ax)
            ax.set_title(f"{n} knots")
            ax.label_outer()
            if legend := ax.get_legend():
                legend.remove()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _least_squares(f: Curve, knots: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    x = np.linspace(knots[0], knots[-1], 200)
    columns = np.column_stack([np.maximum(x[:, None] - knots[:-1], 0), np.ones_like(x)])
    solution = np.linalg.lstsq(columns, np.asarray(f(x)), rcond=None)[0]
    return solution[:-1], -knots[:-1], float(solution[-1])
