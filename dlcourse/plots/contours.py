"""Losses of two weights as contour lines, and the paths of optimizers on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style

if TYPE_CHECKING:
    import keras

Surface = Callable[[np.ndarray, np.ndarray], Any]
Limits = tuple[float, float]
_FAR = 1e4


def bowl(x: Any, y: Any, curvature: float = 20.0) -> Any:
    """An elongated bowl, (x^2 + curvature y^2) / 2."""
    return (x**2 + curvature * y**2) / 2


def bowl_gradient(theta: Any, curvature: float = 20.0) -> np.ndarray:
    """The gradient of `bowl` at `theta`, shape (2,)."""
    return np.array([theta[0], curvature * theta[1]])


def saddle(x: Any, y: Any) -> Any:
    """A pass between two hills, x^2 - y^2, with walls y^4 / 4 that hold what comes down."""
    return x**2 - y**2 + y**4 / 4


def saddle_gradient(theta: Any) -> np.ndarray:
    """The gradient of `saddle` at `theta`, shape (2,)."""
    x, y = theta
    return np.array([2 * x, -2 * y + y**3])


def beale(x: Any, y: Any) -> Any:
    """Beale's function, a long curved valley; its minimum, 0, is at (3, 0.5) (Beale 1958)."""
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def beale_gradient(theta: Any) -> np.ndarray:
    """The gradient of `beale` at `theta`, shape (2,)."""
    x, y = theta
    errors = [c - x + x * y**k for k, c in enumerate([1.5, 2.25, 2.625], 1)]
    dx = sum(2 * e * (y**k - 1) for k, e in enumerate(errors, 1))
    dy = sum(2 * e * k * x * y ** (k - 1) for k, e in enumerate(errors, 1))
    return np.array([dx, dy])


def keras_path(
    optimizer: keras.optimizers.Optimizer,
    grad: Callable[[np.ndarray], Any],
    start: Sequence[float],
    n_steps: int,
) -> np.ndarray:
    """Let a Keras optimizer walk down a function of two weights.

    Args:
        optimizer: A fresh optimizer; it keeps its state afterwards.
        grad: Function from the weights (2,) to the gradient (2,).
        start: Starting weights, shape (2,).
        n_steps: Number of steps.

    Returns:
        The iterates, shape (n_steps + 1, 2), the start first. A path that diverges stops far away.

    Example:
        >>> import keras
        >>> path = keras_path(keras.optimizers.SGD(0.05), bowl_gradient, (4.0, 1.0), 3)
        >>> path.round(2)
        array([[4.  , 1.  ],
               [3.8 , 0.  ],
               [3.61, 0.  ],
               [3.43, 0.  ]])
    """
    import keras

    theta = keras.Variable(np.asarray(start, dtype="float32"))
    path = [np.array(start, dtype=float)]
    for _ in range(n_steps):
        if np.abs(path[-1]).max() < _FAR:
            slope = style.numbers(grad(path[-1]), "grad(theta)", (2,))
            optimizer.apply([keras.ops.convert_to_tensor(slope, "float32")], [theta])
        path.append(theta.numpy().astype(float))
    return np.stack(path)


def contour_paths(
    loss: Surface = bowl,
    paths: Mapping[str, Any] | None = None,
    xlim: Limits = (-5.0, 5.0),
    ylim: Limits = (-1.8, 1.8),
    *,
    title: str = "",
    minimum: Sequence[float] | None = None,
    xlabel: str = r"weight $\theta_1$",
    ylabel: str = r"weight $\theta_2$",
    ax: Axes | None = None,
) -> Axes:
    """Draw the contour lines of a loss of two weights, and paths of iterates on them.

    Args:
        loss: Function of two arrays of one shape to the losses, the same shape. Defaults to the
            bowl (x^2 + 20 y^2) / 2.
        paths: Iterates of shape (n_steps + 1, 2), the start first, by the name in the legend.
            Defaults to none.
        xlim: Range of the first weight. Defaults to (-5, 5).
        ylim: Range of the second weight. Defaults to (-1.8, 1.8).
        title: Title. Defaults to none.
        minimum: Where the minimum is, shape (2,), marked by a star. Defaults to the lowest point of
            the grid.
        xlabel: Label of the first weight. Defaults to "weight $\\theta_1$".
        ylabel: Label of the second weight. Defaults to "weight $\\theta_2$".
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Lines are dense where the loss is low; a path that leaves the range is cut.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.contour_paths(paths={"steps": [[4, 1], [3, -1], [2, 1]]})
    """
    with style.axes(ax) as ax:
        x, y, z = _on_grid(loss, xlim, ylim)
        levels = z.min() + np.ptp(z) * np.linspace(0, 1, 14)[1:] ** 2.5
        ax.contour(x, y, z, levels=levels, colors=style.GRAY, linewidths=0.7, alpha=0.8)
        lowest = np.unravel_index(np.argmin(z), z.shape)
        star = np.round((x[lowest], y[lowest]), 6) if minimum is None else minimum
        texts = [
            _draw_path(ax, loss, name, path, i)
            for i, (name, path) in enumerate((paths or {}).items())
        ]
        ax.plot(*star, "*", color=style.BLACK, ms=10, zorder=4)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel, xlim=xlim, ylim=ylim)
        if len(texts) > 1:
            ax.legend(loc="best", frameon=True)
        what = f"Contour lines of a loss, lowest near ({star[0]:.2g}, {star[1]:.2g})."
        style.describe(ax, " ".join([what, *texts]))
    return ax


def contour_panels(
    loss: Surface = bowl,
    paths: Mapping[str, Any] | None = None,
    xlim: Limits = (-5.0, 5.0),
    ylim: Limits = (-1.8, 1.8),
    *,
    minimum: Sequence[float] | None = None,
    height: float = 2.1,
) -> Figure:
    """Draw paths on the contour lines of a loss of two weights, one panel per path.

    Args:
        loss: Function of two arrays of one shape to the losses, the same shape. Defaults to the
            bowl (x^2 + 20 y^2) / 2.
        paths: Iterates of shape (n_steps + 1, 2), the start first, by the title of their panel.
            Defaults to gradient descent on the bowl at six learning rates, the last too large.
        xlim: Range of the first weight. Defaults to (-5, 5).
        ylim: Range of the second weight. Defaults to (-1.8, 1.8).
        minimum: Where the minimum is, shape (2,), marked by a star. Defaults to the lowest point of
            the grid.
        height: Height of a row of panels in inches. Defaults to 2.1.

    Returns:
        The Figure, at most two panels in a row.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.contour_panels(paths={"a": [[4, 1], [3, -1]], "b": [[4, 1], [3, 0]]})
    """
    paths = _bowl_descents() if paths is None else paths
    with style.panels(len(paths), 2, height, sharex=True, sharey=True) as (figure, panels):
        for ax, (title, path) in zip(panels, paths.items(), strict=True):
            contour_paths(loss, {"The path": path}, xlim, ylim, title=title, minimum=minimum, ax=ax)
            ax.label_outer()
    return figure


def _bowl_descents() -> dict[str, np.ndarray]:
    from keras.optimizers import SGD

    return {
        f"learning rate {lr:g}": keras_path(SGD(lr), bowl_gradient, (4.5, 1.0), 20)
        for lr in (0.005, 0.02, 0.05, 0.08, 0.098, 0.102)
    }


def _on_grid(
    loss: Surface, xlim: Limits, ylim: Limits, resolution: int = 101
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.linspace(*xlim, resolution), np.linspace(*ylim, resolution))
    return x, y, style.numbers(loss(x, y), "loss(x, y)", x.shape)


def _draw_path(ax: Axes, loss: Surface, name: str, path: Any, i: int) -> str:
    steps = style.numbers(path, name)
    look = style.series(i) | {"lw": 1.3, "ms": 3.5, "markevery": max(1, len(steps) // 30)}
    ax.plot(steps[:, 0], steps[:, 1], label=name, mec="white", mew=0.3, **look)
    ax.plot(*steps[0], "o", ms=7, mfc="none", mec=style.BLACK, zorder=4)
    end = float(loss(steps[-1, 0], steps[-1, 1]))
    return (
        f"{name} goes from ({steps[0, 0]:.2g}, {steps[0, 1]:.2g}) in {len(steps) - 1} steps to "
        f"({steps[-1, 0]:.2g}, {steps[-1, 1]:.2g}), loss {end:.2g}."
    )


def surface(
    loss: Surface = bowl,
    paths: Mapping[str, Any] | None = None,
    xlim: Limits = (-5.0, 5.0),
    ylim: Limits = (-1.8, 1.8),
    *,
    view: tuple[float, float] = (35.0, -60.0),
    title: str = "",
) -> Figure:
    """Draw a loss of two weights as a surface in space, and paths of iterates on it.

    Args:
        loss: Function of two arrays of one shape to the losses, the same shape. Defaults to the
            bowl (x^2 + 20 y^2) / 2.
        paths: Iterates of shape (n_steps + 1, 2), the start first, by the name in the legend.
            Defaults to none.
        xlim: Range of the first weight. Defaults to (-5, 5).
        ylim: Range of the second weight. Defaults to (-1.8, 1.8).
        view: Elevation and azimuth of the eye, in degrees. Defaults to (35, -60).
        title: Title. Defaults to none.

    Returns:
        The Figure.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.surface()
    """
    with style.panels(1, height=4.0, subplot_kw={"projection": "3d"}) as (figure, panels):
        ax: Any = panels[0]
        x, y, z = _on_grid(loss, xlim, ylim)
        ax.plot_surface(x, y, z, cmap="cividis", rcount=50, ccount=50, lw=0, alpha=0.75)
        for i, (name, path) in enumerate((paths or {}).items()):
            steps = style.numbers(path, name)
            look = style.series(i) | {"lw": 1.5, "ms": 3}
            height = loss(steps[:, 0], steps[:, 1])
            ax.plot(steps[:, 0], steps[:, 1], height, label=name, zorder=5, **look)
        if paths:
            ax.legend()
        ax.view_init(*view)
        ax.set(title=title, xlabel=r"weight $\theta_1$", ylabel=r"weight $\theta_2$", zlabel="loss")
        style.describe(
            ax,
            f"The loss as a surface over two weights; it lies between {z.min():.3g} and "
            f"{z.max():.3g}." + (f" With the paths of {', '.join(paths)}." if paths else ""),
        )
    return figure
