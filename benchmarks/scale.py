"""Does grading scale? Cost per submission by size of the class, two workers against one, memory.

Goals, on 2 cores: the cost per submission is the same from 10 to 1,000 submissions, two workers do
at least 1.8 times the work of one, the first result comes within 10 seconds, and one more notebook
takes less than 150 MB. Run it on a quiet machine: python benchmarks/scale.py [--sizes 10 100 1000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nbformat
import psutil
from rich.console import Console
from rich.table import Table

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.checks.source import imported_in_cells
from dlcourse.grading.forks import Zygote
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.sandbox import Policy
from dlcourse.grading.simulate import simulate_class
from dlcourse.grading.stock import StockCourse

ROOT = Path(__file__).parents[1]
LAB = "00_welcome"
KERAS_LAB = "08_convnets"
KERNELS = 3
BLOCK = 20  # copies of a simulated class that is this large


@dataclass(frozen=True)
class Measured:
    """Seconds of one run.

    Attributes:
        first: to the first result.
        each: from there, per submission.
        coordinator: CPU time of this process, from there, per submission.
        total: all in all.
    """

    first: float
    each: float
    coordinator: float
    total: float


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--jobs", type=int, default=2, help="local workers; compared with one")
    options = parser.parse_args()
    columns = ("first result (s)", "s/submission from there", "coordinator's CPU", "in all")
    table = Table("", *columns, title=LAB)
    table.columns[0].no_wrap = True
    by_workers: dict[int, Measured] = {}
    largest = max(options.sizes)
    for size in sorted(options.sizes):
        for jobs in (1, options.jobs) if size == largest else (options.jobs,):
            with tempfile.TemporaryDirectory() as folder:
                measured = measure(class_in(Path(folder), size), size, jobs)
            if size == largest:
                by_workers[jobs] = measured
            each = (measured.each, measured.coordinator, measured.total / size)
            row = (f"{measured.first:.1f}", *(f"{seconds:.3f}" for seconds in each))
            table.add_row(f"{size} submissions, --jobs {jobs}", *row)
    ratio = by_workers[1].each / by_workers[options.jobs].each
    table.add_section()
    table.add_row(f"--jobs {options.jobs}, times as fast as one", "", f"{ratio:.2f}")
    table.add_row("memory of one more Keras notebook", f"{kernel_memory() / 2**20:.0f} MB")
    Console().print(table)


def class_in(root: Path, students: int) -> Course:
    """Make a course in which a class of any size has handed in."""
    course = Course(ROOT).copy([LAB], root)
    bank = Bank.load(course.solutions / LAB)
    block = simulate_class(bank, StockCourse(course).release(LAB), students=BLOCK)
    for number in range(students):
        folder = root / "submitted" / f"student-{number:04}" / LAB
        folder.mkdir(parents=True)
        (folder / f"{LAB}.ipynb").write_text(block[number % BLOCK].text, encoding="utf-8")
    return course


def measure(course: Course, students: int, jobs: int) -> Measured:
    """Grade a class.

    Raises:
        RuntimeError: somebody was not graded.
    """
    started = time.perf_counter()
    moments, own, problems = [], [], []
    for outcome in ClassRun(course, LAB, jobs=jobs).run():
        moments.append(time.perf_counter() - started)
        own.append(time.process_time())
        problems += [outcome.problem] if outcome.problem else []
    total = time.perf_counter() - started
    if problems or len(moments) != students:
        raise RuntimeError(f"{len(moments)} of {students} were graded; {problems[:3]}")
    each, coordinator = ((m[-1] - m[0]) / (students - 1) for m in (moments, own))
    return Measured(moments[0], each, coordinator, total)


def kernel_memory() -> float:
    """Bytes that one more notebook takes, with the imports of a Keras lab: proportional set size.

    Pages that it shares with the zygote are divided among all who have them, so all are counted
    together, with one notebook less and one more.
    """
    notebook = nbformat.read(ROOT / "labs" / KERAS_LAB / f"{KERAS_LAB}.ipynb", 4)
    imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    wishes = imported_in_cells([imports])
    with Zygote(imports=wishes) as zygote, tempfile.TemporaryDirectory() as folder:
        notebooks, sizes = [], []
        for _ in range(KERNELS):
            notebooks.append(zygote.fork(Policy(folder)))
            answer = notebooks[-1].ask({"run": imports}, 120)
            if answer["failed"]:
                raise RuntimeError(f"the imports of {KERAS_LAB} failed: {answer['outputs']}")
            sizes.append(together(zygote.pid))
        for one in notebooks:
            one.close()
    return statistics.mean(after - before for before, after in pairwise(sizes))


def together(pid: int) -> int:
    """Bytes of a process and its descendants, each page once."""
    process = psutil.Process(pid)
    return sum(p.memory_full_info().pss for p in [process, *process.children(recursive=True)])


if __name__ == "__main__":
    main()
