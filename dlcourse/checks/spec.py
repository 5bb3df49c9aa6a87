"""What `checks.json` holds: the visible cases of a lab, as data.

The build writes it from the exercise bank, `check` reads it. It holds no reference, no hidden
case, and of constants and questions only salted hashes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlcourse.checks.values import decode, encode

FORMAT = 1


@dataclass(frozen=True)
class Expected:
    """What a case gives with one answer.

    Attributes:
        value: plain data.
        raised: type of the exception, None if there is none.
        mutated: whether the call changes its arguments.
        warned: whether it warns.
    """

    value: Any = None
    raised: str | None = None
    mutated: bool = False
    warned: bool = False

    def to_json(self) -> dict[str, Any]:
        flaws = {name: True for name in ("mutated", "warned") if getattr(self, name)}
        result = {"raises": self.raised} if self.raised else {"value": encode(self.value)}
        return {**result, **flaws}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Expected:
        flaws = {name: data.get(name, False) for name in ("mutated", "warned")}
        if "raises" in data:
            return cls(raised=data["raises"], **flaws)
        return cls(decode(data["value"]), **flaws)


@dataclass(frozen=True)
class Case:
    """One expression over the exercise's names, and what it must give.

    Attributes:
        call: the Python expression.
        part: the part of the exercise that the case belongs to.
        seed: of the generator `rng` that the expression may use.
        expected: what the reference gives.
        mistakes: what each known misconception gives, by name.
        view: name of a helper that is applied to the value before it is compared, or None.
        hidden: whether the case is kept from students.
        quiet: whether a warning fails the case.
        rtol, atol: tolerances; None for the defaults of `compare.difference`.
        time_limit: seconds.
    """

    call: str
    part: str
    seed: int
    expected: Expected
    mistakes: dict[str, Expected] = field(default_factory=dict)
    view: str | None = None
    hidden: bool = False
    quiet: bool = False
    rtol: float | None = None
    atol: float | None = None
    time_limit: float = 10.0

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"call": self.call, "part": self.part, "seed": self.seed}
        data["expected"] = self.expected.to_json()
        data["mistakes"] = {name: e.to_json() for name, e in self.mistakes.items()}
        for name in ("view", "hidden", "quiet"):
            if getattr(self, name):
                data[name] = getattr(self, name)
        for name in ("rtol", "atol"):
            if getattr(self, name) is not None:
                data[name] = getattr(self, name)
        if self.time_limit != 10.0:
            data["time_limit"] = self.time_limit
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Case:
        mistakes = {name: Expected.from_json(e) for name, e in data["mistakes"].items()}
        expected = Expected.from_json(data["expected"])
        return cls(**{**data, "expected": expected, "mistakes": mistakes})


@dataclass(frozen=True)
class CodeChecks:
    """The checks of a function or class that a student writes.

    Attributes:
        name: the exercise's name, and the name that the answer binds.
        parts: points by part name; the one part of a simple exercise is called "all".
        cases: the cases, visible ones first.
        hints: opened one at a time.
        misconceptions: hint by misconception name.
        forbidden: reason by dotted name that the answer's source may not use.
        uses: other exercises of the lab that the answer may call.
    """

    name: str
    parts: dict[str, float]
    cases: tuple[Case, ...]
    hints: tuple[str, ...] = ()
    misconceptions: dict[str, str] = field(default_factory=dict)
    forbidden: dict[str, str] = field(default_factory=dict)
    uses: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return sum(self.parts.values())

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": "code",
            "parts": self.parts,
            "cases": [case.to_json() for case in self.cases],
            "hints": list(self.hints),
            "misconceptions": self.misconceptions,
            "forbidden": self.forbidden,
            "uses": list(self.uses),
        }

    @classmethod
    def from_json(cls, name: str, data: dict[str, Any]) -> CodeChecks:
        return cls(
            name,
            data["parts"],
            tuple(Case.from_json(case) for case in data["cases"]),
            tuple(data["hints"]),
            data["misconceptions"],
            data["forbidden"],
            tuple(data["uses"]),
        )


@dataclass(frozen=True)
class HashedChecks:
    """The check of a constant or of the letters chosen in a question, by salted hash.

    Attributes:
        name: the exercise's name, and the variable that the answer binds.
        points: all or nothing.
        kind: "constant" or "question".
        salt: mixed into every hash.
        right: hash of the right answer.
        mistakes: (misconception name, hint) by hash of a wrong answer.
        step: width of the grid that a constant is rounded to; 0 for letters.
        letters: the letters to choose from; empty for a constant.
        hints: opened one at a time.
    """

    name: str
    points: float
    kind: str
    salt: str
    right: str
    mistakes: dict[str, tuple[str, str]] = field(default_factory=dict)
    step: float = 0.0
    letters: str = ""
    hints: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        names = ("kind", "points", "salt", "right", "mistakes", "step", "letters", "hints")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_json(cls, name: str, data: dict[str, Any]) -> HashedChecks:
        mistakes = {h: (m[0], m[1]) for h, m in data["mistakes"].items()}
        return cls(name, **{**data, "mistakes": mistakes, "hints": tuple(data["hints"])})


@dataclass(frozen=True)
class TextChecks:
    """Free text, graded by a person: the check only tells whether something was written."""

    name: str
    points: float
    hints: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"kind": "text", "points": self.points, "hints": list(self.hints)}

    @classmethod
    def from_json(cls, name: str, data: dict[str, Any]) -> TextChecks:
        return cls(name, data["points"], tuple(data["hints"]))


Checks = CodeChecks | HashedChecks | TextChecks


def salted_hash(salt: str, answer: str) -> str:
    return hashlib.sha256(f"{salt}:{answer}".encode()).hexdigest()[:24]


@dataclass(frozen=True)
class LabChecks:
    """All checks of one lab.

    Attributes:
        lab: the lab's name.
        exercises: checks by exercise name, in the order of the lab.
        helpers: Python source by name, of the drivers and views that visible cases use.
    """

    lab: str
    exercises: dict[str, Checks]
    helpers: dict[str, str] = field(default_factory=dict)

    def in_order(self, names: list[str]) -> LabChecks:
        """Return the same checks with the exercises in this order."""
        return LabChecks(self.lab, {name: self.exercises[name] for name in names}, self.helpers)

    def dumps(self) -> str:
        """Return the text of `checks.json`; the same checks give the same text."""
        data = {
            "format": FORMAT,
            "lab": self.lab,
            "helpers": self.helpers,
            "exercises": {name: e.to_json() for name, e in self.exercises.items()},
        }
        return json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> LabChecks:
        """Read `checks.json`.

        Raises:
            ValueError: the file is not readable as this version's checks; says what to do.
        """
        try:
            return cls.loads(path.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} is not a checks file of this version of dlcourse ({error}). "
                "Copy it again from the course, or upgrade with: pip install -U dlcourse"
            ) from error

    @classmethod
    def loads(cls, text: str) -> LabChecks:
        """Return what `dumps` wrote."""
        kinds: dict[str, Any] = {"code": CodeChecks, "text": TextChecks}
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}, expected {FORMAT}")
        exercises: dict[str, Checks] = {}
        for name, entry in data["exercises"].items():
            exercises[name] = kinds.get(entry["kind"], HashedChecks).from_json(name, entry)
        return cls(data["lab"], exercises, data["helpers"])
