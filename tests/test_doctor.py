"""`dlcourse doctor`: what a student learns before handing in."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dlcourse.cli import app

LAB = Path(__file__).parents[1] / "labs" / "00_welcome"


@pytest.fixture
def notebook(tmp_path):
    shutil.copytree(LAB, tmp_path / "00_welcome")
    return tmp_path / "00_welcome" / "00_welcome.ipynb"


def doctor(path):
    result = CliRunner().invoke(app, ["doctor", str(path)])
    return result.exit_code, result.output


def edit(notebook, change):
    data = json.loads(notebook.read_text())
    change({cell["id"]: cell for cell in data["cells"]}, data["cells"])
    notebook.write_text(json.dumps(data))


def test_an_untouched_notebook_is_ready_and_empty(notebook):
    code, text = doctor(notebook)
    assert code == 0
    assert "is ready to hand in" in text
    assert "Still empty: not_attempted, hidden_cases, versions, residuals" in text


def test_an_answer_is_not_empty(notebook):
    def answer(cells, _):
        cells["residuals"]["source"] = "def residuals(w, x, y):\n    # YOUR CODE HERE\n    return w"
        cells["not-attempted"]["source"] = 'not_attempted = "a"  # one letter'
        cells["one-hot"]["source"] = "def one_hot(:  # YOUR CODE HERE"

    edit(notebook, answer)
    _, text = doctor(notebook)
    assert "Still empty: hidden_cases, versions, init_weights, minibatch_indices." in text


def test_missing_and_double_cells_are_told(notebook):
    def change(cells, order):
        order.remove(cells["residuals"])
        order.remove(cells["check-one-hot"])
        order.append(cells["versions"])

    edit(notebook, change)
    code, text = doctor(notebook)
    assert code == 1
    assert "The answer cell of residuals is missing" in text
    assert "2 answer cells of versions" in text
    assert "The check cell of one_hot is missing; the grader puts it back" in text


def test_a_changed_check_cell_is_told(notebook):
    edit(notebook, lambda cells, _: cells["check-one-hot"].update(source='check("residuals")'))
    code, text = doctor(notebook)
    assert code == 0
    assert text.count("check cell of") == 1
    assert "The check cell of one_hot was changed; the grader takes it as it was given out" in text


def test_a_cut_off_file_is_not_ready(notebook):
    notebook.write_text(notebook.read_text()[:700])
    code, text = doctor(notebook)
    assert code == 1
    assert "cannot be graded: it is not JSON" in text


def test_a_renamed_file_is_told(notebook):
    renamed = notebook.with_name("my lab.ipynb")
    notebook.rename(renamed)
    code, text = doctor(renamed)
    assert code == 1
    assert "must be named 00_welcome.ipynb" in text


def test_missing_files_are_told(notebook, tmp_path):
    assert doctor(tmp_path / "none.ipynb")[0] == 2
    (notebook.parent / "checks.json").unlink()
    code, text = doctor(notebook)
    assert code == 2
    assert "checks.json is missing" in text
