"""Put graded notebooks into nbgrader's gradebook and folders, by nbgrader's own converter.

`nbgrader autograde` runs on staged copies, with its `Execute` step replaced by a look-up of the
notebook that the referee graded. Timestamps, late penalties, manual grades, comments and the
autograded folder are as they would be without us.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import CheckCellMetadata, Execute, NbGraderPreprocessor

from dlcourse.authoring.course import Course
from dlcourse.grading.sealed import steps, swap
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.task import HandIn, Result


class UseGraded(NbGraderPreprocessor):
    """Stands in for `Execute`: takes the outputs from the notebook that was graded already."""

    graded: ClassVar[dict[str, NotebookNode]] = {}

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        outputs = {cell.id: cell for cell in self.graded[resources["nbgrader"]["notebook"]].cells}
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
        after = [step for step in steps(self.config) if step is not CheckCellMetadata]
        # to check once is enough: metadata when sanitizing, the format after all steps
        self.config.Autograde.autograde_preprocessors = swap(after, Execute, UseGraded)
        self.config.Exporter.optimistic_validation = True

    @property
    def students_own(self) -> dict[str, list[str]]:
        """Files that students may change, by assignment: nbgrader's `exclude_overwriting`."""
        return dict(self.config.Autograde.get("exclude_overwriting", {}))

    def original(self, lab: str, student: str) -> Path:
        """The folder that a student handed in."""
        return Path(self.folders.format_path(self.submitted, student, lab))

    def autograded(self, lab: str, student: str) -> list[NotebookNode]:
        """Return the graded notebooks of a student whose result is recorded."""
        return self._notebooks(self.folders.autograded_directory, lab, student)

    def record(self, lab: str, hand_in: HandIn, result: Result) -> list[NotebookNode]:
        """Write a result to the gradebook and the autograded folder; returns the notebooks.

        Raises:
            NotGraded: nbgrader refused it.
        """
        folder = self.staging / result.student / lab
        shutil.rmtree(folder, ignore_errors=True)
        notebooks = {f"{n}.ipynb": text.encode() for n, text in result.notebooks.items()}
        for name, content in {**hand_in.files, **notebooks}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        UseGraded.graded = {n: nbformat.reads(t, 4) for n, t in result.notebooks.items()}
        return self.autograde(lab, result.student)
