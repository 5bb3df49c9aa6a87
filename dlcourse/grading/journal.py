"""What has been graded already: one file per submission, so that a run can be cut off anywhere."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from dlcourse.grading.submission import HandIn, Result, digest


@dataclass(frozen=True)
class Journal:
    """The results of one lab, kept until the submission or the lab changes.

    Attributes:
        folder: of the files.
        lab_version: see `LabPackage.version`.
    """

    folder: Path
    lab_version: str

    def checksum(self, hand_in: HandIn) -> str:
        """What a result depends on: the lab and the submitted bytes."""
        return digest((self.lab_version, hand_in.checksum))

    def read(self, hand_in: HandIn) -> tuple[Result | None, bool]:
        """Return the result of this very submission, if there is one, and if it is recorded."""
        try:
            entry = json.loads(self._path(hand_in.student).read_text(encoding="utf-8"))
            if entry["checksum"] != self.checksum(hand_in):
                return None, False
            return Result.loads(entry["result"]), bool(entry["recorded"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, False

    def write(self, hand_in: HandIn, result: Result, recorded: bool) -> None:
        """Keep a result; the file appears whole or not at all."""
        entry = {
            "checksum": self.checksum(hand_in),
            "recorded": recorded,
            "result": result.dumps(),
        }
        path = self._path(hand_in.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(entry, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)

    def _path(self, student: str) -> Path:
        return self.folder / student / "result.json"  # a name may be as long as a file's can be
