"""Is a notebook ready to hand in? The grader's intake, in words for its author."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from dlcourse.checks.session import FILE_NAME
from dlcourse.checks.spec import Checks, LabChecks, TextChecks
from dlcourse.grading.files import Unreadable
from dlcourse.grading.intake import Submission, checked_exercise, read_notebook

# what an answer cell holds as it is given out
CODE_STUB, TEXT_STUB = "# YOUR CODE HERE", "YOUR ANSWER HERE"


@dataclass
class Diagnosis:
    """What the grader would find in a notebook.

    Attributes:
        path: of the notebook.
        unreadable: why it cannot be read, "" if it can.
        problems: what has to be put right, one sentence each.
        remarks: what the grader mends by itself, one sentence each.
        empty: exercises whose cells are still as they were given out.
    """

    path: Path
    unreadable: str = ""
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether it can be graded as it is, unfinished or not."""
        return not self.unreadable and not self.problems


def examine(path: Path) -> Diagnosis:
    """Look at a notebook as the grader will.

    Raises:
        FileNotFoundError: the notebook, or its checks.json, is not there.
        ValueError: checks.json is not readable.
    """
    if not path.exists() and not path.is_symlink():
        raise FileNotFoundError(f"{path} does not exist")
    lab_path = path.parent / FILE_NAME
    if not lab_path.is_file():
        raise FileNotFoundError(f"{lab_path} is missing: it comes with the notebook, put it beside")
    lab = LabChecks.read(lab_path)
    diagnosis = Diagnosis(path)
    if path.stem != lab.lab:
        diagnosis.problems.append(f"The file must be named {lab.lab}.ipynb, as it was given out.")
    try:
        submission = read_notebook(path)
    except Unreadable as reason:
        diagnosis.unreadable = str(reason)
        return diagnosis
    diagnosis.remarks = list(submission.repairs)
    for name, checks in lab.exercises.items():
        _look_for(name, checks, submission, diagnosis)
    return diagnosis


def _look_for(name: str, checks: Checks, submission: Submission, diagnosis: Diagnosis) -> None:
    """Find the cells of one exercise."""
    sources = [cell.source for cell in submission.cells if cell.grade_id == name]
    if not sources:
        diagnosis.problems.append(
            f"The answer cell of {name} is missing. Copy it back from the lab as given out: "
            "a cell that you typed yourself may not be found by the grader."
        )
        return
    if len(sources) > 1:
        diagnosis.problems.append(f"There are {len(sources)} answer cells of {name}: keep one.")
    given_out = [cell.source for cell in submission.cells if cell.grade_id == f"check_{name}"]
    if not isinstance(checks, TextChecks) and not given_out:
        diagnosis.remarks.append(f"The check cell of {name} is missing; the grader puts it back.")
    elif not all(checked_exercise(source) == name for source in given_out):
        diagnosis.remarks.append(
            f"The check cell of {name} was changed; the grader takes it as it was given out."
        )
    if _still_empty(sources[0]):
        diagnosis.empty.append(name)


def _still_empty(source: str) -> bool:
    """Whether an answer is a stub: nothing but what was given out."""
    if source.strip() == TEXT_STUB:
        return True
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    if CODE_STUB not in source or not body:
        return not body
    last = body[-1]
    if isinstance(last, ast.FunctionDef | ast.ClassDef):
        return len(last.body) == 1 and ast.get_docstring(last) is not None
    return isinstance(last, ast.Assign) and getattr(last.value, "value", 0) in ("", None)
