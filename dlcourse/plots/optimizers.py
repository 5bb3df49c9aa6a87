"""Optimizers compared: by default Keras' own, on functions of two weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import contours, style
from dlcourse.plots.contours import Limits, Surface, contour_paths, keras_path

if TYPE_CHECKING:
    from keras.optimizers import Optimizer

Gradient = Callable[[np.ndarray], Any]


def optimizer_panels(
    optimizers: Mapping[str, Optimizer] | None = None,
    loss: Surface = contours.bowl,
    grad: Gradient = contours.bowl_gradient,
    start: Sequence[float] = (4.5, 1.0),
    n_steps: int = 40,
    xlim: Limits = (-5.0, 5.0),
    ylim: Limits = (-1.8, 1.8),
) -> Figure:
    """Draw the paths of Keras optimizers on a loss of two weights, one panel each.

    Args:
        optimizers: Fresh Keras optimizers by the title of their panel. Defaults to gradient descent
            with learning rate 0.05 and Adam with 0.1.
        loss: Function of two arrays of one shape to the losses, the same shape. Defaults to the
            bowl (x^2 + 20 y^2) / 2.
        grad: Function from the weights (2,) to the gradient (2,). Defaults to that of the bowl.
        start: Starting weights, shape (2,). Defaults to (4.5, 1).
        n_steps: Number of steps. Defaults to 40.
        xlim: Range of the first weight. Defaults to (-5, 5).
        ylim: Range of the second weight. Defaults to (-1.8, 1.8).

    Returns:
        The Figure.

    Example:
        >>> from keras.optimizers import SGD
        >>> from dlcourse import plots
        >>> figure = plots.optimizer_panels({"SGD": SGD(0.01), "faster": SGD(0.09)}, n_steps=5)
    """
    if optimizers is None:
        from keras.optimizers import SGD, Adam

        optimizers = {"gradient descent, rate 0.05": SGD(0.05), "Adam, rate 0.1": Adam(0.1)}
    with style.panels(len(optimizers), 2, 2.1, sharex=True, sharey=True) as (figure, panels):
        for ax, (title, optimizer) in zip(panels, optimizers.items(), strict=True):
            path = keras_path(optimizer, grad, start, n_steps)
            contour_paths(loss, {"The path": path}, xlim, ylim, title=title, ax=ax)
            ax.label_outer()
    return figure


def momentum_panels(
    betas: Sequence[float] = (0.0, 0.6, 0.8, 0.9),
    lr: float = 0.003,
    curvature: float = 100.0,
    n_steps: int = 100,
) -> Figure:
    """Draw gradient descent with momentum on an elongated bowl, one panel per momentum.

    Args:
        betas: Momenta in [0, 1). Defaults to (0, 0.6, 0.8, 0.9).
        lr: Learning rate. Defaults to 0.003.
        curvature: Curvature of the bowl across; along it is 1. Defaults to 100.
        n_steps: Number of steps. Defaults to 100.

    Returns:
        The Figure, at most two panels in a row. The paths are those of Keras' SGD.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.momentum_panels((0.0, 0.5), lr=0.05, curvature=20, n_steps=20)
    """
    with style.panels(len(betas), 2, 2.1, sharex=True, sharey=True) as (figure, panels):
        for ax, beta in zip(panels, betas, strict=True):
            momentum_path(beta, lr, curvature, n_steps, ax=ax)
            ax.set_title(f"momentum {beta:g}")
            ax.label_outer()
    return figure


def momentum_path(
    beta: float = 0.9,
    lr: float = 0.003,
    curvature: float = 100.0,
    n_steps: int = 100,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw gradient descent with momentum on an elongated bowl.

    Args:
        beta: Momentum in [0, 1). Defaults to 0.9.
        lr: Learning rate. Defaults to 0.003.
        curvature: Curvature of the bowl across; along it is 1. Defaults to 100.
        n_steps: Number of steps. Defaults to 100.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. The path is that of Keras' SGD.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.momentum_path(0.5, n_steps=10)
    """
    from keras.optimizers import SGD

    def loss(x: Any, y: Any) -> Any:
        return contours.bowl(x, y, curvature)

    def grad(theta: Any) -> np.ndarray:
        return contours.bowl_gradient(theta, curvature)

    path = keras_path(SGD(float(lr), momentum=float(beta)), grad, (4.5, 1.0), n_steps)
    title = f"learning rate {lr:.3g}, momentum {beta:.3g}"
    return contour_paths(loss, {"The path": path}, title=title, ax=ax)


def nesterov_lookahead(
    theta: Sequence[float] = (-4.0, 1.3),
    velocity: Sequence[float] = (1.5, -2.2),
    lr: float = 0.15,
    beta: float = 0.9,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw one step of momentum and one of Nesterov's method from the same point.

    Momentum adds the gradient at the point to the velocity; Nesterov's method adds the gradient at
    the point where the velocity leads (Sutskever et al. 2013).

    Args:
        theta: Weights before the step, shape (2,). Defaults to (-4, 1.3).
        velocity: Velocity before the step, shape (2,). Defaults to (1.5, -2.2).
        lr: Learning rate. Defaults to 0.15.
        beta: Momentum in [0, 1). Defaults to 0.9.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes, on the contour lines of the bowl (x^2 + 4 y^2) / 2.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.nesterov_lookahead()
    """
    curvature = 4.0
    here = np.asarray(theta, dtype=float)
    ahead = here + beta * np.asarray(velocity, dtype=float)
    ends = {
        "momentum": ahead - lr * contours.bowl_gradient(here, curvature),
        "Nesterov": ahead - lr * contours.bowl_gradient(ahead, curvature),
    }
    with style.axes(ax) as ax:
        contour_paths(
            lambda x, y: contours.bowl(x, y, curvature), xlim=(-5, 2), ylim=(-1.9, 1.9), ax=ax
        )
        _vector(ax, here, ahead, style.BLACK, "-", r"velocity $\beta m$")
        _vector(
            ax, ahead, ends["momentum"], style.VERMILION, "--", r"$-\eta\nabla L(\theta)$: momentum"
        )
        _vector(
            ax,
            ahead,
            ends["Nesterov"],
            style.BLUE,
            "-.",
            r"$-\eta\nabla L(\theta+\beta m)$: Nesterov",
        )
        ax.plot(*here, "o", color=style.BLACK)
        ax.annotate(
            r"$\theta$", (here[0], here[1]), xytext=(-6, 4), textcoords="offset points", ha="right"
        )
        for (name, end), marker in zip(ends.items(), "sD", strict=True):
            color = style.VERMILION if name == "momentum" else style.BLUE
            ax.plot(*end, marker, color=color)
        ax.legend(loc="upper right", frameon=True)
        places = ", ".join(f"{n} at ({e[0]:.2f}, {e[1]:.2f})" for n, e in ends.items())
        style.describe(
            ax,
            f"From theta = ({here[0]:g}, {here[1]:g}) the velocity leads to ({ahead[0]:.2f}, "
            f"{ahead[1]:.2f}). Momentum adds the gradient at theta, Nesterov's method the gradient "
            f"there. They end at different points: {places}.",
        )
    return ax


def _vector(
    ax: Axes, start: np.ndarray, end: np.ndarray, color: str, line: str, label: str
) -> None:
    look: dict[str, Any] = {"color": color, "linestyle": line, "lw": 1.8}
    ax.annotate(
        "",
        xy=(end[0], end[1]),
        xytext=(start[0], start[1]),
        arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **look},
    )
    ax.plot([], [], label=label, **look)


def optimizer_race(
    terrain: str = "beale",
    optimizers: Mapping[str, Optimizer] | None = None,
    n_steps: int = 100,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the paths of several Keras optimizers from one start on a difficult loss.

    Args:
        terrain: "beale", a long curved valley, or "saddle", a pass between two hills, started
            almost on the ridge. Defaults to "beale".
        optimizers: Fresh Keras optimizers by the name in the legend. Defaults to SGD, momentum,
            RMSprop and Adam.
        n_steps: Number of steps. Defaults to 100.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: There is no such terrain.

    Example:
        >>> from keras.optimizers import SGD
        >>> from dlcourse import plots
        >>> ax = plots.optimizer_race("saddle", {"SGD": SGD(0.05)}, n_steps=5)
    """
    if terrain not in _TERRAINS:
        raise ValueError(
            f"Invalid value for `terrain`: expected one of {', '.join(_TERRAINS)}. "
            f"Received: terrain={terrain!r}"
        )
    loss, grad, start, xlim, ylim, minimum = _TERRAINS[terrain]
    optimizers = _racers() if optimizers is None else optimizers
    paths = {name: keras_path(each, grad, start, n_steps) for name, each in optimizers.items()}
    return contour_paths(loss, paths, xlim, ylim, minimum=minimum, ax=ax)


_TERRAINS: dict[str, tuple[Surface, Gradient, Sequence[float], Limits, Limits, Sequence[float]]] = {
    "beale": (
        contours.beale,
        contours.beale_gradient,
        (0.8, 1.5),
        (-0.2, 4.0),
        (-1.5, 1.9),
        (3.0, 0.5),
    ),
    "saddle": (
        contours.saddle,
        contours.saddle_gradient,
        (-1.5, 0.01),
        (-2.0, 2.0),
        (-2.0, 2.0),
        (0.0, 2**0.5),
    ),
}


def _racers() -> dict[str, Optimizer]:
    from keras.optimizers import SGD, Adam, RMSprop

    return {
        "SGD 0.01": SGD(0.01),
        "momentum 0.9, 0.002": SGD(0.002, momentum=0.9),
        "RMSprop 0.05": RMSprop(0.05),
        "Adam 0.1": Adam(0.1),
    }
