"""Every trick of the battery, in the jail: the points it deserves and no more, and nothing left.

The tricks run through the referee that `dlcourse grade` uses.
"""

import copy
import secrets
import socket

import nbformat
import psutil
import pytest

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading import wire
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.sandbox import ESSENTIAL, Policy
from dlcourse.grading.simulate import fill, right_answers
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import Worker
from tests.conftest import ROOT
from tests.hostile.tricks import TRICKS, UNLUCKY

LAB = "00_welcome"
BUDGET = Budget(cell=5, notebook=40)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worker(needs_jail):
    folders = StockCourse(Course(ROOT)).folders
    package = LabPackage.of(folders, LAB, secrets.randbits(32))
    with Worker(package) as worker:
        yield worker


@pytest.fixture(scope="module")
def released():
    return nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def perfect(released):
    bank = Bank.load(ROOT / "solutions" / LAB)
    answers = {name: right_answers(bank, item)[0] for name, item in bank.items.items()}
    return fill(released, answers)


def grade(worker, notebook, budget=BUDGET, files=()):
    content = nbformat.writes(notebook).encode()
    return worker.grade(HandIn("student", {LAB: content}, files=dict(files)), budget)


def points(result, lab=LAB):
    """Points by exercise, read as nbgrader reads them: from the outputs of the check cells."""
    earned = {}
    for cell in nbformat.reads(result.notebooks[lab], as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade") and cell.cell_type == "code":
            last = cell.outputs[-1]
            assert last.output_type == "execute_result"
            earned[marks["grade_id"].removeprefix("check_")] = float(last.data["text/plain"])
    return earned


def text_of(result):
    return "".join(
        str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
        for cell in nbformat.reads(result.notebooks[LAB], as_version=4).cells
        for output in cell.get("outputs", [])
    )


def errors(result):
    """Names of the errors that cells ended with."""
    cells = nbformat.reads(result.notebooks[LAB], as_version=4).cells
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    return [output.ename for output in outputs if output.output_type == "error"]


def children(worker):
    """The processes that a worker's zygote has started and that still run."""
    started = psutil.Process(worker.zygote.pid).children(recursive=True)
    return {p for p in started if p.status() != psutil.STATUS_ZOMBIE}


def test_honest_answers_have_all_points(worker, perfect, released):
    assert sum(points(grade(worker, perfect)).values()) == 10
    assert sum(points(grade(worker, released)).values()) == 0


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_gains_nothing(worker, released, trick):
    notebook = copy.deepcopy(released)
    cell = next(c for c in notebook.cells if c.id == "residuals")
    cell.source = TRICKS[trick].strip()
    before = children(worker)  # the process that has the key
    result = grade(worker, notebook)
    assert sum(points(result).values()) == 0
    assert "LEAK" not in text_of(result)
    assert len(result.notebooks[LAB]) < 5_000_000
    assert children(worker) == before


@pytest.mark.parametrize(
    ("trick", "ends"),
    [
        ("endless_cell", True),
        ("exits_hard", True),
        ("memory", True),
        ("memory_and_goes_on", True),
        ("address_space_and_goes_on", True),
        ("kills_everybody", False),
    ],
)
def test_other_answers_keep_their_points(worker, perfect, trick, ends):
    notebook = copy.deepcopy(perfect)
    cell = next(c for c in notebook.cells if c.id == "residuals")
    cell.source = TRICKS[trick].strip()
    result = grade(worker, notebook)
    earned = points(result)
    assert earned["residuals"] == 0
    assert sum(earned.values()) == 8
    assert [s.partition(":")[0] for s in result.incidents] == ["Cell residuals"] * ends


@pytest.mark.parametrize("mishap", UNLUCKY)
def test_bad_luck_costs_nothing(worker, perfect, mishap):
    notebook = copy.deepcopy(perfect)
    place = next(i for i, c in enumerate(notebook.cells) if c.id == "residuals")
    notebook.cells.insert(place, nbformat.v4.new_code_cell(UNLUCKY[mishap].strip()))
    result = grade(worker, notebook, files={"helper.py": b"one = 1", "numpy.py": b"1 / 0"})
    assert sum(points(result).values()) == 10, text_of(result)
    assert not any("ModuleNotFoundError" in output for output in errors(result))


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "!echo hello",
        "%pip --version",
        "names = !ls",
        "import getpass; getpass.getuser()",
    ],
)
def test_what_a_notebook_may_say_costs_no_answer_below_it(worker, perfect, line):
    notebook = copy.deepcopy(perfect)
    cell = next(c for c in notebook.cells if c.id == "residuals")
    cell.source = f"{line}\n{cell.source}"
    result = grade(worker, notebook)
    assert sum(points(result).values()) == 10, text_of(result)
    assert errors(result) == []
    assert ("hello" in text_of(result)) == ("hello" in line)


def test_short_lines_by_the_million_leave_a_notebook_that_can_be_read(worker, perfect):
    """A line of a notebook's file takes ten bytes beside its text."""
    notebook = copy.deepcopy(perfect)
    for _ in range(8):
        notebook.cells.insert(1, nbformat.v4.new_code_cell('print("\\n" * 10**6)'))
    result = grade(worker, notebook)
    assert sum(points(result).values()) == 10
    assert any("too large" in sentence for sentence in result.incidents)
    assert len(result.notebooks[LAB]) < 40_000_000


def test_short_lines_of_sources_leave_a_notebook_that_can_be_read(worker, perfect):
    notebook = copy.deepcopy(perfect)
    notebook.cells += [nbformat.v4.new_markdown_cell("\n" * 99_000) for _ in range(100)]
    result = grade(worker, notebook)
    assert sum(points(result).values()) == 10
    assert any("was left out" in sentence for sentence in result.repairs)
    assert len(result.notebooks[LAB]) < 40_000_000


SHARED = """
import mmap, os
{map}
if os.fork() == 0:
    for start in range(0, 1 << 30, 1 << 24):
        area[start : start + (1 << 24)] = b"x" * (1 << 24)
    os._exit(0)
os.wait()
print("LEAK")
"""


@pytest.mark.parametrize(
    "make",
    [
        "area = mmap.mmap(-1, 1 << 30)",
        "area = mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 30)",
    ],
)
def test_no_memory_stays_that_nobody_counts(worker, released, make):
    """Shared memory that no process has touched lately counts as nobody's."""
    notebook = copy.deepcopy(released)
    notebook.cells.insert(1, nbformat.v4.new_code_cell(SHARED.format(map=make).strip()))
    result = grade(worker, notebook)
    assert "LEAK" not in text_of(result)
    assert errors(result)[0] in ("OSError", "FileNotFoundError", "PermissionError")


def test_a_notebook_that_reads_nothing_holds_nobody_up():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(wire.WireTimeout):
        wire.send(ours, {"run": "#" * 10_000_000}, seconds=0.2)


def test_processes_share_one_limit_of_memory(worker, perfect):
    """Four processes of a gigabyte each: none exceeds the limit, together they do."""
    notebook = copy.deepcopy(perfect)
    cell = next(c for c in notebook.cells if c.id == "residuals")
    cell.source = TRICKS["memory_of_many"].strip()
    result = grade(worker, notebook, Budget(cell=60, notebook=120))
    assert any("memory" in sentence for sentence in result.incidents)
    assert sum(points(result).values()) == 8


def test_the_jail_says_what_is_active(worker, tmp_path):
    with worker.zygote.fork(Policy(str(tmp_path))) as jailed:
        assert set(jailed.protections) >= ESSENTIAL
