"""Figures appear in a notebook: with a real kernel and its inline backend."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook


@pytest.mark.slow
def test_every_figure_of_a_notebook_is_shown():
    cells = ["from dlcourse import plots", "plots.neuron();", "plots.step_functions();"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=60).execute()
    nbformat.validate(notebook)
    for cell in notebook.cells[1:]:
        assert [list(output.data) for output in cell.outputs] == [["text/plain", "image/png"]]
