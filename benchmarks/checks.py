"""How long does a check of NumPy code take? Goal: an answer within 50 ms, once imported.

Runs every check of a lab with the reference as the student's answer, as the notebook does, and
prints the median. Run it with: python benchmarks/checks.py [LAB] [--repeat N]
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dlcourse.authoring import Bank, Exercise
from dlcourse.checks import Check

SOLUTIONS = Path(__file__).parents[1] / "solutions"


def main(
    lab: Annotated[str, typer.Argument(help="Name of a lab.")] = "01_gradient_descent",
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each check.")] = 20,
) -> None:
    """Print the median time of each check of a lab, and of a wrong answer."""
    os.chdir(SOLUTIONS / lab)
    table = Table("exercise", "right answer (ms)", "first mistake (ms)", title=lab)
    for name, item in Bank.load(SOLUTIONS / lab).items.items():
        if isinstance(item, Exercise):
            wrong = item.misconceptions[0].answer
            times = [median_ms(name, answer, repeat) for answer in (item.reference, wrong)]
            table.add_row(name, *(f"{t:.1f}" for t in times))
    Console().print(table)


def median_ms(name: str, answer: object, repeat: int) -> float:
    times = []
    for _ in range(repeat):
        check = Check({name: answer})
        with contextlib.redirect_stdout(io.StringIO()):
            started = time.perf_counter()
            check(name)
            times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    typer.run(main)
