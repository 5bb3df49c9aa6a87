"""`dlcourse grade`, cut off at any moment and started again: nothing lost, nothing left behind."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook

from dlcourse.authoring.course import Course
from dlcourse.grading.records import read_records
from dlcourse.grading.stock import StockCourse
from tests.course_support import BIN, handed_in
from tests.hostile.tricks import TRICKS

LAB = "00_welcome"
STUDENTS = 6
KILLS = 20

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("killed")]  # which share `whole`


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A course in which a small class has handed in lab 00; nothing is graded."""
    return handed_in(tmp_path_factory.mktemp("template"), LAB, STUDENTS).root


@pytest.fixture
def new_course(template, tmp_path_factory):
    return lambda: Course(shutil.copytree(template, tmp_path_factory.mktemp("class") / "course"))


@pytest.fixture(scope="module")
def start(jail_works):
    """A function that starts to grade a course, in a session of its own."""
    trust = [] if jail_works else ["--trust-submissions"]

    def start(course):
        temporary = course.root.parent / "tmp"
        temporary.mkdir(exist_ok=True)
        return subprocess.Popen(
            [BIN / "dlcourse", "grade", LAB, "--jobs", "1", *trust],
            cwd=course.root,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=hear_ctrl_c,
        )

    return start


def hear_ctrl_c():
    """What was started in the background by a script ignores it, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def whole(template, tmp_path_factory, start):
    """A class that was graded in one go, beside another one, and the seconds that it took."""
    roots = [tmp_path_factory.mktemp("whole") / "course" for _ in range(2)]
    courses = [Course(shutil.copytree(template, root)) for root in roots]
    started = time.monotonic()
    for process in [start(course) for course in courses]:
        finish(process)
    assert gradebook(courses[0]) == gradebook(courses[1])
    return courses[0], time.monotonic() - started


def finish(process):
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output


def kill(process):
    """Kill a grader with its process group; returns all processes that it had started."""
    if process.poll() is not None:
        finish(process)
        return []
    os.killpg(process.pid, signal.SIGSTOP)  # nothing new between the look and the kill
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return family


def is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left_of(family, seconds=20):
    """The processes that do not end by themselves."""
    deadline = time.monotonic() + seconds
    while (left := [p for p in family if is_alive(p)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        process.kill()
    return left


def results(course):
    """What has been graded: each student's result as text, with the seconds that it took."""
    journal = course.root / ".dlcourse" / LAB
    files = journal.glob("*/result.json")
    return {path.parent.name: json.loads(path.read_text())["result"] for path in files}


def gradebook(course):
    """Every row of points in the gradebook; a submission that is there twice shows twice."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        return sorted(
            (submission.student.id, notebook.name, grade.name, grade.auto_score)
            for submission in gradebook.assignment_submissions(LAB)
            for notebook in submission.notebooks
            for grade in notebook.grades
        )


def autograded(course):
    """The points that the graded notebooks show, by student."""
    return {
        path.parts[-3]: sum(r.points for r in read_records(nbformat.read(path, 4), "anybody"))
        for path in course.root.glob(f"autograded/*/{LAB}/{LAB}.ipynb")
    }


def cut_off_at(moments, new_course, start):
    """Grade a class, each run killed at a moment; a new class when one is graded.

    Args:
        moments: pairs of seconds and of a number of new results; what comes first.

    Returns:
        The classes; and of each run the results before and after it, and its processes.
    """
    courses, runs = [new_course()], []
    for seconds, new in moments:
        if len(results(courses[-1])) == STUDENTS:
            courses.append(new_course())
        before = results(courses[-1])
        process = start(courses[-1])
        deadline = time.monotonic() + seconds
        while (
            process.poll() is None
            and time.monotonic() < deadline
            and len(results(courses[-1])) < len(before) + new
        ):
            time.sleep(0.01)
        family = kill(process)
        runs.append((before, results(courses[-1]), family))
    return courses, runs


def test_killed_at_twenty_moments_it_goes_on_where_it_was(whole, new_course, start):
    reference, duration = whole
    chance = random.Random(6)
    by_time = [(duration * (k + chance.random()) / 14, STUDENTS + 1) for k in range(14)]
    by_progress = [(90, 1 + k % 3) for k in range(KILLS - len(by_time))]
    moments = [*by_time, *by_progress]
    chance.shuffle(moments)
    with ThreadPoolExecutor(2) as threads:  # two classes at a time, to save time
        halves = [
            threads.submit(cut_off_at, half, new_course, start)
            for half in (moments[::2], moments[1::2])
        ]
    courses = [course for half in halves for course in half.result()[0]]
    runs = [run for half in halves for run in half.result()[1]]
    assert len(runs) == KILLS
    assert any(before != after and len(after) < STUDENTS for before, after, _ in runs), moments
    for before, after, family in runs:
        assert before.items() <= after.items()  # kept to the letter, not graded anew
        assert left_of(family) == []
    kept = [results(course) for course in courses]
    for process in [start(course) for course in courses]:
        finish(process)
    for course, before in zip(courses, kept, strict=True):
        assert before.items() <= results(course).items()
        assert len(results(course)) == STUDENTS
        assert gradebook(course) == gradebook(reference)
        assert autograded(course) == StockCourse(reference).scores(LAB)
        assert not list(course.root.rglob("*.partial"))
        assert not list((course.root.parent / "tmp").rglob("dlcourse-*"))  # such as the lab's key


def wait_for(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_ctrl_c_stops_with_a_sentence_and_loses_nothing(whole, new_course, start):
    course = new_course()
    process = start(course)
    wait_for(lambda: results(course))
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    output, _ = process.communicate(timeout=60)
    kept = results(course)
    assert kept
    assert process.returncode == 130
    assert "Stopped." in output
    assert "Traceback" not in output
    assert left_of(family) == []
    finish(start(course))
    assert kept.items() <= results(course).items()
    assert gradebook(course) == gradebook(whole[0])


@pytest.mark.parametrize(
    "source", ["import time\ntime.sleep(600)", TRICKS["forgets_to_die_with_its_parent"].strip()]
)
def test_a_sleeping_notebook_ends_with_its_grader(new_course, start, jail_works, source):
    course = new_course()
    for folder in sorted((course.root / "submitted").iterdir())[1:]:
        shutil.rmtree(folder)
    (path,) = course.root.glob(f"submitted/*/{LAB}/{LAB}.ipynb")
    notebook = nbformat.read(path, 4)
    answer = next(cell for cell in notebook.cells if cell.id == "residuals")
    answer.source = source
    nbformat.write(notebook, path)
    process = start(course)
    grader = psutil.Process(process.pid)
    # one, and of each jail two: that of the key, of the referee, of the notebook
    wait_for(lambda: len(zygote_and_forks(grader)) == (7 if jail_works else 4))
    time.sleep(1)  # until it sleeps
    family = kill(process)
    assert left_of(family) == []


def zygote_and_forks(grader):
    """The processes that the grader started, and those that these started."""
    found = []
    for process in grader.children(recursive=True):
        try:
            found += [process] if "dlcourse.grading.zygote" in process.cmdline() else []
        except psutil.NoSuchProcess:
            continue
    return found
