"""The simulated class."""

import numpy as np
import pytest
from nbformat import read as read_notebook
from nbformat import reads

from dlcourse.authoring import Bank, Exercise
from dlcourse.checks.judge import judge_code
from dlcourse.checks.session import load_helpers
from dlcourse.grading.simulate import right_answers, simulate_class, wrong_answers
from tests.course_support import ROOT

LAB = "01_gradient_descent"


@pytest.fixture(scope="module")
def bank():
    return Bank.load(ROOT / "solutions" / LAB)


@pytest.fixture(scope="module")
def released():
    return read_notebook(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)


def test_same_seed_same_class(bank, released):
    first, again = (simulate_class(bank, released, students=5, seed=3) for _ in range(2))
    assert first == again
    assert first != simulate_class(bank, released, students=5, seed=4)


def test_class_has_everything_that_a_class_has(bank, released):
    submissions = simulate_class(bank, released, students=24, seed=0)
    answers = [a for s in submissions for a in s.answers.values()]
    assert {a.kind for a in answers} == {"right", "wrong", "blank", "crash"}
    assert {a.name for a in answers if a.kind == "crash"} == {"missing_file", "syntax_error"}
    assert len({a.name for a in answers if a.kind == "wrong"}) > 10
    assert len({a.name for a in answers if a.kind == "right"}) > 5
    assert [s.broken for s in submissions].count(True) == 1


def test_answers_are_in_the_notebook_and_nothing_else_has_changed(bank, released):
    submission = next(s for s in simulate_class(bank, released, students=3) if not s.broken)
    for given, cell in zip(released.cells, reads(submission.text, as_version=4).cells, strict=True):
        answer = submission.answers.get(given.metadata.get("nbgrader", {}).get("grade_id"))
        wanted = answer.source if answer and answer.source is not None else given.source
        assert cell.source == wanted


def test_students_keep_their_talent_in_every_lab(bank, released):
    """Of two classes with one seed, the better students of one lab are better in the other."""
    other = Bank.load(ROOT / "solutions" / "00_welcome")
    classes = [simulate_class(b, released, students=60, seed=1) for b in (bank, other)]
    right = [[sum(a.kind == "right" for a in s.answers.values()) for s in c] for c in classes]
    ranked = sorted(range(60), key=lambda i: right[0][i])
    weak, strong = ranked[:20], ranked[-20:]
    assert sum(right[1][i] for i in strong) > 1.1 * sum(right[1][i] for i in weak)


def test_answers_stand_alone(bank):
    """In a notebook without the bank every answer is what it claims to be."""
    checks = bank.checks()
    helpers = load_helpers(checks.helpers)
    exercises = [item for item in bank.items.values() if isinstance(item, Exercise)]
    for item in exercises:
        for answer in (*right_answers(bank, item), *wrong_answers(bank, item)):
            names = {"np": np}
            for other in exercises:
                exec(right_answers(bank, other)[0].source, names)
            exec(answer.source, names)
            verdict = judge_code(checks.exercises[item.name], names, helpers)
            if answer.kind == "right":
                assert verdict.status == "passed", answer
            else:
                assert verdict.misconception == answer.name


def test_students_must_be_two():
    with pytest.raises(ValueError, match="Received: students=1"):
        simulate_class(None, None, students=1)
