"""From release to returned feedback, in the browser, through nbgrader's own extensions."""

import re

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from dlcourse.authoring import Bank
from dlcourse.authoring.question import FreeText
from dlcourse.grading.simulate import right_answers
from tests.browser.notebook import Notebook
from tests.conftest import ROOT
from tests.course_support import copy_course

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
LAB = "01_gradient_descent"


class Formgrader:
    """nbgrader's formgrader, as it opens inside JupyterLab."""

    def __init__(self, page, server):
        self.page = page
        page.goto(server.url())
        page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
        page.get_by_role("menuitem", name="Formgrader", exact=True).click()
        self.frame = page.frame_locator("iframe").first
        self.row().wait_for()

    def row(self):
        return self.frame.locator("tr", has_text=LAB).first

    def press(self, column):
        """Press the button in a column of the lab's row, and wait for the report of success."""
        self.row().locator(f"td.{column} a").click()
        self.confirm()

    def confirm(self):
        success = self.frame.locator("#success-modal")
        success.wait_for(timeout=120_000)
        success.get_by_role("button", name="Close").first.click()
        expect(self.frame.locator(".modal-backdrop")).to_have_count(0)


@pytest.fixture
def course(tmp_path):
    """A course of one lab, and the options with which two servers share an exchange."""
    (tmp_path / "course").mkdir()
    course = copy_course(tmp_path / "course", LAB, built=True)
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    shared = [f"c.Exchange.root = {str(exchange)!r}", "c.CourseDirectory.course_id = 'dlcourse'"]
    return course, "\n".join(shared)


def test_from_release_to_returned_feedback(course, jupyter, page, tmp_path, picture):
    course, shared = course
    instructor = jupyter(course.root, nbgrader=shared)
    (tmp_path / "work").mkdir()
    student = jupyter(tmp_path / "work", nbgrader=shared)

    formgrader = Formgrader(page, instructor)
    formgrader.press("assign")
    formgrader.press("release")
    assert (course.labs / LAB / "checks.json").is_file()

    fetch_and_submit(page, student, tmp_path / "work", course, picture)

    formgrader = Formgrader(page, instructor)
    formgrader.press("collect")
    picture(page, "formgrader")
    formgrader.row().locator("td.num-submissions a").click()
    formgrader.frame.locator("td.autograde a").click()
    formgrader.confirm()
    expect(formgrader.frame.locator("td.status")).to_contain_text("needs manual grading")

    grade_by_hand(formgrader, picture)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        (submission,) = gradebook.assignment_submissions(LAB)
        assert submission.score == 2 + 1  # `grad_sse`, and the free text
        assert not submission.needs_manual_grade

    formgrader = Formgrader(page, instructor)
    formgrader.press("generate-feedback")
    formgrader.press("release-feedback")
    feedback = fetch_feedback(page, student, tmp_path / "work")
    assert "A convincing argument." in feedback
    assert re.search(r"✓\s*grad_sse\s+passed", re.sub(r"<[^>]+>", " ", feedback))
    assert "np.sum(2 * (w * x - y) * x)" not in feedback  # the solution


def test_create_assignment_knows_the_graded_cells(course, jupyter, page):
    """nbgrader's own panel reads what our build wrote: points, kinds and names of cells."""
    course, _ = course
    page.goto(jupyter(course.root).url(f"/tree/solutions/{LAB}/{LAB}.ipynb"))
    Notebook(page, course.solutions / LAB / f"{LAB}.ipynb")
    page.get_by_role("tab", name="Create Assignment").click()
    expect(page.locator(".nbgrader-TotalPointsInput")).to_have_value("20")
    kinds = page.locator(".nbgrader-CellType select").evaluate_all("all => all.map(x => x.value)")
    items = Bank.load(course.solutions / LAB).items.values()
    by_hand = [item for item in items if isinstance(item, FreeText)]
    assert kinds.count("tests") == kinds.count("solution") == len(items) - len(by_hand)
    assert kinds.count("manual") == len(by_hand)


def open_assignments(page, server):
    page.goto(server.url())
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Assignment List", exact=True).click()
    page.get_by_text("Submitted assignments", exact=True).wait_for()


def fetch_and_submit(page, server, folder, course, picture):
    """Fetch the lab, solve one exercise and the free text, validate, submit."""
    open_assignments(page, server)
    page.get_by_role("button", name="Fetch", exact=True).click()
    page.get_by_role("button", name="Submit", exact=True).wait_for()
    page.goto(server.url(f"/tree/{LAB}/{LAB}.ipynb"))
    notebook = Notebook(page, folder / LAB / f"{LAB}.ipynb")
    bank = Bank.load(course.solutions / LAB)
    notebook.write("def grad_sse", right_answers(bank, bank.items["grad_sse"])[0].source)
    notebook.answer("YOUR ANSWER HERE", "The derivative of a step is 0 almost everywhere.")
    notebook.save()
    page.get_by_role("button", name="Validate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for(timeout=120_000)
    assert 'check("rate_extremes")' in dialog.inner_text()  # among what does not pass yet
    assert 'check("grad_sse")' not in dialog.inner_text()
    dialog.get_by_role("button").last.click()
    open_assignments(page, server)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("button", name="Fetch Feedback").wait_for()  # it is among the submitted ones
    picture(page, "assignment-list")


def grade_by_hand(formgrader, picture):
    """Read the free text beside its rubric, give it a point and a comment."""
    frame = formgrader.frame
    frame.get_by_role("link", name="Manual Grading").click()
    frame.get_by_role("link", name=LAB).first.click()
    frame.get_by_role("link", name=LAB).last.click()
    frame.get_by_role("link", name="Submission #1").click()
    answer = frame.locator(".nbgrader_cell", has_text="The derivative of a step").last
    answer.locator("textarea.comment").fill("A convincing argument.")
    answer.locator("input.score").fill("1")
    with formgrader.page.expect_response(lambda response: "/api/grade/" in response.url):
        answer.locator("input.score").press("Tab")
    rubric = Bank.load(ROOT / "solutions" / LAB).items["why_not_step"].rubric
    expect(frame.locator(".nbgrader_cell, .text_cell", has_text=rubric[1]).first).to_be_visible()
    picture(formgrader.page, "manual-grading")


def fetch_feedback(page, server, folder):
    """Fetch the feedback of the one submission; return the page."""
    open_assignments(page, server)
    page.get_by_role("button", name="Fetch Feedback").click()
    page.get_by_text("(view feedback)").wait_for()
    (path,) = folder.rglob("feedback/*/*.html")
    return path.read_text(encoding="utf-8")
