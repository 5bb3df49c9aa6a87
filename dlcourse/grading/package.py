"""A lab as its graders need it: bytes that any machine can work with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode, ValidationError
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import OverwriteCells
from nbgrader.utils import find_all_files

from dlcourse.authoring.course import BANK_FILE
from dlcourse.checks.session import FILE_NAME
from dlcourse.checks.spec import LabChecks
from dlcourse.grading.ahead import imports_of
from dlcourse.grading.submission import digest


@dataclass(frozen=True)
class LabPackage:
    """What a worker needs to grade a lab.

    Attributes:
        lab: its name.
        bank: source of its exercises; empty for a foreign assignment, whose tests are in its
            notebooks.
        checks: its visible checks, as in `checks.json`; empty for a foreign assignment.
        notebooks: as students got them, JSON by name; with the hidden tests of a foreign one.
        files: that lie beside the notebooks, by relative path.
        entropy: seeds the random inputs of hidden cases, the same for the whole class.
    """

    lab: str
    bank: str
    checks: str
    notebooks: dict[str, str]
    files: dict[str, bytes]
    entropy: int

    @classmethod
    def of(
        cls, folders: CourseDirectory, lab: str, entropy: int, students_own: Iterable[str] = ()
    ) -> LabPackage:
        """Pack a lab of a course.

        Args:
            folders: of the course.
            lab: name of the lab, or of an assignment that dlcourse did not build.
            entropy: seed of the hidden cases.
            students_own: files beside the notebook that students may change, by relative path.

        Raises:
            FileNotFoundError: the lab has not been built or released.
            ValueError: a file of it cannot be read.
        """
        source = Path(folders.format_path(folders.source_directory, ".", lab))
        release = Path(folders.format_path(folders.release_directory, ".", lab))
        released = {path.stem: _notebook(path) for path in sorted(release.glob("*.ipynb"))}
        built_here = (source / BANK_FILE).is_file() or (source / FILE_NAME).is_file()
        for name in [path.stem for path in source.glob("*.ipynb")] or [lab]:
            if name not in released:
                how = (
                    "Build the lab: dlcourse build"
                    if built_here
                    else "nbgrader generate_assignment"
                )
                raise FileNotFoundError(f"{release / name}.ipynb is missing. {how} {lab}")
        if not built_here:
            for name, notebook in released.items():
                _put_tests_in(notebook, folders, lab, name)
        kept = {source / name for name in students_own}
        beside = {Path(p) for p in find_all_files(str(source), [*folders.ignore, "*.ipynb"])} - kept
        return cls(
            lab,
            _read(source / BANK_FILE) if built_here else "",
            _checks(source / FILE_NAME) if built_here else "",
            {name: nbformat.writes(notebook) for name, notebook in released.items()},
            {str(path.relative_to(source)): path.read_bytes() for path in sorted(beside)},
            entropy,
        )

    @property
    def released(self) -> dict[str, NotebookNode]:
        """The notebooks, by name."""
        return {name: nbformat.reads(text, 4) for name, text in self.notebooks.items()}

    @property
    def imports(self) -> list[str]:
        """See `imports_of`."""
        return imports_of(self.notebooks.values(), self.bank)

    @property
    def version(self) -> str:
        """A digest of what grades depend on, beside the submission."""
        texts = (self.bank, self.checks, *self.notebooks.values(), *self.files.keys())
        return digest([*texts, *self.files.values()])


def _read(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing. Build the lab: dlcourse build {path.parts[-2]}"
        )
    return path.read_text(encoding="utf-8")


def _checks(path: Path) -> str:
    text = _read(path)
    LabChecks.read(path)  # or else each referee would find out anew
    return text


def _notebook(path: Path) -> NotebookNode:
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path} is no notebook ({reason}): build or release it again") from None
    return notebook


def _put_tests_in(notebook: NotebookNode, folders: CourseDirectory, lab: str, name: str) -> None:
    """Give graded cells the tests that nbgrader took out for students, from its gradebook."""
    place = {"assignment": lab, "notebook": name, "db_url": folders.db_url}
    OverwriteCells().preprocess(notebook, {"nbgrader": place})
