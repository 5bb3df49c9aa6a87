"""The validity of a bank, measured: which right and wrong answers do its cases tell apart?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.exercise import PATIENCE, Candidate, Exercise
from dlcourse.checks.judge import PASSED, Verdict, judge_code
from dlcourse.checks.session import load_helpers
from dlcourse.checks.spec import CodeChecks


@dataclass(frozen=True)
class Row:
    """What one answer of the bank gets.

    Attributes:
        exercise: its name.
        kind: "reference", "variant" or "misconception".
        answer: name of the function in the bank.
        visible: points earned by the visible cases, out of `points`.
        hidden: points earned by the hidden cases.
        points: of the exercise.
        named: the misconception that the visible cases name, "" for none.
        hole: what is wrong with the bank, "" if nothing is.
    """

    exercise: str
    kind: str
    answer: str
    visible: float
    hidden: float
    points: float
    named: str
    hole: str


def validate(bank: Bank, repeats: int = 1) -> Iterator[Row]:
    """Yield a row for every answer of the bank.

    Args:
        bank: a lab's exercises.
        repeats: how often the hidden cases are drawn; the worst result counts.

    Raises:
        AuthoringError: see `Bank.checks`.
    """
    lab = bank.checks()
    helpers = load_helpers(lab.helpers)
    for item in bank.items.values():
        if not isinstance(item, Exercise):
            continue
        visible = lab.exercises[item.name]
        assert isinstance(visible, CodeChecks)
        visible = _patient(visible)
        draws = [
            _patient(bank.hidden_checks(item.name, entropy, mistakes=False))
            for entropy in range(repeats)
        ]
        for kind, candidate in _candidates(item):
            names = {**vars(bank.module), item.name: candidate.answer}
            seen = judge_code(visible, names, helpers)
            unseen = [judge_code(checks, names, bank.drivers) for checks in draws]
            yield _row(item, kind, candidate, seen, unseen)


def _patient(checks: CodeChecks) -> CodeChecks:
    """The same checks with time enough on a busy machine."""
    cases = (replace(case, time_limit=PATIENCE * case.time_limit) for case in checks.cases)
    return replace(checks, cases=tuple(cases))


def _candidates(item: Exercise) -> Iterator[tuple[str, Candidate]]:
    yield "reference", Candidate("reference", item.reference, "", item.place)
    for variant in item.variants:
        yield "variant", variant
    for misconception in item.misconceptions:
        yield "misconception", misconception


def _row(
    item: Exercise, kind: str, candidate: Candidate, seen: Verdict, unseen: list[Verdict]
) -> Row:
    named = seen.misconception or ""
    if kind == "misconception":
        worst = max(unseen, key=lambda verdict: verdict.points)
        hole = _hole_of_misconception(item, candidate, seen, unseen)
    else:
        worst = min(unseen, key=lambda verdict: verdict.points)
        hole = _hole_of_right_answer(seen, worst)
    return Row(item.name, kind, candidate.name, seen.points, worst.points, item.points, named, hole)


def _hole_of_right_answer(seen: Verdict, worst: Verdict) -> str:
    for verdict, which in ((seen, "visible"), (worst, "hidden")):
        if verdict.status != PASSED:
            call = verdict.case.case.call if verdict.case else ""
            return f"fails a {which} case {call}: {verdict.problem}"
    return ""


def _hole_of_misconception(
    item: Exercise, candidate: Candidate, seen: Verdict, unseen: list[Verdict]
) -> str:
    lost = candidate.costs or tuple(item.parts)
    for verdict in unseen:
        for part, points in verdict.parts.items():
            if part in lost and points:
                return f"passes the hidden cases of part {part}"
            if part not in lost and not points:
                return f"fails the hidden cases of part {part}, which it should not cost"
    if seen.status != PASSED and seen.misconception != candidate.name and not _forbidden(seen):
        return f"the visible cases name {seen.misconception or 'no misconception'}"
    return ""


def _forbidden(verdict: Verdict) -> bool:
    """Whether the answer was refused for a forbidden name, which has its own explanation."""
    return verdict.case is None and bool(verdict.hint)
