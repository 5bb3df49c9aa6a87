"""The key of a lab: what its cases must give. The bank computes it in a process of its own.

That process sees nothing of a student; the grader hands its answers on, as they are, to referees.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.course import BANK_FILE
from dlcourse.authoring.exercise import Exercise
from dlcourse.authoring.source import standalone
from dlcourse.grading import wire
from dlcourse.grading.forks import Fork, Zygote, ZygoteGone
from dlcourse.grading.sandbox import Policy

PATIENCE = 600  # seconds for the references and mistakes of one exercise


class Key:
    """The grader's handle of a bank at work; threads may share it.

    Args:
        zygote: forks the process.
        lab: the lab's name.
        bank: source of its exercises.
        entropy: seeds the random inputs of hidden cases.

    Raises:
        OSError: the process could not be started, or the bank does not run.
    """

    def __init__(self, zygote: Zygote, lab: str, bank: str, entropy: int) -> None:
        self.lab = lab
        self._asking = threading.Lock()
        self._answers: dict[tuple[str, ...], dict[str, Any]] = {}
        self._fork: Fork = zygote.fork(Policy(), "key")
        try:
            self._ask({"bank": bank, "lab": lab, "entropy": entropy})
        except OSError:
            self.close()
            raise

    @property
    def drivers(self) -> dict[str, str]:
        """Sources by name of the functions that cases use."""
        return self._answer("drivers")["drivers"]

    def hidden(self, name: str, mistakes: bool) -> dict[str, Any]:
        """Return the hidden checks of an exercise as JSON; evaluated once, on first use."""
        return self._answer("mistakes" if mistakes else "hidden", name)

    def reference(self, name: str) -> dict[str, Any]:
        """Return source that binds a name to the right answer."""
        return self._answer("reference", name)

    @property
    def alive(self) -> bool:
        return self._fork.alive

    def close(self) -> None:
        self._fork.close()

    def _answer(self, *request: str) -> dict[str, Any]:
        with self._asking:
            if request not in self._answers:
                self._answers[request] = self._ask({"ask": request})
            return self._answers[request]

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._fork.ask(request, PATIENCE)
        except wire.WireRefusal as error:
            raise OSError(f"the bank of {self.lab} cannot be used: {error}") from None
        except wire.WireError as error:
            self.close()  # it would answer out of step
            raise ZygoteGone(f"the process with the bank of {self.lab} ended: {error}") from None


def serve(connection: socket.socket) -> None:
    """Run a bank and tell what it holds until the other side is gone."""
    request = wire.receive(connection)
    lab, entropy = request["lab"], request["entropy"]
    # from memory: a grader that is killed leaves no file of it
    bank = Bank.run(lab, request["bank"], Path(lab, BANK_FILE))
    wire.send(connection, {})
    while True:
        try:
            question = wire.receive(connection)["ask"]
        except wire.WireError:
            return
        try:
            answer = _answer(bank, entropy, *question)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        wire.send(connection, answer)


def _answer(bank: Bank, entropy: int, question: str, name: str = "") -> dict[str, Any]:
    if question == "drivers":
        return {"drivers": bank.driver_sources}
    if question == "reference":
        item = bank.items[name]
        assert isinstance(item, Exercise)
        return {"source": standalone(item.reference, name, bank.module)}
    return bank.hidden_checks(name, entropy, mistakes=question == "mistakes").to_json()
