"""How fast is a class graded? Stock nbgrader against ours, on one class, in one run.

Goals, on 2 cores: at least 2.5 times stock's throughput on a NumPy lab and 6 times on a Keras lab,
grades equal to the last digit, and at most 1.3 times what the submissions' own cells take on all
cores, even if all of them run: ours leaves out demonstrations that nothing of the student's depends
on, but a last cell of the student's own makes all before it run. Run it on a quiet machine:
python benchmarks/grading.py [LAB] [--students N]
"""

from __future__ import annotations

import contextlib
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import nbformat
import psutil
import typer
from nbformat.reader import NotJSONError
from nbformat.v4 import new_code_cell
from nbgrader.utils import is_grade
from rich.console import Console
from rich.table import Table

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading.forks import Zygote
from dlcourse.grading.intake import take_in
from dlcourse.grading.package import LabPackage
from dlcourse.grading.runner import ClassRun, default_jobs
from dlcourse.grading.sandbox import Policy
from dlcourse.grading.simulate import hand_in
from dlcourse.grading.stock import NotGraded, StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.wire import WireError

ROOT = Path(__file__).parents[1]
Way = Callable[[Course, str, list[str]], Iterable[str]]  # students, an iterator: as they finish


@dataclass(frozen=True)
class Measured:
    """Seconds: to the first result (nan if unknown), from there and in all per submission."""

    first: float
    from_there: float
    each: float


def main(
    lab: Annotated[str, typer.Argument(help="Lab, by name or its beginning.")] = "00",
    students: Annotated[int, typer.Option(min=2, help="Size of the class.")] = 12,
    jobs: Annotated[int, typer.Option(min=2, help="Processes, one per core.")] = default_jobs(),
) -> None:
    """Print seconds per submission, and ratios to stock."""
    name = Course(ROOT).select([lab])[0]
    ways: dict[str, Way] = {
        "stock nbgrader autograde": stock,
        f"stock, in {jobs} processes": partial(stock_in_processes, processes=jobs),
        "nbgrader autograde, sealed": sealed,
        "dlcourse grade --jobs 1, all cells": partial(ours_in_whole, jobs=1),
        f"dlcourse grade --jobs {jobs}, all cells": partial(ours_in_whole, jobs=jobs),
        "dlcourse grade --jobs 1": partial(ours, jobs=1),
        f"dlcourse grade --jobs {jobs}": partial(ours, jobs=jobs),
    }
    measured, scores = {}, []
    for label, way in ways.items():
        with class_in(name, students) as (course, roll):
            measured[label] = measure(way, course, name, roll)
            scores.append(StockCourse(course).scores(name))
    with class_in(name, students) as (course, roll):
        limit = own_cells(course, name, roll) / jobs
    show(name, measured, limit, jobs)
    readable = set.intersection(*map(set, scores))
    equal = all(other[s] == scores[0][s] for other in scores for s in readable)
    Console().print(f"Grades of the {len(readable)} readable submissions equal in all: {equal}")


def show(title: str, measured: dict[str, Measured], limit: float, jobs: int) -> None:
    """Print the table; stock comes first, one worker and several come last, twice."""
    columns = ("", "s/submission", "ratio to stock", "first result (s)", "from there")
    table = Table(*columns, title=title)
    table.columns[0].no_wrap = True
    stock, *_, one_whole, several_whole, one, several = measured.values()
    for label, way in measured.items():
        known = [] if math.isnan(way.first) else [f"{way.first:.1f}", f"{way.from_there:.2f}"]
        table.add_row(label, f"{way.each:.2f}", f"{stock.each / way.each:.2f}", *known)
    table.add_section()
    own = f"limit: their own cells, on {jobs} cores"
    table.add_row(own, f"{limit:.2f}", f"{stock.each / limit:.2f}")
    Console().print(table)
    ratio, whole = (
        a.from_there / b.from_there for a, b in ((one, several), (one_whole, several_whole))
    )
    Console().print(
        f"From the first result, {jobs} workers are {ratio:.2f} times as fast as one, "
        f"{whole:.2f} times if all cells run."
    )


@contextlib.contextmanager
def class_in(lab: str, students: int) -> Iterator[tuple[Course, list[str]]]:
    """Make a course with a simulated class that has handed in."""
    with tempfile.TemporaryDirectory() as folder:
        course = Course(ROOT).copy([lab], Path(folder))
        submissions = hand_in(course, Bank.load(course.solutions / lab), students=students)
        yield course, [submission.student for submission in submissions]


def measure(way: Way, course: Course, lab: str, roll: list[str]) -> Measured:
    """Grade the class."""
    started, first = time.perf_counter(), math.nan
    students = way(course, lab, roll)
    for place, _ in enumerate(students):
        if place == 0 and isinstance(students, Iterator):
            first = time.perf_counter() - started
    total = time.perf_counter() - started
    return Measured(first, (total - first) / (len(roll) - 1), total / len(roll))


def stock(course: Course, lab: str, roll: list[str]) -> Iterator[str]:
    grader = StockCourse(course)
    for student in roll:
        with contextlib.suppress(NotGraded):
            grader.autograde(lab, student)
            yield student


def stock_in_processes(course: Course, lab: str, roll: list[str], processes: int) -> list[str]:
    with ProcessPoolExecutor(processes) as pool:
        parts = [pool.submit(_part, course, lab, roll[k::processes]) for k in range(processes)]
        return [student for part in parts for student in part.result()]


def _part(course: Course, lab: str, roll: list[str]) -> list[str]:
    return list(stock(course, lab, roll))


def sealed(course: Course, lab: str, roll: list[str]) -> list[str]:
    nbgrader = Path(sys.executable).with_name("nbgrader")
    subprocess.run([nbgrader, "autograde", lab], cwd=course.root, capture_output=True)
    return roll


def ours(course: Course, lab: str, roll: list[str], jobs: int) -> Iterator[str]:
    for outcome in ClassRun(course, lab, jobs=jobs).run():
        yield outcome.student


def ours_in_whole(course: Course, lab: str, roll: list[str], jobs: int) -> Iterator[str]:
    for student in roll:
        path = course.root / "submitted" / student / lab / f"{lab}.ipynb"
        with contextlib.suppress(NotJSONError):  # somebody's file is broken
            notebook = nbformat.read(path, 4)
            notebook.cells.append(new_code_cell("print('the end')"))
            nbformat.write(notebook, path)
    return ours(course, lab, roll, jobs)


def own_cells(course: Course, lab: str, roll: list[str]) -> float:
    """CPU seconds that the cells of a submission take, without imports, checks and records."""
    grader = StockCourse(course)
    package = LabPackage.of(grader.folders, lab, entropy=0)
    seconds = 0.0
    with Zygote(imports=package.imports) as zygote, tempfile.TemporaryDirectory() as folder:
        for name, content in package.files.items():
            (Path(folder) / name).write_bytes(content)
        for student in roll:
            hand_in = HandIn.open(student, course.root / "submitted" / student / lab, [lab])
            notebook = take_in(package.released[lab], hand_in.notebooks[lab]).notebook
            with zygote.fork(Policy(folder)) as running, contextlib.suppress(WireError):
                family = psutil.Process(zygote.pid).children(recursive=True)
                for cell in notebook.cells:
                    if cell.cell_type == "code" and not is_grade(cell):
                        running.ask({"run": cell.source}, 60)
                seconds += sum(sum(process.cpu_times()[:2]) for process in family)
    return seconds / len(roll)


if __name__ == "__main__":
    typer.run(main)
