"""A simulated class: submissions with right, wrong, missing and broken answers, all from the bank.

What was put in is kept beside each submission, so that what a grader finds can be compared with it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from dlcourse.authoring.bank import Bank, Item
from dlcourse.authoring.course import Course
from dlcourse.authoring.exercise import Exercise
from dlcourse.authoring.question import FreeText, Question
from dlcourse.authoring.source import standalone
from dlcourse.grading.stock import StockCourse

RIGHT, WRONG, BLANK, CRASH = "right", "wrong", "blank", "crash"


@dataclass(frozen=True)
class Answer:
    """What a simulated student writes into one answer cell.

    Attributes:
        kind: "right", "wrong" (a known mistake), "blank", or "crash" (the cell cannot run).
        name: of the answer in the bank, such as that of a misconception.
        source: of the cell; None leaves it as it was released.
    """

    kind: str
    name: str = ""
    source: str | None = None


@dataclass(frozen=True)
class Submission:
    """One student's notebook of one lab, and what is in it.

    Attributes:
        student: the student's id.
        lab: the lab's name.
        answers: by exercise.
        text: of the notebook's file.
        broken: whether the file was cut off on the way.
    """

    student: str
    lab: str
    answers: dict[str, Answer]
    text: str
    broken: bool = False

    def write(self, submitted: Path) -> None:
        """Write the notebook where nbgrader collects: `submitted/<student>/<lab>/<lab>.ipynb`."""
        folder = submitted / self.student / self.lab
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.lab}.ipynb").write_text(self.text, encoding="utf-8")


def right_answers(bank: Bank, item: Item) -> list[Answer]:
    """Return the right answers of the bank: the reference first, then the variants."""
    if isinstance(item, Exercise):
        variants = [(v.name, v.answer) for v in item.variants]
        return [
            Answer(RIGHT, name, standalone(answer, item.name, bank.module))
            for name, answer in [("reference", item.reference), *variants]
        ]
    if isinstance(item, FreeText):
        return [Answer(RIGHT, "text", "Two sentences of a simulated student. A person reads them.")]
    value = item.answer if isinstance(item, Question) else item.value
    return [Answer(RIGHT, "reference", f"{item.name} = {value!r}")]


def wrong_answers(bank: Bank, item: Item) -> list[Answer]:
    """Return the known mistakes of the bank, in the author's order."""
    if isinstance(item, Exercise):
        return [
            Answer(WRONG, m.name, standalone(m.answer, item.name, bank.module))
            for m in item.misconceptions
        ]
    if isinstance(item, FreeText):
        return []
    return [
        Answer(WRONG, name, f"{item.name} = {value!r}")
        for name, value in item.wrong_answers().items()
    ]


def crashes(bank: Bank, item: Exercise) -> list[Answer]:
    """Return right answers whose cell stops before it binds the exercise's name."""
    source = right_answers(bank, item)[0].source
    return [
        Answer(CRASH, "missing_file", f'notes = open("my_notes.txt").read()\n\n\n{source}'),
        Answer(CRASH, "syntax_error", f"{source}\nprint({item.name}"),
    ]


def fill(released: NotebookNode, answers: Mapping[str, Answer]) -> NotebookNode:
    """Return a copy of a student's notebook with the sources of `answers` in its answer cells."""
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        answer = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if answer and answer.source is not None:
            cell.source = answer.source
    return notebook


def simulate_class(
    bank: Bank, released: NotebookNode, *, students: int = 24, seed: int = 0
) -> list[Submission]:
    """Return the submissions of a class to one lab; the same seed gives the same class.

    A student has the same talent in every lab. In each lab one student has cells that crash, and
    the file of another one is cut off.

    Args:
        bank: the lab's exercises.
        released: the lab's notebook as students get it.
        students: how many, at least 2.
        seed: of all that is random.
    """
    if students < 2:
        raise ValueError(
            f"Invalid value for `students`: expected at least 2. Received: students={students}"
        )
    roll = [f"student-{number:02d}" for number in range(1, students + 1)]
    right = {name: right_answers(bank, item) for name, item in bank.items.items()}
    wrong = {name: wrong_answers(bank, item) for name, item in bank.items.items()}
    talents = random.Random(seed)
    rng = random.Random(f"{seed}/{bank.lab}")
    unlucky, cut_off = rng.sample(roll, 2)
    submissions = []
    for student in roll:
        talent = talents.betavariate(4, 2)
        answers = {name: _pick(right[name], wrong[name], talent, rng) for name in bank.items}
        for name, item in bank.items.items():
            if any(answers[used].kind == WRONG for used in _used(item)):
                answers[name] = right[name][0]  # two mistakes may cancel each other
        if student == unlucky:
            answers.update(_crashing(bank, rng))
        text = nbformat.writes(fill(released, answers))
        if student == cut_off:
            text = text[: len(text) // 2]
        submissions.append(Submission(student, bank.lab, answers, text, student == cut_off))
    return submissions


def hand_in(course: Course, bank: Bank, *, students: int = 24, seed: int = 0) -> list[Submission]:
    """Release a lab, and let a simulated class hand it in; see `simulate_class`."""
    released = StockCourse(course).release(bank.lab)
    submissions = simulate_class(bank, released, students=students, seed=seed)
    for submission in submissions:
        submission.write(course.root / "submitted")
    return submissions


def _pick(right: list[Answer], wrong: list[Answer], talent: float, rng: random.Random) -> Answer:
    """A right answer with the probability `talent`, else a known mistake or, rarely, a blank."""
    if rng.random() < talent:
        return rng.choice(right)
    return rng.choice(wrong) if wrong and rng.random() < 0.8 else Answer(BLANK)


def _used(item: Item) -> list[str]:
    return [other.name for other in item.used] if isinstance(item, Exercise) else []


def _crashing(bank: Bank, rng: random.Random) -> dict[str, Answer]:
    """One crash of each sort, in two exercises."""
    exercises = [item for item in bank.items.values() if isinstance(item, Exercise)]
    chosen = rng.sample(exercises, min(2, len(exercises)))
    return {item.name: crashes(bank, item)[number] for number, item in enumerate(chosen)}
