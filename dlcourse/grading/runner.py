"""Grade a class: tasks to dask workers, results to the journal and the gradebook.

Workers are threads of this process by default, for all computing is done by processes that they
fork, or those of any dask scheduler. They get bytes and return bytes; only this process writes
files and the gradebook.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from distributed import Client, Future, LocalCluster, as_completed
from nbformat import NotebookNode

from dlcourse.authoring.course import STATE, Course
from dlcourse.grading.ahead import start_ahead
from dlcourse.grading.gradebook import Recorder
from dlcourse.grading.jailed import Budget
from dlcourse.grading.journal import Journal
from dlcourse.grading.package import LabPackage
from dlcourse.grading.stock import NotGraded
from dlcourse.grading.submission import HandIn, Result
from dlcourse.grading.task import close_workers, grade_task, hire

# how names of files that a student handed in collide, with folders and with limits of the system
NAMES = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG}
AHEAD = 64  # submissions that are read and sent before a thread is free for them
LONGEST_REASON = 500  # characters
PATIENCE = 600  # seconds to wait for a locked gradebook


@dataclass
class Outcome:
    """What became of one submission.

    Attributes:
        student: who handed it in.
        result: None if it could not be graded on this machine.
        notebooks: as recorded; none if they are not in the gradebook.
        problem: why, "" if all went well.
        known: whether it had been graded and recorded before.
    """

    student: str
    result: Result | None = None
    notebooks: list[NotebookNode] = field(default_factory=list)
    problem: str = ""
    known: bool = False


@dataclass
class ClassRun:
    """How to grade a class.

    Attributes:
        course: where.
        lab: what.
        students: whom; all who handed in by default.
        jobs: submissions that are graded at the same time.
        scheduler: address of a dask scheduler to use instead of local workers.
        jail: whether submissions run in the sandbox.
        force: grade anew what has been graded.
        budget: time limits of a notebook.
        notify: called with a sentence when something makes the run wait.
    """

    course: Course
    lab: str
    students: list[str] = field(default_factory=list)
    jobs: int = 2
    scheduler: str | None = None
    jail: bool = True
    force: bool = False
    budget: Budget = field(default_factory=Budget)
    notify: Callable[[str], None] = lambda sentence: None

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.course, self.course.root / STATE / "staged")
        own = self.recorder.students_own.get(self.lab, [])
        self.package = LabPackage.of(self.recorder.folders, self.lab, secrets.randbits(32), own)
        self.journal = Journal(self.course.root / STATE / self.lab, self.package.version)

    def submissions(self) -> list[str]:
        """Return who handed in this lab.

        Raises:
            FileNotFoundError: nobody did, or not all of those who were asked for.
        """
        folder = self.recorder.original(self.lab, "*")
        found = sorted(p.parent.name for p in folder.parent.parent.glob(f"*/{folder.name}"))
        missing = sorted(set(self.students) - set(found))
        if missing:
            raise FileNotFoundError(f"{', '.join(missing)} handed in no {self.lab}")
        if not found:
            raise FileNotFoundError(
                f"Nobody handed in {self.lab}: expected folders such as "
                f"{self.recorder.original(self.lab, 'STUDENT')}"
            )
        return self.students or found

    def run(self, started: Callable[[int], None] = lambda n: None) -> Iterator[Outcome]:
        """Yield the outcome of each submission as it becomes known.

        Args:
            started: called once with the number of submissions.
        """
        students = self.submissions()
        started(len(students))
        waiting: list[str] = []
        for student in students:
            try:
                hand_in = self._open(student)
            except OSError as error:
                yield Outcome(student, problem=f"this machine cannot read it: {error}")
                continue
            result, recorded = self.journal.read(hand_in)
            if self.force or result is None:
                waiting.append(student)
            elif recorded and (notebooks := self.recorder.recorded(self.lab, student)):
                yield Outcome(student, result, notebooks, known=True)
            else:  # graded, but not in the gradebook: cut off before, or lost since
                yield self._record(hand_in, result)
        if waiting:
            with self._client() as client:
                yield from self._grade(client, map(self._open, waiting))

    def _open(self, student: str) -> HandIn:
        folder = self.recorder.original(self.lab, student)
        return HandIn.open(student, folder, self.package.notebooks, self.package.files)

    @contextmanager
    def _client(self) -> Iterator[Client]:
        if self.scheduler:
            with Client(self.scheduler) as client:
                yield client
            return
        start_ahead(self.jail, self.package.imports)  # imports while the cluster starts
        with (
            LocalCluster(
                n_workers=1,
                threads_per_worker=self.jobs,
                processes=False,
                silence_logs=logging.CRITICAL,  # what matters is in the outcomes
                dashboard_address=":0",
            ) as cluster,
            Client(cluster) as client,
        ):
            try:
                protections = hire(self.package, self.jail).protections
                self.notify(f"Sealed off: {', '.join(protections) or 'no'}.")
                yield client
            finally:
                close_workers()  # which ends what its threads wait for

    def _grade(self, client: Client, waiting: Iterator[HandIn]) -> Iterator[Outcome]:
        for hand_in, task in self._graded(client, waiting):
            failure = task.exception()  # waits if the worker died that held the result
            if failure is not None:
                problem = f"not graded on this machine, try again: {failure}"
                yield Outcome(hand_in.student, problem=problem)
                continue
            result = task.result()
            task.release()
            self.journal.write(hand_in, result, recorded=False)
            yield self._record(hand_in, result)

    def _graded(self, client: Client, waiting: Iterator[HandIn]) -> Iterator[tuple[HandIn, Future]]:
        """Hand submissions out, not many more than there are threads, and yield who is done."""
        # a task, not scattered data: when the worker that holds it dies, another makes it again
        package = client.submit(_same, self.package, pure=False)
        done = as_completed()
        handed_out: dict[Future, HandIn] = {}
        while True:
            room = AHEAD + 2 * sum(client.nthreads().values()) - len(handed_out)
            for hand_in in islice(waiting, max(0, room)):
                task = client.submit(
                    grade_task, package, hand_in, self.jail, self.budget, pure=False, retries=2
                )
                handed_out[task] = hand_in
                done.add(task)
            if not handed_out:
                return
            task = next(done)
            yield handed_out.pop(task), task

    def _record(self, hand_in: HandIn, result: Result) -> Outcome:
        try:
            notebooks = self._patiently(hand_in, result)
        except Exception as reason:  # of any kind: the result is made of what a stranger wrote
            if isinstance(reason, OSError) and reason.errno not in NAMES:
                raise  # a full disk is no fault of the submission
            problem = f"not in the gradebook: {str(reason)[:LONGEST_REASON]}"
            return Outcome(hand_in.student, result, problem=problem)
        self.journal.write(hand_in, result, recorded=True)
        return Outcome(hand_in.student, result, notebooks)

    def _patiently(self, hand_in: HandIn, result: Result) -> list[NotebookNode]:
        """Record a result; wait while somebody else has locked the gradebook."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.recorder.record(self.lab, hand_in, result)
            except NotGraded as reason:
                if "database is locked" not in str(reason) or time.monotonic() > deadline:
                    raise
                self.notify("The gradebook is locked, by formgrader perhaps; waiting for it.")
                time.sleep(1)


def _same(package: LabPackage) -> LabPackage:
    return package


def default_jobs() -> int:
    """One worker per core."""
    return os.cpu_count() or 1
