"""nbgrader exporters that write grades in the form that learning platforms import.

    nbgrader export --exporter dlcourse.grading.lms.CanvasExport
    nbgrader export --exporter dlcourse.grading.lms.MoodleExport

One row per student, one column per assignment; `--assignment`, `--student` and `--to` work as with
nbgrader's own exporter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from nbgrader.api import Gradebook, MissingEntry, Student
from nbgrader.plugins import ExportPlugin
from traitlets import Dict, Enum, Unicode

from dlcourse.grading.points import final_score


class TableExport(ExportPlugin):
    """A table of grades: students in rows, assignments in columns."""

    titles = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        help="Name of an assignment on the platform, where it is not that of nbgrader.",
    ).tag(config=True)
    destination = "grades.csv"

    def export(self, gradebook: Gradebook) -> None:
        """Write the file.

        Raises:
            ValueError: a student or an assignment that was asked for is not in the gradebook.
        """
        path = self.to or self.destination
        known = {a.name: a for a in sorted(gradebook.assignments, key=lambda a: a.name)}
        names = _chosen(list(known), self.assignment, "assignment")
        students = {s.id: s for s in sorted(gradebook.students, key=lambda s: s.id)}
        asked = _chosen(list(students), self.student, "student")
        titles = [self.titles.get(name, name) for name in names]
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows(self.head(titles, [known[name].max_score for name in names]))
            for student in asked:
                scores = [_score(gradebook, name, student) for name in names]
                writer.writerow([*self.identity(students[student]), *scores])
        self.log.info("Wrote %s", path)

    def head(self, titles: list[str], points: list[float]) -> Iterator[list[object]]:
        """The rows above the first student."""
        raise NotImplementedError

    def identity(self, student: Student) -> list[str]:
        """The cells that tell who a student is."""
        raise NotImplementedError


class CanvasExport(TableExport):
    """A file for *Grades > Import* in Canvas.

    Canvas finds a student by its own ID, which nbgrader does not know, else by the SIS IDs, else by
    name; an assignment by its name, or the number in parentheses at its end.
    Source: docs of *Instructure Community*, "How do I import grades in the Gradebook?", and the
    importer itself, `lib/gradebook_importer.rb` of instructure/canvas-lms.
    """

    identifier = Enum(
        ["ID", "SIS User ID", "SIS Login ID"],
        default_value="SIS Login ID",
        help="The column of Canvas that holds what nbgrader calls the student's id.",
    ).tag(config=True)
    destination = "canvas.csv"
    _ids = ("ID", "SIS User ID", "SIS Login ID")

    def head(self, titles: list[str], points: list[float]) -> Iterator[list[object]]:
        yield ["Student", *self._ids, "Section", *titles]
        yield ["    Points Possible", "", "", "", "", *points]

    def identity(self, student: Student) -> list[str]:
        ids = [student.id if column == self.identifier else "" for column in self._ids]
        return [_name(student), *ids, ""]


class MoodleExport(TableExport):
    """A file for *Grades > Import > CSV file* in Moodle, where columns are mapped by hand.

    Source: https://docs.moodle.org/en/Grade_import
    """

    destination = "moodle.csv"

    def head(self, titles: list[str], points: list[float]) -> Iterator[list[object]]:
        yield ["First name", "Last name", "ID number", "Email address", *titles]

    def identity(self, student: Student) -> list[str]:
        return [student.first_name or "", student.last_name or "", student.id, student.email or ""]


def _chosen(known: list[str], asked: list[object], what: str) -> list[str]:
    wanted = [str(name) for name in asked]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise ValueError(f"The gradebook has no {what} {', '.join(unknown)}; it has {known}")
    return wanted or known


def _name(student: Student) -> str:
    """`Last, First` as Canvas sorts names, or the id where there is no name."""
    return ", ".join(filter(None, [student.last_name, student.first_name])) or str(student.id)


def _score(gradebook: Gradebook, assignment: str, student: str) -> float | str:
    """See `final_score`; "" for nothing handed in."""
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return ""
    return final_score(submission)
