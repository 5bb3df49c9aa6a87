"""Errors that tell an author what to mend, and where."""

from __future__ import annotations

import inspect
import traceback
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A line of a file of the author's."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class AuthoringError(Exception):
    """A mistake in `lab.md` or `exercises.py`.

    Args:
        place: the line to look at.
        exercise: the exercise's name, "" if there is none.
        problem: what is wrong and what was expected.
    """

    def __init__(self, place: Place, exercise: str, problem: str) -> None:
        self.place, self.exercise, self.problem = place, exercise, problem
        about = f"exercise `{exercise}`: " if exercise else ""
        super().__init__(f"{place}: {about}{problem}")


def caller() -> Place:
    """Return the author's line: the nearest frame outside this package."""
    here = str(Path(__file__).parent)
    # not inspect.stack, which looks for the file of every module that is loaded
    for frame, line in traceback.walk_stack(inspect.currentframe()):
        name = frame.f_code.co_filename
        if not name.startswith(here) and "dataclasses" not in name:
            return Place(Path(name), line)
    return Place(Path("<unknown>"), 0)
