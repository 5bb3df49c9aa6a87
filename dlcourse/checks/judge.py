"""From an answer to a verdict: run the cases, compare, and name the likely mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from dlcourse.checks.compare import difference
from dlcourse.checks.evaluate import Outcome, evaluate
from dlcourse.checks.source import forbidden_use, is_stub
from dlcourse.checks.spec import Case, CodeChecks, Expected, HashedChecks, salted_hash

ENDLESS = ("TimeLimitReached", "Dead", "Garbage")  # after one of these, no further case is tried
PASSED, FAILED, NOT_ATTEMPTED = "passed", "failed", "not attempted"


@dataclass(frozen=True)
class CaseVerdict:
    """One case after it ran; `problem` is None if it passed."""

    case: Case
    outcome: Outcome
    problem: str | None


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        name: the exercise.
        status: "passed", "failed" or "not attempted".
        points: earned.
        max_points: the most that can be earned.
        problem: one sentence about the first failure, "" if passed.
        case: the first failing case, None if the failure is not that of a case.
        misconception: name of the known mistake that the values are those of, or None.
        hint: the misconception's hint, or the reason of a forbidden name.
        parts: points earned by part.
        notes: further remarks, such as text that the answer printed.
    """

    name: str
    status: str
    points: float
    max_points: float
    problem: str = ""
    case: CaseVerdict | None = None
    misconception: str | None = None
    hint: str = ""
    parts: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The verdict as a record for machines: no value, no call of a hidden case."""
        about = ("name", "status", "problem", "misconception", "hint")
        return {n: getattr(self, n) for n in (*about, "points", "max_points", "parts")}


class Answer(Protocol):
    """A student's answer to one exercise, wherever it runs."""

    def state(self) -> AnswerState:
        """Return what is bound to the exercise's name."""
        ...

    def forbidden_use(self, names: Collection[str]) -> tuple[str, str] | None:
        """Return (name, source line) of the first forbidden name that the answer uses."""
        ...

    def outcome(self, case: Case) -> Outcome:
        """Return what a case gives, after its view."""
        ...


@dataclass(frozen=True)
class AnswerState:
    """Whether a name is bound, still the stub, something to call; and the type of its value."""

    bound: bool
    stub: bool
    callable: bool
    type_name: str


def state_of(name: str, namespace: Mapping[str, Any]) -> AnswerState:
    """Return the state of a name in a namespace."""
    answer = namespace.get(name)
    return AnswerState(name in namespace, is_stub(answer), callable(answer), type(answer).__name__)


@dataclass(frozen=True)
class LocalAnswer:
    """An answer that lives in this process.

    Attributes:
        name: the exercise's name.
        namespace: the student's names.
        helpers: drivers and views by name.
    """

    name: str
    namespace: Mapping[str, Any]
    helpers: Mapping[str, Callable[..., Any]]

    def state(self) -> AnswerState:
        return state_of(self.name, self.namespace)

    def forbidden_use(self, names: Collection[str]) -> tuple[str, str] | None:
        return forbidden_use(self.namespace[self.name], names, self.namespace)

    def outcome(self, case: Case) -> Outcome:
        return evaluate(
            case.call,
            {**self.helpers, self.name: self.namespace[self.name]},
            seed=case.seed,
            view=self.helpers[case.view] if case.view else None,
            watched=(self.name,),
            time_limit=case.time_limit,
        )


def judge_code(
    checks: CodeChecks,
    namespace: Mapping[str, Any],
    helpers: Mapping[str, Callable[..., Any]],
) -> Verdict:
    """Judge the function or class `checks.name` of a namespace.

    Args:
        checks: the exercise's cases.
        namespace: the student's names.
        helpers: drivers and views by name.
    """
    return judge(checks, LocalAnswer(checks.name, namespace, helpers))


def judge(checks: CodeChecks, answer: Answer) -> Verdict:
    """Judge an answer by the cases of its exercise."""
    state = answer.state()
    if not state.bound:
        return _unjudged(checks, NOT_ATTEMPTED, f"`{checks.name}` is not defined: run its cell")
    if state.stub:
        return _unjudged(checks, NOT_ATTEMPTED, "nothing is written yet")
    if not state.callable:
        problem = f"`{checks.name}` is not a function but an object of type `{state.type_name}`"
        return _unjudged(checks, FAILED, problem)
    use = answer.forbidden_use(checks.forbidden)
    if use:
        name, line = use
        problem = f"`{name}` may not be used here (in the line `{line}`)"
        return _unjudged(checks, FAILED, problem, hint=checks.forbidden[name])
    return _sum_up(checks, list(_judge_cases(checks, answer)))


def _judge_cases(checks: CodeChecks, answer: Answer) -> Iterator[CaseVerdict]:
    """Run the cases; after one that never ends, nobody has to wait for the others."""
    stopped: Outcome | None = None
    for case in checks.cases:
        outcome = stopped or answer.outcome(case)
        yield CaseVerdict(case, outcome, _problem(case, outcome))
        if outcome.raised in ENDLESS:
            stopped = outcome


def _unjudged(checks: CodeChecks, status: str, problem: str, hint: str = "") -> Verdict:
    none = dict.fromkeys(checks.parts, 0.0)
    return Verdict(checks.name, status, 0.0, checks.points, problem, hint=hint, parts=none)


def _problem(case: Case, outcome: Outcome) -> str | None:
    expected = case.expected
    if outcome.raised and outcome.raised != expected.raised:
        if outcome.raised in ("TimeLimitReached", "NotPlain"):
            return outcome.message
        return f"it raises {outcome.message}"
    if expected.raised:
        return None if outcome.raised else f"it should raise `{expected.raised}`"
    found = difference(expected.value, outcome.value, case.rtol, case.atol)
    if found:
        return found.message
    if outcome.mutated:
        return "it changes its arguments: work on a copy"
    if case.quiet and outcome.warned:
        return f"it warns: {outcome.warned[0]}"
    return None


def _sum_up(checks: CodeChecks, verdicts: list[CaseVerdict]) -> Verdict:
    failed_parts = {v.case.part for v in verdicts if v.problem}
    parts = {p: 0.0 if p in failed_parts else points for p, points in checks.parts.items()}
    points = math.fsum(parts.values())
    if not failed_parts:
        return Verdict(checks.name, PASSED, points, checks.points, parts=parts)
    if all(v.outcome.raised == "NotImplementedError" for v in verdicts):
        return _unjudged(checks, NOT_ATTEMPTED, "nothing is written yet")
    first = next(v for v in verdicts if v.problem)
    misconception = likely_misconception(verdicts)
    return Verdict(
        checks.name,
        FAILED,
        points,
        checks.points,
        first.problem or "",
        first,
        misconception,
        checks.misconceptions[misconception] if misconception else "",
        parts,
        _notes(first),
    )


def _notes(first: CaseVerdict) -> tuple[str, ...]:
    printed = first.outcome.printed.strip()
    if printed and first.outcome.value is None and not first.outcome.raised:
        return ("It prints its result; a check looks at what is returned.",)
    return ()


def likely_misconception(verdicts: list[CaseVerdict]) -> str | None:
    """Return the known mistake that gives what the answer gives, None if there is none.

    A candidate gives the answer's values in every failing case. Of several, the one that agrees
    with the answer in most cases is taken, then the one that the author wrote first.
    """
    failing = [v for v in verdicts if v.problem]

    def explains(name: str, verdict: CaseVerdict) -> bool:
        known = verdict.case.mistakes.get(name)
        return known is not None and agree(verdict.case, known, observed(verdict.outcome))

    explaining = [
        name
        for name in (failing[0].case.mistakes if failing else ())
        if all(explains(name, v) for v in failing)
    ]
    return max(explaining, key=lambda n: sum(explains(n, v) for v in verdicts), default=None)


def observed(outcome: Outcome) -> Expected:
    """Return an outcome in the form that expectations have."""
    return Expected(outcome.value, outcome.raised, bool(outcome.mutated), bool(outcome.warned))


def agree(case: Case, first: Expected, second: Expected) -> bool:
    """Return whether two answers give the same in a case, flaws included."""
    if first.mutated != second.mutated or (case.quiet and first.warned != second.warned):
        return False
    if first.raised or second.raised:
        return first.raised == second.raised
    return difference(first.value, second.value, case.rtol, case.atol) is None


def judge_hashed(checks: HashedChecks, namespace: Mapping[str, Any]) -> Verdict:
    """Judge a constant or the letters of a question."""
    verdict = Verdict(checks.name, FAILED, 0.0, checks.points)
    given = namespace.get(checks.name)
    if given is None or given is ... or (isinstance(given, str) and not given):
        problem = f"set `{checks.name}` to your answer and run its cell"
        return replace(verdict, status=NOT_ATTEMPTED, problem=problem)
    normalized = _letters(given, checks) if checks.letters else _grid(given, checks.step)
    if not normalized:
        wanted = f'letters among "{checks.letters}"' if checks.letters else "a number"
        got = f'"{given[:40]}"' if isinstance(given, str) else f"type `{type(given).__name__}`"
        return replace(verdict, problem=f"expected {wanted}, received {got}")
    hashes = [salted_hash(checks.salt, text) for text in normalized]
    if checks.right in hashes:
        return replace(verdict, status=PASSED, points=checks.points)
    for found in hashes:
        if found in checks.mistakes:
            name, hint = checks.mistakes[found]
            return replace(verdict, problem="not right yet", misconception=name, hint=hint)
    return replace(verdict, problem="not right yet")


def _letters(given: Any, checks: HashedChecks) -> list[str]:
    """The chosen letters in order, such as "ac", from "a, c", ["C", "a"] or {"a", "c"}."""
    try:
        text = given if isinstance(given, str) else "".join(given)
    except TypeError:
        return []
    chosen = {c for c in text.lower() if c.isalnum()}
    return ["".join(sorted(chosen))] if chosen and chosen <= set(checks.letters) else []


def _grid(given: Any, step: float) -> list[str]:
    """The grid points near a number, so that rounding does not decide."""
    try:
        value = float(np.asarray(given).reshape(()))
    except (TypeError, ValueError, OverflowError):
        return []
    if not math.isfinite(value / step):
        return []
    nearest = round(value / step)
    return [str(nearest + d) for d in (0, -1, 1)]
