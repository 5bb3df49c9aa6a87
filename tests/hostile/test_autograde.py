"""The battery once more, as one class, through `nbgrader autograde` with our configuration."""

import copy
import os
import shutil
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading import sealed
from dlcourse.grading.simulate import fill, right_answers
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.supervisor import Judged
from tests.conftest import ROOT
from tests.course_support import run
from tests.hostile.tricks import TRICKS, UNLUCKY

LAB = "00_welcome"
FULL = 10
OUTSIDE = """
import os
print("sealed off", os.getuid() != 0 and not os.path.exists("link.py"))
"""
MALFORMED = 7  # five files, a pipe and a link
BESIDE = {  # what lies beside an honest notebook
    "a-pipe": lambda folder: os.mkfifo(folder / "data.csv"),
    "a-folder-named-as-a-file": lambda folder: (folder / "checks.json").mkdir(),
    "no-time": lambda folder: (folder / "timestamp.txt").write_text("yesterday"),
    "a-time-that-blocks": lambda folder: os.mkfifo(folder / "timestamp.txt"),
    "a-long-time": lambda folder: (folder / "timestamp.txt").write_text("9" * 5000),
}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("autograde")]


def with_cell(notebook, source, answer):
    """A copy of a notebook: `source` in place of an answer, or as a cell before it."""
    changed = copy.deepcopy(notebook)
    place = next(i for i, c in enumerate(changed.cells) if c.id == "residuals")
    if answer:
        changed.cells[place].source = source.strip()
    else:
        changed.cells.insert(place, nbformat.v4.new_code_cell(source.strip()))
    return nbformat.writes(changed).encode()


def malformed(perfect):
    """Files that nobody can read, and one that only looks so."""
    text = nbformat.writes(perfect)
    return {
        "cut-off": text[: len(text) // 2].encode(),
        "empty": b"",
        "a-list": b"[]",
        "nested": b"[" * 200_000,
        "zeros": b"\0" * 1000,
    }


@pytest.fixture(scope="module")
def graded(needs_jail, tmp_path_factory):
    """A class in which every student tries something else; the course and nbgrader's output."""
    root = tmp_path_factory.mktemp("course")
    for part in ("solutions", "labs"):
        shutil.copytree(ROOT / part / LAB, root / part / LAB)
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config + "\nc.Execute.timeout = 5\n")
    course = Course(root)
    released = StockCourse(course).release(LAB)
    bank = Bank.load(root / "solutions" / LAB)
    perfect = fill(released, {n: right_answers(bank, i)[0] for n, i in bank.items.items()})
    class_of = {
        **{f"trick-{name}": with_cell(released, TRICKS[name], True) for name in TRICKS},
        **{f"unlucky-{name}": with_cell(perfect, UNLUCKY[name], False) for name in UNLUCKY},
        **{f"malformed-{name}": content for name, content in malformed(perfect).items()},
        **{f"beside-{name}": nbformat.writes(perfect).encode() for name in BESIDE},
        "honest": nbformat.writes(perfect).encode(),
        "honest-renamed": nbformat.writes(perfect).encode(),
        "honest-with-a-copy": nbformat.writes(perfect).encode(),
    }
    for student, content in class_of.items():
        folder = root / "submitted" / student / LAB
        folder.mkdir(parents=True)
        (folder / f"{LAB}.ipynb").write_bytes(content)
    renamed, copied = (root / "submitted" / f"honest-{n}" / LAB for n in ("renamed", "with-a-copy"))
    (renamed / f"{LAB}.ipynb").rename(renamed / f"{LAB} (1).ipynb")
    shutil.copy(copied / f"{LAB}.ipynb", copied / "Copy of it.ipynb")
    for name, make in BESIDE.items():
        make(root / "submitted" / f"beside-{name}" / LAB)
    beside = root / "submitted" / "beside" / LAB
    beside.mkdir(parents=True)
    (beside / f"{LAB}.ipynb").write_bytes(with_cell(perfect, OUTSIDE, False))
    (beside / "link.py").symlink_to(root / "solutions" / LAB / "exercises.py")
    for number in range(4):  # more than fits into a jail
        with (beside / f"large-{number}").open("wb") as file:
            file.truncate(80_000_000)
    for student, make in (("malformed-pipe", os.mkfifo), ("malformed-link", link_to_honest)):
        folder = root / "submitted" / student / LAB
        folder.mkdir(parents=True)
        make(folder / f"{LAB}.ipynb")
    before = set(psutil.pids())  # other tests kill graders on purpose, at the same time
    result = run(course, "nbgrader", "autograde", LAB)
    deadline = time.monotonic() + 20
    while (left := orphans(before)) and time.monotonic() < deadline:
        time.sleep(0.5)  # it may be about to end
    return course, result.stdout + result.stderr, left


def link_to_honest(path):
    path.symlink_to(path.parents[2] / "honest" / LAB / path.name)


def orphans(before):
    return [p.pid for p in psutil.process_iter() if p.pid not in before and is_orphan(p)]


def is_orphan(process):
    """Whether it comes from a zygote that has no grader any more."""
    try:
        return process.ppid() == 1 and "dlcourse.grading.zygote" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def test_each_has_the_points_that_it_deserves(graded):
    course, output, _ = graded
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions(LAB)}
    deserved = {s: FULL if s.startswith(("unlucky", "honest", "beside")) else 0 for s in scores}
    assert len(scores) == len(TRICKS) + len(UNLUCKY) + MALFORMED + len(BESIDE) + 4
    assert scores == deserved, output[-5000:]


def test_files_beside_a_notebook_neither_open_the_jail_nor_the_host(graded):
    course, _, _ = graded
    text = (course.root / "autograded" / "beside" / LAB / f"{LAB}.ipynb").read_text()
    assert "sealed off True" in text
    assert not (course.root / "autograded" / "beside" / LAB / "link.py").exists()
    assert list((course.root / ".dlcourse" / "taken-in").iterdir()) == []


def test_a_second_run_finds_all_graded(graded):
    course, output, _ = graded
    again = run(course, "nbgrader", "autograde", LAB)
    assert again.returncode == 0, again.stderr[-3000:]
    assert "sanitizing" not in again.stderr.lower()
    assert "beside-no-time: timestamp.txt holds no time" in output


def test_no_process_is_left_and_the_log_says_what_happened(graded):
    _, output, left = graded
    assert left == []
    assert "graded as empty, please look at it: it is not JSON" in output
    assert "it is a link, not a file" in output
    assert "did not finish within 5 seconds" in output


def test_a_notebook_that_ends_its_referees_is_told(monkeypatch, caplog):
    notebook = new_notebook(cells=[new_code_cell("1 + 1")])
    lost = Judged(nbformat.writes(notebook).encode(), [], [], "it ended its referee", 0.0)
    worker = SimpleNamespace(judge=lambda *_: lost)
    monkeypatch.setattr(sealed, "_worker", lambda *_: worker)
    reader = sealed.SubmissionReader(parent=Autograde(coursedir=CourseDirectory()))
    reader.hand_in = HandIn("ada", {})
    place = {"assignment": LAB, "notebook": LAB, "student": "ada"}
    sealed.ExecuteSealed(parent=reader).preprocess(notebook, {"nbgrader": place})
    assert "ada: graded as empty, please look at it: it ended its referee" in caplog.text
