"""`nbgrader autograde` with submissions sealed off: two plug-ins for its configuration.

nbgrader reads each submission through its exporter and runs it in its `Execute` step. Ours read it
as data and run it in a jail, judged from outside; all other steps are nbgrader's own.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets.config import Config

from dlcourse.authoring.course import STATE
from dlcourse.grading.files import Unreadable, read_bytes, write_files
from dlcourse.grading.harmless import harmless_markdown
from dlcourse.grading.intake import take_in
from dlcourse.grading.jailed import Budget
from dlcourse.grading.outputs import with_outputs
from dlcourse.grading.package import LabPackage
from dlcourse.grading.submission import TIMESTAMP, HandIn, time_in
from dlcourse.grading.task import NotPython, Worker

EMPTY = "%s: graded as empty, please look at it: %s"
TAKEN_IN = f"{STATE}/taken-in"  # for a moment: what the student at hand handed in


class SubmissionReader(NotebookExporter):
    """Puts the answers of a submission, whatever it holds, into the notebook that was released.

    Its converter takes all else from what is read here: nbgrader by itself would follow links, and
    leave out who handed in a pipe, or a time stamp that is none.

    Attributes:
        hand_in: what the student at hand handed in.
        unreadable: why the notebook at hand could not be read, "" if it could.
    """

    hand_in: HandIn
    unreadable = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(self.parent, Autograde):
            self._stock_init = self.parent.init_assignment
            self.parent.init_assignment = self.init_assignment
            self.parent.coursedir.get_existing_timestamp = _timestamp

    def init_assignment(self, lab: str, student: str) -> None:
        """Let the converter copy what was handed in, as plain files."""
        folders, package = self.parent.coursedir, _package(self.parent.coursedir, lab)
        submitted = folders.submitted_directory
        original, copy = (
            Path(folders.format_path(step, student, lab)) for step in (submitted, TAKEN_IN)
        )
        self.hand_in = HandIn.open(student, original, package.notebooks, package.files)
        for sentence in self.hand_in.remarks:
            self.log.warning("%s: %s", student, sentence)
        present = {f"{n}.ipynb": b"" for n in (*self.hand_in.notebooks, *self.hand_in.refused)}
        try:
            write_files(copy, {**self.hand_in.files, **present})
            folders.submitted_directory = TAKEN_IN
            if folders.notebook_id == "*":  # what was handed in may have another name
                self.parent.notebooks = [str(original / name) for name in sorted(present)]
            self._stock_init(lab, student)
        finally:
            folders.submitted_directory = submitted
            shutil.rmtree(copy, ignore_errors=True)
            with suppress(OSError):  # others may have a copy there
                copy.parent.rmdir()

    def from_filename(
        self, filename: str, resources: Any = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        path, place, folders = Path(filename), resources["nbgrader"], self.parent.coursedir
        lab, name, step = place["assignment"], place["notebook"], folders.submitted_directory
        if path.parent != Path(folders.format_path(step, place["student"], lab)):
            return super().from_filename(filename, resources=resources, **kwargs)
        content, refused = self.hand_in.notebooks.get(name, b""), self.hand_in.refused.get(name, "")
        released = _package(folders, lab).released[name]
        rebuilt = take_in(released, content, refused)
        self.unreadable = rebuilt.unreadable
        if self.unreadable:
            self.log.warning(EMPTY, filename, self.unreadable)
        for sentence in rebuilt.repairs:
            self.log.warning("%s: %s", filename, sentence)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return super().from_notebook_node(rebuilt.notebook, resources=resources, **kwargs)


class ExecuteSealed(NbGraderPreprocessor):
    """Stands in for `Execute`: the notebook runs in a jail and is judged from outside.

    Where the system has no jail, and for a kernel other than Python's, nbgrader's own step runs
    it, and a warning says so.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        reader: SubmissionReader = self.parent
        plain = Execute(parent=reader)
        place = resources["nbgrader"]
        budget = Budget(cell=plain.timeout or Budget.cell)
        try:
            worker = _worker(reader.parent.coursedir, place["assignment"])
        except OSError as reason:
            self.log.warning("Not sealed off, it runs with your rights: %s", reason)
            return plain.preprocess(nb, resources)
        try:
            judged = worker.judge(place["notebook"], reader.hand_in, budget)
        except NotPython as reason:
            self.log.warning("Not sealed off, it runs with your rights: %s", reason)
            return plain.preprocess(nb, resources)
        for sentence in judged.incidents:
            self.log.warning("%s: %s", place["student"], sentence)
        if judged.unreadable != reader.unreadable:  # it ended its referees
            self.log.warning(EMPTY, place["student"], judged.unreadable)
        graded = nbformat.reads(judged.notebook.decode(errors="replace"), 4)
        return with_outputs(nb, graded), resources


def _timestamp(folder: str) -> datetime | None:
    """Return when a folder was handed in, None if nothing says so."""
    try:
        return time_in(read_bytes(Path(folder, TIMESTAMP)))
    except Unreadable:
        return None


def seal(config: Config) -> None:
    """Make `nbgrader autograde` seal submissions off; for nbgrader_config.py.

    Pages of nbgrader, feedback and formgrader's, run no script that a student wrote.
    """
    config.HTMLExporter.filters = {"markdown2html": harmless_markdown}
    config.Autograde.exporter_class = SubmissionReader
    config.Autograde.autograde_preprocessors = swap(steps(config), Execute, ExecuteSealed)


def unseal(config: Config) -> None:
    """Take back what `seal` did."""
    if config.Autograde.get("exporter_class") is SubmissionReader:
        del config.Autograde["exporter_class"]
    config.Autograde.autograde_preprocessors = swap(steps(config), ExecuteSealed, Execute)


def steps(config: Config) -> list[Any]:
    """Return the steps of `nbgrader autograde` with a configuration."""
    return list(Autograde(coursedir=CourseDirectory(), config=config).autograde_preprocessors)


def swap(items: list[Any], old: Any, new: Any) -> list[Any]:
    """Return a list with one item replaced."""
    return [new if item is old else item for item in items]


_packages: dict[tuple[str, str], LabPackage] = {}
_workers: dict[tuple[str, str], Worker | OSError] = {}


def _package(folders: CourseDirectory, lab: str) -> LabPackage:
    place = (folders.root, lab)
    if place not in _packages:
        own = folders.config.Autograde.get("exclude_overwriting", {}).get(lab, ())
        _packages[place] = LabPackage.of(folders, lab, secrets.randbits(32), own)
    return _packages[place]


def _worker(folders: CourseDirectory, lab: str) -> Worker:
    """Return the worker for a lab; what kept it from starting once is not tried again."""
    place = (folders.root, lab)
    if place not in _workers:
        try:
            _workers[place] = Worker(_package(folders, lab))
        except OSError as reason:
            _workers[place] = reason
    worker = _workers[place]
    if isinstance(worker, OSError):
        raise worker
    return worker
