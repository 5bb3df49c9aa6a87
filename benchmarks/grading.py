"""How fast is a class graded? Stock nbgrader against ours, on one class, in one run.

Goals, on 2 cores: at least 2.5 times stock's throughput on a NumPy lab and 6 times on a Keras lab,
grades equal to the last digit, and at most 1.3 times what the submissions' own cells take on all
cores. Run it on a quiet machine: python benchmarks/grading.py [LAB] [--students N]
"""

from __future__ import annotations

import contextlib
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading.runner import ClassRun, default_jobs
from dlcourse.grading.sandbox import Policy
from dlcourse.grading.simulate import simulate_class
from dlcourse.grading.stock import NotGraded, StockCourse
from dlcourse.grading.task import HandIn, LabPackage, take_in
from dlcourse.grading.wire import WireError
from dlcourse.grading.zygote import Zygote

ROOT = Path(__file__).parents[1]
Way = Callable[[Course, str, list[str]], Iterable[str]]  # students, an iterator: as they finish


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
        "dlcourse grade --jobs 1": partial(ours, jobs=1),
        f"dlcourse grade --jobs {jobs}": partial(ours, jobs=jobs),
    }
    table = Table("", "s/submission", "ratio to stock", "first result (s)", title=name)
    table.columns[0].no_wrap = True
    base, scores = 0.0, []
    for label, way in ways.items():
        with class_in(name, students) as (course, roll):
            first, seconds = measure(way, course, name, roll)
            scores.append(StockCourse(course).scores(name))
        base = base or seconds
        shown = "" if math.isnan(first) else f"{first:.1f}"
        table.add_row(label, f"{seconds:.2f}", f"{base / seconds:.2f}", shown)
    with class_in(name, students) as (course, roll):
        limit = own_cells(course, name, roll) / jobs
    table.add_section()
    table.add_row(f"limit: their own cells, on {jobs} cores", f"{limit:.2f}", f"{base / limit:.2f}")
    Console().print(table)
    readable = set.intersection(*map(set, scores))
    equal = all(other[s] == scores[0][s] for other in scores for s in readable)
    Console().print(f"Grades of the {len(readable)} readable submissions equal in all: {equal}")


@contextlib.contextmanager
def class_in(lab: str, students: int) -> Iterator[tuple[Course, list[str]]]:
    """Make a course with a simulated class that has handed in."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        for part in ("solutions", "labs"):
            shutil.copytree(ROOT / part / lab, root / part / lab)
        course = Course(root)
        released = StockCourse(course).release(lab)
        bank = Bank.load(root / "solutions" / lab)
        submissions = simulate_class(bank, released, students=students)
        for submission in submissions:
            submission.write(root / "submitted")
        yield course, [submission.student for submission in submissions]


def measure(way: Way, course: Course, lab: str, roll: list[str]) -> tuple[float, float]:
    """Grade the class; return the seconds to the first result, if known, and per submission."""
    started, first = time.perf_counter(), float("nan")
    students = way(course, lab, roll)
    for place, _ in enumerate(students):
        if place == 0 and isinstance(students, Iterator):
            first = time.perf_counter() - started
    return first, (time.perf_counter() - started) / len(roll)


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
            notebook, *_ = take_in(package.released[lab], hand_in, lab)
            with zygote.fork(Policy(folder)) as running, contextlib.suppress(WireError):
                family = psutil.Process(zygote.pid).children(recursive=True)
                for cell in notebook.cells:
                    if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get(
                        "grade"
                    ):
                        running.ask({"run": cell.source}, 60)
                seconds += sum(sum(process.cpu_times()[:2]) for process in family)
    return seconds / len(roll)


if __name__ == "__main__":
    typer.run(main)
