"""What the noise of mini-batches does to the path of gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcourse.plots import style
from dlcourse.plots.contours import contour_panels, keras_path
from dlcourse.plots.landscape import wavy, wavy_slope


class ToyLogistic:
    """Logistic regression of two weights on 20 points, with a ridge penalty.

    The points fill the square [-1.5, 1.5]^2; their class, -1 or 1, is the sign of the first
    coordinate. The loss is mean(log(1 + exp(-y theta.x))) + 0.1 |theta|^2.

    Args:
        seed: Seed of the points. Defaults to 0.

    Example:
        >>> toy = ToyLogistic()
        >>> toy.X.shape, toy.y.shape
        ((20, 2), (20,))
    """

    penalty = 0.1

    def __init__(self, seed: int = 0) -> None:
        self.X = np.random.default_rng(seed).uniform(-1.5, 1.5, size=(20, 2))
        self.y = np.where(self.X[:, 0] >= 0, 1.0, -1.0)

    def loss(self, a: Any, b: Any) -> Any:
        """The loss at the weights (a, b), arrays of one shape."""
        theta = np.stack([a, b], axis=-1)
        data = np.logaddexp(0, -self.y * (theta @ self.X.T)).mean(axis=-1)
        return data + self.penalty * np.sum(theta**2, axis=-1)

    def gradient(self, theta: np.ndarray, rows: Any = slice(None)) -> np.ndarray:
        """The gradient at `theta`, shape (2,), over some rows."""
        X, y = self.X[rows], self.y[rows]
        weights = -y / (1 + np.exp(y * (X @ theta)))
        return weights @ X / len(y) + 2 * self.penalty * theta


def sgd_paths(paths: Mapping[str, Any] | None = None) -> Figure:
    """Draw gradient descent beside stochastic gradient descent on a logistic regression.

    Args:
        paths: Iterates of shape (n_steps + 1, 2) by the title of their panel. Defaults to 10 epochs
            of both with Keras' SGD, learning rate 0.2, batches of 4, from (1, -3).

    Returns:
        The Figure. The loss is that of `sgd.ToyLogistic`.

    Example:
        >>> from dlcourse import plots
        >>> figure = plots.sgd_paths({"two steps": [[1, -3], [0.5, -2], [0.6, -1]]})
    """
    toy = ToyLogistic()
    return contour_panels(
        toy.loss,
        toy_paths(toy) if paths is None else paths,
        xlim=(-0.5, 2.5),
        ylim=(-3.3, 1.2),
        height=3.0,
    )


def toy_paths(toy: ToyLogistic, n_epochs: int = 10) -> dict[str, np.ndarray]:
    """Paths of Keras' SGD on all samples and on batches of 4, learning rate 0.2, from (1, -3)."""
    from keras.optimizers import SGD

    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.permutation(20) for _ in range(n_epochs)]).reshape(-1, 4)
    batches = iter(rows)
    start = (1.0, -3.0)
    return {
        f"gradient descent, {n_epochs} steps": keras_path(SGD(0.2), toy.gradient, start, n_epochs),
        f"SGD, {len(rows)} steps of 4 samples": keras_path(
            SGD(0.2), lambda theta: toy.gradient(theta, next(batches)), start, len(rows)
        ),
    }


def escape(
    paths: Mapping[str, Any] | None = None, *, lr: float = 0.08, ax: Axes | None = None
) -> Axes:
    """Draw how the noise of SGD carries a weight over a barrier of the loss, or not.

    The loss is the mean of 40 samples; its minima are those of `landscape.wavy`.

    Args:
        paths: Weights of shape (n_steps + 1,) by the name in the legend. Defaults to gradient
            descent and three runs of SGD with batches of 1, from 2.7, with Keras' SGD.
        lr: Learning rate of the default paths. Defaults to 0.08.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes: the weight over the steps, with lines at the two minima.

    Example:
        >>> from dlcourse import plots
        >>> ax = plots.escape({"stays": [2.7, 2.0, 1.9]})
    """
    paths = _noisy_descents(lr) if paths is None else paths
    with style.axes(ax) as ax:
        tracks = {name: style.numbers(path, name) for name, path in paths.items()}
        minima = [w.real for w in np.roots([4, 0, -16, 3]) if 3 * w.real**2 > 4]
        for w in minima:
            kind = "global" if w == min(minima, key=wavy) else "local"
            ax.axhline(w, color=style.GRAY, lw=1.0, linestyle=":")
            ax.text(
                1.01,
                w,
                f"{kind}\nminimum",
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=9,
            )
        ends = []
        for i, (name, steps) in enumerate(tracks.items()):
            look = style.curve(i) | {"lw": 1.0 if i else 2.0}
            ax.plot(np.arange(steps.size), steps, label=name, **look)
            side = "global" if steps[-1] < 0 else "local"
            ends.append(f"{name} ends at w = {steps[-1]:.2f}, on the side of the {side} minimum")
        ax.set(xlabel="step", ylabel="weight $w$")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
        style.describe(
            ax, f"The weight over the steps on a loss with two minima: {'; '.join(ends)}."
        )
    return ax


def _noisy_descents(lr: float, n_samples: int = 40, n_epochs: int = 6) -> dict[str, np.ndarray]:
    """Gradient descent and SGD on samples whose losses are `wavy` plus a tilt; the tilts cancel."""
    from keras.optimizers import SGD

    def run(seed: int | None) -> np.ndarray:
        rng = np.random.default_rng(seed)
        tilts = 5 * rng.normal(size=n_samples)
        tilts = tilts - tilts.mean()
        order = np.concatenate([rng.permutation(n_samples) for _ in range(n_epochs)])
        noise = iter(np.zeros(order.size) if seed is None else tilts[order])
        path = keras_path(
            SGD(lr), lambda theta: [wavy_slope(theta[0]) + next(noise), 0.0], (2.7, 0.0), order.size
        )
        return path[:, 0]

    runs = {f"SGD, run {k}": run(seed) for k, seed in enumerate((0, 1, 3), 1)}
    return {"gradient descent": run(None), **runs}
