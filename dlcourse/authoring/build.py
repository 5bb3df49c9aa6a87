"""Build what is released from what is written.

From `solutions/<lab>/lab.md` and `exercises.py` come the instructor's notebook and `checks.json`
beside them; nbgrader's own `generate_assignment` makes the student's folder in `labs/` from these.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config, PyFileConfigLoader

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.course import Course
from dlcourse.authoring.errors import AuthoringError, Place
from dlcourse.authoring.notebook import exercise_order, instructor_notebook
from dlcourse.checks.session import FILE_NAME


@dataclass(frozen=True)
class Built:
    """One generated file.

    Attributes:
        path: where it belongs.
        content: what it must hold.
    """

    path: Path
    content: bytes

    @property
    def up_to_date(self) -> bool:
        """Whether the file holds this content; the last digits of floats are the processor's."""
        if not self.path.is_file():
            return False
        present = self.path.read_bytes()
        if present == self.content or self.path.name != FILE_NAME:
            return present == self.content
        try:
            return _nearly_equal(json.loads(present), json.loads(self.content))
        except ValueError:
            return False

    def write(self) -> None:
        """Write the file, under another name first so that it is never half written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f".{self.path.name}.partial")
        partial.write_bytes(self.content)
        os.replace(partial, self.path)


def _nearly_equal(first: Any, second: Any) -> bool:
    """Compare JSON data; floats may differ as single precision does between machines."""
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-4, abs_tol=1e-6)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_nearly_equal, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return list(first) == list(second) and all(
            _nearly_equal(first[k], second[k]) for k in first
        )
    return bool(first == second)


def build_lab(course: Course, lab: str) -> list[Built]:
    """Return the generated files of a lab, without writing them into the course.

    Raises:
        AuthoringError: see `Bank.load`, `Bank.checks` and `instructor_notebook`.
    """
    folder = course.solutions / lab
    bank = Bank.load(folder)
    notebook = nbformat.writes(instructor_notebook(bank, folder / "lab.md")) + "\n"
    checks = bank.checks().in_order(exercise_order(folder / "lab.md"))
    files = [
        Built(folder / f"{lab}.ipynb", notebook.encode()),
        Built(folder / FILE_NAME, checks.dumps().encode()),
    ]
    return files + _released(course, lab, files)


def _released(course: Course, lab: str, files: list[Built]) -> list[Built]:
    """Run nbgrader's generate_assignment on a copy and return what it releases."""
    with tempfile.TemporaryDirectory(prefix="dlcourse-build-") as temporary:
        root = Path(temporary)
        shutil.copytree(course.solutions / lab, root / "solutions" / lab)
        for file in files:
            (root / "solutions" / lab / file.path.name).write_bytes(file.content)
        config = nbgrader_config(course)
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.assignment_id = lab
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        coursedir = CourseDirectory(config=config)
        result = capture_log(GenerateAssignment(coursedir=coursedir, config=config))
        if not result["success"]:
            reason = result.get("log") or result["error"].strip().splitlines()[-1]
            place = Place(course.solutions / lab / "lab.md", 0)
            raise AuthoringError(place, "", f"nbgrader could not release it: {reason.strip()}")
        release = root / "labs" / lab
        return [
            Built(course.labs / lab / path.relative_to(release), path.read_bytes())
            for path in sorted(release.rglob("*"))
            if path.is_file()
        ]


def nbgrader_config(course: Course) -> Config:
    """The course's own nbgrader configuration.

    Raises:
        ValueError: it does not run.
    """
    path = course.root / "nbgrader_config.py"
    try:
        return PyFileConfigLoader(path.name, path=str(course.root)).load_config()
    except Exception as error:  # it is Python
        raise ValueError(f"{path} does not run: {type(error).__name__}: {error}") from None
