"""One submission as a piece of work that any process on any machine can do.

A task holds bytes only, and its result holds bytes only: workers need no shared disk, no gradebook
and no course folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from dlcourse.authoring.build import FILE_NAME
from dlcourse.authoring.course import Course
from dlcourse.grading.intake import (
    Unreadable,
    empty_submission,
    parse_notebook,
    read_bytes,
    rebuild,
)
from dlcourse.grading.referee import Budget, Graded, Key, grade_notebook
from dlcourse.grading.sandbox import ESSENTIAL, Policy
from dlcourse.grading.zygote import Zygote


@dataclass(frozen=True)
class LabPackage:
    """What a worker needs to grade a lab.

    Attributes:
        lab: its name.
        solution: `solutions/<lab>` as a zip archive; empty for a foreign assignment.
        released: the notebook as students got it, JSON.
        folder: files that lie beside the notebook, by name.
        entropy: seeds the random inputs of hidden cases, the same for the whole class.
    """

    lab: str
    solution: bytes
    released: str
    folder: dict[str, bytes]
    entropy: int

    @classmethod
    def of(cls, course: Course, lab: str, entropy: int) -> LabPackage:
        """Pack a lab of a course.

        Raises:
            FileNotFoundError: the lab has not been built.
        """
        released = course.labs / lab / f"{lab}.ipynb"
        for path in (released, course.solutions / lab / FILE_NAME):
            if not path.is_file():
                raise FileNotFoundError(f"{path} is missing. Build the lab: dlcourse build {lab}")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            for name in ("exercises.py", FILE_NAME):
                file.write(course.solutions / lab / name, name)
        beside = [p for p in (course.labs / lab).iterdir() if p.is_file() and p != released]
        return cls(
            lab,
            archive.getvalue(),
            released.read_text(encoding="utf-8"),
            {path.name: path.read_bytes() for path in beside},
            entropy,
        )

    @property
    def version(self) -> str:
        """A digest of what grades depend on, beside the submission."""
        parts = [self.solution, self.released.encode(), *self.folder.values()]
        return hashlib.sha256(b"\0".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()


@dataclass(frozen=True)
class HandIn:
    """What one student handed in.

    Attributes:
        student: the student's id, from the folder around the submission.
        content: of the notebook file.
        refused: why the file could not even be opened, "" if it could.
    """

    student: str
    content: bytes
    refused: str = ""

    @classmethod
    def open(cls, student: str, path: Path) -> HandIn:
        """Read a submitted file; never fails."""
        try:
            return cls(student, read_bytes(path))
        except Unreadable as reason:
            return cls(student, b"", str(reason))


@dataclass
class Result:
    """A graded submission.

    Attributes:
        student: who handed it in.
        notebook: graded, JSON; the points are in the outputs of its check cells.
        repairs: what had to be mended, one sentence each.
        incidents: time limits, crashes; one sentence each.
        unreadable: why the file could not be read, "" if it could.
        seconds: wall time.
    """

    student: str
    notebook: str
    repairs: list[str] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)
    unreadable: str = ""
    seconds: float = 0.0

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Result:
        return cls(**json.loads(text))


class Worker:
    """What a process keeps between submissions: a zygote, and the key of the lab.

    Args:
        package: the lab.
        jail: whether submissions run in the sandbox.
    """

    def __init__(self, package: LabPackage, jail: bool = True) -> None:
        self.package, self.jail = package, jail
        self._temporary = tempfile.TemporaryDirectory(prefix="dlcourse-worker-")
        root = Path(self._temporary.name)
        self.folder = root / "notebook"
        self.folder.mkdir()
        for name, content in package.folder.items():
            (self.folder / Path(name).name).write_bytes(content)
        solution = root / package.lab
        with zipfile.ZipFile(io.BytesIO(package.solution)) as archive:
            archive.extractall(solution)
        root.chmod(0o700)
        self.key = Key(solution, package.entropy)
        self.zygote = Zygote(jail)

    def grade(self, hand_in: HandIn, budget: Budget | None = None) -> Result:
        """Grade one submission; whatever it holds, there is a result.

        Raises:
            OSError: this machine could not run it, which is no fault of the submission.
        """
        released = nbformat.reads(self.package.released, as_version=4)
        try:
            if hand_in.refused:
                raise Unreadable(hand_in.refused)
            read, unreadable = parse_notebook(hand_in.content), ""
        except Unreadable as reason:
            read, unreadable = empty_submission(released), str(reason)
        rebuilt = rebuild(released, read)
        graded: Graded = grade_notebook(
            rebuilt.notebook, self.key, self.zygote, Policy(str(self.folder)), budget
        )
        missing = ESSENTIAL - set(graded.protections)
        if self.jail and graded.protections and missing:
            raise OSError(f"the sandbox lacks {', '.join(sorted(missing))} on this machine")
        return Result(
            hand_in.student,
            nbformat.writes(graded.notebook),
            rebuilt.repairs,
            graded.incidents,
            unreadable,
            graded.seconds,
        )

    def close(self) -> None:
        self.zygote.close()
        self._temporary.cleanup()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


_workers: dict[tuple[str, int, bool], Worker] = {}


def grade_task(package: LabPackage, hand_in: HandIn, jail: bool, budget: Budget) -> Result:
    """Grade a submission in this process, which keeps its worker for the next one."""
    name = (package.version, package.entropy, jail)
    if name not in _workers:
        for old in _workers.values():
            old.close()
        _workers.clear()
        _workers[name] = Worker(package, jail)
    return _workers[name].grade(hand_in, budget)
