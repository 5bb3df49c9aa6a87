"""Exercises of the bank: reference, cases, misconceptions and hints in one place.

An author writes, in `solutions/<lab>/exercises.py`::

    @exercise(points=2)
    def cube(x):
        \"\"\"Return the numbers `x` to the power of three, as an array.\"\"\"
        return np.asarray(x) ** 3

    cube.case("cube([1.0, -2.0])")
    cube.hidden_case("cube(rng.normal(size=5))")
    cube.hint("An array to a power takes every number to that power.")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, TypedDict, Unpack
from zlib import crc32

from dlcourse.authoring.errors import AuthoringError, Place, caller
from dlcourse.authoring.registry import register
from dlcourse.checks.evaluate import Outcome, evaluate
from dlcourse.checks.judge import observed
from dlcourse.checks.spec import Case, CodeChecks, Expected

Helpers = Mapping[str, Callable[..., Any]]

PATIENCE = 6  # with the bank's own answers, in time limits: they are the same on a busy machine
WHOLE = "all"  # the one part of an exercise without parts


@dataclass(frozen=True)
class Candidate:
    """An answer of the bank, right or wrong.

    Attributes:
        name: of the function in the bank.
        answer: the function or class.
        hint: what a student with this misconception is told; "" for a right answer.
        place: where it is written.
        costs: for a misconception, the parts that it loses; empty for all parts.
    """

    name: str
    answer: Any
    hint: str
    place: Place
    costs: tuple[str, ...] = ()


class CaseOptions(TypedDict, total=False):
    """Options of `Exercise.case` and `Exercise.hidden_case`.

    part: the part that the case belongs to; defaults to the only part.
    view: a `driver` applied to the value before it is compared.
    quiet: a warning fails the case.
    rtol, atol: tolerances; default to those of `dlcourse.checks.compare.difference`.
    time_limit: seconds; defaults to 10.
    raises: the built-in exception type that the reference must raise.
    """

    part: str
    view: Callable[[Any], Any]
    quiet: bool
    rtol: float
    atol: float
    time_limit: float
    raises: type[Exception]


@dataclass(frozen=True)
class WrittenCase:
    """A case as the author wrote it: not yet evaluated, so without expected value."""

    case: Case
    raises: str | None
    place: Place


@dataclass
class Exercise:
    """A function or class that a student writes; made by `exercise`.

    Calling it calls the reference, so that other exercises of the bank can use it.
    """

    reference: Any
    parts: dict[str, float]
    place: Place
    cases: list[WrittenCase] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    variants: list[Candidate] = field(default_factory=list)
    misconceptions: list[Candidate] = field(default_factory=list)
    forbidden: dict[str, str] = field(default_factory=dict)
    used: tuple[Exercise, ...] = ()

    def __post_init__(self) -> None:
        register(self)

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def points(self) -> float:
        return sum(self.parts.values())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.reference(*args, **kwargs)

    def __instancecheck__(self, instance: Any) -> bool:
        """Let a class say `isinstance(other, Value)` under the name that became its exercise."""
        return isinstance(instance, self.reference)

    def case(self, call: str, **options: Unpack[CaseOptions]) -> None:
        """Add a visible case: students see the call, and what their answer gives.

        Args:
            call: a Python expression over the exercise's name, `np`, `rng`, and drivers.
            options: see `CaseOptions`.
        """
        self._add_case(call, False, options)

    def hidden_case(self, call: str, **options: Unpack[CaseOptions]) -> None:
        """Add a case that only graders run, with a fresh `rng` each time; see `case`."""
        self._add_case(call, True, options)

    def _add_case(self, call: str, hidden: bool, options: CaseOptions) -> None:
        place = caller()
        given: dict[str, Any] = dict(options)
        if "part" not in given and len(self.parts) > 1:
            known = ", ".join(self.parts)
            raise AuthoringError(place, self.name, f"say which part: part= one of {known}")
        part = given.pop("part", next(iter(self.parts)))
        self._check_part(part, place)
        try:
            compile(call, "<case>", "eval")
        except SyntaxError as error:
            problem = f"the case is not a Python expression: {error.msg}: {call}"
            raise AuthoringError(place, self.name, problem) from None
        view, raises = given.pop("view", None), given.pop("raises", None)
        case = Case(
            call,
            part,
            seed=0,
            expected=Expected(),
            view=view.__name__ if view else None,
            hidden=hidden,
            **given,
        )
        self.cases.append(WrittenCase(case, raises.__name__ if raises else None, place))

    def _check_part(self, part: str, place: Place) -> None:
        if part not in self.parts:
            known = ", ".join(self.parts)
            raise AuthoringError(place, self.name, f"expected a part among {known}, got {part!r}")

    def hint(self, text: str) -> None:
        """Add a hint; `check.hint` opens them in this order, one at a time."""
        self.hints.append(text)

    def misconception(self, hint: str, costs: str | tuple[str, ...] = ()) -> Callable[[Any], Any]:
        """Decorate a typical wrong answer.

        Args:
            hint: what a student is told whose values are those of this answer.
            costs: the part or parts that this answer loses. Defaults to all parts.
        """
        costs = (costs,) if isinstance(costs, str) else costs
        place = caller()
        for part in costs:
            self._check_part(part, place)

        def add(answer: Any) -> Any:
            self._add_candidate(
                self.misconceptions, Candidate(answer.__name__, answer, hint, place, costs)
            )
            return answer

        return add

    def variant(self, answer: Any) -> Any:
        """Decorate a right answer that is written differently: it must get full points."""
        self._add_candidate(self.variants, Candidate(answer.__name__, answer, "", caller()))
        return answer

    def _add_candidate(self, candidates: list[Candidate], new: Candidate) -> None:
        if any(c.name == new.name for c in [*self.variants, *self.misconceptions]):
            raise AuthoringError(new.place, self.name, f"a second answer is named `{new.name}`")
        candidates.append(new)

    def forbid(self, *names: str, because: str) -> None:
        """Forbid dotted names, such as `"np.convolve"`, in the answer's source."""
        self.forbidden.update(dict.fromkeys(names, because))

    def uses(self, *others: Exercise) -> None:
        """Declare that an answer may call other exercises of the lab.

        A student whose own version of them is wrong loses no points here.
        """
        self.used = others

    def evaluate(self, case: Case, answer: Any, helpers: Helpers) -> Outcome:
        """Return what an answer of the bank gives in one case, however busy the machine is."""
        return evaluate(
            case.call,
            {**helpers, self.name: answer},
            seed=case.seed,
            view=helpers[case.view] if case.view else None,
            watched=(self.name,),
            time_limit=PATIENCE * case.time_limit,
        )

    def checks(
        self,
        helpers: Helpers,
        *,
        hidden: bool = False,
        entropy: int | None = None,
        mistakes: bool = True,
    ) -> CodeChecks:
        """Evaluate reference and misconceptions and return the checks.

        Args:
            helpers: drivers and views by name.
            hidden: whether to take the hidden cases rather than the visible ones.
            entropy: seeds the cases' generators anew. Defaults to seeds that never change.
            mistakes: whether to evaluate the misconceptions.

        Raises:
            AuthoringError: the reference raises, warns in a quiet case or changes its arguments.
        """
        written = [w for w in self.cases if w.case.hidden == hidden]
        cases = []
        for index, item in enumerate(written):
            seed = crc32(f"{self.name}/{hidden}/{index}/{entropy}".encode())
            case = replace(item.case, seed=seed)
            expected = self._expected(item, case, helpers)
            known = {}
            for m in self.misconceptions if mistakes else ():
                known[m.name] = observed(self.evaluate(case, m.answer, helpers))
            cases.append(replace(case, expected=expected, mistakes=known))
        return CodeChecks(
            self.name,
            self.parts,
            tuple(cases),
            tuple(self.hints),
            {m.name: m.hint for m in self.misconceptions},
            self.forbidden,
            tuple(other.name for other in self.used),
        )

    def _expected(self, item: WrittenCase, case: Case, helpers: Helpers) -> Expected:
        def fail(problem: str) -> NoReturn:
            raise AuthoringError(item.place, self.name, f"the case {case.call} {problem}")

        if case.view and case.view not in helpers:
            fail(f"has a view that is not a driver: `{case.view}`")
        outcome = self.evaluate(case, self.reference, helpers)
        if outcome.raised and not item.raises:
            fail(f"raises in the reference: {outcome.message}")
        if outcome.raised != item.raises:
            fail(f"should raise {item.raises} in the reference, got {outcome.message or 'a value'}")
        if outcome.mutated:
            fail("makes the reference change its arguments")
        if case.quiet and outcome.warned:
            fail(f"makes the reference warn: {outcome.warned[0]}")
        return observed(outcome)


def exercise(
    points: float | None = None, parts: dict[str, float] | None = None
) -> Callable[[Any], Exercise]:
    """Make the decorated function or class the reference of an exercise of its name.

    Args:
        points: of an exercise that is all or nothing.
        parts: points by part name, instead of `points`; each part is all or nothing.

    Raises:
        AuthoringError: not exactly one of `points` and `parts`, points that are not positive, or
            no docstring.
    """
    place = caller()
    if (points is None) == (parts is None):
        raise AuthoringError(place, "", "expected exactly one of points= and parts=")
    shares = dict(parts) if parts else {WHOLE: float(points or 0)}

    def make(reference: Any) -> Exercise:
        if min(shares.values()) <= 0:
            raise AuthoringError(
                place, reference.__name__, f"expected positive points, got {shares}"
            )
        if not reference.__doc__:
            raise AuthoringError(
                place, reference.__name__, "expected a docstring: it is what the student gets"
            )
        return Exercise(reference, shares, place)

    return make
