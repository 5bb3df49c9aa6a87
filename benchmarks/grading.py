"""How fast is a class graded? Stock nbgrader against `dlcourse grade`, on one class, in one run.

Goals, on 2 cores: at least 2.5 times stock's throughput on a NumPy lab and 6 times on a Keras lab,
grades equal to the last digit. Run it on a quiet machine: python benchmarks/grading.py [LAB]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from rich.console import Console
from rich.table import Table

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.simulate import simulate_class
from dlcourse.grading.stock import NotGraded, StockCourse

ROOT = Path(__file__).parents[1]
STOCK, SEALED = -1, 0  # ways of nbgrader itself; positive numbers are our jobs
WAYS = {
    "stock nbgrader autograde": STOCK,
    "nbgrader autograde, sealed": SEALED,
    "dlcourse grade --jobs 1": 1,
    "dlcourse grade --jobs 2": 2,
}


def main(
    lab: Annotated[str, typer.Argument(help="Lab, by name or its beginning.")] = "00",
    students: Annotated[int, typer.Option(min=2, help="Size of the class.")] = 12,
) -> None:
    """Print seconds per submission, and ratios to stock."""
    name = Course(ROOT).select([lab])[0]
    scores: dict[str, dict[str, float]] = {}
    table = Table("", "s/submission", "ratio to stock", "first result (s)", title=name)
    base = None
    for label, jobs in WAYS.items():
        with tempfile.TemporaryDirectory() as folder:
            course, roll = class_in(Path(folder), name, students)
            first, seconds, scores[label] = measure(course, name, roll, jobs)
        base = base or seconds
        table.add_row(label, f"{seconds:.2f}", f"{base / seconds:.2f}", f"{first:.1f}")
    Console().print(table)
    stock, *others = scores.values()
    equal = all({s: o[s] for s in stock} == stock for o in others)
    Console().print(f"Grades of the readable submissions equal in all runs: {equal}")


def class_in(root: Path, lab: str, students: int) -> tuple[Course, list[str]]:
    """Make a course with a simulated class that has handed in."""
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for part in ("solutions", "labs"):
        shutil.copytree(ROOT / part / lab, root / part / lab)
    course = Course(root)
    StockCourse(course).release(lab)
    released = nbformat.read(root / "labs" / lab / f"{lab}.ipynb", as_version=4)
    submissions = simulate_class(Bank.load(root / "solutions" / lab), released, students=students)
    for submission in submissions:
        submission.write(root / "submitted")
    return course, [submission.student for submission in submissions]


def measure(
    course: Course, lab: str, roll: list[str], jobs: int
) -> tuple[float, float, dict[str, float]]:
    """Grade the class; return the time to the first result, seconds per submission, scores."""
    started, first, graded = time.perf_counter(), 0.0, []
    if jobs == SEALED:
        nbgrader = Path(sys.executable).with_name("nbgrader")
        subprocess.run([nbgrader, "autograde", lab], cwd=course.root, capture_output=True)
        stock, graded, first = StockCourse(course), roll, float("nan")
    elif jobs == STOCK:
        stock = StockCourse(course)
        for student in roll:
            try:
                stock.autograde(lab, student)
                graded.append(student)
            except NotGraded:
                pass
            first = first or time.perf_counter() - started
    else:
        run = ClassRun(course, lab, jobs=jobs)
        for outcome in run.run():
            first = first or time.perf_counter() - started
            graded.append(outcome.student)
        stock = run.recorder
    seconds = (time.perf_counter() - started) / len(roll)
    scores = stock.scores(lab)
    return first, seconds, {student: scores[student] for student in graded}


if __name__ == "__main__":
    typer.run(main)
