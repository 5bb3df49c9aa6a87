"""The `dlcourse` command: what it says, and its exit codes."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from typer.testing import CliRunner

from dlcourse.authoring import Bank
from dlcourse.cli import app
from dlcourse.grading.simulate import Answer, fill, right_answers
from tests.course_support import BIN, ROOT

LAB = "00_welcome"


def dlcourse(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.mark.parametrize("command", ["build", "validate", "check", "demo"])
def test_help(command):
    result = dlcourse(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_outside_a_course(tmp_path):
    for command in ("build", "validate", "demo"):
        result = dlcourse(command, f"--course={tmp_path}")
        assert result.exit_code == 2
        assert "not in a course" in result.output


def test_unknown_lab():
    result = dlcourse("validate", "99", f"--course={ROOT}")
    assert result.exit_code == 2
    assert "no lab '99'" in result.output
    assert LAB in result.output


EXERCISES = """
    @exercise(points=1)
    def double(x):
        "Return twice x."
        return 2 * x

    double.case("double(3)")
    double.hidden_case("double(rng.normal())")

    @double.misconception("Squared.")
    def squared(x):
        return {wrong}
"""


def test_build_writes_once_and_check_tells(make_course):
    course = make_course(EXERCISES.format(wrong="x**2"), "# Lab\n\n{exercise} double\n")
    option = f"--course={course.root}"
    stale = dlcourse("build", "--check", option)
    assert stale.exit_code == 1
    assert "out of step: labs/90_test/90_test.ipynb" in stale.output
    assert not course.labs.exists()
    assert "wrote: labs/90_test/90_test.ipynb" in dlcourse("build", option).output
    again = dlcourse("build", option)
    assert (again.exit_code, again.output) == (0, "90_test: up to date\n")
    assert dlcourse("build", "--check", option).exit_code == 0


def test_validate_exits_1_on_a_hole(make_course):
    lab = "# Lab\n\n{exercise} double\n"
    sound = make_course(EXERCISES.format(wrong="x**2"), lab)
    result = dlcourse("validate", f"--course={sound.root}")
    assert (result.exit_code, "no holes" in result.output) == (0, True)
    unsound = make_course(EXERCISES.format(wrong="2 * x + (x == 3)"), lab)
    result = dlcourse("validate", f"--course={unsound.root}")
    assert result.exit_code == 1
    assert "1 hole" in result.output


def test_authoring_mistake_names_its_place(make_course):
    course = make_course(EXERCISES.format(wrong="x**2"), "# Lab\n\n{exercise} triple\n")
    result = dlcourse("build", f"--course={course.root}")
    assert result.exit_code == 2
    assert "lab.md:3: exercise `triple`" in result.output


@pytest.fixture(scope="module")
def bank():
    return Bank.load(ROOT / "solutions" / LAB)


@pytest.fixture
def student(tmp_path):
    """Return a function that writes a student's folder with some answers, and checks it."""
    released = nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)
    checks = (ROOT / "labs" / LAB / "checks.json").read_text(encoding="utf-8")

    def check(answers, *, more=(), encoding="utf-8"):
        notebook = fill(released, answers)
        notebook.cells += [new_code_cell(source) for source in more]
        (tmp_path / f"{LAB}.ipynb").write_text(nbformat.writes(notebook), encoding=encoding)
        (tmp_path / "checks.json").write_text(checks, encoding="utf-8")
        return dlcourse("check", tmp_path / f"{LAB}.ipynb")

    return check


def perfect(bank):
    return {name: right_answers(bank, item)[0] for name, item in bank.items.items()}


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_check_of_a_perfect_notebook(student, bank, encoding):
    result = student(perfect(bank), encoding=encoding)
    assert result.exit_code == 0, result.output
    assert "7 of 7 exercises passed, 10 of 10 points" in result.output


@pytest.mark.slow
def test_check_shows_problems_hints_and_stopped_cells(student, bank):
    outer = "def residuals(w, x, y):\n    return np.outer(w, x)"
    answers = perfect(bank) | {
        "residuals": Answer("wrong", "no_target", outer),
        "one_hot": Answer("blank"),
    }
    result = student(answers, more=["raise ValueError('[red]mine[/]')"])
    assert result.exit_code == 1
    text = re.sub(r"[\s│]+", " ", result.output)  # as if no line of the table were broken
    assert "5 of 7 exercises passed" in text
    assert "the targets `y` are not subtracted" in text
    assert "nothing is written yet" in text
    assert "ValueError: [red]mine[/]" in text


@pytest.mark.slow
def test_check_survives_a_notebook_that_ends_its_kernel(student, bank):
    result = student(perfect(bank), more=["import os\nos._exit(1)"])
    assert result.exit_code == 1
    assert "ended the kernel" in result.output
    assert "not checked" in result.output


@pytest.mark.parametrize("spoil", ["missing", "no JSON", "no notebook", "no checks", "bad checks"])
def test_check_of_what_cannot_be_read(tmp_path, spoil):
    notebook, checks = tmp_path / "lab.ipynb", tmp_path / "checks.json"
    if spoil != "missing":
        text = (ROOT / "labs" / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8")
        text = {"no JSON": text[:500], "no notebook": "[1, 2]"}.get(spoil, text)
        notebook.write_text(text, encoding="utf-8")
    if spoil != "no checks":
        checks.write_text(json.dumps({"format": 0}), encoding="utf-8")
    result = dlcourse("check", notebook)
    assert result.exit_code == 2
    named = "checks.json" if "checks" in spoil else "lab.ipynb"
    assert named in result.output.replace("\n", "")
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_students_need_no_grading_extra():
    """`dlcourse check` runs, and the author's commands say what to install."""
    block = (
        "import sys; sys.modules.update(nbgrader=None, jupytext=None); from dlcourse.cli import app"
    )
    done = {
        command: subprocess.run(
            [sys.executable, "-c", f"{block}; app()", *command.split()],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        for command in (f"check labs/{LAB}/{LAB}.ipynb", "demo", "build", "validate")
    }
    check = done.pop(f"check labs/{LAB}/{LAB}.ipynb")
    assert check.returncode == 1
    assert "0 of 7 exercises passed" in check.stdout
    for command in done.values():
        assert command.returncode == 2
        assert "pip install 'dlcourse[grading]'" in " ".join(command.stderr.split())


def test_command_is_installed():
    assert (BIN / "dlcourse").is_file()
