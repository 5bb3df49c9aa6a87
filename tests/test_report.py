"""The numbers about a class, and the page that shows them."""

import io
import re
from html.parser import HTMLParser

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from rich.console import Console

from dlcourse.checks.judge import Verdict
from dlcourse.checks.view import RECORD_TYPE
from dlcourse.grading.grade import _slow
from dlcourse.grading.records import Record, read_records, stopped_cells
from dlcourse.grading.report import histogram, render
from dlcourse.grading.summary import LabGrades
from dlcourse.grading.tables import exercises_table, scores_table

SIGN = ("sign", "The sign is `wrong`.")


def record(student, exercise, status, points, mistake=(None, ""), problem=""):
    return Record(student, exercise, status, points, 2.0, problem, *mistake)


@pytest.fixture
def grades():
    return LabGrades(
        "01_lab",
        max_score=5.0,
        by_hand=1.0,
        scores={"ada": 4.0, "bob": 0.0, "eve": 1.0, "<b>dan": 5.0},
        records=[
            record("ada", "slope", "passed", 2.0),
            record("bob", "slope", "failed", 0.0, SIGN),
            record("eve", "slope", "failed", 0.0, SIGN),
            record("<b>dan", "slope", "failed", 1.0, problem="it raises <Oops>"),
            record("ada", "loss", "passed", 2.0),
            record("bob", "loss", "not attempted", 0.0),
        ],
        stopped={"bob": ["cell 3 (loss): NameError: name '<img>' is not defined"]},
        not_graded={"kim": "no JSON & no notebook"},
    )


def test_summary_of_an_exercise(grades):
    slope, loss = grades.exercises()
    assert (slope.name, slope.passed, slope.failed, slope.not_attempted) == ("slope", 1, 3, 0)
    assert slope.difficulty == pytest.approx((2 + 0 + 0 + 1) / (4 * 2))
    assert [(m.name, m.text, m.count) for m in slope.mistakes] == [
        ("sign", SIGN[1], 2),
        ("", "it raises <Oops>", 1),
    ]
    assert (loss.passed, loss.not_attempted, loss.difficulty) == (1, 1, 0.5)
    assert loss.mistakes == []


def test_tests_that_ran_inside_the_notebook_are_named(grades):
    assert "In-process" not in render("Class", [grades])
    grades.in_process = {"slope", "<loss>"}
    page = render("Class", [grades])
    assert "the tests of <code>&lt;loss&gt;</code>, <code>slope</code> are cells" in page


def test_a_slow_notebook_is_told_from_a_slow_class():
    usual = {f"student-{k}": 20.0 for k in range(5)}
    assert list(_slow(usual)) == []
    assert list(_slow({**usual, "ada": 59.0})) == []
    ((student, note),) = _slow({**usual, "ada": 61.0})
    assert (student, note) == ("ada", "Took 61 seconds; half of the class took 20 at most.")
    assert list(_slow({"ada": 9.0, "bob": 1.0, "eve": 1.0})) == []  # seconds do not matter


def test_histogram_counts_every_score_once(grades):
    bars = histogram(grades, bars=5)
    assert [(b.low, b.high) for b in bars] == [(0, 20), (20, 40), (40, 60), (60, 80), (80, 100)]
    assert [b.count for b in bars] == [1, 1, 0, 0, 2]  # 0 %, 20 %, 80 % and 100 %


class Page(HTMLParser):
    """What a browser would load, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [v for k, v in attributes if k in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_needs_nothing_else(grades):
    text = render("Class report", [grades])
    page = Page(text)
    assert page.open == []
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert not re.search(r"url\(|@import", text)


def test_page_escapes_what_students_control(grades):
    text = render("A <title>", [grades])
    for raw in ("<b>dan", "<Oops>", "<img>", "A <title>", "JSON & no"):
        assert raw not in text
    for escaped in ("&lt;b&gt;dan", "&lt;Oops&gt;", "&lt;img&gt;", "JSON &amp; no"):
        assert escaped in text


def test_page_shows_scores_shares_mistakes_and_reasons(grades):
    text = re.sub(r"<[^>]+>", " ", render("Class report", [grades]))
    text = re.sub(r"\s+", " ", text)
    assert "5 students, 1 lab" in text
    assert "graded 4 of 5" in text
    assert "mean score 2.5 of 5" in text
    assert "1 passed · 3 failed · 0 not attempted difficulty 0.38" in text
    assert "2 × The sign is wrong . sign" in text
    assert "kim no JSON" in text
    assert "1 of 5 points are for a person to give" in text


def test_histogram_is_told_in_words(grades):
    (label,) = re.findall(r'aria-label="(Number of students[^"]*)"', render("", [grades]))
    expected = "1 from 0 to 10 percent, 1 from 20 to 30 percent, 1 from 80 to 90 percent"
    assert label.startswith(f"Number of students by share of the points: {expected}")


def test_page_of_a_class_that_could_not_be_graded():
    grades = LabGrades("01_lab", 5.0, not_graded={"kim": "no notebook"})
    text = render("Class report", [grades])
    assert Page(text).open == []
    assert "no notebook" in text
    assert "1 student, 1 lab" in text
    assert "Exercises and mistakes" not in text  # nothing is known of any


def printed(table):
    console = Console(width=140, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()


def test_tables_for_the_terminal(grades):
    exercises = printed(exercises_table(grades))
    assert re.search(r"slope .* 1 .* 3 .* 0 .* 0\.38 .* 2×sign, 1×other", exercises)
    scores = printed(scores_table([grades]))
    assert re.search(r"ada .* 4 .* 4 ", scores)
    assert re.search(r"kim .* not graded .* 0 ", scores)
    assert re.search(r"maximum .* 5 .* 5 ", scores)
    assert "1 of 5" in scores


def test_records_come_from_graded_cells_alone():
    """A verdict that an answer prints itself is not one."""
    verdict = Verdict("loss", "failed", 0.5, 2.0, "not right", None, "sign", "Turn it around.")
    forged = Verdict("loss", "passed", 2.0, 2.0)
    cells = [
        new_code_cell(outputs=[new_output("display_data", {RECORD_TYPE: forged.to_json()})]),
        new_code_cell(outputs=[new_output("display_data", {RECORD_TYPE: verdict.to_json()})]),
    ]
    cells[0].metadata.nbgrader = {"grade": False, "grade_id": "loss"}
    cells[1].metadata.nbgrader = {"grade": True, "grade_id": "check_loss"}
    assert read_records(new_notebook(cells=cells), "ada") == [
        Record("ada", "loss", "failed", 0.5, 2.0, "not right", "sign", "Turn it around.")
    ]


def test_stopped_cells_are_named():
    error = new_output("error", ename="NameError", evalue="name 'x' is not defined")
    cells = [new_code_cell("1"), new_code_cell("x", outputs=[error]), new_markdown_cell("text")]
    notebook = new_notebook(cells=cells)
    assert list(stopped_cells(notebook)) == ["cell 2: NameError: name 'x' is not defined"]
    cells[1].metadata.nbgrader = {"grade_id": "loss"}
    late = new_output("error", ename="KeyboardInterrupt", evalue="")
    notebook.cells.append(new_code_cell("while True: pass", outputs=[late]))
    assert list(stopped_cells(notebook)) == [
        "cell 2 (loss): NameError: name 'x' is not defined",
        "cell 4: out of time",
    ]
