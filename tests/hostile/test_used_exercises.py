"""An answer may use another; judged again with a right one, it gains its own points and no more."""

import copy
import secrets

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from dlcourse.authoring.course import Course
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import Worker
from tests.conftest import ROOT
from tests.hostile.test_battery import points

LAB = "03_losses"
WRONG = "def softmax(z):\n    return np.ones(len(z))"
TELLS = "def softmax_jacobian(z):\n    raise ValueError(''.join(In)[-250:])"
OWN = """
def softmax_jacobian(z):
    s = {softmax}(z)
    return np.diag(s) - np.outer(s, s)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worker(needs_jail):
    folders = StockCourse(Course(ROOT)).folders
    with Worker(LabPackage.of(folders, LAB, secrets.randbits(32))) as worker:
        yield worker


@pytest.fixture
def graded(worker):
    """Return a function: answers, and cells at the end -> points and texts of verdicts."""
    released = nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)

    def graded(jacobian, *last):
        notebook = copy.deepcopy(released)
        marked = {
            c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata
        }
        marked["softmax"].source, marked["softmax_jacobian"].source = WRONG, jacobian
        notebook.cells += [new_code_cell(source) for source in last]
        content = {LAB: nbformat.writes(notebook).encode()}
        result = worker.grade(HandIn("somebody", content), Budget(cell=30, notebook=120))
        return points(result, LAB)["softmax_jacobian"], result.notebooks[LAB]

    return graded


def test_a_wrong_answer_costs_those_that_use_it_nothing(graded):
    assert graded(OWN.format(softmax="softmax"))[0] == 2


def test_an_answer_tells_nothing_of_the_right_ones(graded):
    earned, shown = graded(TELLS)
    assert earned == 0
    assert "raise ValueError(''.join(In)" in shown
    assert "np.exp(z" not in shown.replace(" ", "")


def test_a_right_answer_prints_nothing_of_the_right_ones(graded):
    prints = OWN.format(softmax="softmax").replace("s = ", "print(''.join(In)[-250:])\n    s = ", 1)
    earned, shown = graded(prints)
    assert earned == 2
    assert "np.exp(z" not in shown.replace(" ", "")


def test_what_is_forbidden_stays_so_after_the_check(graded):
    late = "from scipy.special import softmax as ready\n" + OWN.format(softmax="ready")
    assert graded("def softmax_jacobian(z):\n    return 1", late)[0] == 0
