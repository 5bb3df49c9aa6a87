"""A course graded by plain nbgrader, in this process: its own converters and its gradebook."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log

from dlcourse.authoring.build import nbgrader_config
from dlcourse.authoring.course import Course
from dlcourse.grading.sealed import unseal

ERROR_LINE = re.compile(r"^ +(?:\w+\.)*(\w*(?:Error|Exception)): (.+)$", re.MULTILINE)


class NotGraded(Exception):
    """nbgrader gave up; the message is its reason in one line."""


class StockCourse:
    """nbgrader with the configuration of a course.

    Ctrl-C waits for the submission at hand, so that its kernel ends and the gradebook is whole.

    Args:
        course: with its own gradebook, `submitted/` and `autograded/`.
    """

    def __init__(self, course: Course) -> None:
        # nbgrader runs `alembic` by name, also when its environment is not activated
        programs = str(Path(sys.executable).parent)
        if programs not in os.environ["PATH"].split(os.pathsep):
            os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
        # as nbgrader does: plug-ins such as one for late submissions may lie in the course
        if str(course.root) not in sys.path:
            sys.path.append(str(course.root))
        self.config = nbgrader_config(course)
        unseal(self.config)
        self.folders = CourseDirectory(config=self.config)

    def select(self, name: str) -> str:
        """Return the assignment with a name, or with a name that starts so.

        Raises:
            FileNotFoundError: there is none, or more than one.
        """
        source = Path(self.folders.format_path(self.folders.source_directory, ".", "."))
        known = sorted({path.parent.name for path in source.glob("*/*.ipynb")})
        found = [known_name for known_name in known if known_name.startswith(name.rstrip("/"))]
        if len(found) == 1 or name in known:
            return name if name in known else found[0]
        problem = f"{name!r} could be any of {', '.join(found)}" if found else f"no {name!r}"
        raise FileNotFoundError(f"{source}: {problem}; there are: {', '.join(known) or 'none'}")

    def release(self, lab: str) -> NotebookNode:
        """Run `nbgrader generate_assignment` and return the notebook that students get.

        Raises:
            NotGraded: nbgrader refuses the lab.
        """
        self._run(GenerateAssignment, lab, ".")
        return self._notebooks(self.folders.release_directory, lab, ".")[0]

    def autograde(self, lab: str, student: str) -> list[NotebookNode]:
        """Run `nbgrader autograde` for one student and return the graded notebooks.

        Raises:
            NotGraded: nbgrader cannot read or run the submission.
        """
        self._run(Autograde, lab, student)
        return self._notebooks(self.folders.autograded_directory, lab, student)

    def scores(self, lab: str) -> dict[str, float]:
        """Return the scores in the gradebook by student."""
        with Gradebook(self.folders.db_url, self.folders.course_id) as gradebook:
            return {s.student.id: s.score for s in gradebook.assignment_submissions(lab)}

    def _run(self, converter: type, lab: str, student: str) -> None:
        self.folders.assignment_id, self.folders.student_id = lab, student
        app = converter(coursedir=self.folders, config=self.config)
        app.force = True
        # In a thread nbgrader does not see Ctrl-C: it would take it for a failure and go on.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(self._convert, app).result()

    def _convert(self, app: BaseConverter) -> None:
        result = capture_log(app)
        if not result["success"]:
            raise NotGraded(_reason(result.get("log", "") + result["error"]))

    def _notebooks(self, step: str, lab: str, student: str) -> list[NotebookNode]:
        folder = Path(self.folders.format_path(step, student, lab))
        return [nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))]


def _reason(log: str) -> str:
    """The last exception that a log shows, without what follows its first clause."""
    found = ERROR_LINE.findall(log)
    if not found:
        return log.strip().splitlines()[-1]
    kind, message = found[-1]
    return f"{message.split(': ')[0].strip()} ({kind})"
