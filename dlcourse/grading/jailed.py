"""A notebook in its jail, as its referee sees it: requests go in, plain data come out.

The referee cannot start or end it: that is done by the grader, at the other end of its line.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dlcourse.checks.evaluate import Outcome, view_of
from dlcourse.checks.judge import AnswerState
from dlcourse.checks.source import forbidden_in_cells
from dlcourse.checks.spec import Case
from dlcourse.checks.values import decode
from dlcourse.grading import wire
from dlcourse.grading.wire import WireError, WireTimeout

# what data that is not as agreed may raise
GARBAGE = (
    ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError
)  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """Seconds: for one cell, and for the whole notebook."""

    cell: float = 120.0
    notebook: float = 600.0


class Line:
    """To the grader, who forks and ends the notebook, and has the key."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def notebook(self) -> socket.socket:
        """Return the connection to a fresh notebook; the one before is ended."""
        self._ask({"want": "notebook"})
        return wire.receive_connection(self._connection)

    def end_notebook(self) -> str:
        """End the notebook, and return why the grader has ended it already, "" if it has not."""
        return str(self._ask({"want": "end"})["reason"])

    def hidden(self, name: str, mistakes: bool) -> dict[str, Any]:
        """Return the hidden checks of an exercise, with what misconceptions give if wanted."""
        return self._ask({"want": "hidden", "name": name, "mistakes": mistakes})

    def reference(self, name: str) -> str:
        """Return source that binds a name to the right answer."""
        return str(self._ask({"want": "reference", "name": name})["source"])

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        wire.send(self._connection, request)
        return wire.receive(self._connection)


class Dead(Exception):
    """The notebook's process ended, hung or broke the protocol; the message says which."""


class OutOfTime(Dead):
    """The notebook has had all of its time."""


class Jail:
    """A running notebook that comes back to life: after a death the other cells run again."""

    def __init__(self, line: Line, budget: Budget) -> None:
        self.line, self.budget = line, budget
        self.deadline = time.monotonic() + budget.notebook
        self.history: list[str] = []
        self.notebook: socket.socket | None = None

    def _alive(self) -> socket.socket:
        if self.notebook is None:
            self._seconds_left()
            self.notebook = self.line.notebook()
            for source in self.history:
                self._ask(self.notebook, {"run": source})
        return self.notebook

    def _ask(self, notebook: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        seconds = min(self.budget.cell, self._seconds_left())
        try:
            return wire.ask(notebook, request, seconds)
        except WireTimeout:
            self.close()
            raise Dead(f"it did not finish within {seconds:.0f} seconds") from None
        except WireError as error:
            reason = self.close() or str(error)[:200]
            raise Dead(f"it ended the notebook's process ({reason})") from None

    def _seconds_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.close()
            raise OutOfTime(f"the notebook ran longer than {self.budget.notebook:g} seconds")
        return left

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request; a notebook that died before is revived first.

        Raises:
            Dead: the request killed the notebook, or it was too late for it.
        """
        return self._ask(self._alive(), request)

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell; one that kills the notebook is left out when it is revived."""
        answer = self.ask({"run": source})
        self.history.append(source)
        return answer

    def close(self) -> str:
        """End the notebook; see `Line.end_notebook`."""
        if self.notebook is None:
            return ""
        self.notebook.close()
        self.notebook = None
        return self.line.end_notebook()


@dataclass(frozen=True)
class JailedAnswer:
    """An answer that lives in a jail: cases are evaluated there, views and comparison here."""

    name: str
    jail: Jail
    cells: tuple[str, ...]
    views: Mapping[str, Callable[..., Any]]

    def state(self) -> AnswerState:
        facts = self.jail.ask({"describe": self.name})
        return AnswerState(
            bool(facts.get("bound")),
            bool(facts.get("stub")),
            bool(facts.get("callable")),
            str(facts.get("type"))[:80],
        )

    def forbidden_use(self, names: Collection[str]) -> tuple[str, str] | None:
        return forbidden_in_cells(self.name, names, self.cells)

    def outcome(self, case: Case) -> Outcome:
        request = {
            "name": self.name,
            "call": case.call,
            "seed": case.seed,
            "time_limit": case.time_limit,
        }
        try:
            answer = self.jail.ask({"evaluate": request})
            outcome = _outcome(answer)
        except Dead as death:
            return Outcome(raised="Dead", message=f"something fatal: {death}")
        except GARBAGE:
            return Outcome(raised="Garbage", message="an answer that is not plain data")
        if case.view and outcome.raised is None:
            return view_of(outcome, self.views[case.view], case.time_limit)
        return outcome


def _outcome(answer: dict[str, Any]) -> Outcome:
    """Read what the jail says, trusting nothing of it."""
    raised = answer["raised"]
    return Outcome(
        decode(answer["value"]),
        None if raised is None else str(raised)[:100],
        str(answer["message"])[:500],
        str(answer["printed"])[:2000],
        tuple(str(w)[:200] for w in answer["warned"]),
        tuple(str(m)[:100] for m in answer["mutated"]),
    )
