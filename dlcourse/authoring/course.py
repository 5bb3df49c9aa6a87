"""Where the labs of a course are."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dlcourse.authoring.errors import AuthoringError, Place

BANK_FILE = "exercises.py"
STATE = ".dlcourse"  # the grader's folder: journal, and copies of what was handed in
SOURCE_FILES = ("lab.md", BANK_FILE)  # hand-written; never released


@dataclass(frozen=True)
class Course:
    """A folder with `nbgrader_config.py`, `solutions/` and `labs/`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Return the course that `start` is in. Defaults to the working folder.

        Raises:
            FileNotFoundError: neither the folder nor one above it has `nbgrader_config.py`.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "nbgrader_config.py").is_file():
                return cls(folder)
        raise FileNotFoundError(
            f"{here} is not in a course: expected a folder with nbgrader_config.py. "
            "Change to the course's folder, or name it with --course."
        )

    def copy(self, labs: Iterable[str], root: Path) -> Course:
        """Copy the configuration and what nbgrader needs of some labs into a folder.

        Args:
            labs: their names.
            root: of the copy, made if needed; it has none of these labs.
        """
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.root / "nbgrader_config.py", root)
        for lab in labs:
            shutil.copytree(self.solutions / lab, root / "solutions" / lab)
        return Course(root)

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def labs(self) -> Path:
        return self.root / "labs"

    @property
    def lab_names(self) -> list[str]:
        """Names of all labs, in order."""
        return sorted(path.parent.name for path in self.solutions.glob("*/lab.md"))

    def select(self, names: list[str] | None) -> list[str]:
        """Return the labs whose names start with one of `names`; all of them for none.

        Raises:
            AuthoringError: nothing matches one of the names.
        """
        chosen: list[str] = []
        for name in names or [""]:
            found = [lab for lab in self.lab_names if lab.startswith(name.rstrip("/"))]
            if not found:
                known = ", ".join(self.lab_names) or "none"
                raise AuthoringError(
                    Place(self.solutions, 0), "", f"no lab {name!r}; there are: {known}"
                )
            chosen += [lab for lab in found if lab not in chosen]
        return chosen
