"""The course as a whole: every lab through nbgrader, and the points that the syllabus promises."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.authoring.question import FreeText
from dlcourse.grading.simulate import fill, right_answers
from tests.course_support import ROOT, copy_course, run
from tests.test_nbgrader import LABS  # which has a whole class for them

COURSE = Course(ROOT)
pytestmark = pytest.mark.slow


def test_the_points_add_up():
    graded = [lab for lab in COURSE.lab_names if lab < "11"]
    assert len(graded) == 11
    assert sum(Bank.load(COURSE.solutions / lab).points for lab in graded) == 229


@pytest.mark.parametrize("lab", [lab for lab in COURSE.lab_names if lab not in LABS])
def test_a_lab_goes_all_the_way_through_nbgrader(lab, tmp_path):
    course = copy_course(tmp_path, lab, built=True)

    def command(program, *arguments):
        done = run(course, program, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    command("nbgrader", "generate_assignment", lab)
    released = nbformat.read(course.labs / lab / f"{lab}.ipynb", as_version=4)
    bank = Bank.load(course.solutions / lab)
    perfect = fill(released, {n: right_answers(bank, item)[0] for n, item in bank.items.items()})
    for student, notebook in (("perfect", perfect), ("untouched", released)):
        notebook.cells.append(new_code_cell("print('so that all before it runs')"))
        folder = course.root / "submitted" / student / lab
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{lab}.ipynb")
    command("nbgrader", "autograde", lab)
    command("nbgrader", "generate_feedback", lab)
    by_hand = sum(item.points for item in bank.items.values() if isinstance(item, FreeText))
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(lab)
        scores = {s.student.id: (s.score, s.max_score) for s in submissions}
    assert scores["perfect"] == (bank.points - by_hand, bank.points)
    assert scores["untouched"] == (0, bank.points)
    for student in ("perfect", "untouched"):
        graded = course.root / "autograded" / student / lab / f"{lab}.ipynb"
        cells = json.loads(graded.read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert [o for o in outputs if o["output_type"] == "error"] == []
        assert [o for o in outputs if o.get("name") == "stderr"] == []
        page = course.root / "feedback" / student / lab / f"{lab}.html"
        assert page.stat().st_size > 10_000
