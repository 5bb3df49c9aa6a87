"""From lab.md and exercises.py to notebooks, and the errors on the way."""

import json
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from dlcourse.authoring import AuthoringError, Bank
from dlcourse.authoring.build import build_lab
from dlcourse.authoring.source import standalone
from dlcourse.authoring.validate import validate
from dlcourse.cli import app

LAB = """
# A lab

Some $x^2$ text.

```{code-cell}
import numpy as np
```

{exercise} double

After it.

{exercise} color

{exercise} ratio

{exercise} why
"""

BANK = '''
def twice(x):
    return 2 * x

@exercise(points=2)
def double(x):
    """Return 2 x."""
    # the simplest way
    return twice(x)

double.case("double(3.5)")
double.hidden_case("double(rng.normal())")

@double.misconception("This is the square.")
def square(x):
    return x * x

@double.misconception("Twice twice.")
def quadruple(x):
    return 2 * double.reference(x)

@double.variant
def added(x):
    return np.add(x, x)

color = question("color", "Which color?", points=1)
color.right("red")
color.wrong("green", "Green is not it.")
ratio = constant("ratio", 0.25, prompt="Which ratio?", points=0.5, tolerance=1e-2)
why = free_text("why", "Why?", rubric=["1 point: because"], points=1)
'''


@pytest.fixture
def course(make_course):
    return make_course(BANK, LAB)


def built(course):
    return {
        file.path.relative_to(course.root).as_posix(): file for file in build_lab(course, "90_test")
    }


def cells_of(file):
    return nbformat.reads(file.content.decode(), as_version=4).cells


def test_a_build_makes_four_files_and_a_second_changes_nothing(course):
    files = built(course)
    assert sorted(files) == [
        "labs/90_test/90_test.ipynb",
        "labs/90_test/checks.json",
        "solutions/90_test/90_test.ipynb",
        "solutions/90_test/checks.json",
    ]
    for file in files.values():
        assert not file.up_to_date
        file.write()
    assert all(file.up_to_date for file in built(course).values())


def test_the_last_digits_of_a_float_are_not_out_of_step(course):
    file = built(course)["labs/90_test/checks.json"]
    file.write()
    text = file.path.read_text()
    assert "7.0" in text
    file.path.write_text(text.replace("7.0", "7.0000001"))
    assert file.up_to_date
    file.path.write_text(text.replace("7.0", "7.1"))
    assert not file.up_to_date


def test_the_instructor_sees_the_solution_and_the_student_the_stub(course):
    files = built(course)
    solution = next(
        c for c in cells_of(files["solutions/90_test/90_test.ipynb"]) if c.id == "double"
    )
    assert "### BEGIN SOLUTION" in solution.source
    assert "def twice(x)" in solution.source  # the helper of the bank comes along
    names = {}
    exec(solution.source, names)
    assert names["double"](3) == 6
    stub = next(c for c in cells_of(files["labs/90_test/90_test.ipynb"]) if c.id == "double")
    assert stub.source == 'def double(x):\n    """Return 2 x."""\n    # YOUR CODE HERE'


def test_nbgrader_metadata(course):
    cells = cells_of(built(course)["labs/90_test/90_test.ipynb"])
    graded = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader for c in cells if "nbgrader" in c.metadata
    }
    points = {name: m.points for name, m in graded.items() if m.grade}
    assert points == {"check_double": 2, "check_color": 1, "check_ratio": 0.5, "why": 1}
    assert graded["check_double"].locked
    assert graded["double"].solution
    assert not graded["double"].grade
    assert graded["why"].solution
    assert graded["why"].grade


def test_students_get_no_answer(course):
    for name, file in built(course).items():
        if name.startswith("labs/"):
            text = file.content.decode()
            assert "rng.normal" not in text
            assert "because" not in text
            assert "BEGIN SOLUTION" not in text
            assert "return twice" not in text
    checks = json.loads(built(course)["labs/90_test/checks.json"].content)
    assert "0.25" not in json.dumps(checks["exercises"]["ratio"])


def test_checks_come_in_the_order_of_the_lesson(make_course):
    lab = LAB.replace("{exercise} double", "{exercise} x").replace(
        "{exercise} why", "{exercise} double"
    )
    course = make_course(BANK, lab.replace("{exercise} x", "{exercise} why"))
    checks = json.loads(built(course)["labs/90_test/checks.json"].content)
    assert list(checks["exercises"]) == ["why", "color", "ratio", "double"]


def test_cell_ids_stay_when_text_is_added_elsewhere(course):
    before = [c.id for c in cells_of(built(course)["labs/90_test/90_test.ipynb"])]
    path = course.solutions / "90_test" / "lab.md"
    path.write_text(path.read_text() + "\n+++\n\nA new last paragraph.\n")
    after = [c.id for c in cells_of(built(course)["labs/90_test/90_test.ipynb"])]
    assert after[: len(before)] == before
    assert len(set(after)) == len(after) == len(before) + 1


def test_validity_table_of_a_sound_bank(course):
    rows = {row.answer: row for row in validate(Bank.load(course.solutions / "90_test"), repeats=2)}
    assert [row.hole for row in rows.values()] == [""] * 4
    assert (rows["added"].visible, rows["added"].hidden) == (2, 2)
    assert (rows["square"].visible, rows["square"].hidden, rows["square"].named) == (0, 0, "square")


def holes(make_course, bank):
    course = make_course(bank, LAB)
    return [row.hole for row in validate(Bank.load(course.solutions / "90_test")) if row.hole]


def test_validate_finds_a_variant_that_fails(make_course):
    bank = BANK.replace("np.add(x, x)", "np.add(x, x) + 1")
    assert "fails a visible case double(3.5)" in holes(make_course, bank)[0]


def test_validate_finds_a_mistake_that_hidden_cases_miss(make_course):
    bank = BANK.replace("double(rng.normal())", "double(2.0)")  # 2 + 2 = 2 * 2
    assert holes(make_course, bank) == ["passes the hidden cases of part all"]


def test_validate_finds_a_mistake_that_is_taken_for_another(make_course):
    bank = BANK.replace("double(3.5)", "double(4.0)")  # 4 * 4 = 2 * 2 * 4
    assert holes(make_course, bank) == ["the visible cases name square"]


def test_a_class_may_name_itself(make_course):
    bank = """
@exercise(points=1)
class Money:
    'An amount that can be added to another, or to a number.'

    def __init__(self, amount):
        self.amount = amount

    def __add__(self, other):
        other = other if isinstance(other, Money) else Money(other)
        return Money(self.amount + other.amount)

Money.case("(Money(2) + Money(3)).amount")
Money.hidden_case("(Money(2) + 5).amount")
"""
    course = make_course(bank, "{exercise} Money")
    rows = validate(Bank.load(course.solutions / "90_test"))
    assert [(row.kind, row.hole) for row in rows] == [("reference", "")]


# bank, lab, the beginning of the line to be named (its last occurrence), the problem
ERRORS = [
    (BANK, LAB + "\n{exercise} tripple\n", "{exercise} tripple", "is not in exercises.py"),
    (BANK, LAB + "\n{exercise} double\n", "{exercise} double", "is used twice, first on line 10"),
    (BANK, LAB.replace("{exercise} ratio", ""), "ratio = ", "`ratio`: is never used"),
    (BANK + "\nratio = constant('ratio', 1, prompt='', points=1)\n", LAB, "ratio = ",
     "a second exercise of this name; the first is on line"),
    (BANK.replace("double(3.5)", "double(3.5, 1)"), LAB, "double.case",
     "`double`: the case double(3.5, 1) raises in the reference: TypeError"),
    (BANK.replace("double(3.5)", "double(3.5"), LAB, "double.case", "not a Python expression"),
    (BANK.replace("return x * x", "return x + x"), LAB, "@double.misconception(\"This",
     "`double`: the misconception `square` equals the reference on every case"),
    (BANK.replace('    """Return 2 x."""\n', ""), LAB, "@exercise", "expected a docstring"),
    (BANK.replace("points=2", "points=0"), LAB, "@exercise", "expected positive points"),
    (BANK.replace("def added", "def square"), LAB, "@double.variant",
     "a second answer is named `square`"),
    (BANK.replace('color.right("red")\n', ""), LAB, "color = ", "one of them right"),
    (BANK + "\n1 / 0\n", LAB, "1 / 0", "ZeroDivisionError"),
    (BANK + "\nx = (\n", LAB, "x = (", "SyntaxError"),
    (BANK.replace('case("double(3.5)")', 'case("double(3.5)", part="x")', 1), LAB,
     "double.case", "expected a part among all, got 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("bank", "lab", "line", "problem"), ERRORS)
def test_mistakes_of_authors_name_file_line_and_exercise(make_course, bank, lab, line, problem):
    course = make_course(bank, lab)
    with pytest.raises(AuthoringError) as caught:
        build_lab(course, "90_test")
    assert problem in str(caught.value)
    place = caught.value.place
    assert place.file.parent == course.solutions / "90_test"
    lines = place.file.read_text().splitlines()
    assert place.line == max(i for i, text in enumerate(lines, 1) if text.startswith(line))


def test_standalone_source_brings_what_it_needs(course):
    bank = Bank.load(course.solutions / "90_test")
    for answer in (*bank.items["double"].misconceptions, *bank.items["double"].variants):
        names = {}
        exec(standalone(answer.answer, "double", bank.module), names)
        assert names["double"](3.0) == answer.answer(3.0)


def run(course, *arguments):
    return CliRunner().invoke(app, [*arguments, "--course", str(course.root)])


def test_command_line_builds_checks_and_validates(course):
    stale = run(course, "build", "--check")
    assert (stale.exit_code, stale.output.count("out of step")) == (1, 4)
    assert run(course, "build", "90").exit_code == 0
    fresh = run(course, "build", "--check")
    assert (fresh.exit_code, fresh.output.strip()) == (0, "90_test: up to date")
    sound = run(course, "validate", "--repeat", "1")
    assert sound.exit_code == 0
    assert "no holes" in sound.output
    notebook = course.labs / "90_test" / "90_test.ipynb"
    notebook.write_text(notebook.read_text() + " ")
    assert run(course, "build", "--check").exit_code == 1


def test_command_line_says_what_is_wrong(make_course, tmp_path):
    course = make_course(BANK.replace("np.add(x, x)", "x"), LAB)
    hole = run(course, "validate")
    assert hole.exit_code == 1
    assert "1 hole" in hole.output
    unknown = run(course, "build", "17")
    assert unknown.exit_code == 2
    assert "no lab '17'" in unknown.output
    outside = CliRunner().invoke(app, ["build", "--course", str(Path(tmp_path.anchor))])
    assert outside.exit_code == 2
    assert "not in a course" in outside.output


def test_a_busy_machine_does_not_change_what_is_released(make_course):
    """An answer of the bank that takes longer than a student may is awaited."""
    course = make_course(
        """
        import time

        @exercise(points=1)
        def wait(x):
            \"\"\"Return `x`.\"\"\"
            return x

        wait.case("wait(3)", time_limit=0.2)

        @wait.misconception("You slept.")
        def sleeper(x):
            time.sleep(0.4)
            return x + 1
        """,
        "# Lab\n\n{exercise} wait\n",
    )
    (case,) = Bank.load(course.solutions / "90_test").checks().exercises["wait"].cases
    assert case.mistakes["sleeper"].value == 4
