"""The referee is in a jail of its own, and what happens to it costs one notebook at most.

Views stand for what a hostile value could make a referee do: they run in it.
"""

import os
import secrets
import signal
from dataclasses import replace

import nbformat
import psutil
import pytest

from dlcourse.authoring.build import build_lab
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.simulate import Answer, fill
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.supervisor import _judged
from dlcourse.grading.task import Worker
from tests.hostile.test_battery import points

LAB = "90_test"
BANK = """
@driver
def explored(value):
    '''What a process that was taken over would look for.'''
    import os, socket, sys, glob
    if value == 3.0:
        return value
    found = []
    try:
        socket.create_connection(("127.0.0.1", PORT), 1)
        found.append("network")
    except OSError:
        pass
    found += [path for path in ("FOLDER", "/etc/shadow", "/var") if os.path.exists(path)]
    for path in ("/usr/x", "/x", os.path.dirname(os.__file__) + "/x"):
        try:
            open(path, "w")
            found.append(path)
        except OSError:
            pass
    found += [name for name in os.environ if "SECRET" in name]
    found += glob.glob("/proc/[2-9]*") + ["root"] * (os.getuid() == 0)
    return str(found)

@driver
def fatal(value):
    import os, time
    if value == 666:
        os._exit(1)
    while value == 777:
        time.sleep(0.01)
    return value

@exercise(points=2)
def explore(x):
    '''Return x.'''
    return x

explore.case("explore(3.0)", view=explored)

@exercise(points=2)
def survive(x):
    '''Return x.'''
    return x

survive.case("survive(1)", view=fatal, time_limit=2)

@exercise(points=2)
def other(x):
    '''Return x.'''
    return x

other.case("other(1)")
"""
TEXT = """
# Referees

```{code-cell}
from dlcourse.checks import check
```

{exercise} explore

{exercise} survive

{exercise} other
"""
BUDGET = Budget(cell=30, notebook=60)

pytestmark = pytest.mark.slow


@pytest.fixture
def course(make_course, tmp_path, needs_jail):
    course = make_course(BANK.replace("FOLDER", str(tmp_path)).replace("PORT", "22"), TEXT)
    for file in build_lab(course, LAB):
        file.write()
    StockCourse(course).release(LAB)
    return course


@pytest.fixture
def worker(course, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    package = LabPackage.of(StockCourse(course).folders, LAB, secrets.randbits(32))
    with Worker(package) as worker:
        yield worker


@pytest.fixture
def hand_in(course):
    released = nbformat.read(course.labs / LAB / f"{LAB}.ipynb", 4)

    def hand_in(**values):
        answers = {
            name: Answer("", source=f"def {name}(x):\n    return {values.get(name, 'x')}")
            for name in ("explore", "survive", "other")
        }
        return HandIn("somebody", {LAB: nbformat.writes(fill(released, answers)).encode()})

    return hand_in


def earned(result):
    graded = nbformat.reads(result.notebooks[LAB], 4)
    shown = {c.metadata.nbgrader.grade_id: c for c in graded.cells if "nbgrader" in c.metadata}
    return points(result, LAB), shown


def test_a_referee_sees_nothing_of_the_machine(worker, hand_in):
    result = worker.grade(hand_in(explore="4.0"), BUDGET)
    scores, shown = earned(result)
    assert scores == {"explore": 0, "survive": 2, "other": 2}
    assert "Got:     '[]'" in shown["check_explore"].outputs[0].data["text/plain"]


def test_what_a_referee_says_is_one_line_without_codes_of_a_terminal():
    forged = {"incidents": ["\x1b]0;owned\x07\nada: cheated"], "repairs": [], "seconds": 1}
    judged = _judged(b"", {**forged, "unreadable": "a\rb"})
    assert judged.incidents == [" ]0;owned  ada: cheated"]
    assert judged.unreadable == "a b"


def test_a_view_that_never_ends_costs_its_exercise(worker, hand_in):
    scores, _ = earned(worker.grade(hand_in(survive="777"), BUDGET))
    assert scores == {"explore": 2, "survive": 0, "other": 2}


def test_an_answer_that_ends_its_referee_costs_its_exercise_and_is_told(worker, hand_in):
    result = worker.grade(hand_in(survive="666"), BUDGET)
    assert earned(result)[0] == {"explore": 2, "survive": 0, "other": 2}
    assert "survive gets no points: to judge it ended its referee" in result.incidents[0]
    assert earned(worker.grade(hand_in(), BUDGET))[0] == {"explore": 2, "survive": 2, "other": 2}


@pytest.mark.parametrize("victim", ["zygote", "key"])
def test_a_killed_helper_is_replaced(worker, hand_in, victim):
    pid = worker.zygote.pid
    if victim == "key":
        (pid,) = (p.pid for p in psutil.Process(pid).children())
    os.kill(pid, signal.SIGKILL)
    scores, _ = earned(worker.grade(hand_in(), BUDGET))
    assert scores == {"explore": 2, "survive": 2, "other": 2}


@pytest.fixture
def with_line(course):
    """A function that packs the lab with a line more in its bank."""
    package = LabPackage.of(StockCourse(course).folders, LAB, 0)
    return lambda line: replace(package, bank=f"{package.bank}\n{line}\n")


def test_a_bank_that_does_not_run_is_told(with_line):
    with pytest.raises(OSError, match=r"the bank of 90_test cannot be used: .*KeyError"):
        Worker(with_line("raise KeyError('oh')"))


def test_a_hidden_case_that_raises_is_told_and_is_no_student_s_fault(with_line, hand_in):
    with (
        Worker(with_line("other.hidden_case('other(1 / 0)')")) as worker,
        pytest.raises(OSError, match=r"cannot be used: .*other\(1 / 0\) raises in the reference"),
    ):
        worker.grade(hand_in(), BUDGET)
