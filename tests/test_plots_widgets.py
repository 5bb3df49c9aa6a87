"""Sliders: they redraw when moved, and a still picture stands in for them."""

import base64

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot as plt
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from dlcourse import plots
from tests.plots_support import rendered as rendered

PNG = b"\x89PNG"
WIDGET = "application/vnd.jupyter.widget-view+json"
SLIDERS = {
    "descent": (plots.descent_slider, 0.5),
    "momentum": (plots.momentum_slider, 0.01),
    "unit_gradient": (plots.unit_gradient_slider, 4),
}


@pytest.mark.parametrize(("make", "value"), SLIDERS.values(), ids=SLIDERS)
def test_a_moved_slider_redraws_and_leaves_no_figure(make, value):
    widget = make()
    before = bytes(widget.image.value), widget.caption.value
    assert before[0].startswith(PNG)
    widget.children[0].value = value
    assert widget.image.value != before[0]
    assert widget.caption.value != before[1]
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("make", "_"), SLIDERS.values(), ids=SLIDERS)
def test_a_still_twin_stands_in_for_the_widget(make, _):
    data, metadata = make()._repr_mimebundle_()
    assert data[WIDGET]["model_id"]
    assert data["image/png"].startswith(PNG)
    assert data["text/plain"] == metadata["image/png"]["alt"]
    assert len(data["text/plain"]) > 50


def test_descent_slider_shows_the_descent_of_its_sliders():
    widget = plots.descent_slider(n_steps=3)
    widget.children[0].value, widget.children[1].value = 0.5, -3.0
    same = plots.descent_1d(w0=-3.0, lr=0.5, n_steps=3)
    assert widget.caption.value == plots.alt_text(same)


def test_momentum_slider_shows_the_path_of_its_sliders():
    widget = plots.momentum_slider(n_steps=20)
    widget.children[1].value = 0.5
    assert widget.caption.value == plots.alt_text(plots.momentum_path(0.5, n_steps=20))


def test_descent_slider_waits_for_the_students_functions():
    widget = plots.descent_slider(grad=lambda w: None)
    assert widget.caption.value == "Nothing to draw yet: grad(w) is None."


def test_the_start_comes_from_the_range_of_the_curve():
    widget = plots.descent_slider(
        lambda w: (w - 4) ** 2, lambda w: 2 * (w - 4), np.linspace(-2, 10, 50)
    )
    assert (widget.children[1].min, widget.children[1].max) == pytest.approx((-2, 10))


@pytest.mark.slow
def test_a_notebook_keeps_alt_texts_and_the_still_twin():
    cells = [
        "from dlcourse import plots",
        "plots.neuron();",
        "plots.descent_slider()",
        "from matplotlib import pyplot as plt; _, mine = plt.subplots(); plots.neuron(ax=mine);",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=60, store_widget_state=False).execute()
    nbformat.validate(notebook)
    neuron, slider, mine = (cell.outputs[-1] for cell in notebook.cells[1:])
    for output in (neuron, mine):
        assert output.metadata["image/png"]["alt"] == output.data["text/plain"]
        assert output.data["text/plain"].startswith("A neuron")
    assert WIDGET in slider.data
    assert base64.b64decode(slider.data["image/png"]).startswith(PNG)
