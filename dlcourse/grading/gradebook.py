"""Put graded notebooks into nbgrader's gradebook and folders, by nbgrader's own converter.

`nbgrader autograde` runs on staged copies that the referee has run and judged already. Timestamps,
late penalties, manual grades, comments and the autograded folder are as they would be without us.
"""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, Execute
from sqlalchemy.exc import OperationalError

from dlcourse.authoring.course import Course
from dlcourse.grading.stock import NotGraded, StockCourse
from dlcourse.grading.task import HandIn, Result
from dlcourse.grading.transaction import one_transaction

# what intake and referee have done: the metadata are the instructor's, the cells ran
DONE = (ClearOutput, Execute, CheckCellMetadata)


class OnePass(Autograde):
    """nbgrader's converter with all of its steps in the first of its two passes."""

    def convert_single_notebook(self, notebook_filename: str) -> None:
        self._init_preprocessors()
        BaseConverter.convert_single_notebook(self, notebook_filename)


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
        stock = Autograde(coursedir=CourseDirectory(), config=self.config)
        steps: list[Any] = [*stock.sanitize_preprocessors, *stock.autograde_preprocessors]
        self.config.Autograde.sanitize_preprocessors = [s for s in steps if s not in DONE]
        self.config.Exporter.optimistic_validation = True  # once is enough: after all steps

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
            NotGraded: nbgrader refused it; the gradebook is as it was.
        """
        folder = self.staging / result.student / lab
        shutil.rmtree(folder, ignore_errors=True)
        notebooks = {f"{n}.ipynb": text.encode() for n, text in result.notebooks.items()}
        for name, content in {**hand_in.files, **notebooks}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        try:
            with one_transaction(self._gradebook):
                self._run(OnePass, lab, result.student)
        except OperationalError as error:  # when the transaction began or ended
            raise NotGraded(str(error.orig)) from None
        return self.autograded(lab, result.student)

    @cached_property
    def _gradebook(self) -> Gradebook:
        return Gradebook(self.folders.db_url, self.folders.course_id)
