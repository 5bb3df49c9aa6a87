"""The look of the course's figures, and the text that stands in for a picture.

Every figure function draws inside `axes` (one picture) or `panels` (several), takes colors, line
styles and markers from `series` or `curve`, and says in words what it shows with `describe`:

    def parabola(*, ax: Axes | None = None) -> Axes:
        with style.axes(ax) as ax:
            ax.plot(x, x**2, **style.curve(0))
            style.describe(ax, "A parabola that opens upward.")
        return ax
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

# Colors that stay distinct for color-blind readers (Okabe and Ito, 2008).
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GRAY = "#767676"
LIGHT = "#D9D9D9"

_SERIES: list[dict[str, Any]] = [
    {"color": BLUE, "linestyle": "-", "marker": "o"},
    {"color": VERMILION, "linestyle": "--", "marker": "s"},
    {"color": GREEN, "linestyle": "-.", "marker": "^"},
    {"color": BLACK, "linestyle": ":", "marker": "D"},
    {"color": PURPLE, "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
    {"color": ORANGE, "linestyle": (0, (7, 2)), "marker": "P"},
    {"color": SKY, "linestyle": (0, (3, 1)), "marker": "X"},
]

# Any: Matplotlib types its settings by a list of names.
RC: Any = {
    "axes.axisbelow": True,
    "axes.formatter.limits": (-3, 4),
    "axes.grid": True,
    "axes.labelsize": 10,
    "axes.prop_cycle": cycler(color=[s["color"] for s in _SERIES]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10.5,
    "contour.negative_linestyle": "solid",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.dpi": 100,
    "font.size": 10,
    "grid.alpha": 0.5,
    "grid.color": LIGHT,
    "grid.linewidth": 0.7,
    "image.cmap": "cividis",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}

# The background of a text that stands on a line.
LABEL_BOX = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


class NothingToDraw(Exception):
    """The values to draw are None: a student's function has no body yet."""


def series(i: int) -> dict[str, Any]:
    """Color, line style and marker of the `i`-th series, for lines with few points."""
    return dict(_SERIES[i % len(_SERIES)])


def curve(i: int) -> dict[str, Any]:
    """The `i`-th series for a line with many points: a marker here and there."""
    return {**series(i), "markevery": (0.05 + 0.03 * (i % len(_SERIES)), 0.25)}


def numbers(values: Any, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return `values` as an array of floats.

    Args:
        values: Numbers in anything that NumPy reads: list, array, Series, Keras tensor.
        name: What the caller knows the values as, such as `"loss(w)"`.
        shape: The shape that they must have. Defaults to None, any.

    Returns:
        An array of floats.

    Raises:
        NothingToDraw: `values` is None. `axes` and `panels` turn this into a note.
        ValueError: The values have another shape.

    Example:
        >>> numbers([1, 2], "x")
        array([1., 2.])
    """
    if values is None:
        raise NothingToDraw(f"Nothing to draw yet: {name} is None.")
    array = np.asarray(values, dtype=float)
    if shape is not None and array.shape != shape:
        raise ValueError(
            f"Invalid value for `{name}`: expected an array of shape {shape}. "
            f"Received: shape {array.shape}"
        )
    return array


def number(value: Any, name: str) -> float:
    """Return `value` as one float; an array may hold it.

    Raises:
        NothingToDraw: `value` is None.
        ValueError: There is not exactly one number.

    Example:
        >>> number(np.array([0.5]), "b")
        0.5
    """
    array = numbers(value, name)
    if array.size != 1:
        raise ValueError(
            f"Invalid value for `{name}`: expected one number. Received: shape {array.shape}"
        )
    return float(array.item())


@contextmanager
def _settings() -> Iterator[None]:
    """Matplotlib's settings in the course's style, within the block.

    The first figure of a notebook loads its backend, which makes pyplot interactive; that setting
    has to outlive the block, or no later figure of the notebook is shown.
    """
    interactive = mpl.is_interactive()
    try:
        with mpl.rc_context(RC):
            try:
                yield
            finally:
                interactive = mpl.is_interactive()
    finally:
        mpl.interactive(interactive)


@contextmanager
def axes(ax: Axes | None, size: tuple[float, float] = (6.0, 3.7)) -> Iterator[Axes]:
    """Draw one picture in the course's style, on `ax` or on a new figure of `size` inches.

    Matplotlib's settings are back to what they were afterwards. Where there is `NothingToDraw`, the
    picture says so; where drawing fails, no half-drawn new figure stays behind.
    """
    with _settings():
        is_new = ax is None
        ax = plt.subplots(figsize=size)[1] if ax is None else ax
        try:
            yield ax
        except NothingToDraw as reason:
            ax.set_axis_off()
            note = str(reason).replace(": ", ":\n", 1)
            look: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "bbox": LABEL_BOX,
                "in_layout": False,
            }
            ax.text(0.5, 0.5, note, transform=ax.transAxes, **look)
            describe(ax, str(reason))
        except Exception:
            if is_new:
                plt.close(figure_of(ax))
            raise


@contextmanager
def panels(
    n_panels: int, n_cols: int = 3, height: float = 2.4, **subplots: Any
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Draw a figure of several panels in the course's style; yields the figure and its Axes.

    Args:
        n_panels: Number of panels; they come in reading order.
        n_cols: At most so many in a row. Defaults to 3.
        height: Height of a row in inches. Defaults to 2.4.
        **subplots: What `matplotlib.pyplot.subplots` takes, such as `sharey=True`.
    """
    n_cols = min(n_panels, n_cols)
    n_rows = -(-n_panels // n_cols)
    with _settings():
        figure, grid = plt.subplots(
            n_rows, n_cols, figsize=(6.6, height * n_rows), squeeze=False, **subplots
        )
        for ax in grid.flat[n_panels:]:
            ax.remove()
        try:
            yield figure, list(grid.flat[:n_panels])
        except NothingToDraw as reason:
            for ax in figure.axes:
                ax.set_axis_off()
            figure.text(0.5, 0.5, str(reason), ha="center", va="center")
            describe(figure, str(reason))
        except Exception:
            plt.close(figure)
            raise


@contextmanager
def sheet(
    ax: Axes | None, xlim: tuple[float, float], ylim: tuple[float, float], width: float = 6.0
) -> Iterator[Axes]:
    """Draw a diagram: like `axes`, but without axes, and one unit as long in x as in y.

    A new figure is `width` inches wide and as high as it has to be.
    """
    height = width * (ylim[1] - ylim[0]) / (xlim[1] - xlim[0])
    with axes(ax, (width, height)) as ax:
        ax.set_axis_off()
        ax.set(xlim=xlim, ylim=ylim, aspect="equal")
        yield ax


def figure_of(target: Axes | Figure) -> Figure:
    """The figure that `target` is part of, or is."""
    figure = target.get_figure(root=True)
    assert figure is not None, "the Axes were removed from their figure"
    return figure


def describe(target: Axes | Figure, text: str) -> None:
    """Attach a text alternative to a picture.

    In a notebook it is the plain-text twin of the picture and its `alt` attribute in exported HTML.
    """
    vars(target)["alt"] = text
    figure = figure_of(target)
    vars(figure)["_repr_mimebundle_"] = partial(_mimebundle, figure)


def alt_text(target: Axes | Figure) -> str:
    """Return the text alternative of a picture.

    Args:
        target: What a function of `dlcourse.plots` returned.

    Returns:
        The text; that of a figure without one of its own is made of its Axes' titles and texts, in
        order. Empty where nothing was described.

    Example:
        >>> from dlcourse import plots
        >>> plots.alt_text(plots.neuron())[:9]
        'A neuron '
    """
    if "alt" not in vars(target) and isinstance(target, Figure):
        titles = (ax.get_title().replace("\n", ", ") for ax in target.axes)
        texts = map(alt_text, target.axes)
        return " ".join(
            f"{title}: {text}" if title else text
            for title, text in zip(titles, texts, strict=True)
            if text
        )
    return str(vars(target).get("alt", ""))


def _mimebundle(figure: Figure, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """What IPython adds to the picture that it renders: data and metadata by media type."""
    text = alt_text(figure)
    return {"text/plain": text}, {"image/png": {"alt": text}, "image/svg+xml": {"alt": text}}


def tint(color: str, amount: float = 0.3) -> tuple[float, float, float]:
    """A lighter `color`: `amount` of it, the rest white."""
    red, green, blue = to_rgb(color)
    return (1 - amount * (1 - red), 1 - amount * (1 - green), 1 - amount * (1 - blue))
