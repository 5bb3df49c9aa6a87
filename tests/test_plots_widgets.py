"""Sliders: they redraw when moved, and a still picture stands in for them."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from dlcourse import plots


def test_descent_slider_redraws_and_says_what_it_shows():
    widget = plots.descent_slider(n_steps=3)
    before = bytes(widget.image.value)
    assert before.startswith(b"\x89PNG")
    widget.children[0].value = 0.5
    assert widget.image.value != before
    assert "learning rate 0.5" in widget.ax.get_title()
    start = widget.children[1].value
    path = widget.ax.get_lines()[1].get_xdata()
    np.testing.assert_allclose(path[:2], [start, start - 0.5 * (4 * start**3 - 16 * start + 3) / 8])
    assert widget.caption.value == plots.alt_text(widget.ax)
    widget.children[1].value = -3.0
    assert widget.ax.get_lines()[1].get_xdata()[0] == -3.0


def test_descent_slider_has_a_still_twin_and_leaves_no_figure():
    widget = plots.descent_slider()
    data, metadata = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"].startswith(b"\x89PNG")
    assert "learning rate" in metadata["image/png"]["alt"]
    assert plt.get_fignums() == []


def test_descent_slider_waits_for_the_students_functions():
    widget = plots.descent_slider(grad=lambda w: None)
    assert widget.caption.value == "Nothing to draw yet: grad(w) is None."


def test_the_start_comes_from_the_range_of_the_curve():
    widget = plots.descent_slider(
        lambda w: (w - 4) ** 2, lambda w: 2 * (w - 4), np.linspace(-2, 10, 50)
    )
    assert (widget.children[1].min, widget.children[1].max) == pytest.approx((-2, 10))
