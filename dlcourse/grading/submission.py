"""What a student handed in, and what became of it: bytes that any machine can grade."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from dlcourse.grading.files import Unreadable, read_beside, read_bytes

TIMESTAMP = "timestamp.txt"  # in which nbgrader keeps when a submission was handed in
LONGEST_TIME = 100  # bytes of it
MOST_REMARKS = 10  # about files that are left out
LONGEST_NAME = 200  # characters that a remark shows of one


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
        """Read a submitted folder, whatever it holds.

        Args:
            student: who handed it in.
            folder: with the notebooks.
            names: of the notebooks to look for, without `.ipynb`. One that is absent is left out,
                unless all are. If there is one only, and one of another name in its place, then
                that was renamed, by a browser perhaps.
            given: files that the lab comes with, by relative path.

        Raises:
            PermissionError: this user may not read it, which is no fault of the student.
        """
        if folder.is_symlink() or folder.parent.is_symlink():
            reason = "its folder is a link, perhaps to somebody else's; hand in the files"
            return cls(student, {}, dict.fromkeys(names, reason))
        notebooks, refused, remarks = {}, {}, []
        paths = {name: folder / f"{name}.ipynb" for name in names}
        present = {n: p for n, p in paths.items() if os.path.lexists(p)}
        others = sorted(set(folder.glob("*.ipynb")) - set(paths.values()))
        if len(paths) == len(others) == 1 and not present:
            (name,), (renamed,) = paths, others
            present = {name: renamed}
            remarks.append(f"{_shown(renamed.name)} was taken for {name}.ipynb.")
        else:
            remarks += [
                f"{_shown(path.name)} was not graded: no notebook of the lab has this name."
                for path in others[:MOST_REMARKS]
            ]
        for name, path in (present or paths).items():
            try:
                notebooks[name] = read_bytes(path)
            except Unreadable as reason:
                refused[name] = str(reason)
        files, left_out = read_beside(folder)
        remarks += [
            f"{_shown(name)} was left out: it is no plain file, its path is too long, "
            "or all together are too large."
            for name in left_out[:MOST_REMARKS]
        ]
        for name in [n for n in files if _in_the_way(n, (*given, TIMESTAMP))]:
            del files[name]
            remarks.append(f"{name!a} is in the way of another file and was left out.")
        if TIMESTAMP in files and time_in(files[TIMESTAMP]) is None:
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


def _shown(name: str) -> str:
    return ascii(name[:LONGEST_NAME])


def _in_the_way(name: str, given: Iterable[str]) -> bool:
    """Whether a file lies in a folder that has the name of a given file, or the reverse."""
    own = Path(name)
    return any(own in Path(other).parents or Path(other) in own.parents for other in given)


def time_in(timestamp: bytes) -> datetime | None:
    """Return the time that nbgrader reads in a file, None if it is no time."""
    try:
        text = timestamp.decode().strip()
        return parse_utc(text) if 0 < len(timestamp) <= LONGEST_TIME else None
    except Exception:  # of many kinds, from a parser that guesses
        return None


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


def digest(parts: Iterable[bytes | str]) -> str:
    """Return one checksum of several pieces."""
    pieces = (p.encode(errors="surrogateescape") if isinstance(p, str) else p for p in parts)
    return hashlib.sha256(b"\0".join(hashlib.sha256(p).digest() for p in pieces)).hexdigest()
