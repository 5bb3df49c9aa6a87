"""For a terminal: a student's progress, what a class did, and a bar for long work."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from dlcourse.checks.judge import PASSED
from dlcourse.checks.spec import Checks, TextChecks
from dlcourse.checks.view import COLORS, MARKS, number
from dlcourse.grading.records import Record
from dlcourse.grading.selfcheck import SelfCheck
from dlcourse.grading.summary import LabGrades


def progress_table(result: SelfCheck) -> Table:
    """Return a table of the exercises of a student's notebook, with what to look at next."""
    exercises = result.lab.exercises
    passed = sum(record.status == PASSED for record in result.records.values())
    earned = sum(record.points for record in result.records.values())
    total = sum(checks.points for checks in exercises.values())
    table = Table(title=result.lab.lab, title_justify="left")
    table.caption = (
        f"{passed} of {len(exercises)} exercises passed, "
        f"{number(earned)} of {number(total)} points by the visible cases"
    )
    table.add_column("", no_wrap=True)
    table.add_column("exercise", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what to look at")
    for name, checks in exercises.items():
        table.add_row(*_progress_row(name, checks, result.records.get(name)))
    return table


def _progress_row(name: str, checks: Checks, record: Record | None) -> list[Text]:
    points = f"{number(record.points if record else 0)} of {number(checks.points)}"
    if record is None:
        person = isinstance(checks, TextChecks)
        state = "graded by your teacher" if person else "not checked"
        return [Text("·"), Text(name), Text(state), Text(points), Text()]
    advice = [text for text in (record.problem, record.hint) if text and record.status != PASSED]
    mark = Text(MARKS[record.status], style=COLORS[record.status])
    return [mark, Text(name), Text(record.status), Text(points), Text("\n".join(advice))]


def exercises_table(grades: LabGrades) -> Table:
    """Return a table of the exercises of a lab and of the mistakes that the class made."""
    table = Table(title=f"{grades.lab}: what the class did", title_justify="left")
    table.add_column("exercise", no_wrap=True)
    for title in ("passed", "failed", "not attempted", "difficulty"):
        table.add_column(title, justify="right")
    table.add_column("mistakes")
    for exercise in grades.exercises():
        mistakes = [f"{m.count}×{m.name or 'other'}" for m in exercise.mistakes]
        table.add_row(
            exercise.name,
            str(exercise.passed),
            str(exercise.failed),
            str(exercise.not_attempted),
            f"{exercise.difficulty:.2f}",
            ", ".join(mistakes),
        )
    return table


def scores_table(labs: Sequence[LabGrades]) -> Table:
    """Return a table of the scores of all students, with the most that can be earned."""
    table = Table(title="Scores", title_justify="left", show_footer=True)
    table.add_column("student", footer="maximum")
    for grades in labs:
        table.add_column(grades.lab, justify="right", footer=number(grades.max_score))
    total = sum(grades.max_score for grades in labs)
    table.add_column("total", justify="right", footer=number(total))
    for student in sorted({s for grades in labs for s in (*grades.scores, *grades.not_graded)}):
        cells = [
            Text(number(grades.scores[student]))
            if student in grades.scores
            else Text("not graded", "red")
            for grades in labs
        ]
        earned = sum(grades.scores.get(student, 0.0) for grades in labs)
        table.add_row(student, *cells, number(earned))
    by_hand = sum(grades.by_hand for grades in labs)
    if by_hand:
        table.caption = f"not counted: {number(by_hand)} of {number(total)}, given by a person"
    return table


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "")


def progress_bar(console: Console) -> Progress:
    """Return a bar with count, rate and time left."""
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(compact=True))
    return Progress(TextColumn("{task.description}", markup=False), *columns, console=console)
