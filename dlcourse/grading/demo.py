"""The demonstration: a simulated class, graded by plain nbgrader, and what it is found to know.

It works in `build/demo`, on a copy of the course with a gradebook of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbgrader.utils import rmtree
from rich.console import Console

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.build import build_lab
from dlcourse.authoring.course import Course
from dlcourse.authoring.question import FreeText
from dlcourse.grading.records import read_records, stopped_cells
from dlcourse.grading.report import render
from dlcourse.grading.simulate import WRONG, Submission, hand_in
from dlcourse.grading.stock import NotGraded, StockCourse
from dlcourse.grading.summary import LabGrades
from dlcourse.grading.tables import exercises_table, progress_bar, scores_table

FOLDER = Path("build") / "demo"


def run_demo(
    course: Course, labs: Sequence[str], output: Path, console: Console, *, students: int, seed: int
) -> bool:
    """Build labs, let a simulated class hand them in, grade it, print and write the report.

    Args:
        course: whose labs to build.
        labs: their names.
        output: path of the HTML report.
        console: to print on.
        students: size of the class, at least 2.
        seed: of the class.

    Returns:
        Whether the mistakes that were found are exactly those that were put in.
    """
    with console.status("building the labs"):
        copy = course_copy(course, labs)
        banks = [Bank.load(copy.solutions / lab) for lab in labs]
        submissions = [
            submission
            for bank in banks
            for submission in hand_in(copy, bank, students=students, seed=seed)
        ]
    grades = grade(StockCourse(copy), banks, submissions, console)
    for lab_grades in grades:
        console.print(exercises_table(lab_grades), "")
    console.print(scores_table(grades), "")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(render("Class report", grades), encoding="utf-8")
    put_in, found = injected_mistakes(submissions), found_mistakes(grades)
    console.print(
        f"Mistakes put in: {put_in.total()}. Found and named: {(put_in & found).total()}."
    )
    console.print(f"Report: {output}", soft_wrap=True)
    return put_in == found


def course_copy(course: Course, labs: Sequence[str]) -> Course:
    """Build the labs, and copy what nbgrader needs into a fresh `build/demo`."""
    for lab in labs:
        for file in build_lab(course, lab):
            if not file.up_to_date:
                file.write()
    root = course.root / FOLDER
    if root.exists():
        rmtree(root)
    return course.copy(labs, root)


def grade(
    stock: StockCourse, banks: Iterable[Bank], submissions: Sequence[Submission], console: Console
) -> list[LabGrades]:
    """Grade all submissions one by one, with a progress bar; return what each lab gave."""
    grades = {bank.lab: LabGrades(bank.lab, bank.points, _by_hand(bank)) for bank in banks}
    with progress_bar(console) as progress:
        task = progress.add_task("", total=len(submissions))
        for submission in submissions:
            who = f"{submission.lab} {submission.student}"
            progress.update(task, description=who)
            _grade_one(stock, submission, grades[submission.lab])
            reason = grades[submission.lab].not_graded.get(submission.student)
            if reason:
                console.print(f"{who} was not graded: {reason}")
            progress.advance(task)
    for lab, lab_grades in grades.items():
        scores = stock.scores(lab)
        lab_grades.scores = {s: v for s, v in scores.items() if s not in lab_grades.not_graded}
    return list(grades.values())


def _by_hand(bank: Bank) -> float:
    return sum(item.points for item in bank.items.values() if isinstance(item, FreeText))


def _grade_one(stock: StockCourse, submission: Submission, grades: LabGrades) -> None:
    try:
        (notebook,) = stock.autograde(submission.lab, submission.student)
    except NotGraded as error:
        grades.not_graded[submission.student] = str(error)
        return
    grades.records += read_records(notebook, submission.student)
    stopped = list(stopped_cells(notebook))
    if stopped:
        grades.stopped[submission.student] = stopped


def injected_mistakes(submissions: Iterable[Submission]) -> Counter[tuple[str, str]]:
    """Count the known mistakes, as (exercise, misconception), in files that can be read."""
    return Counter(
        (exercise, answer.name)
        for submission in submissions
        if not submission.broken
        for exercise, answer in submission.answers.items()
        if answer.kind == WRONG
    )


def found_mistakes(grades: Iterable[LabGrades]) -> Counter[tuple[str, str]]:
    """Count the mistakes that the checks name, as (exercise, misconception)."""
    return Counter(
        (record.exercise, record.misconception)
        for lab_grades in grades
        for record in lab_grades.records
        if record.misconception
    )
