"""Every lab: in step with its sources, valid, and running as students and graders run it."""

import subprocess
import sys
import time
from pathlib import Path
from pkgutil import resolve_name

import nbformat
import pytest
from nbclient import NotebookClient

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.authoring.validate import validate
from dlcourse.checks.source import full_path

COURSE = Course(Path(__file__).parents[1])

# points, and seconds that the whole solution notebook may take on 2 quiet cores (the syllabus);
# benchmarks/labs.py measures them, here a notebook that has run away is stopped
CONTRACT = {
    "00_welcome": (10, 10),
    "01_gradient_descent": (20, 10),
    "02_mlp": (22, 20),
    "03_losses": (22, 15),
    "04_backprop": (25, 15),
    "05_optimizers": (28, 25),
    "06_deep_networks": (22, 25),
    "07_regularization": (26, 40),
    "08_convnets": (26, 40),
    "09_rnns": (18, 40),
    "10_attention": (10, 20),
    "11_mini_project": (14, 10),
}
PROJECT = "11_mini_project"  # a frame for a project: graded by a person, short, without checks
BUSY = 5  # a machine that runs other tests meanwhile

every_lab = pytest.mark.parametrize("lab", COURSE.lab_names)
every_lesson = pytest.mark.parametrize("lab", [x for x in COURSE.lab_names if x != PROJECT])


@every_lab
def test_points_are_those_of_the_syllabus(lab):
    assert Bank.load(COURSE.solutions / lab).points == pytest.approx(CONTRACT[lab][0])


@pytest.mark.slow
@every_lab
def test_generated_files_are_in_step(lab):
    dlcourse = Path(sys.executable).with_name("dlcourse")
    result = subprocess.run(
        [dlcourse, "build", "--check", lab], cwd=COURSE.root, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@every_lab
def test_bank_has_no_hole(lab):
    rows = validate(Bank.load(COURSE.solutions / lab))
    assert [row for row in rows if row.hole] == []


@every_lab
def test_every_exercise_teaches(lab):
    """Hints, at least two variants, and at least three misconceptions of every function."""
    for item in Bank.load(COURSE.solutions / lab).items.values():
        if hasattr(item, "variants"):
            assert item.hints, item.name
            assert len(item.variants) >= 2, item.name
            assert len(item.misconceptions) >= 1, item.name
            assert any(written.case.hidden for written in item.cases), item.name


@every_lab
def test_what_is_forbidden_is_named_by_its_full_path(lab):
    """A forbidden `layers.Dropout` has no effect: answers are searched for the full path."""
    for item in Bank.load(COURSE.solutions / lab).items.values():
        for name in getattr(item, "forbidden", ()):
            if "." in name:
                resolve_name(full_path(name))  # raises if there is no such thing


def executed(path):
    notebook = nbformat.read(path, as_version=4)
    started = time.monotonic()
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    return notebook, time.monotonic() - started


def streams(notebook, name):
    return [
        (cell.source, output.text)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == name
    ]


@pytest.mark.slow
@every_lab
def test_solution_notebook_runs_in_time_without_warnings(lab):
    notebook, seconds = executed(COURSE.solutions / lab / f"{lab}.ipynb")
    assert streams(notebook, "stderr") == []
    verdicts = [
        output.data["application/vnd.dlcourse.verdict+json"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "application/vnd.dlcourse.verdict+json" in output.get("data", {})
    ]
    assert {v["name"]: v["status"] for v in verdicts if v["status"] != "passed"} == {}
    assert bool(verdicts) == (lab != PROJECT)
    assert seconds < BUSY * CONTRACT[lab][1]


@every_lesson
def test_shape_of_the_lesson(lab):
    """35 to 55 cells beside the graded ones' prompts, short code, the standard opening and end."""
    notebook = nbformat.read(COURSE.labs / lab / f"{lab}.ipynb", as_version=4)
    assert 35 <= len(notebook.cells) <= 75
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    for part in ("**Goals**", "**Before you start**", "**Time**", "**Points**", "**Take-aways**"):
        assert part in text
    assert "Predict first" in text
