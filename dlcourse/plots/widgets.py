"""Figures with sliders. Where no widget can run, a still picture stands in.

The picture is drawn anew whenever a slider moves. Exported pages, and frontends
without ipywidgets, show the still picture that is stored beside the widget.
"""

from __future__ import annotations

import html
import io
from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.pyplot import close

from dlcourse.plots import backward, landscape, optimizers, style

_LOOK: dict[str, Any] = {
    "style": {"description_width": "initial"},
    "layout": {"width": "28em"},
}


class SliderFigure(ipywidgets.VBox):
    """Sliders over a picture, with its text alternative below and a still twin.

    Args:
        draw: Function from the sliders' values, given by name, to the Axes of a new figure.
        still: The figure that stands in where no widget can run.
        **sliders: ipywidgets controls by the name of the parameter of `draw`.
    """

    def __init__(
        self, draw: Callable[..., Axes], still: Figure, **sliders: ipywidgets.ValueWidget
    ) -> None:
        self._draw = draw
        self._sliders = sliders
        self._still = (_png(still), style.alt_text(still))
        self.image = ipywidgets.Image(format="png")
        self.caption = ipywidgets.HTML()
        for slider in sliders.values():
            slider.observe(self._redraw, names="value")
        self._redraw()
        super().__init__([*sliders.values(), self.image, self.caption])

    def _redraw(self, _: Any = None) -> None:
        ax = self._draw(**{name: slider.value for name, slider in self._sliders.items()})
        self.caption.value = html.escape(style.alt_text(ax))
        self.image.value = _png(style.figure_of(ax))

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        picture, text = self._still
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "image/png": picture, "text/plain": text}, {"image/png": {"alt": text}}


def _png(figure: Figure) -> bytes:
    """Render a figure and close it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    close(figure)
    return buffer.getvalue()


def descent_slider(
    loss: landscape.Loss = landscape.wavy,
    grad: Callable[[float], Any] = landscape.wavy_slope,
    w_values: Any = None,
    lr: tuple[float, float] = (0.01, 1.0),
    n_steps: int = 10,
) -> SliderFigure:
    """Show gradient descent on a loss of one weight, with sliders for learning rate and start.

    Args:
        loss: Function from weights (k,) to losses (k,). Defaults to `landscape.wavy`, a polynomial
            with two minima.
        grad: Its derivative, a function of one weight. Defaults to `landscape.wavy_slope`.
        w_values: Weights to draw the curve at, shape (k,); the start is one of this range.
            Defaults to 200 values in [-3.6, 3.6].
        lr: Smallest and largest learning rate of the slider, which is logarithmic. Defaults to
            (0.01, 1.0).
        n_steps: Number of steps. Defaults to 10.

    Returns:
        The widget. Its still twin shows six learning rates from the range.

    Example:
        >>> from dlcourse import plots
        >>> widget = plots.descent_slider()
    """
    w = np.linspace(-3.6, 3.6, 200) if w_values is None else style.numbers(w_values, "w_values")
    low, high = lr
    start = float(w[0] + 0.87 * (w[-1] - w[0]))

    def draw(lr: float, w0: float, ax: Axes | None = None) -> Axes:
        return landscape.descent_1d(loss, grad, w0, lr, n_steps, w, ax=ax)

    rates = np.geomspace(low, high, 6)
    with style.panels(len(rates), sharex=True, sharey=True) as (still, panels):
        for ax, rate in zip(panels, rates, strict=True):
            draw(float(rate), start, ax)
            ax.set_title(f"learning rate {rate:.2g}")
            ax.label_outer()
    return SliderFigure(
        draw,
        still,
        lr=_rate_slider(low, high, float(rates[2])),
        w0=_slider("start", float(w[0]), float(w[-1]), start),
    )


def momentum_slider(
    lr: float = 0.003, curvature: float = 100.0, n_steps: int = 100
) -> SliderFigure:
    """Show momentum on an elongated bowl, with sliders for learning rate and momentum.

    Args:
        lr: Learning rate at first; the slider goes from a tenth to ten times of it, on a
            logarithmic scale. Defaults to 0.003.
        curvature: Curvature of the bowl across; along it is 1. Defaults to 100.
        n_steps: Number of steps. Defaults to 100.

    Returns:
        The widget. The paths are those of Keras' SGD; the still twin shows four momenta.

    Example:
        >>> from dlcourse import plots
        >>> widget = plots.momentum_slider(n_steps=10)
    """

    def draw(lr: float, beta: float) -> Axes:
        return optimizers.momentum_path(beta, lr, curvature, n_steps)

    return SliderFigure(
        draw,
        optimizers.momentum_panels(lr=lr, curvature=curvature, n_steps=n_steps),
        lr=_rate_slider(lr / 10, lr * 10, lr),
        beta=_slider("momentum", 0.0, 0.99, 0.8),
    )


def unit_gradient_slider() -> SliderFigure:
    """Step through how a gradient passes through one unit.

    Returns:
        The widget. Its still twin shows all stages.

    Example:
        >>> from dlcourse import plots
        >>> widget = plots.unit_gradient_slider()
    """
    stages = ipywidgets.IntSlider(value=1, min=1, max=len(backward.STAGES), description="stage")
    return SliderFigure(backward.unit_gradient, backward.unit_gradient_panels(), stage=stages)


def _slider(description: str, low: float, high: float, value: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        value=value,
        min=low,
        max=high,
        step=(high - low) / 200,
        description=description,
        **_LOOK,
    )


def _rate_slider(low: float, high: float, value: float) -> ipywidgets.FloatLogSlider:
    return ipywidgets.FloatLogSlider(
        value=value,
        min=np.log10(low),
        max=np.log10(high),
        step=0.01,
        readout_format=".3g",
        description="learning rate",
        **_LOOK,
    )
