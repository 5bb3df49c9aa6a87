"""Put graded notebooks into nbgrader's gradebook and folders, by nbgrader's own converter.

`nbgrader autograde` runs on staged copies, with its `Execute` step replaced by a look-up of the
notebook that the referee graded. Timestamps, late penalties, manual grades, comments and the
autograded folder are as they would be without us.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import cached_property
from inspect import isclass
from pathlib import Path
from typing import Any, ClassVar

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, Execute, NbGraderPreprocessor
from nbgrader.utils import setenv
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from dlcourse.authoring.course import Course
from dlcourse.grading.files import write_files
from dlcourse.grading.outputs import with_outputs
from dlcourse.grading.stock import NotGraded, StockCourse
from dlcourse.grading.submission import HandIn, Result
from dlcourse.grading.transaction import one_transaction

# in a folder's name: nbgrader reads it as a pattern, strips it, ends it with the line, encodes it
NO_ID = re.compile(r"[*?\[\n\ud800-\udfff]|^\s|\s$")


class UseGraded(NbGraderPreprocessor):
    """Stands in for `Execute`: takes the outputs from the notebook that was graded already."""

    graded: ClassVar[dict[str, NotebookNode]] = {}

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        place = resources["nbgrader"]
        converter = self.parent.parent
        folder = converter._format_dest(place["assignment"], place["student"])
        resources["metadata"]["path"] = folder  # as in nbgrader's second pass
        return with_outputs(nb, self.graded[place["notebook"]]), resources


class CheckOnce(CheckCellMetadata):
    """Checks metadata like nbgrader, but each once: they are the lab's, the same for a class."""

    checked: ClassVar[set[str]] = set()

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        marked = [cell for cell in nb.cells if "nbgrader" in cell.metadata]
        marks = json.dumps([(cell.cell_type, cell.metadata.nbgrader) for cell in marked])
        if marks not in self.checked:
            super().preprocess(nb, resources)
            self.checked.add(marks)
        return nb, resources


class OnePass(Autograde):
    """nbgrader's converter with the steps of both of its passes in one."""

    def convert_single_notebook(self, notebook_filename: str) -> None:
        self._init_preprocessors()
        with setenv(NBGRADER_EXECUTION="autograde"):
            BaseConverter.convert_single_notebook(self, notebook_filename)


def _one_pass(config: Config) -> list[Any]:
    """The steps of a configuration: what sanitizes, our stand-in, and what follows a run."""
    stock = Autograde(coursedir=CourseDirectory(), config=config)
    after = [import_item(s) if isinstance(s, str) else s for s in stock.autograde_preprocessors]
    # to check metadata once is enough, when sanitizing
    kept = [s for s in after if not (isclass(s) and issubclass(s, Execute | CheckCellMetadata))]
    before = [CheckOnce if s is CheckCellMetadata else s for s in stock.sanitize_preprocessors]
    return [*before, UseGraded, *kept]


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
        self.config.Autograde.sanitize_preprocessors = _one_pass(self.config)
        self.config.Exporter.optimistic_validation = True  # once is enough: after all steps

    @property
    def students_own(self) -> dict[str, list[str]]:
        """Files that students may change, by assignment: nbgrader's `exclude_overwriting`."""
        return dict(self.config.Autograde.get("exclude_overwriting", {}))

    def original(self, lab: str, student: str) -> Path:
        """The folder that a student handed in."""
        return Path(self.folders.format_path(self.submitted, student, lab))

    def recorded(self, lab: str, student: str) -> list[NotebookNode]:
        """Return a student's graded notebooks; none where the gradebook, or a folder, lost them."""
        with Gradebook(self.folders.db_url, self.folders.course_id) as gradebook:
            try:
                gradebook.find_submission(lab, student)
            except MissingEntry:
                return []
        return self._autograded(lab, student)

    def _autograded(self, lab: str, student: str) -> list[NotebookNode]:
        return self._notebooks(self.folders.autograded_directory, lab, student)

    def record(self, lab: str, hand_in: HandIn, result: Result) -> list[NotebookNode]:
        """Write a result to the gradebook and the autograded folder; returns the notebooks.

        Raises:
            NotGraded: nbgrader refused it; the gradebook is as it was.
        """
        if NO_ID.search(result.student):
            raise NotGraded(
                f"nbgrader takes no student named {result.student!a}; rename the folder"
            )
        folder = self.staging / result.student / lab
        shutil.rmtree(folder, ignore_errors=True)
        notebooks = {f"{n}.ipynb": text.encode() for n, text in result.notebooks.items()}
        write_files(folder, {**hand_in.files, **notebooks})
        UseGraded.graded = {n: nbformat.reads(t, 4) for n, t in result.notebooks.items()}
        self._run(OnePass, lab, result.student)
        return self._autograded(lab, result.student)

    def _convert(self, app: BaseConverter) -> None:
        try:
            with one_transaction(self._gradebook):
                super()._convert(app)
        except SQLAlchemyError as error:
            raise NotGraded(str(getattr(error, "orig", None) or error)) from None

    @cached_property
    def _gradebook(self) -> Gradebook:
        return Gradebook(self.folders.db_url, self.folders.course_id)
