"""One submission as a piece of work that any process on any machine can do.

A task holds bytes only, and its result holds bytes only: workers need no shared disk, no gradebook
and no course folder.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from distributed import get_worker
from nbformat import NotebookNode

from dlcourse.grading import wire
from dlcourse.grading.ahead import get_zygote
from dlcourse.grading.files import write_files
from dlcourse.grading.forks import ZygoteGone
from dlcourse.grading.jailed import Budget
from dlcourse.grading.key import Key
from dlcourse.grading.package import LabPackage
from dlcourse.grading.sandbox import Policy
from dlcourse.grading.submission import HandIn, Result
from dlcourse.grading.supervisor import Judged, RefereeLost, Supervisor

ATTEMPTS = 6  # a zygote or a referee may end by an accident of the machine


class NotPython(Exception):
    """A notebook of a language that the jail cannot run; the message says which."""


@dataclass(frozen=True)
class Source:
    """A notebook to be judged.

    Attributes:
        name: of the notebook in the lab.
        content: of the file.
        refused: why the file could not be opened, "" if it could.
        skipped: exercises that are not judged.
    """

    name: str
    content: bytes
    refused: str = ""
    skipped: tuple[str, ...] = ()


class Worker:
    """What a process keeps between submissions: a zygote, and the key of the lab.

    Args:
        package: the lab.
        jail: whether submissions run in the sandbox.

    Raises:
        OSError: the sandbox cannot be closed on this machine, or the bank does not run.
    """

    def __init__(self, package: LabPackage, jail: bool = True) -> None:
        self.package, self.jail = package, jail
        self._renewing, self._closed = threading.Lock(), False
        self._start()

    def _start(self) -> None:
        package = self.package
        self.zygote = get_zygote(self.jail, package.imports)
        self.key = None
        try:
            self._try_jail()
            if package.bank:
                self.key = Key(self.zygote, package.lab, package.bank, package.entropy)
        except OSError:
            self.zygote.close()
            raise

    def _try_jail(self) -> None:
        """Run a line: what the jail of this machine lacks is no student's fault."""
        with self.zygote.fork(Policy()) as trial:
            self.protections = trial.protections
            try:
                failed = trial.ask({"run": "1 + 1"}, 120)["failed"]
            except wire.WireError as error:
                raise OSError(f"no notebook can run in the sandbox: {error}") from None
        if failed:
            raise OSError("no notebook can run in the sandbox: 1 + 1 fails")

    def grade(self, hand_in: HandIn, budget: Budget | None = None) -> Result:
        """Grade one submission; whatever it holds, there is a result.

        Raises:
            NotPython: a notebook needs another kernel.
            OSError: this machine could not run it, which is no fault of the submission.
        """
        result = Result(hand_in.student, repairs=list(hand_in.remarks))
        for name in self.package.notebooks:
            about = f"{name}: " if len(self.package.notebooks) > 1 else ""
            if name not in hand_in.notebooks and name not in hand_in.refused:
                result.repairs.append(f"{name}.ipynb was not handed in.")
                continue
            judged = self.judge(name, hand_in, budget)
            result.notebooks[name] = judged.notebook.decode(errors="replace")
            result.repairs += [about + sentence for sentence in judged.repairs]
            result.incidents += [about + sentence for sentence in judged.incidents]
            result.unreadable += [about + judged.unreadable] if judged.unreadable else []
            result.seconds += judged.seconds
        return result

    def judge(self, name: str, hand_in: HandIn, budget: Budget | None = None) -> Judged:
        """Grade one notebook of a submission.

        Args:
            name: of the notebook in the lab.
            hand_in: with the notebook, and what the student handed in beside it.
            budget: time limits. Defaults to 2 minutes a cell, 10 minutes a notebook.

        Raises:
            NotPython, OSError: see `grade`.
        """
        _need_python(self.package.released[name])
        content, refused = hand_in.notebooks.get(name, b""), hand_in.refused.get(name, "")
        with _folder({**hand_in.files, **self.package.files}) as folder:
            return self._judge(Source(name, content, refused), folder, budget or Budget())

    def _judge(self, source: Source, folder: Path, budget: Budget) -> Judged:
        """Let a referee judge.

        An answer over which two of them end is skipped; a notebook that ends them before or after
        its answers, or again, counts as empty.
        """
        lost: list[str] = []
        incidents: list[str] = []
        for _ in range(ATTEMPTS):
            try:
                judged = self._try(source, folder, budget)
                return replace(judged, incidents=incidents + judged.incidents)
            except ZygoteGone as error:
                reason = str(error)
            except RefereeLost as error:
                reason = f"to judge it ended its referee ({error})"
                lost.append(error.exercise)
                if lost.count(error.exercise) == 2:
                    if error.exercise and not source.skipped:
                        source = replace(source, skipped=(error.exercise,))
                        incidents.append(f"{error.exercise} gets no points: {reason}.")
                    else:
                        source = Source(source.name, b"", refused=reason)
            self._renew()
        raise OSError(reason)

    def _try(self, source: Source, folder: Path, budget: Budget) -> Judged:
        key = self.key
        job = {
            "released": self.package.notebooks[source.name],
            "refused": source.refused,
            "skipped": source.skipped,
            "checks": self.package.checks if key else "",
            "drivers": key.drivers if key else {},
            "budget": asdict(budget),
        }
        seconds = 2 * budget.notebook + 60  # the referee keeps to the budget by itself
        return Supervisor(self.zygote, key, folder).judge(job, source.content, seconds)

    def _renew(self) -> None:
        """Start again if the zygote or the key's process has ended."""
        with self._renewing:
            if self._closed:
                raise OSError("grading was stopped")
            if not (self.zygote.alive and (self.key is None or self.key.alive)):
                self._stop()
                self._start()

    def close(self) -> None:
        with self._renewing:
            self._closed = True
            self._stop()

    def _stop(self) -> None:
        if self.key:
            self.key.close()
        self.zygote.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _need_python(notebook: NotebookNode) -> None:
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language.lower() != "python":
        raise NotPython(f"its kernel runs {language}, not Python")


@contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with files, for a jail to copy; if the grader is killed, dask clears it away."""
    try:
        place = get_worker().local_directory
    except ValueError:  # this process is no worker
        place = None
    with tempfile.TemporaryDirectory(prefix="dlcourse-submission-", dir=place) as name:
        write_files(Path(name), files)
        yield Path(name)


_workers: dict[tuple[str, int, bool], Worker] = {}
_hiring = threading.Lock()


def hire(package: LabPackage, jail: bool) -> Worker:
    """Return the worker of this process for a lab; all of its threads share it.

    Raises:
        OSError: see `Worker`.
    """
    name = (package.version, package.entropy, jail)
    with _hiring:
        if name not in _workers:
            close_workers()
            _workers[name] = Worker(package, jail)
        return _workers[name]


def grade_task(package: LabPackage, hand_in: HandIn, jail: bool, budget: Budget) -> Result:
    """Grade a submission in this process."""
    return hire(package, jail).grade(hand_in, budget)


def close_workers() -> None:
    """End the zygotes that this process kept."""
    for worker in _workers.values():
        worker.close()
    _workers.clear()
