"""One submission as a piece of work that any process on any machine can do.

A task holds bytes only, and its result holds bytes only: workers need no shared disk, no gradebook
and no course folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from distributed import get_worker
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import OverwriteCells
from nbgrader.utils import find_all_files, parse_utc

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.course import BANK_FILE
from dlcourse.checks.session import FILE_NAME
from dlcourse.checks.source import imported_in_cells
from dlcourse.checks.spec import LabChecks
from dlcourse.grading.intake import (
    Unreadable,
    empty_submission,
    parse_notebook,
    read_beside,
    read_bytes,
    rebuild,
)
from dlcourse.grading.referee import Budget, Graded, Key, grade_notebook
from dlcourse.grading.sandbox import ESSENTIAL, Policy
from dlcourse.grading.zygote import get_zygote

TIMESTAMP = "timestamp.txt"  # in which nbgrader keeps when a submission was handed in


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
        """
        source = Path(folders.format_path(folders.source_directory, ".", lab))
        release = Path(folders.format_path(folders.release_directory, ".", lab))
        released = {path.stem: nbformat.read(path, 4) for path in sorted(release.glob("*.ipynb"))}
        built_here = (source / BANK_FILE).is_file()
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
            _read(source / FILE_NAME) if built_here else "",
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
        """What its notebooks, and answers right and wrong, import, such as "keras.layers"."""
        cells = [cell for notebook in self.released.values() for cell in notebook.cells]
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        paths = imported_in_cells([*sources, self.bank])
        return [path for path in paths if not path.startswith("dlcourse.authoring")]

    @property
    def version(self) -> str:
        """A digest of what grades depend on, beside the submission."""
        texts = (self.bank, self.checks, *self.notebooks.values(), *self.files.keys())
        return digest([*texts, *self.files.values()])


def digest(parts: Iterable[bytes | str]) -> str:
    """Return one checksum of several pieces."""
    pieces = (p.encode(errors="surrogateescape") if isinstance(p, str) else p for p in parts)
    return hashlib.sha256(b"\0".join(hashlib.sha256(p).digest() for p in pieces)).hexdigest()


def _read(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing. Build the lab: dlcourse build {path.parts[-2]}"
        )
    return path.read_text(encoding="utf-8")


def _put_tests_in(notebook: NotebookNode, folders: CourseDirectory, lab: str, name: str) -> None:
    """Give graded cells the tests that nbgrader took out for students, from its gradebook."""
    place = {"assignment": lab, "notebook": name, "db_url": folders.db_url}
    OverwriteCells().preprocess(notebook, {"nbgrader": place})


@dataclass(frozen=True)
class HandIn:
    """What one student handed in.

    Attributes:
        student: the student's id, from the folder around the submission.
        notebooks: contents by notebook name.
        refused: why a file could not even be opened, by notebook name.
        files: what lies beside the notebooks, by relative path.
        remarks: what is odd about them, one sentence each.
    """

    student: str
    notebooks: dict[str, bytes]
    refused: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @classmethod
    def open(
        cls, student: str, folder: Path, names: Iterable[str], given: Iterable[str] = ()
    ) -> HandIn:
        """Read a submitted folder; never fails.

        Args:
            student: who handed it in.
            folder: with the notebooks.
            names: of the notebooks to look for, without `.ipynb`. One that is absent is left out,
                unless all are.
            given: files that the lab comes with, by relative path.
        """
        notebooks, refused, remarks = {}, {}, []
        paths = {name: folder / f"{name}.ipynb" for name in names}
        present = {n: p for n, p in paths.items() if os.path.lexists(p)}
        for name, path in (present or paths).items():
            try:
                notebooks[name] = read_bytes(path)
            except Unreadable as reason:
                refused[name] = str(reason)
        files = read_beside(folder)
        for name in [n for n in files if _in_the_way(n, (*given, TIMESTAMP))]:
            del files[name]
            remarks.append(f"{name!a} is in the way of another file and was left out.")
        if not _is_time(files.get(TIMESTAMP)):
            del files[TIMESTAMP]
            remarks.append(f"{TIMESTAMP} holds no time and was left out.")
        return cls(student, notebooks, refused, files, tuple(remarks))

    @property
    def checksum(self) -> str:
        """A digest of everything that was handed in."""
        return digest(
            part
            for parts in (self.notebooks, self.refused, self.files)
            for name in sorted(parts)
            for part in (name, parts[name])
        )


def _in_the_way(name: str, given: Iterable[str]) -> bool:
    """Whether a file lies in a folder that has the name of a given file, or the reverse."""
    own = Path(name)
    return any(own in Path(other).parents or Path(other) in own.parents for other in given)


def _is_time(timestamp: bytes | None) -> bool:
    try:
        return timestamp is None or bool(parse_utc(timestamp.decode().strip()))
    except (ValueError, OverflowError):
        return False


@dataclass
class Result:
    """A graded submission.

    Attributes:
        student: who handed it in.
        notebooks: graded, JSON by name; the points are in the outputs of their check cells.
        repairs: what had to be mended, one sentence each.
        incidents: time limits, crashes; one sentence each.
        unreadable: why notebooks could not be read, one sentence each.
        seconds: wall time.
    """

    student: str
    notebooks: dict[str, str] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Result:
        return cls(**json.loads(text))


class NotPython(Exception):
    """A notebook of a language that the jail cannot run; the message says which."""


class Worker:
    """What a process keeps between submissions: a zygote, and the key of the lab.

    Args:
        package: the lab.
        jail: whether submissions run in the sandbox.
    """

    def __init__(self, package: LabPackage, jail: bool = True) -> None:
        self.package, self.jail = package, jail
        self.zygote = get_zygote(jail, package.imports)  # imports while we do
        self.key = _key(package) if package.bank else None
        if self.key:
            self.key.prepare()

    def grade(self, hand_in: HandIn, budget: Budget | None = None) -> Result:
        """Grade one submission; whatever it holds, there is a result.

        Raises:
            OSError: this machine could not run it, which is no fault of the submission.
        """
        result = Result(hand_in.student, repairs=list(hand_in.remarks))
        several = len(self.package.notebooks) > 1
        with _folder({**hand_in.files, **self.package.files}) as folder:
            for name, released in self.package.released.items():
                if name not in hand_in.notebooks and name not in hand_in.refused:
                    result.repairs.append(f"{name}.ipynb was not handed in.")
                    continue
                about = f"{name}: " if several else ""
                notebook, repairs, unreadable = take_in(released, hand_in, name)
                graded = self.run(notebook, folder, budget)
                result.notebooks[name] = nbformat.writes(graded.notebook)
                result.repairs += [about + sentence for sentence in repairs]
                result.incidents += [about + sentence for sentence in graded.incidents]
                result.unreadable += [about + unreadable] if unreadable else []
                result.seconds += graded.seconds
        return result

    def run(self, notebook: NotebookNode, folder: Path, budget: Budget | None = None) -> Graded:
        """Run and judge a notebook that was taken in, on a copy of a folder.

        Raises:
            NotPython: it needs another kernel.
            OSError: this machine could not run it, which is no fault of the submission.
        """
        language = notebook.metadata.get("kernelspec", {}).get("language", "python")
        if language.lower() != "python":
            raise NotPython(f"its kernel runs {language}, not Python")
        graded = grade_notebook(notebook, self.key, self.zygote, Policy(str(folder)), budget)
        missing = ESSENTIAL - set(graded.protections)
        if self.jail and graded.protections and missing:
            raise OSError(f"the sandbox lacks {', '.join(sorted(missing))} on this machine")
        return graded

    def close(self) -> None:
        self.zygote.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def take_in(
    released: NotebookNode, hand_in: HandIn, name: str
) -> tuple[NotebookNode, list[str], str]:
    """Put a submitted notebook into the one that was released.

    Returns:
        The notebook, ready to run; what was repaired; why the submitted one could not be read, ""
        if it could. One that cannot counts as handed in empty.
    """
    try:
        if name in hand_in.refused:
            raise Unreadable(hand_in.refused[name])
        read, unreadable = parse_notebook(hand_in.notebooks[name]), ""
    except Unreadable as reason:
        read, unreadable = empty_submission(released), str(reason)
    rebuilt = rebuild(released, read)
    return rebuilt.notebook, rebuilt.repairs, unreadable


def _key(package: LabPackage) -> Key:
    """The key exists in memory alone: a grader that is killed leaves no file of it."""
    bank = Bank.run(package.lab, package.bank, Path(package.lab, BANK_FILE))
    return Key(bank, LabChecks.loads(package.checks), package.entropy)


@contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with files, for a jail to copy; if the grader is killed, dask clears it away."""
    try:
        place = get_worker().local_directory
    except ValueError:  # this process is no worker
        place = None
    with tempfile.TemporaryDirectory(prefix="dlcourse-submission-", dir=place) as name:
        for path, content in files.items():
            (Path(name) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / path).write_bytes(content)
        yield Path(name)


_workers: dict[tuple[str, int, bool], Worker] = {}
_hiring = threading.Lock()


def grade_task(package: LabPackage, hand_in: HandIn, jail: bool, budget: Budget) -> Result:
    """Grade a submission in this process, which keeps its worker for all of its threads."""
    name = (package.version, package.entropy, jail)
    with _hiring:
        if name not in _workers:
            close_workers()
            _workers[name] = Worker(package, jail)
    return _workers[name].grade(hand_in, budget)


def close_workers() -> None:
    """End the zygotes that this process kept."""
    for worker in _workers.values():
        worker.close()
    _workers.clear()
