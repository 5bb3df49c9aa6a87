"""An assignment that dlcourse did not build: nbgrader's own example course."""

import shutil
from pathlib import Path

import nbgrader
import pytest
from nbgrader.api import Gradebook

from dlcourse.authoring.course import Course
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.stock import StockCourse

GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "example"
c.CourseDirectory.root = {root!r}
c.ClearSolutions.code_stub = {{"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}}
c.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
c.LateSubmissionPlugin.penalty_method = "none"
"""

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
