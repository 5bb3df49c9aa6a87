"""What a class did in a lab, in numbers: scores, and per exercise how many did what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import correlation, fmean

from dlcourse.checks.judge import FAILED, NOT_ATTEMPTED, PASSED
from dlcourse.grading.records import Record


@dataclass(frozen=True)
class Mistake:
    """A mistake that several students may have made.

    Attributes:
        name: of the misconception; "" if it is none that the exercise knows.
        text: its hint, or what went wrong.
        count: how many students made it.
    """

    name: str
    text: str
    count: int


@dataclass(frozen=True)
class ExerciseSummary:
    """What a class did in one exercise.

    Attributes:
        name: of the exercise.
        points: the most that can be earned.
        passed, failed, not_attempted: numbers of students.
        difficulty: the mean share of the points that was earned, from 0 (nobody earned any) to 1;
            the "item difficulty" of item analysis.
        discrimination: the correlation, over students, of what was earned here with what was
            earned in all other exercises; None where one of them is the same for all.
        mistakes: the most frequent first.
    """

    name: str
    points: float
    passed: int
    failed: int
    not_attempted: int
    difficulty: float
    discrimination: float | None
    mistakes: list[Mistake]


@dataclass
class LabGrades:
    """What a class did in one lab.

    Attributes:
        lab: the lab's name.
        max_score: the most that can be earned.
        by_hand: the part of `max_score` that a person gives.
        scores: by student, of those who could be graded.
        records: of all their answers.
        stopped: cells that ended with an error, by student.
        not_graded: the reason, by student.
        notes: what was repaired, refused or cut short, by student.
        in_process: graded cells whose tests ran in the notebook, where an answer can see them.
    """

    lab: str
    max_score: float
    by_hand: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    stopped: dict[str, list[str]] = field(default_factory=dict)
    not_graded: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    in_process: set[str] = field(default_factory=set)

    def exercises(self) -> Iterator[ExerciseSummary]:
        """Yield a summary of each exercise, in the order of the lab."""
        by_name: dict[str, list[Record]] = {}
        for record in self.records:
            by_name.setdefault(record.exercise, []).append(record)
        for name, records in by_name.items():
            statuses = Counter(record.status for record in records)
            yield ExerciseSummary(
                name,
                records[0].max_points,
                statuses[PASSED],
                statuses[FAILED],
                statuses[NOT_ATTEMPTED],
                fmean(record.points / (record.max_points or 1) for record in records),
                self._discrimination(records),
                _mistakes(records),
            )

    def _discrimination(self, records: list[Record]) -> float | None:
        """The corrected item-total correlation (Ebel and Frisbie, 1991, chapter 13)."""
        total: defaultdict[str, float] = defaultdict(float)
        for record in self.records:
            total[record.student] += record.points
        own = [record.points for record in records]
        others = [total[record.student] - record.points for record in records]
        if len(set(own)) < 2 or len(set(others)) < 2:
            return None
        return correlation(own, others)


def _mistakes(records: list[Record]) -> list[Mistake]:
    made = Counter(
        (record.misconception or "", record.hint or record.problem)
        for record in records
        if record.status == FAILED
    )
    return [Mistake(name, text, count) for (name, text), count in made.most_common()]
