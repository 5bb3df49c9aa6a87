"""Exercises without code: questions with options, constants, free text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from dlcourse.authoring.errors import AuthoringError, Place, caller
from dlcourse.authoring.registry import register
from dlcourse.checks.spec import HashedChecks, TextChecks, salted_hash

LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Option:
    """An answer to choose: right if `because` is empty, else the reason why it is wrong."""

    text: str
    because: str


@dataclass
class Question:
    """A question with options; made by `question`. All right options must be chosen, no other."""

    name: str
    prompt: str
    points: float
    place: Place
    options: list[Option] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        register(self)

    def right(self, text: str) -> None:
        """Add a right option."""
        self.options.append(Option(text, ""))

    def wrong(self, text: str, because: str) -> None:
        """Add a wrong option, and what a student who chose it is told."""
        self.options.append(Option(text, because))

    def hint(self, text: str) -> None:
        """Add a hint; `check.hint` opens them in this order, one at a time."""
        self.hints.append(text)

    def lettered(self) -> dict[str, Option]:
        """Return the options by letter, in an order that does not give them away."""
        shuffled = list(self.options)
        random.Random(crc32(self.name.encode())).shuffle(shuffled)
        return dict(zip(LETTERS, shuffled, strict=False))

    @property
    def answer(self) -> str:
        """The right letters in order, such as "ac"."""
        return "".join(c for c, option in self.lettered().items() if not option.because)

    @property
    def multiple(self) -> bool:
        return len(self.answer) > 1

    def checks(self) -> HashedChecks:
        """Return the checks: hashes of the right letters and of the telling wrong choices."""
        options = self.lettered()
        if not 2 <= len(self.options) <= len(LETTERS) or not self.answer:
            problem = f"expected 2 to {len(LETTERS)} options, one of them right"
            raise AuthoringError(self.place, self.name, problem)
        salt = _salt(self.name)
        mistakes = {}
        for letter, option in options.items():
            if option.because:
                wrong = "".join(sorted({*self.answer, letter})) if self.multiple else letter
                mistakes[salted_hash(salt, wrong)] = (f"option_{letter}", option.because)
            elif self.multiple:
                wrong = self.answer.replace(letter, "")
                mistakes[salted_hash(salt, wrong)] = ("incomplete", "One more option is right.")
        return HashedChecks(
            self.name,
            self.points,
            "question",
            salt,
            salted_hash(salt, self.answer),
            mistakes,
            letters="".join(options),
            hints=tuple(self.hints),
        )

    def wrong_answers(self) -> dict[str, str]:
        """Return an answer for each mistake that the checks know, by name."""
        answers = {}
        for letter, option in self.lettered().items():
            if option.because:
                answers[f"option_{letter}"] = self.answer + letter if self.multiple else letter
        if self.multiple:
            answers["incomplete"] = self.answer[1:]
        return answers


def question(name: str, prompt: str, points: float) -> Question:
    """Return a new question; its answer is a string of letters bound to `name`."""
    return Question(name, prompt, points, caller())


@dataclass
class Constant:
    """A number to find; made by `constant`. Students get a salted hash of it."""

    name: str
    value: float
    tolerance: float
    prompt: str
    points: float
    place: Place
    hints: list[str] = field(default_factory=list)
    misconceptions: dict[str, tuple[float, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        register(self)

    def hint(self, text: str) -> None:
        """Add a hint; `check.hint` opens them in this order, one at a time."""
        self.hints.append(text)

    def misconception(self, name: str, value: float, hint: str) -> None:
        """Add a typical wrong value and what a student who gives it is told."""
        if abs(value - self.value) <= 2 * self.tolerance:
            problem = f"the misconception `{name}` is within the tolerance of the right value"
            raise AuthoringError(caller(), self.name, problem)
        self.misconceptions[name] = (value, hint)

    def checks(self) -> HashedChecks:
        """Return the checks: hashes of the right value and of the typical wrong ones."""
        salt = _salt(self.name)

        def hashed(value: float) -> str:
            return salted_hash(salt, str(round(value / self.tolerance)))

        return HashedChecks(
            self.name,
            self.points,
            "constant",
            salt,
            hashed(self.value),
            {hashed(value): (name, hint) for name, (value, hint) in self.misconceptions.items()},
            step=self.tolerance,
            hints=tuple(self.hints),
        )

    def wrong_answers(self) -> dict[str, float]:
        """Return the value of each misconception by name."""
        return {name: value for name, (value, _) in self.misconceptions.items()}


def constant(
    name: str, value: float, *, prompt: str, points: float, tolerance: float = 1e-3
) -> Constant:
    """Return a new constant; answers within `tolerance` of `value` are right."""
    if tolerance <= 0:
        raise AuthoringError(caller(), name, f"expected a positive tolerance, got {tolerance}")
    return Constant(name, value, tolerance, prompt, points, caller())


@dataclass
class FreeText:
    """A question that a person grades; made by `free_text`."""

    name: str
    prompt: str
    rubric: tuple[str, ...]
    points: float
    place: Place
    hints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        register(self)

    def hint(self, text: str) -> None:
        """Add a hint; `check.hint` opens them in this order, one at a time."""
        self.hints.append(text)

    def checks(self) -> TextChecks:
        return TextChecks(self.name, self.points, tuple(self.hints))


def free_text(name: str, prompt: str, *, rubric: Sequence[str], points: float) -> FreeText:
    """Return a new question for a person to grade.

    Args:
        name: of the answer's cell.
        prompt: Markdown.
        rubric: what earns the points, line by line; only graders see it.
        points: the most that can be earned.
    """
    return FreeText(name, prompt, tuple(rubric), points, caller())


def _salt(name: str) -> str:
    return f"{crc32(name.encode()):08x}"
