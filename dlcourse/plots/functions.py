"""Activation functions as curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style

Function = Callable[[np.ndarray], Any]


def step(z: np.ndarray) -> np.ndarray:
    """Heaviside's step: 1 from 0 on, else 0."""
    return np.where(z >= 0, 1.0, 0.0)


def sign(z: np.ndarray) -> np.ndarray:
    """The sign, with 1 at 0."""
    return np.where(z >= 0, 1.0, -1.0)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """The logistic function, without overflow."""
    return 0.5 * (1.0 + np.tanh(z / 2))


def relu(z: np.ndarray) -> np.ndarray:
    """The positive part."""
    return np.maximum(z, 0.0)


def slope(function: Function, z: np.ndarray, h: float = 1e-4) -> np.ndarray:
    """The derivative of a function at each point of `z`, by central differences."""
    return (np.asarray(function(z + h)) - np.asarray(function(z - h))) / (2 * h)


_STEPS: dict[str, Function] = {"step": step, "sign": sign, "sigmoid": sigmoid}
_ACTIVATIONS: dict[str, Function] = {"tanh": np.tanh, "sigmoid": sigmoid, "ReLU": relu}
_PRE_ACTIVATION = "pre-activation $z$"


def _values(function: Function, name: str, z: np.ndarray) -> np.ndarray:
    return style.numbers(function(z), f"{name}(z)", z.shape)


def _line(
    ax: Axes,
    z: np.ndarray,
    values: np.ndarray,
    look: dict[str, Any],
    label: str,
    ends: bool = False,
) -> None:
    """Plot values with a gap where they jump; `ends` marks it by two circles."""
    jumps = np.flatnonzero(np.abs(np.diff(values)) > 0.5)
    for k, piece in enumerate(np.split(np.arange(z.size), jumps + 1)):
        ax.plot(z[piece], values[piece], label=label if k == 0 else None, **look)
    if ends:
        color = look["color"]
        ax.plot(z[jumps], values[jumps], "o", mfc="white", color=color)
        ax.plot(z[jumps + 1], values[jumps + 1], "o", color=color)


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
    functions = _STEPS if functions is None else functions
    z = np.linspace(-6, 6, 601) if z is None else style.numbers(z, "z")
    with style.axes(ax) as ax:
        for i, (name, function) in enumerate(functions.items()):
            look = style.series(i) | {"marker": ""}
            _line(ax, z, _values(function, name, z), look, name, ends=True)
        ax.set(xlabel=_PRE_ACTIVATION, ylabel=r"activation $\varphi(z)$")
        ax.legend()
        style.describe(
            ax,
            f"Activation functions for z between {z[0]:g} and {z[-1]:g}: "
            + ", ".join(functions)
            + ". The step functions jump at 0; the sigmoid rises smoothly between the same levels "
            "as the step, 0 and 1.",
        )
    return ax


def activations(
    functions: Mapping[str, Function] | None = None, z: np.ndarray | None = None
) -> Figure:
    """Draw activation functions side by side.

    Args:
        functions: Functions of an array, by the title of their panel. Defaults to tanh, sigmoid
            and ReLU.
        z: Pre-activations, shape (k,). Defaults to 50 values in [-4, 4].

    Returns:
        The Figure, at most three panels in a row.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.activations()
    """
    functions = _ACTIVATIONS if functions is None else functions
    z = np.linspace(-4, 4, 50) if z is None else style.numbers(z, "z")
    with style.panels(len(functions), sharex=True) as (figure, panels):
        for ax, (name, function) in zip(panels, functions.items(), strict=True):
            values = _values(function, name, z)
            ax.plot(z, values, color=style.BLUE)
            ax.set(title=name, xlabel=_PRE_ACTIVATION)
            ax.locator_params(axis="x", integer=True, nbins=5)
            style.describe(
                ax,
                f"for z from {z[0]:g} to {z[-1]:g} the activation goes from {values[0]:.3g} "
                f"to {values[-1]:.3g}, with {_values(function, name, np.zeros(1))[0]:.3g} at 0.",
            )
        panels[0].set_ylabel(r"activation $\varphi(z)$")
    return figure


def relu_variants(
    functions: Mapping[str, Function] | None = None,
    z: np.ndarray | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw ReLU and its relatives on one Axes.

    Args:
        functions: Functions of an array, by the name in the legend. Defaults to Keras' ReLU, leaky
            ReLU (slope 0.1), ELU and SELU.
        z: Pre-activations, shape (k,). Defaults to 161 values in [-4, 2].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Example:
        >>> import numpy as np
        >>> from dlcourse import plots
        >>> ax = plots.relu_variants({"softplus": lambda z: np.log1p(np.exp(z))})
    """
    functions = _keras_relu_variants() if functions is None else functions
    z = np.linspace(-4, 2, 161) if z is None else style.numbers(z, "z")
    with style.axes(ax) as ax:
        for i, (name, function) in enumerate(functions.items()):
            ax.plot(z, _values(function, name, z), label=name, **style.curve(i))
        ax.set(xlabel=_PRE_ACTIVATION, ylabel=r"activation $\varphi(z)$")
        ax.legend()
        ends = ", ".join(f"{n} {_values(f, n, z)[0]:.3g}" for n, f in functions.items())
        style.describe(
            ax,
            f"Variants of ReLU. They differ for negative pre-activations; at z = {z[0]:g} their "
            f"values are: {ends}.",
        )
    return ax


def _keras_relu_variants() -> dict[str, Function]:
    from keras import activations

    return {
        "ReLU": activations.relu,
        "leaky ReLU, slope 0.1": lambda z: activations.leaky_relu(z, negative_slope=0.1),
        "ELU": activations.elu,
        "SELU": activations.selu,
    }


def activation_derivatives(
    functions: Mapping[str, Function] | None = None,
    derivatives: Mapping[str, Function] | None = None,
    z: np.ndarray | None = None,
) -> Figure:
    """Draw activation functions, each with its derivative.

    Args:
        functions: Functions of an array, by the title of their panel. Defaults to tanh, sigmoid
            and ReLU.
        derivatives: Their derivatives under the same names. Defaults to central differences.
        z: Pre-activations, shape (k,). Defaults to 100 values in [-4, 4].

    Returns:
        The Figure, at most three panels in a row. Where a derivative jumps, its line has a gap.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.activation_derivatives()
    """
    functions = _ACTIVATIONS if functions is None else functions
    z = np.linspace(-4, 4, 100) if z is None else style.numbers(z, "z")
    with style.panels(len(functions), height=2.7, sharex=True) as (figure, panels):
        for ax, (name, function) in zip(panels, functions.items(), strict=True):
            derivative = (derivatives or {}).get(name, partial(slope, function))
            values = _values(derivative, f"the derivative of {name}, d", z)
            ax.plot(z, _values(function, name, z), label=r"$\varphi(z)$", color=style.BLUE)
            look = {"color": style.VERMILION, "linestyle": "--"}
            _line(ax, z, values, look, r"$\varphi'(z)$")
            ax.set(title=name, xlabel=_PRE_ACTIVATION)
            ax.locator_params(axis="x", integer=True, nbins=5)
            style.describe(
                ax,
                f"the function and its derivative; the derivative is {values[0]:.2g} at "
                f"z = {z[0]:g}, at most {values.max():.2g}, and {values[-1]:.2g} at z = {z[-1]:g}.",
            )
        panels[0].set_ylabel("value")
        handles = panels[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=2)
    return figure


def sigmoid_saturation(
    function: Function = sigmoid, z: np.ndarray | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the sigmoid, its derivative, and where it saturates.

    Args:
        function: Function of an array. Defaults to the sigmoid.
        z: Pre-activations, shape (k,), increasing. Defaults to 241 values in [-8, 8].
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Shaded is where the derivative is below a tenth of its maximum.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.sigmoid_saturation()
    """
    z = np.linspace(-8, 8, 241) if z is None else style.numbers(z, "z")
    with style.axes(ax) as ax:
        values = _values(function, "phi", z)
        slopes = slope(function, z)
        steep = z[slopes >= 0.1 * slopes.max()]
        top = float(slopes.max())
        ax.plot(z, values, color=style.BLUE, label=r"$\varphi(z)$")
        ax.plot(z, slopes, color=style.VERMILION, linestyle="--", label=r"$\varphi'(z)$")
        ax.axhline(top, color=style.BLACK, linestyle=":", lw=1.2, label=f"maximum {top:.3g}")
        for side, label in [((z[0], steep[0]), "saturated"), ((steep[-1], z[-1]), None)]:
            ax.axvspan(*side, facecolor=style.LIGHT, lw=0, label=label)
        ax.set(xlabel=_PRE_ACTIVATION, ylabel="value", xlim=(z[0], z[-1]))
        ax.legend(loc="center left", bbox_to_anchor=(0.01, 0.6), frameon=True)
        style.describe(
            ax,
            f"A squashing function and its derivative. The derivative is at most {top:.3g}; for z "
            f"below {steep[0]:.2g} or above {steep[-1]:.2g} it is less than a tenth of that: the "
            "function is saturated.",
        )
    return ax
