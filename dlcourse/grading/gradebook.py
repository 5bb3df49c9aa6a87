"""Put graded notebooks into nbgrader's gradebook and folders, by nbgrader's own converter.

`nbgrader autograde` runs on staged copies, with its `Execute` step replaced by a look-up of the
notebook that the referee graded. Timestamps, late penalties, manual grades, comments and the
autograded folder are as they would be without us.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor

from dlcourse.authoring.course import Course
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.task import Result


class UseGraded(NbGraderPreprocessor):
    """Stands in for `Execute`: takes the outputs from the notebook that was graded already."""

    graded: ClassVar[dict[str, NotebookNode]] = {}

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        outputs = {cell.id: cell for cell in self.graded[resources["nbgrader"]["student"]].cells}
        for cell in nb.cells:
            if cell.cell_type == "code" and cell.id in outputs:
                cell.outputs = outputs[cell.id].get("outputs", [])
                cell.execution_count = outputs[cell.id].get("execution_count")
        return nb, resources


class Recorder(StockCourse):
    """Records results; one student at a time, each in whole or not at all.

    Args:
        course: whose gradebook to write.
        staging: a folder of ours for rebuilt submissions.
    """

    def __init__(self, course: Course, staging: Path) -> None:
        super().__init__(course)
        self.submitted = self.folders.submitted_directory
        self.staging = staging
        self.config.CourseDirectory.submitted_directory = str(staging.relative_to(course.root))
        self.folders.submitted_directory = str(staging.relative_to(course.root))
        steps = Autograde(coursedir=self.folders, config=self.config).autograde_preprocessors
        self.config.Autograde.autograde_preprocessors = [
            UseGraded if step is Execute else step for step in steps
        ]

    def original(self, lab: str, student: str) -> Path:
        """The folder that a student handed in."""
        return Path(self.folders.format_path(self.submitted, student, lab))

    def autograded(self, lab: str, student: str) -> NotebookNode:
        """Return the graded notebook of a student whose result is recorded."""
        return self._notebook(self.folders.autograded_directory, lab, student)

    def record(self, lab: str, result: Result) -> NotebookNode:
        """Write a result to the gradebook and the autograded folder; returns the notebook.

        Raises:
            NotGraded: nbgrader refused it.
        """
        graded = nbformat.reads(result.notebook, as_version=4)
        folder = self.staging / result.student / lab
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        timestamp = self.original(lab, result.student) / "timestamp.txt"
        if timestamp.is_file() and not timestamp.is_symlink() and timestamp.stat().st_size < 1000:
            shutil.copy(timestamp, folder)
        partial = folder / ".partial"
        partial.write_text(result.notebook, encoding="utf-8")
        os.replace(partial, folder / f"{lab}.ipynb")
        UseGraded.graded = {result.student: graded}
        return self.autograde(lab, result.student)
