"""An assignment that dlcourse did not build: nbgrader's own example course."""

import shutil
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbgrader.api import Gradebook

from dlcourse.authoring.course import Course
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.stock import StockCourse
from tests.conftest import ROOT
from tests.course_support import run

GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "example"
c.CourseDirectory.root = {root!r}
c.ClearSolutions.code_stub = {{"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}}
c.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
c.LateSubmissionPlugin.penalty_method = "none"
"""
NAMES = "ada", "[red]"  # nbgrader takes the second for a pattern

pytestmark = pytest.mark.slow


def example(root):
    """A copy of the example course, released, with its two submissions."""
    for part in ("source", "submitted"):
        shutil.copytree(GUIDE / part, root / part)
    (root / "nbgrader_config.py").write_text(CONFIG.format(root=str(root)))
    course = Course(root)
    StockCourse(course).release("ps1")
    return course


def grades(course):
    """Everything that nbgrader recorded about every graded cell and comment."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name, item.name): (
                getattr(item, "auto_score", None),
                getattr(item, "needs_manual_grade", None),
                getattr(item, "auto_comment", None),
            )
            for submission in gradebook.assignment_submissions("ps1")
            for notebook in submission.notebooks
            for item in [*notebook.grades, *notebook.comments]
        }


@pytest.fixture(scope="module")
def stock_grades(tmp_path_factory):
    course = example(tmp_path_factory.mktemp("stock"))
    for student in ("bitdiddle", "hacker"):
        StockCourse(course).autograde("ps1", student)
    return grades(course)


def test_the_example_course_gets_the_grades_of_stock_nbgrader(stock_grades, tmp_path, jail_works):
    course = example(tmp_path)
    outcomes = list(ClassRun(course, "ps1", jobs=1, jail=jail_works).run())
    assert {o.student: o.problem for o in outcomes} == {"bitdiddle": "", "hacker": ""}
    assert len(stock_grades) > 20
    assert grades(course) == stock_grades


def essay():
    """An assignment without a test: all points are given by a person."""
    marks = {"grade": True, "solution": True, "grade_id": "essay", "locked": False, "points": 0}
    cell = nbformat.v4.new_markdown_cell("YOUR ANSWER HERE", id="essay")
    cell.metadata["nbgrader"] = {**marks, "schema_version": 3, "task": False}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})


def test_an_assignment_without_a_test_is_reported_and_names_are_no_markup(tmp_path, jail_works):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    folders = [tmp_path / "solutions/essay", *(tmp_path / f"submitted/{n}/essay" for n in NAMES)]
    for folder in folders:
        folder.mkdir(parents=True)
        nbformat.write(essay(), folder / "essay.ipynb")
    StockCourse(Course(tmp_path)).release("essay")
    trust = [] if jail_works else ["--trust-submissions"]
    graded = run(Course(tmp_path), "dlcourse", "grade", "essay", *trust)
    assert graded.returncode == 1, graded.stdout + graded.stderr
    table = graded.stdout[graded.stdout.index("Scores") :]
    rows = [line.split("│")[1].strip() for line in table.splitlines() if line.startswith("│")]
    assert rows == ["[red]", "ada", "maximum"], graded.stdout
    assert "what the class did" not in graded.stdout
    page = (tmp_path / "build/essay.html").read_text()
    assert '<td>ada</td><td class="number">0</td>' in page
