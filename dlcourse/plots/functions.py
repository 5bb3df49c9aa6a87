"""Activation functions as curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes

from dlcourse.plots import style

Function = Callable[[np.ndarray], np.ndarray]


def _step(z: np.ndarray) -> np.ndarray:
    return np.where(z >= 0, 1.0, 0.0)


def _sign(z: np.ndarray) -> np.ndarray:
    return np.where(z >= 0, 1.0, -1.0)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(z / 2))


STEP_FUNCTIONS: dict[str, Function] = {"step": _step, "sign": _sign, "sigmoid": _sigmoid}


def _plot_with_jumps(ax: Axes, z: np.ndarray, values: np.ndarray, i: int, label: str) -> None:
    """Plot a function; where it jumps between two points of `z`, the line has a gap there."""
    jumps = np.flatnonzero(np.abs(np.diff(values)) > 0.5) + 1
    line = style.series(i) | {"marker": ""}
    for k, piece in enumerate(np.split(np.arange(z.size), jumps)):
        ax.plot(z[piece], values[piece], label=label if k == 0 else None, **line)
    for jump in jumps:
        color = line["color"]
        ax.plot(z[jump - 1], values[jump - 1], "o", mfc="white", color=color)
        ax.plot(z[jump], values[jump], "o", color=color)


def step_functions(
    functions: Mapping[str, Function] | None = None,
    z: np.ndarray | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the activations of the first neurons: step, sign, and the sigmoid, a soft step.

    Args:
        functions: Functions of an array, by the name in the legend. Defaults to the Heaviside step
            (1 from 0 on), the sign (1 from 0 on, else -1) and the sigmoid.
        z: Pre-activations, shape (k,), increasing. Defaults to 601 values in [-6, 6].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. A jump is a gap between an open and a filled circle.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.step_functions()
    """
    functions = STEP_FUNCTIONS if functions is None else functions
    z = np.linspace(-6, 6, 601) if z is None else style.numbers(z, "z")
    with style.axes(ax) as ax:
        for i, (name, function) in enumerate(functions.items()):
            values = style.numbers(function(z), f"{name}(z)", z.shape)
            _plot_with_jumps(ax, z, values, i, name)
        ax.set(xlabel="pre-activation $z$", ylabel=r"activation $\varphi(z)$")
        ax.legend()
        style.describe(
            ax,
            f"Activation functions for z between {z[0]:g} and {z[-1]:g}: "
            + ", ".join(functions)
            + ". The step functions jump at 0; the sigmoid rises smoothly between the same levels "
            "as the step, 0 and 1.",
        )
    return ax
