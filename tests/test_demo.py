"""The demonstration: grading the simulated class finds exactly what was put into it."""

import os
import re

import pytest
from rich.console import Console

from dlcourse.authoring import Bank
from dlcourse.grading.demo import course_copy, found_mistakes, grade, injected_mistakes
from dlcourse.grading.simulate import simulate_class
from dlcourse.grading.stock import StockCourse
from tests.course_support import copy_course, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

LAB = "00_welcome"
STATUS = {"right": "passed", "wrong": "failed", "blank": "not attempted", "crash": "not attempted"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A small class of one lab, graded: (bank, submissions, grades)."""
    environment = os.environ.copy()  # nbgrader_config.py adds to it
    copy = course_copy(copy_course(tmp_path_factory.mktemp("course"), LAB), [LAB])
    stock, bank = StockCourse(copy), Bank.load(copy.solutions / LAB)
    submissions = simulate_class(bank, stock.release(LAB), students=6, seed=2)
    for submission in submissions:
        submission.write(copy.root / "submitted")
    (grades,) = grade(stock, [bank], submissions, Console(quiet=True))
    os.environ.clear()
    os.environ.update(environment)
    return bank, submissions, grades


def test_every_answer_is_found_for_what_it_is(graded):
    _, submissions, grades = graded
    put_in = {
        (s.student, exercise): (
            STATUS[answer.kind],
            answer.name if answer.kind == "wrong" else None,
        )
        for s in submissions
        if not s.broken
        for exercise, answer in s.answers.items()
    }
    found = {(r.student, r.exercise): (r.status, r.misconception) for r in grades.records}
    assert found == put_in
    assert {status for status, _ in put_in.values()} == {"passed", "failed", "not attempted"}


def test_counts_of_mistakes_agree(graded):
    _, submissions, grades = graded
    assert found_mistakes([grades]) == injected_mistakes(submissions)
    by_summary = {(e.name, m.name): m.count for e in grades.exercises() for m in e.mistakes}
    assert by_summary == injected_mistakes(submissions)


def test_scores_are_those_of_the_answers(graded):
    bank, submissions, grades = graded
    for submission in submissions:
        right = [n for n, answer in submission.answers.items() if answer.kind == "right"]
        points = [bank.items[n].points for n in right]
        if not submission.broken:
            assert grades.scores[submission.student] == sum(points)


def test_broken_file_is_reported_with_a_reason(graded):
    _, submissions, grades = graded
    (broken,) = (s.student for s in submissions if s.broken)
    assert set(grades.not_graded) == {broken}
    assert "does not appear to be JSON" in grades.not_graded[broken]
    assert set(grades.scores) == {s.student for s in submissions} - {broken}


def test_crashed_cells_are_listed(graded):
    _, submissions, grades = graded
    crashed = {
        s.student: {n for n, answer in s.answers.items() if answer.kind == "crash"}
        for s in submissions
        if not s.broken and any(answer.kind == "crash" for answer in s.answers.values())
    }
    assert crashed.keys() == grades.stopped.keys()
    for student, exercises in crashed.items():
        text = "\n".join(grades.stopped[student])
        assert all(f"({name})" in text for name in exercises)
        assert "FileNotFoundError" in text or "SyntaxError" in text


def test_command_runs_again_and_leaves_the_course_alone(tmp_path):
    course = copy_course(tmp_path, "01_gradient_descent")
    gradebook, old = tmp_path / "gradebook.db", tmp_path / "build" / "demo" / "from_last_time"
    gradebook.write_bytes(b"mine")
    old.parent.mkdir(parents=True)
    old.touch()
    report = tmp_path / "report.html"
    done = run(course, "dlcourse", "demo", "01", "--students=3", "--seed=5", f"--output={report}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Mistakes put in: (\d+)\. Found and named: \1\.", done.stdout)
    for part in ("student-01", "student-02", "not graded", "grad_sse", "maximum", "1 of 20"):
        assert part in done.stdout
    assert "<svg" in report.read_text(encoding="utf-8")
    assert gradebook.read_bytes() == b"mine"
    assert not old.exists()
    assert not (tmp_path / "submitted").exists()
