"""Points as nbgrader counts them: for assignments that dlcourse did not build, and totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbformat import NotebookNode
from nbgrader.api import SubmittedAssignment
from nbgrader.utils import determine_grade, is_grade, is_solution, is_task

from dlcourse.checks.judge import FAILED, PASSED
from dlcourse.grading.records import Record, published


def final_score(submission: SubmittedAssignment) -> float:
    """The score less what was taken off for being late, as nbgrader exports it."""
    return max(0.0, submission.score - submission.late_submission_penalty)


def possible_points(notebooks: Iterable[NotebookNode]) -> tuple[float, float]:
    """Return the most that can be earned in notebooks, and the part of it that a person gives."""
    cells = [cell for notebook in notebooks for cell in notebook.cells]
    tests = [cell for cell in cells if is_grade(cell) and not is_solution(cell)]
    by_hand = [cell for cell in cells if is_task(cell) or (is_grade(cell) and is_solution(cell))]
    given = sum(float(cell.metadata.nbgrader.points) for cell in by_hand)
    return given + sum(float(cell.metadata.nbgrader.points) for cell in tests), given


def foreign_records(notebook: NotebookNode, student: str) -> Iterator[Record]:
    """Yield a record for each graded test that shows no verdict of `check`."""
    for cell in notebook.cells:
        is_test = is_grade(cell) and not is_solution(cell) and cell.cell_type == "code"
        if is_test and not published(cell):
            yield _record(cell, student)


def _record(cell: NotebookNode, student: str) -> Record:
    points, most = determine_grade(cell)
    errors = [output for output in cell.outputs if output.output_type == "error"]
    problem = f"{errors[0].ename}: {errors[0].evalue}"[:200] if errors else ""
    status = PASSED if points == most else FAILED
    name = cell.metadata.nbgrader.grade_id
    return Record(student, name, status, float(points or 0), most, problem, None, "")
