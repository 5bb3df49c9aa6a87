"""Animations that run in any browser without a network, and stand still elsewhere.

A player is HTML with its frames in it, a button and a slider. Where no script runs, it shows its
first frame; where no HTML is shown, its still twin.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from typing import Any

import jinja2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.pyplot import close
from PIL import Image

from dlcourse.plots import convolution, regularization, sgd, style

_COLORS = 64  # of a frame; the course's figures need fewer

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("dlcourse.plots"), autoescape=True, trim_blocks=True
)


class Player:
    """Frames with a button and a slider.

    Args:
        frames: PNG and text alternative of each.
        still: PNG and text alternative of the still twin.
        label: Name of the animation, for screen readers.
    """

    def __init__(
        self, frames: list[tuple[bytes, str]], still: tuple[bytes, str], label: str
    ) -> None:
        self.frames, self.still, self.label = frames, still, label

    def html(self) -> str:
        """The player as a piece of HTML with everything in it."""
        digest = hashlib.sha256(b"".join(png for png, _ in self.frames)).hexdigest()
        return _templates.get_template("player.html.j2").render(
            id=f"player-{digest[:12]}",
            label=self.label,
            milliseconds=max(80, 4000 // len(self.frames)),
            frames=[
                {"png": base64.b64encode(png).decode(), "alt": alt} for png, alt in self.frames
            ],
        )

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        picture, text = self.still
        data = {"text/html": self.html(), "image/png": picture, "text/plain": text}
        return data, {"image/png": {"alt": text}}


def player(
    draw: Callable[[int], Axes | Figure],
    n_frames: int,
    still: Axes | Figure,
    label: str = "animation",
) -> Player:
    """Make an animation of figures.

    Args:
        draw: Function from the number of a frame, 0 to `n_frames` - 1, to a new figure.
        n_frames: Number of frames, at least 2.
        still: The figure that stands in where nothing can move.
        label: Name of the animation, for screen readers. Defaults to "animation".

    Returns:
        The player; a notebook shows it.

    Raises:
        ValueError: There are less than two frames.

    Example:
        >>> from dlcourse import plots
        >>> film = plots.player(lambda k: plots.mlp([2, k + 1, 1]), 3, plots.mlp([2, 3, 1]))
        >>> len(film.frames)
        3
    """
    if n_frames < 2:
        raise ValueError(
            f"Invalid value for `n_frames`: expected at least 2. Received: n_frames={n_frames}"
        )
    return Player([_picture(draw(k)) for k in range(n_frames)], _picture(still), label)


def _picture(target: Axes | Figure) -> tuple[bytes, str]:
    """Render a figure with few colors, which makes it small, and close it."""
    figure, text = style.figure_of(target), style.alt_text(target)
    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=80)
    close(figure)
    Image.open(full).convert("RGB").quantize(_COLORS).save(small, format="png", optimize=True)
    return small.getvalue(), text


def sgd_player(n_epochs: int = 4) -> Player:
    """Animate gradient descent beside stochastic gradient descent, one step of SGD per frame.

    Args:
        n_epochs: Length of both. Defaults to 4; an epoch has 5 steps of SGD.

    Returns:
        The player. Its still twin shows the whole paths, `sgd_paths`.

    Example:
        >>> from dlcourse import plots
        >>> film = plots.sgd_player(n_epochs=1)
    """
    paths = sgd.toy_paths(sgd.ToyLogistic(), n_epochs)
    n_steps = max(len(path) for path in paths.values())

    def draw(k: int) -> Figure:
        share = k / (n_steps - 1)
        return sgd.sgd_paths(
            {
                name: path[: 1 + int(np.floor(share * (len(path) - 1) + 1e-9))]
                for name, path in paths.items()
            }
        )

    return player(draw, n_steps, sgd.sgd_paths(paths), "gradient descent and SGD, step by step")


def equivariance_player() -> Player:
    """Animate a bump that moves, and the answer of a filter that moves with it.

    Returns:
        The player. Its still twin is `equivariance_frames`.

    Example:
        >>> from dlcourse import plots
        >>> film = plots.equivariance_player()
    """
    positions = [*range(5, 35, 3), *range(34, 5, -3)]
    return player(
        lambda k: convolution.equivariance(positions[k]),
        len(positions),
        convolution.equivariance_frames(),
        "a signal moves, and the answer of the filter moves with it",
    )


def dropout_player(
    sizes: tuple[int, ...] = (4, 6, 6, 2), rate: float = 0.4, n_steps: int = 12
) -> Player:
    """Animate the masks of dropout: another network in every step of training.

    Args:
        sizes: Numbers of units, input layer first. Defaults to (4, 6, 6, 2).
        rate: Probability that a unit is dropped. Defaults to 0.4.
        n_steps: Number of frames. Defaults to 12.

    Returns:
        The player. Its still twin is `dropout_frames`.

    Example:
        >>> from dlcourse import plots
        >>> film = plots.dropout_player(n_steps=3)
    """
    return player(
        lambda k: regularization.dropout_network(sizes, rate, seed=k),
        n_steps,
        regularization.dropout_frames(sizes, rate),
        "dropout masks, one per step",
    )
