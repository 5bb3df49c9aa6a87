"""Run all solution notebooks in fresh kernels: seconds per lab against its budget.

Run it on a quiet machine: python benchmarks/labs.py [LAB...]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dlcourse.authoring.course import Course  # noqa: E402
from tests.test_labs import CONTRACT  # noqa: E402


def main() -> None:
    """Print the table; a lab over its budget is marked."""
    course = Course(ROOT)
    table = Table("lab", "seconds", "budget", "")
    for lab in course.select(sys.argv[1:]):
        path = course.solutions / lab / f"{lab}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        started = time.perf_counter()
        resources = {"metadata": {"path": str(path.parent)}}
        NotebookClient(notebook, timeout=300, resources=resources).execute()
        seconds, budget = time.perf_counter() - started, CONTRACT[lab][1]
        table.add_row(lab, f"{seconds:.1f}", str(budget), "" if seconds < budget else "over")
    Console().print(table)


if __name__ == "__main__":
    main()
