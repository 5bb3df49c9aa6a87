"""nbgrader's own settings mean the same to `dlcourse grade` as to `nbgrader autograde`.

Each test grades one class twice, in two copies of a course: by stock nbgrader and by ours.
"""

import csv
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from dlcourse.authoring.build import build_lab
from dlcourse.authoring.course import Course
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.simulate import Answer, fill
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.transaction import one_transaction
from tests.conftest import ROOT
from tests.course_support import run

LAB = "90_small"
BANK = '''
from dlcourse.authoring import exercise, free_text

@exercise(points=5)
def double(x):
    """Return 2 x."""
    return 2 * x

double.case("double(3.5)")
double.hidden_case("double(rng.normal())")

why = free_text("why", "Why?", rubric=["1 point: because"], points=1)
'''
TEXT = """
# Small

```{code-cell}
from dlcourse.checks import check
```

{exercise} double

{exercise} why
"""
RIGHT, WRONG = "def double(x):\n    return 2 * x", "def double(x):\n    return x"
DUE = "2026-03-01 12:00:00"
HANDED_IN = {"punctual": "2026-03-01 11:59:00 UTC", "late": "2026-03-01 14:00:00 UTC"}
ONE_POINT_PER_HOUR = """
from nbgrader.plugins import BasePlugin

class SubMarks(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return round(total_seconds_late / 3600, 0)
"""

pytestmark = pytest.mark.slow


def hand_in(course, student, source):
    """Write a submission in which `double` is the given source."""
    released = nbformat.read(course.labs / LAB / f"{LAB}.ipynb", 4)
    answers = {"double": Answer("", source=source), "why": Answer("", source="Because.")}
    folder = course.root / "submitted" / student / LAB
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(fill(released, answers), folder / f"{LAB}.ipynb")
    if student in HANDED_IN:
        (folder / "timestamp.txt").write_text(HANDED_IN[student])


def make(root, settings=""):
    """A course with a small lab, two students and a due date; both have handed in."""
    folder = root / "solutions" / LAB
    folder.mkdir(parents=True)
    (folder / "exercises.py").write_text(BANK)
    (folder / "lab.md").write_text(TEXT)
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(f"{config}\n{settings}\n")
    course = Course(root)
    for file in build_lab(course, LAB):
        file.write()
    StockCourse(course).release(LAB)
    with gradebook_of(course) as gradebook:
        gradebook.update_or_create_assignment(LAB, duedate=DUE)
        for student in HANDED_IN:
            gradebook.add_student(student)
    for student in HANDED_IN:
        hand_in(course, student, RIGHT)
    return course


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def two_courses(template, tmp_path):
    """Two copies of the course, with more settings: one for stock nbgrader, one for us."""

    def copy(settings=""):
        courses = []
        for name in ("stock", "ours"):
            root = shutil.copytree(template, tmp_path / name)
            config = (root / "nbgrader_config.py").read_text() + settings
            if name == "stock":
                config = config.replace("\nseal(c)\n", "\n")
            (root / "nbgrader_config.py").write_text(config)
            courses.append(Course(root))
        return courses

    return copy


@pytest.fixture(scope="module")
def grade(jail_works):
    """A function that grades by the command line, as the name of a course's folder says."""
    trust = [] if jail_works else ["--trust-submissions"]

    def grade(course, *options):
        if course.root.name == "stock":
            return run(course, "nbgrader", "autograde", LAB, *options)
        return run(course, "dlcourse", "grade", LAB, "--jobs", "1", *trust, *options)

    return grade


def gradebook_of(course):
    return Gradebook(StockCourse(course).folders.db_url)


def recorded(course):
    """All that the gradebook says about each submission."""
    with gradebook_of(course) as gradebook:
        return {
            submission.student.id: {
                "score": submission.score,
                "seconds late": submission.total_seconds_late,
                "penalty": submission.late_submission_penalty,
                **{
                    (notebook.name, grade.name): (
                        grade.auto_score,
                        grade.manual_score,
                        grade.extra_credit,
                        grade.needs_manual_grade,
                    )
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                },
                **{
                    (notebook.name, "comment on", comment.name): (
                        comment.auto_comment,
                        comment.manual_comment,
                    )
                    for notebook in submission.notebooks
                    for comment in notebook.comments
                },
            }
            for submission in gradebook.assignment_submissions(LAB)
        }


@pytest.mark.parametrize(
    ("setting", "penalty"),
    [
        ('c.LateSubmissionPlugin.penalty_method = "zero"', 5),
        ('c.AssignLatePenalties.plugin_class = "late.SubMarks"', 2),
        (f"{ONE_POINT_PER_HOUR}\nc.AssignLatePenalties.plugin_class = SubMarks", 2),
    ],
    ids=["nbgrader's zero", "a module beside the configuration", "a class in it"],
)
def test_late_submissions_pay_as_in_stock_nbgrader(two_courses, grade, setting, penalty):
    stock, ours = two_courses(setting)
    for course in (stock, ours):
        (course.root / "late.py").write_text(ONE_POINT_PER_HOUR)
        done = grade(course)
        assert done.returncode == 0, done.stdout + done.stderr
    grades = recorded(ours)
    assert grades == recorded(stock)
    assert {s: grades[s]["score"] for s in grades} == {"punctual": 5, "late": 5}
    assert {s: grades[s]["penalty"] for s in grades} == {"punctual": 0, "late": penalty}
    assert grades["late"]["seconds late"] == 2 * 3600
    assert grades["punctual"]["seconds late"] == 0
    report = (ours.root / "build" / f"{LAB}.html").read_text(encoding="utf-8")
    assert f"Handed in 2:00:00 late; {penalty} points were taken off." in report
    with (ours.root / "build" / f"{LAB}.csv").open() as file:
        shown = {row["student"]: float(row["score"]) for row in csv.DictReader(file)}
    assert shown == {"punctual": 5, "late": 5 - penalty}  # as nbgrader exports it
    assert grade(ours, "--student", "punctual", "--output", "one.html").returncode == 0
    assert "2:00:00 late" not in (ours.root / "one.html").read_text(encoding="utf-8")


BROKEN = """
from nbgrader.plugins import BasePlugin

class SubMarks(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        raise RuntimeError("this plug-in is broken")
"""


def test_a_step_that_fails_leaves_the_gradebook_as_it_was(two_courses, grade):
    _, course = two_courses('c.AssignLatePenalties.plugin_class = "late.SubMarks"')
    (course.root / "late.py").write_text(ONE_POINT_PER_HOUR)
    assert grade(course).returncode == 0
    before = recorded(course)
    (course.root / "late.py").write_text(BROKEN)
    for student in HANDED_IN:
        hand_in(course, student, WRONG)
    done = grade(course)
    assert done.returncode == 1
    assert "late: not in the gradebook: this plug-in is broken (RuntimeError)" in done.stdout
    after = recorded(course)
    assert after["late"] == before["late"]
    assert after["punctual"]["score"] == 0  # the rest goes on
    (course.root / "late.py").write_text(ONE_POINT_PER_HOUR)
    assert grade(course).returncode == 0
    assert recorded(course)["late"]["score"] == 0


STEPS_BY_NAME = """
of = "nbgrader.preprocessors.{}".format
c.Autograde.sanitize_preprocessors = [of("ClearOutput"), of("OverwriteCells")]
c.Autograde.autograde_preprocessors = [of("Execute"), of("SaveAutoGrades")]
"""


def test_steps_may_be_given_by_name(two_courses, grade):
    courses = two_courses(STEPS_BY_NAME)
    for course in courses:
        hand_in(course, "late", WRONG)
        assert grade(course).returncode == 0
    grades = [recorded(course) for course in courses]
    assert grades[0] == grades[1]
    assert {s: grades[1][s]["score"] for s in HANDED_IN} == {"punctual": 5, "late": 0}


def test_a_gradebook_of_another_course_is_not_drawn_into_a_transaction(two_courses):
    own, other = two_courses()

    def add_to_both_and_fail(gradebook):
        with one_transaction(gradebook):
            for course in (own, other):
                with gradebook_of(course) as joined:
                    joined.add_student("new")
            raise KeyError

    with gradebook_of(own) as gradebook, pytest.raises(KeyError):
        add_to_both_and_fail(gradebook)
    students = []
    for course in (own, other):
        with gradebook_of(course) as gradebook:
            students.append({student.id for student in gradebook.students})
    assert students == [set(HANDED_IN), {*HANDED_IN, "new"}]


TAKES_BACK = """
from nbgrader.plugins import LateSubmissionPlugin

class TakesBack(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        self.parent.gradebook.db.rollback()

c.AssignLatePenalties.plugin_class = TakesBack
"""


def test_what_a_step_takes_back_is_told(two_courses, grade):
    _, course = two_courses(TAKES_BACK)
    done = grade(course)
    assert done.returncode == 1
    assert "late: not in the gradebook: a step of nbgrader took its changes back" in done.stdout
    assert recorded(course)["punctual"]["score"] == 5
    assert "late" not in recorded(course)


@pytest.mark.parametrize("create", [True, False])
def test_a_student_who_is_not_in_the_gradebook(two_courses, grade, create):
    stock, ours = two_courses(f"c.Autograde.create_student = {create}")
    outputs = []
    for course in (stock, ours):
        hand_in(course, "stranger", RIGHT)
        done = grade(course)
        assert done.returncode == (0 if create else 1)
        outputs.append(done.stdout + done.stderr)
    assert recorded(ours) == recorded(stock)
    assert set(recorded(ours)) == set(HANDED_IN) | ({"stranger"} if create else set())
    problem = "No student with ID 'stranger' exists in the database"
    assert [problem in output for output in outputs] == [not create] * 2
    assert "Traceback" not in outputs[1]
    for student in recorded(ours):
        assert (ours.root / "autograded" / student / LAB / f"{LAB}.ipynb").is_file()
    with gradebook_of(ours) as gradebook:
        gradebook.update_or_create_student("stranger")
    assert grade(ours).returncode == 0
    assert recorded(ours)["stranger"]["score"] == 5


def grade_by_hand(course):
    """What a person does in formgrader: points and a comment, more points, other points."""
    with gradebook_of(course) as gradebook:
        text = gradebook.find_grade("why", LAB, LAB, "punctual")
        text.manual_score, text.needs_manual_grade = 0.75, False
        gradebook.find_comment("why", LAB, LAB, "punctual").manual_comment = "Well put."
        gradebook.find_grade("check_double", LAB, LAB, "punctual").extra_credit = 0.5
        gradebook.find_grade("check_double", LAB, LAB, "late").manual_score = 4
        gradebook.db.commit()


def test_what_a_person_gave_survives_force_as_in_stock_nbgrader(two_courses, grade):
    stock, ours = two_courses()
    before, after = [], []
    for course in (stock, ours):
        assert grade(course).returncode == 0
        grade_by_hand(course)
        before.append(recorded(course))
        hand_in(course, "late", WRONG)
        done = grade(course, "--force")
        assert done.returncode == 0, done.stdout + done.stderr
        after.append(recorded(course))
    assert before[0] == before[1]
    assert after[0] == after[1]
    grades = after[1]
    check, text, comment = (LAB, "check_double"), (LAB, "why"), (LAB, "comment on", "why")
    assert grades["punctual"][check] == (5, None, 0.5, False)
    assert grades["punctual"][text][1] == 0.75
    assert grades["punctual"][comment][1] == "Well put."
    assert grades["punctual"]["score"] == 5 + 0.5 + 0.75
    assert grades["late"][check] == (0, 4, None, True)  # nbgrader asks a person to look again
    assert grades["late"]["score"] == 4


@pytest.fixture
def postgresql():
    """The URL of an empty database on a PostgreSQL server of our own, behind a local socket."""
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed: no gradebook in PostgreSQL")
    programs = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    if not programs[0]:
        pytest.skip("this machine has no PostgreSQL server")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "nobody" if folder.owner() == "root" else folder.owner()  # the server refuses root
    shutil.chown(folder, user)
    initdb, quietly = Path(programs[0]), {"user": user, "cwd": folder, "capture_output": True}
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "teacher", "-A", "trust"], check=True, **quietly
    )
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [initdb.with_name("postgres"), "-D", folder / "data", "-k", folder, "-h", ""],
            user=user, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    create = [initdb.with_name("createdb"), "-h", folder, "-U", "teacher", "gradebook"]
    deadline = time.monotonic() + 30
    while subprocess.run(create, **quietly).returncode and time.monotonic() < deadline:
        time.sleep(0.2)
    yield f"postgresql+psycopg2://teacher@/gradebook?host={folder}"
    server.terminate()
    server.wait(timeout=30)  # it waits for those who are connected; nobody should be
    shutil.rmtree(folder)


def test_a_gradebook_in_postgresql(template, postgresql, tmp_path, jail_works):
    ours = make(tmp_path, f"c.CourseDirectory.db_url = {postgresql!r}")
    outcomes = list(ClassRun(ours, LAB, jobs=1, jail=jail_works).run())
    assert [o.problem for o in outcomes] == ["", ""]
    assert not (tmp_path / "gradebook.db").exists()
    stock = Course(shutil.copytree(template, tmp_path / "stock"))
    for student in HANDED_IN:
        StockCourse(stock).autograde(LAB, student)
    assert recorded(ours) == recorded(stock)
    assert recorded(ours)["punctual"]["score"] == 5
    again = list(ClassRun(ours, LAB, jobs=1, jail=jail_works).run())
    assert [o.known for o in again] == [True, True]
