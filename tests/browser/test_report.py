"""The class report of a large class: on a laptop, a phone, paper, light and dark, offline."""

import random

import pytest

from dlcourse.authoring import Bank
from dlcourse.authoring.exercise import Exercise
from dlcourse.grading.records import Record
from dlcourse.grading.report import render
from dlcourse.grading.summary import LabGrades
from tests.browser.pages import accessible, fits, requests_of
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
LAB = "01_gradient_descent"
STUDENTS = 200


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of a class that makes the mistakes which the bank of lab 01 knows."""
    chance = random.Random(0)
    bank = Bank.load(ROOT / "solutions" / LAB)
    grades = LabGrades(LAB, bank.points, by_hand=1)
    for number in range(STUDENTS):
        student, talent = f"student-{number:03}", chance.betavariate(3, 2)
        records = [
            answer(student, item, talent, chance)
            for item in bank.items.values()
            if isinstance(item, Exercise)
        ]
        grades.records += records
        grades.scores[student] = sum(record.points for record in records)
    grades.notes = {f"student-{n:03}": ["sse: this cell was missing; it is back."] for n in (3, 80)}
    grades.stopped = {"student-007": ["cell 9 (sse): NameError: name 'X' is not defined"]}
    grades.not_graded = {"student-200": "the file is not JSON (line 1, column 1)"}
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(f"Class report: {LAB}", [grades]), encoding="utf-8")
    return path


def answer(student, item, talent, chance):
    """What one student gets for one exercise."""
    if chance.random() < talent:
        return Record(student, item.name, "passed", item.points, item.points, "", None, "")
    if chance.random() < 0.2:
        return Record(student, item.name, "not attempted", 0, item.points, "", None, "")
    mistake = chance.choice(item.misconceptions)
    problem = "The value is not right."
    return Record(student, item.name, "failed", 0, item.points, problem, mistake.name, mistake.hint)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_reads_well(report, page, width, scheme, picture):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    asked = requests_of(page)
    page.goto(report.as_uri())
    assert asked == [report.as_uri()]  # nothing else is needed
    assert page.get_by_role("heading", level=1).inner_text() == f"Class report: {LAB}"
    for student in ("student-000", "student-199"):
        assert page.get_by_text(student).first.is_visible()
    assert fits(page)
    assert accessible(page) == ""
    if (width, scheme) == (1280, "light"):
        page.get_by_role("heading", name="Exercises and mistakes").evaluate(
            "heading => heading.scrollIntoView()"
        )
        picture(page, "report")


def test_it_prints(report, page, tmp_path):
    page.goto(report.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"  # no page full of ink
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert 20_000 < (tmp_path / "report.pdf").stat().st_size < 3_000_000
