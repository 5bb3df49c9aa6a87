"""The exercise bank of a lab: everything that its `exercises.py` defines."""

from __future__ import annotations

import inspect
import linecache
import sys
import textwrap
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcourse.authoring.course import BANK_FILE
from dlcourse.authoring.errors import AuthoringError, Place
from dlcourse.authoring.exercise import Exercise
from dlcourse.authoring.question import Constant, FreeText, Question
from dlcourse.authoring.registry import collecting
from dlcourse.checks.judge import agree
from dlcourse.checks.session import load_helpers
from dlcourse.checks.spec import Checks, CodeChecks, LabChecks

Item = Exercise | Question | Constant | FreeText


def driver(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function that cases may call, or use as a view.

    Its source is released if a visible case uses it, so it must stand alone: it sees `np`, other
    drivers, and what it imports itself.
    """
    function.__is_driver__ = True  # type: ignore[attr-defined]
    return function


@dataclass(frozen=True)
class Bank:
    """The exercises of one lab.

    Attributes:
        lab: the lab's name.
        path: of its file.
        module: the loaded file.
        items: exercises, questions, constants and free texts by name, in the author's order.
        driver_sources: source by name of the functions that cases use.
        drivers: these functions, made from their sources alone, and the views of Keras models.
    """

    lab: str
    path: Path
    module: types.ModuleType
    items: dict[str, Item]
    driver_sources: dict[str, str]
    drivers: dict[str, Callable[..., Any]]

    @classmethod
    def load(cls, folder: Path) -> Bank:
        """Run the bank in a lab's folder and collect what it defines.

        Raises:
            AuthoringError: the file is missing or raises, or two exercises have one name.
        """
        path = folder / BANK_FILE
        if not path.is_file():
            raise AuthoringError(Place(path, 0), "", f"the lab has no {BANK_FILE}")
        return cls.run(folder.name, path.read_text(encoding="utf-8"), path)

    @classmethod
    def run(cls, lab: str, source: str, path: Path) -> Bank:
        """Run the source of a bank, which need not be in a file.

        Args:
            lab: the lab's name.
            source: of the bank.
            path: what messages call it.

        Raises:
            AuthoringError: see `load`.
        """
        # without a time stamp, tracebacks and `inspect` take it for what the file holds
        linecache.cache[str(path)] = (len(source), None, source.splitlines(True), str(path))
        module = types.ModuleType(f"dlcourse_bank_{lab}")
        module.__file__ = str(path)
        sys.modules[module.__name__] = module
        try:
            with collecting() as items:
                exec(compile(source, str(path), "exec"), vars(module))
        except AuthoringError:
            raise
        except Exception as error:
            line = getattr(error, "lineno", None) or _last_line(error, path)
            problem = f"{type(error).__name__}: {error}"
            raise AuthoringError(Place(path, line), "", problem) from error
        sources = _driver_sources(module)
        return cls(lab, path, module, _by_name(items), sources, load_helpers(sources))

    @property
    def points(self) -> float:
        return sum(item.points for item in self.items.values())

    def checks(self) -> LabChecks:
        """Return the visible checks of the lab; evaluates every visible case.

        Raises:
            AuthoringError: see `Exercise.checks`.
        """
        sources = {name: self.driver_sources[name] for name in self._used_drivers()}
        helpers = load_helpers(sources)
        exercises: dict[str, Checks] = {}
        for name, item in self.items.items():
            if isinstance(item, Exercise):
                visible = item.checks(helpers)
                self._check_misconceptions(item, visible)
                exercises[name] = visible
            else:
                exercises[name] = item.checks()
        return LabChecks(self.lab, exercises, sources)

    def hidden_checks(self, name: str, entropy: int, mistakes: bool = True) -> CodeChecks:
        """Return the hidden checks of an exercise, with the generators seeded by `entropy`."""
        item = self.items[name]
        assert isinstance(item, Exercise)
        return item.checks(self.drivers, hidden=True, entropy=entropy, mistakes=mistakes)

    def _check_misconceptions(self, item: Exercise, visible: CodeChecks) -> None:
        """Fail if a misconception gives what the reference gives in every case."""
        hidden: CodeChecks | None = None
        for m in item.misconceptions:
            if not all(agree(c, c.mistakes[m.name], c.expected) for c in visible.cases):
                continue
            hidden = hidden or self.hidden_checks(item.name, 0)
            if all(agree(c, c.mistakes[m.name], c.expected) for c in hidden.cases):
                problem = f"the misconception `{m.name}` equals the reference on every case"
                raise AuthoringError(m.place, item.name, problem)

    def _used_drivers(self) -> list[str]:
        """Names of the drivers that visible cases use, directly or through another one."""
        used: set[str] = set()
        for item in self.items.values():
            if isinstance(item, Exercise):
                for written in item.cases:
                    if not written.case.hidden:
                        used.update(compile(written.case.call, "", "eval").co_names)
                        used.add(written.case.view or "")
        before: set[str] = set()
        while before != used:
            before = set(used)
            for name in before & set(self.driver_sources):
                used.update(_names_in(self.drivers[name].__code__))
        return [name for name in self.driver_sources if name in used]


def _names_in(code: types.CodeType) -> set[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return set(code.co_names).union(*map(_names_in, inner))


def _last_line(error: Exception, path: Path) -> int:
    lines = [0]
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return lines[-1]


def _by_name(items: list[Item]) -> dict[str, Item]:
    by_name: dict[str, Item] = {}
    for item in items:
        if item.name in by_name:
            first = by_name[item.name].place.line
            problem = f"a second exercise of this name; the first is on line {first}"
            raise AuthoringError(item.place, item.name, problem)
        by_name[item.name] = item
    return by_name


def _driver_sources(module: types.ModuleType) -> dict[str, str]:
    found = [v for v in vars(module).values() if getattr(v, "__is_driver__", False)]
    sources = {f.__name__: textwrap.dedent(inspect.getsource(f)) for f in found}
    return {name: source[source.index("def ") :] for name, source in sources.items()}
