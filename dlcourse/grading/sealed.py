"""`nbgrader autograde` with submissions sealed off: two plug-ins for its configuration.

nbgrader reads each submission through its exporter and runs it in its `Execute` step. Ours read it
as data and run it in a jail, judged from outside; all other steps are nbgrader's own.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets.config import Config

from dlcourse.grading.harmless import harmless_markdown
from dlcourse.grading.intake import take_in
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import NotPython, Worker


class SubmissionReader(NotebookExporter):
    """Puts the answers of a submission, whatever it holds, into the notebook that was released."""

    def from_filename(
        self, filename: str, resources: Any = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        path, place, folders = Path(filename), resources["nbgrader"], self.parent.coursedir
        lab, name = place["assignment"], place["notebook"]
        if path.parent != _submitted(folders, place):
            return super().from_filename(filename, resources=resources, **kwargs)
        hand_in = _hand_in(folders, place)
        released = _package(folders, lab).released[name]
        content, refused = hand_in.notebooks.get(name, b""), hand_in.refused.get(name, "")
        notebook, repairs, unreadable = take_in(released, content, refused)
        if unreadable:
            self.log.warning("%s: graded as empty, please look at it: %s", filename, unreadable)
        for sentence in repairs:
            self.log.warning("%s: %s", filename, sentence)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return super().from_notebook_node(notebook, resources=resources, **kwargs)


class ExecuteSealed(NbGraderPreprocessor):
    """Stands in for `Execute`: the notebook runs in a jail and is judged from outside.

    Where the system has no jail, and for a kernel other than Python's, nbgrader's own step runs
    it, and a warning says so.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        plain = Execute(parent=self.parent)
        place = resources["nbgrader"]
        budget = Budget(cell=plain.timeout or Budget.cell)
        try:
            worker = _worker(self.parent.parent.coursedir, place["assignment"])
        except OSError as reason:
            self.log.warning("Not sealed off, it runs with your rights: %s", reason)
            return plain.preprocess(nb, resources)
        try:
            files = _hand_in(self.parent.parent.coursedir, place).files
            graded, incidents = worker.run(place["notebook"], nb, files, budget)
        except NotPython as reason:
            self.log.warning("Not sealed off, it runs with your rights: %s", reason)
            return plain.preprocess(nb, resources)
        for sentence in incidents:
            self.log.warning("%s: %s", place["student"], sentence)
        return graded, resources


def _submitted(folders: CourseDirectory, place: dict[str, str]) -> Path:
    return Path(
        folders.format_path(folders.submitted_directory, place["student"], place["assignment"])
    )


def _hand_in(folders: CourseDirectory, place: dict[str, str]) -> HandIn:
    """Read what a student handed in: nbgrader's copy holds what links lead to."""
    return HandIn.open(place["student"], _submitted(folders, place), [place["notebook"]])


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
