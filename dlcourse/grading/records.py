"""What an autograded notebook tells: the verdicts of its checks, and what stopped on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from dlcourse.checks.view import RECORD_TYPE


@dataclass(frozen=True)
class Record:
    """The verdict on one answer of one student.

    Attributes:
        student: the student's id.
        exercise: its name.
        status: "passed", "failed" or "not attempted".
        points: earned.
        max_points: the most that can be earned.
        problem: one sentence about the first failure, "" if passed.
        misconception: name of the known mistake, None if it is none.
        hint: what the student was told about the mistake, "" for nothing.
    """

    student: str
    exercise: str
    status: str
    points: float
    max_points: float
    problem: str
    misconception: str | None
    hint: str


def read_records(notebook: NotebookNode, student: str) -> list[Record]:
    """Return the records in the outputs of the graded cells, in their order."""
    records = []
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            for data in published(cell)[-1:]:
                records.append(record(data, student))
    return records


def published(cell: NotebookNode) -> list[dict[str, Any]]:
    """Return the verdicts that a cell shows, as the data that `check` published."""
    bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [bundle[RECORD_TYPE] for bundle in bundles if RECORD_TYPE in bundle]


def record(data: dict[str, Any], student: str) -> Record:
    """Return published data as a record."""
    return Record(
        student,
        data["name"],
        data["status"],
        data["points"],
        data["max_points"],
        data["problem"],
        data["misconception"],
        data["hint"],
    )


def stopped_cells(notebook: NotebookNode) -> Iterator[str]:
    """Yield a line for each cell that ended with an error."""
    for number, cell in enumerate(notebook.cells, 1):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                where = f"cell {number} ({name})" if name else f"cell {number}"
                # whoever runs the notebook interrupts a cell at its time limit
                late = output.ename == "KeyboardInterrupt"
                yield f"{where}: {'out of time' if late else f'{output.ename}: {output.evalue}'}"
