"""The class report: one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import jinja2

from dlcourse.checks.view import inline_markup, number
from dlcourse.grading.summary import LabGrades

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("dlcourse.grading"), autoescape=True, trim_blocks=True
)
_templates.filters.update(number=number, inline_markup=inline_markup, mean=fmean, median=median)


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram of scores.

    Attributes:
        low, high: percent of the lab's points; `high` belongs to the next bar, except for 100.
        count: how many students.
    """

    low: int
    high: int
    count: int


def histogram(grades: LabGrades, bars: int = 10) -> list[Bar]:
    """Return how many students have which share of the points."""
    counts = [0] * bars
    for score in grades.scores.values():
        counts[min(int(bars * score / (grades.max_score or 1)), bars - 1)] += 1
    width = 100 // bars
    return [Bar(i * width, (i + 1) * width, count) for i, count in enumerate(counts)]


def render(title: str, labs: Sequence[LabGrades]) -> str:
    """Return the page about a class.

    Args:
        title: of the page.
        labs: what the class did in each lab.
    """
    students = sorted({s for grades in labs for s in (*grades.scores, *grades.not_graded)})
    template = _templates.get_template("report.html.j2")
    return template.render(title=title, labs=labs, students=students, histogram=histogram)
