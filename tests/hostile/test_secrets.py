"""No expected value and no hidden case is in the memory of the process that runs an answer.

A submission looks through all of its own memory: in a cell before the check, and while its answers
are evaluated. Nothing that it looks for is written in one piece in its notebook, so that it cannot
find its own question.
"""

import json
import secrets
import struct
import tempfile

import nbformat
import pytest

from dlcourse.authoring.build import build_lab
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.records import read_records
from dlcourse.grading.simulate import Answer, fill
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import Worker

LAB = "90_test"
# twice the arguments of the hidden cases; the mistake gives three times as much
EXPECTED, MISTAKEN, SECOND = 271828182.8459, 407742274.26885, 161803398.87498
# the last ones stand in the notebook itself: what is there is found
OWN, OWN_VALUE = "what_the_notebook_itself_holds", 314159265.35897
BANK = f"""
@exercise(points=2)
def first(x, label=""):
    '''Return 2 x.'''
    return 2 * x

first.case("first(3.5)", time_limit=60)
first.hidden_case("first({EXPECTED / 2!r}, 'hidden_call_of_the_first')", time_limit=60)

@first.misconception("Two times, not three times.")
def three_times(x, label=""):
    return 3 * x

@exercise(points=2)
def second(x, label=""):
    '''Return 2 x.'''
    return 2 * x

second.case("second(3.5)", time_limit=60)
second.hidden_case("second({SECOND / 2!r}, 'hidden_call_of_the_second')", time_limit=60)
"""
TEXT = """
# Secrets

```{code-cell}
from dlcourse.checks import check
```

{exercise} first

{exercise} second
"""
SCAN = """
from_here = {question}

def scan():
    '''Count in all readable memory what is asked for, which never lies there in one piece.'''
    wanted = {{name: (bytes.fromhex(a), bytes.fromhex(b)) for name, a, b in from_here}}
    counts = dict.fromkeys(wanted, 0)
    with open("/proc/self/maps") as file:
        ranges = [line.split() for line in file]
    with open("/proc/self/mem", "rb", 0) as memory:
        for place, rights, _, _, inode, *path in ranges:
            first, last = (int(end, 16) for end in place.split("-"))
            if rights[0] != "r" or (rights[1] != "w" and inode != "0") or "[v" in "".join(path):
                continue  # neither a file as it is on disk nor the system's clock has secrets
            memory.seek(first)
            while first < last:
                try:
                    part = memory.read(last - first)
                except OSError:
                    break
                first += len(part)
                for name, (head, tail) in wanted.items():
                    at = part.find(head)
                    while at >= 0:
                        counts[name] += part.startswith(tail, at + len(head))
                        at = part.find(head, at + 1)
    return {{name for name in counts if counts[name]}}

found = {{"before the first": scan()}}
"""
ANSWER = """
own, own_value = "{own}", {own_value!r}

def {name}(x, label=""):
    moment = ("hidden " if label else "visible ") + "{name}"
    if moment not in found:  # a wrong answer is tried again, to find out what is wrong
        found[moment] = scan()
    return 0.0
"""
REPORT = "import json\nprint('FOUND', json.dumps({k: sorted(found[k]) for k in found}))"

pytestmark = pytest.mark.slow


def in_two(name, content):
    """What to look for: a name, and the two halves of some bytes."""
    middle = len(content) // 2
    return name, content[:middle].hex(), content[middle:].hex()


QUESTION = [
    *(
        in_two(f"{name} as {form}", content)
        for name, value in {
            "expected": EXPECTED,
            "mistaken": MISTAKEN,
            "second": SECOND,
            "own": OWN_VALUE,
        }.items()
        for form, content in (("text", repr(value).encode()), ("float", struct.pack("d", value)))
    ),
    in_two("call of first", b"hidden_call_of_the_first"),
    in_two("call of second", b"hidden_call_of_the_second"),
    in_two("own text", OWN.encode()),
]
OWN_NAMES = {"own as text", "own as float", "own text"}


@pytest.fixture
def course(make_course):
    course = make_course(BANK, TEXT)
    for file in build_lab(course, LAB):
        file.write()
    StockCourse(course).release(LAB)
    return course


def spying(course):
    """The released notebook with a scan before everything, in each answer and at the end."""
    released = nbformat.read(course.labs / LAB / f"{LAB}.ipynb", 4)
    answers = {
        name: Answer("", source=ANSWER.format(name=name, own=OWN, own_value=OWN_VALUE))
        for name in ("first", "second")
    }
    notebook = fill(released, answers)
    scan = SCAN.format(question=QUESTION)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "first")
    notebook.cells.insert(place, nbformat.v4.new_code_cell(scan))
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT))
    return notebook


def test_a_notebook_holds_no_expected_value_and_no_case_before_its_check(course, needs_jail):
    package = LabPackage.of(StockCourse(course).folders, LAB, secrets.randbits(32))
    hand_in = HandIn("spy", {LAB: nbformat.writes(spying(course)).encode()})
    with Worker(package) as worker:
        result = worker.grade(hand_in, Budget(cell=120, notebook=300))
    graded = nbformat.reads(result.notebooks[LAB], 4)
    (printed,) = (
        output.text.removeprefix("FOUND")
        for output in graded.cells[-1].outputs
        if output.output_type == "stream"
    )
    found = {moment: set(names) for moment, names in json.loads(printed).items()}
    assert found["hidden first"] == OWN_NAMES | {"call of first"}  # a case is there in its turn
    over = {"call of first"}  # it may still lie about when the second exercise is checked
    assert {moment: names - over for moment, names in found.items()} == {
        "before the first": set(),
        "visible first": OWN_NAMES,
        "hidden first": OWN_NAMES,
        "visible second": OWN_NAMES,
        "hidden second": OWN_NAMES | {"call of second"},
    }


def test_a_grader_writes_no_file_of_the_key(course, jail_works, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    package = LabPackage.of(StockCourse(course).folders, LAB, secrets.randbits(32))
    hand_in = HandIn("somebody", {LAB: (course.labs / LAB / f"{LAB}.ipynb").read_bytes()})
    with Worker(package, jail_works) as worker:
        assert not list(temporary.iterdir())
        result = worker.grade(hand_in)
        assert not list(temporary.iterdir())
    assert [record.status for record in read_records(nbformat.reads(result.notebooks[LAB], 4), "")]


def test_nothing_that_students_receive_holds_a_hidden_case(course):
    files = [path.read_text() for path in (course.labs / LAB).rglob("*") if path.is_file()]
    assert any("first(3.5)" in text for text in files)  # visible cases are meant to be seen
    halves = [repr(value / 2) for value in (EXPECTED, SECOND)]
    for secret in ("hidden_call", *halves, *map(repr, (EXPECTED, MISTAKEN, SECOND))):
        assert not any(secret in text for text in files)
