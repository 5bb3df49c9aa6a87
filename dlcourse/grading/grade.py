"""`dlcourse grade`: a class from the folder of submissions to the gradebook and the report."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median

from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from sqlalchemy.exc import DatabaseError

from dlcourse.grading.points import final_score, foreign_records, possible_points
from dlcourse.grading.records import read_records, stopped_cells
from dlcourse.grading.report import render
from dlcourse.grading.runner import ClassRun, Outcome
from dlcourse.grading.summary import LabGrades
from dlcourse.grading.tables import progress_bar

EMPTY = "Graded as empty, please look at it: {}.".format
SLOW = 3  # a notebook is slow if it took so many times the median of the class


def grade_class(run: ClassRun, console: Console) -> LabGrades:
    """Grade the submissions of a lab, with a progress bar; return what the class did.

    Raises:
        ValueError: the gradebook does not know the lab.
    """
    _need_assignment(run)
    seconds: dict[str, float] = {}
    graded: set[str] = set()
    grades = LabGrades(run.lab, *possible_points(run.package.released.values()))
    run.notify = lambda sentence: console.print(sentence)
    with progress_bar(console) as progress:
        task = progress.add_task(run.lab, total=None)
        for outcome in run.run(lambda total: progress.update(task, total=total)):
            outcome.student = _printable(outcome.student)
            if _take(outcome, grades):
                graded.add(outcome.student)
            seconds |= {outcome.student: outcome.result.seconds} if outcome.result else {}
            progress.update(task, description=f"{run.lab} {outcome.student}", advance=1)
            unreadable = outcome.result.unreadable if outcome.result else []
            for sentence in [outcome.problem] if outcome.problem else map(EMPTY, unreadable):
                run.notify(f"{outcome.student}: {sentence}")
    with Gradebook(run.recorder.folders.db_url) as gradebook:
        scores = {s.student.id: final_score(s) for s in gradebook.assignment_submissions(run.lab)}
    grades.scores = {student: scores[student] for student in sorted(graded)}
    for student, note in [*_late(run), *_slow(seconds)]:
        if student in graded:
            grades.notes.setdefault(student, []).append(note)
    return grades


def _printable(name: str) -> str:
    """The name of a folder, which may hold any bytes, as text."""
    return name.encode(errors="backslashreplace").decode()


def _need_assignment(run: ClassRun) -> None:
    address = run.recorder.folders.db_url
    try:
        with Gradebook(address) as gradebook:
            gradebook.find_assignment(run.lab)
    except MissingEntry:
        raise ValueError(
            f"The gradebook does not know {run.lab} yet, so nothing can be recorded. Tell it: "
            f"nbgrader generate_assignment {run.lab} --force"
        ) from None
    except DatabaseError as error:
        raise ValueError(f"The gradebook {address} cannot be read: {error.orig}") from None


def _late(run: ClassRun) -> Iterator[tuple[str, str]]:
    """Yield who handed in late, and how nbgrader counts it."""
    with Gradebook(run.recorder.folders.db_url) as gradebook:
        for submission in gradebook.assignment_submissions(run.lab):
            if submission.total_seconds_late:
                late = timedelta(seconds=round(submission.total_seconds_late))
                penalty = f"{submission.late_submission_penalty:g} points were taken off"
                yield submission.student.id, f"Handed in {late} late; {penalty}."


def _slow(seconds: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Yield whose notebook took much longer than those of the others."""
    usual = median(seconds.values()) if seconds else 0.0
    for student, own in seconds.items():
        if own > max(SLOW * usual, usual + 10):
            yield student, f"Took {own:.0f} seconds; half of the class took {usual:.0f} at most."


def _take(outcome: Outcome, grades: LabGrades) -> bool:
    """Add an outcome to the grades; returns whether the gradebook has it."""
    if not outcome.notebooks or outcome.result is None:
        grades.not_graded[outcome.student] = outcome.problem
        return False
    for notebook in outcome.notebooks:
        foreign = list(foreign_records(notebook, outcome.student))
        grades.records += [*read_records(notebook, outcome.student), *foreign]
        grades.in_process |= {record.exercise for record in foreign}
    notes = [
        *map(EMPTY, outcome.result.unreadable),
        *outcome.result.repairs,
        *outcome.result.incidents,
    ]
    if notes:
        grades.notes[outcome.student] = notes
    stopped = [line for notebook in outcome.notebooks for line in stopped_cells(notebook)]
    if stopped:
        grades.stopped[outcome.student] = stopped
    return True


def write_report(grades: LabGrades, path: Path) -> None:
    """Write the HTML page, and beside it the scores per exercise as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(f"Class report: {grades.lab}", [grades]), encoding="utf-8")
    exercises = [exercise.name for exercise in grades.exercises()]
    points = {(r.student, r.exercise): r.points for r in grades.records}
    with path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "score", "max_score", *exercises])
        for student, score in grades.scores.items():
            row = [points.get((student, exercise), "") for exercise in exercises]
            writer.writerow([student, score, grades.max_score, *row])
