"""Grades for Canvas and Moodle: the columns that they document, the scores of the gradebook."""

import csv
import datetime
import os
import subprocess

import pytest
from nbgrader.api import Gradebook

from tests.course_support import BIN

pytestmark = pytest.mark.slow

CONFIG = """
c = get_config()
c.CanvasExport.titles = {"lab, one": "Lab 1 (4711)"}
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A gradebook: one student with a late and a good lab, one with half of one, one with none."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    monkeypatch.setenv("PATH", path)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        for lab in ("lab, one", "lab_two"):
            gradebook.add_assignment(lab)
            gradebook.add_notebook("n", lab)
            gradebook.add_grade_cell("cell", "n", lab, max_score=10, cell_type="code")
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace", email="a@x.org")
        gradebook.add_student("007")
        gradebook.add_student("zoë", first_name="Zoë")
        for lab, student, score, late in (
            ("lab, one", "ada", 9.5, 2),
            ("lab_two", "ada", 10, 0),
            ("lab, one", "007", 1, 3),
        ):
            submission = gradebook.add_submission(lab, student)
            submission.timestamp = datetime.datetime(2026, 1, 1)
            submission.notebooks[0].late_submission_penalty = late
            gradebook.find_grade("cell", "n", lab, student).manual_score = score
        gradebook.db.commit()
    return tmp_path


def export(course, exporter, *options):
    return subprocess.run(
        [BIN / "nbgrader", "export", "--exporter", exporter, *options],
        cwd=course,
        env={"PATH": os.defpath, "HOME": str(course), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
    )


def table(course, exporter, name, *options):
    done = export(course, exporter, *options)
    assert done.returncode == 0, done.stderr
    with (course / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def of_nbgrader(course):
    """What nbgrader's own exporter says: score by assignment and student."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            (a.name, s.id): max(0.0, found[0].score - found[0].late_submission_penalty)
            for a in gradebook.assignments
            for s in gradebook.students
            if (found := [x for x in a.submissions if x.student.id == s.id])
        }


def test_canvas_reads_what_is_written(course, of_nbgrader):
    head, possible, *rows = table(course, "dlcourse.grading.lms.CanvasExport", "canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1 (4711)",
                    "lab_two"]  # fmt: skip
    assert "Points Possible" in possible[0]
    assert [float(x) for x in possible[5:]] == [10, 10]
    assert [(r[0], r[3]) for r in rows] == [
        ("007", "007"), ("Lovelace, Ada", "ada"), ("Zoë", "zoë"),
    ]  # fmt: skip
    for row in rows:
        assert row[1:3] == ["", ""]
        for assignment, score in zip(("lab, one", "lab_two"), row[5:], strict=True):
            expected = of_nbgrader.get((assignment, row[3]), "")
            assert score == str(expected)
    assert of_nbgrader["lab, one", "ada"] == 7.5  # the penalty for being late is in it


def test_canvas_may_know_students_by_another_id(course):
    rows = table(
        course, "dlcourse.grading.lms.CanvasExport", "canvas.csv",
        "--CanvasExport.identifier=SIS User ID", "--assignment", "['lab_two']",
    )  # fmt: skip
    assert rows[0][5:] == ["lab_two"]
    assert rows[2][1:4] == ["", "007", ""]


def test_moodle_reads_what_is_written(course, of_nbgrader):
    head, *rows = table(
        course, "dlcourse.grading.lms.MoodleExport", "mine.csv",
        "--to", "mine.csv", "--student", "['ada', 'zoë']",
    )  # fmt: skip
    assert head == ["First name", "Last name", "ID number", "Email address", "lab, one", "lab_two"]
    assert rows == [
        ["Ada", "Lovelace", "ada", "a@x.org", "7.5", "10.0"],
        ["Zoë", "", "zoë", "", "", ""],
    ]


def test_unknown_names_are_told(course):
    done = export(course, "dlcourse.grading.lms.MoodleExport", "--student", "['adda']")
    assert done.returncode != 0
    assert "no student adda" in done.stderr
    assert not (course / "moodle.csv").exists()
