"""Figures with sliders. Where no widget can run, a still picture stands in.

The picture is drawn anew on the same Axes whenever a slider moves. Exported pages, and frontends
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
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.pyplot import close

from dlcourse.plots import landscape, style


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


class SliderFigure(ipywidgets.VBox):
    """Sliders over a picture, with its text alternative below and a still twin.

    Args:
        draw: Function that draws on `ax=` for the sliders' values, given by name.
        still: The figure that stands in where no widget can run. It is closed.
        sliders: ipywidgets controls by the name of the parameter of `draw`.
    """

    def __init__(
        self, draw: Callable[..., Axes], still: Figure, **sliders: ipywidgets.ValueWidget
    ) -> None:
        self._draw = draw
        self._sliders = sliders
        self._still = (_png(still), style.alt_text(still))
        close(still)
        with style.axes(None) as self.ax:
            self.figure = style.figure_of(self.ax)
            close(self.figure)  # kept by this widget, not by pyplot
        self.image = ipywidgets.Image(format="png")
        self.caption = ipywidgets.HTML()
        for slider in sliders.values():
            slider.observe(self._redraw, names="value")
        self._redraw()
        super().__init__([*sliders.values(), self.image, self.caption])

    def _redraw(self, _: Any = None) -> None:
        self.ax.clear()
        self._draw(**{name: slider.value for name, slider in self._sliders.items()}, ax=self.ax)
        self.image.value = _png(self.figure)
        self.caption.value = html.escape(style.alt_text(self.ax))

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        picture, text = self._still
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "image/png": picture, "text/plain": text}, {"image/png": {"alt": text}}


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

    def draw(lr: float, w0: float, ax: Axes) -> Axes:
        return landscape.descent_1d(loss, grad, w0, lr, n_steps, w, ax=ax)

    rates = np.geomspace(low, high, 6)
    with style.panels(len(rates), sharex=True, sharey=True) as (still, panels):
        for ax, rate in zip(panels, rates, strict=True):
            draw(float(f"{rate:.2g}"), start, ax)
            ax.set_title(f"learning rate {rate:.2g}")
            ax.label_outer()
    return SliderFigure(
        draw,
        still,
        lr=_slider(
            ipywidgets.FloatLogSlider,
            "learning rate",
            float(rates[2]),
            np.log10(low),
            np.log10(high),
            0.01,
            ".3g",
        ),
        w0=_slider(
            ipywidgets.FloatSlider, "start", start, w[0], w[-1], (w[-1] - w[0]) / 100, ".2f"
        ),
    )


def _slider(
    kind: type, description: str, value: float, low: float, high: float, step: float, form: str
) -> ipywidgets.ValueWidget:
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=description,
        readout_format=form,
        style={"description_width": "initial"},
        layout={"width": "28em"},
    )
