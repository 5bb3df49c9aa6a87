"""The grader's part in judging a notebook: it forks, watches and ends the processes that do it.

It hands bytes on and reads nothing of what a notebook sent. What a referee asks for is in
`Supervisor._answer`, and there is nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcourse.grading import wire
from dlcourse.grading.forks import LOOK, Fork, Zygote
from dlcourse.grading.key import Key
from dlcourse.grading.sandbox import Policy

MOST_SENTENCES, LONGEST_SENTENCE = 1000, 1000


class RefereeLost(Exception):
    """The referee ended or hung; the message says how.

    Attributes:
        exercise: that it judged at last, "" if it had not begun to.
    """

    exercise = ""


@dataclass(frozen=True)
class Judged:
    """What a referee sent back.

    Attributes:
        notebook: graded, as JSON.
        incidents: time limits, crashes; one sentence each.
        repairs: what had to be mended, one sentence each.
        unreadable: why the submitted file could not be read, "" if it could.
        seconds: wall time.
    """

    notebook: bytes
    incidents: list[str]
    repairs: list[str]
    unreadable: str
    seconds: float


class Supervisor:
    """For one notebook.

    Args:
        zygote: forks the referee and the notebook.
        key: answers the referee's questions about the lab; None for a foreign assignment.
        folder: that the notebook gets a copy of.
    """

    def __init__(self, zygote: Zygote, key: Key | None, folder: Path) -> None:
        self.zygote, self.key, self.policy = zygote, key, Policy(str(folder))
        self.notebook: Fork | None = None
        self.reason = ""  # why the notebook was ended by us
        self._looked = time.monotonic()
        self._exercise = ""

    def judge(self, job: dict[str, Any], content: bytes, seconds: float) -> Judged:
        """Let a referee judge a notebook.

        Args:
            job: see `referee.serve`.
            content: of the submitted file.
            seconds: that all may take.

        Raises:
            RefereeLost: it did not come to an end.
            OSError: this machine could not do it, which is no fault of the submission.
        """
        try:
            return self._judge(job, content, seconds)
        except (wire.WireError, ValueError, KeyError, TypeError, AttributeError) as error:
            lost = RefereeLost(str(error)[:200])
        except RefereeLost as error:
            lost = error
        lost.exercise = self._exercise
        raise lost

    def _judge(self, job: dict[str, Any], content: bytes, seconds: float) -> Judged:
        deadline = time.monotonic() + seconds
        with self.zygote.fork(Policy(), "referee") as referee:
            try:
                wire.send(referee.connection, job, seconds)
                wire.send_bytes(referee.connection, content, seconds)
                while "graded" not in (message := self._next(referee, deadline)):
                    self._answer(referee, message)
                notebook = wire.receive_bytes(referee.connection, LOOK + seconds)
                return _judged(notebook, message["graded"])
            finally:
                self._end()

    def _next(self, referee: Fork, deadline: float) -> dict[str, Any]:
        """Return the referee's next message; meanwhile look after both."""
        while True:
            coming = wire.is_coming(referee.connection, LOOK)
            if time.monotonic() > self._looked + LOOK:
                self._look(referee)
            if coming:
                return wire.receive(referee.connection, max(0.0, deadline - time.monotonic()))
            if time.monotonic() > deadline:
                raise RefereeLost("it did not come to an end")

    def _look(self, referee: Fork) -> None:
        """End the notebook if it takes too much; a referee that does so is lost."""
        self._looked = time.monotonic()
        if excess := referee.excess():
            raise RefereeLost(excess)
        if self.notebook and (excess := self.notebook.excess()):
            self._end()
            self.reason = excess

    def _answer(self, referee: Fork, message: dict[str, Any]) -> None:
        match message:
            case {"want": "notebook"}:
                self._end()
                self.notebook, self.reason = self.zygote.fork(self.policy), ""
                wire.send(referee.connection, {})
                wire.send_connection(referee.connection, self.notebook.connection)
            case {"want": "end"}:
                self._end()
                wire.send(referee.connection, {"reason": self.reason})
            case {"want": "hidden", "name": str(name), "mistakes": bool(mistakes)} if self.key:
                self._exercise = name
                wire.send(referee.connection, self.key.hidden(name, mistakes))
            case {"want": "reference", "name": str(name)} if self.key:
                wire.send(referee.connection, self.key.reference(name))
            case _:
                raise RefereeLost("it asked for what it may not have")

    def _end(self) -> None:
        if self.notebook:
            self.notebook.close()
            self.notebook = None


def _judged(notebook: bytes, about: dict[str, Any]) -> Judged:
    return Judged(
        notebook,
        _sentences(about["incidents"]),
        _sentences(about["repairs"]),
        _printable(about["unreadable"]),
        float(about["seconds"]),
    )


def _sentences(given: Iterable[Any]) -> list[str]:
    return [_printable(sentence) for sentence in given][:MOST_SENTENCES]


def _printable(sentence: Any) -> str:
    """Text for a terminal, which codes of its own and more lines could deceive."""
    text = str(sentence)[:LONGEST_SENTENCE]
    return "".join(c if c.isprintable() else " " for c in text)
