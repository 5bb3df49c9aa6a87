"""Grade one notebook from outside: the student's code runs in a jail, the comparison here.

At a `check` cell the referee sends the expressions of its cases, gets plain data back, compares,
and writes the cell's output itself. Nothing that the notebook prints or claims becomes a score.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.exercise import Exercise
from dlcourse.authoring.source import standalone
from dlcourse.checks.evaluate import Outcome, view_of
from dlcourse.checks.judge import (
    FAILED,
    AnswerState,
    Verdict,
    judge,
    judge_hashed,
)
from dlcourse.checks.source import forbidden_in_cells
from dlcourse.checks.spec import Case, CodeChecks, HashedChecks, LabChecks, TextChecks
from dlcourse.checks.values import decode
from dlcourse.checks.view import verdict_bundle
from dlcourse.grading.sandbox import Policy
from dlcourse.grading.wire import WireError, WireTimeout
from dlcourse.grading.zygote import Notebook, Zygote

# what data that is not as agreed may raise
GARBAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
DEEPEST = 50  # levels in an output of a cell
CHECK_CELL = re.compile(r"""^\s*check\(\s*["'](\w+)["']\s*\)\s*(#.*)?$""")

# What the bank computes (cases, views) uses what a process has once: seeds, output, Keras' state.
_computing = threading.Lock()


@dataclass(frozen=True)
class Budget:
    """Seconds: for one cell, and for the whole notebook."""

    cell: float = 120.0
    notebook: float = 600.0


@dataclass
class Graded:
    """A notebook after it was graded.

    Attributes:
        notebook: with outputs; the points are in the outputs of its check cells.
        verdicts: of the exercises that the referee judged, in the order of the notebook.
        incidents: what went wrong on the way (time limits, crashes), one sentence each.
        protections: what the jail had active.
        seconds: wall time.
    """

    notebook: NotebookNode
    verdicts: list[Verdict] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)
    protections: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Key:
    """What the referee knows of a lab: the checks, visible and hidden, with expected values.

    Args:
        bank: the lab's exercises.
        lab: its visible checks.
        entropy: seeds the random inputs of hidden cases.
    """

    def __init__(self, bank: Bank, lab: LabChecks, entropy: int) -> None:
        self.bank, self.lab, self.entropy = bank, lab, entropy
        self._complete: dict[tuple[str, bool], CodeChecks] = {}

    def prepare(self) -> None:
        """Evaluate what most submissions need, which imports Keras if the lab uses it."""
        for name, exercise in self.lab.exercises.items():
            if isinstance(exercise, CodeChecks):
                self.checks(name, mistakes=False)

    def checks(self, name: str, mistakes: bool) -> CodeChecks:
        """Return visible and hidden cases; evaluated once, on first use."""
        with _computing:
            if (name, mistakes) not in self._complete:
                visible = self.lab.exercises[name]
                assert isinstance(visible, CodeChecks)
                hidden = self.bank.hidden_checks(name, self.entropy, mistakes)
                complete = replace(visible, cases=(*visible.cases, *hidden.cases))
                self._complete[name, mistakes] = complete
            return self._complete[name, mistakes]


class Dead(Exception):
    """The notebook's process ended, hung or broke the protocol; the message says which."""


class Jail:
    """A running notebook that comes back to life: after a death the other cells run again."""

    def __init__(self, zygote: Zygote, policy: Policy, budget: Budget) -> None:
        self.zygote, self.policy, self.budget = zygote, policy, budget
        self.deadline = time.monotonic() + budget.notebook
        self.history: list[str] = []
        self.notebook: Notebook | None = None
        self.protections: list[str] = []

    def _alive(self) -> Notebook:
        if self.notebook is None:
            self.notebook = self.zygote.fork(self.policy)
            self.protections = self.notebook.protections
            for source in self.history:
                self._ask(self.notebook, {"run": source})
        return self.notebook

    def _ask(self, notebook: Notebook, request: dict[str, Any]) -> dict[str, Any]:
        seconds = min(self.budget.cell, self.deadline - time.monotonic())
        if seconds <= 0:
            self.close()
            raise Dead(f"the notebook ran longer than {self.budget.notebook:g} seconds")
        try:
            answer = notebook.ask(request, seconds)
            if "error" in answer:
                raise WireError(str(answer["error"])[:200])
            return answer
        except WireTimeout:
            self.close()
            raise Dead(f"it did not finish within {seconds:.0f} seconds") from None
        except WireError as error:
            self.close()
            raise Dead(f"it ended the notebook's process ({error})") from None

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

    def close(self) -> None:
        if self.notebook is not None:
            self.notebook.close()
            self.notebook = None


@dataclass(frozen=True)
class JailedAnswer:
    """An answer that lives in a jail: cases are evaluated there, views and comparison here."""

    name: str
    jail: Jail
    cells: tuple[str, ...]
    bank: Bank

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
            with _computing:
                return view_of(outcome, self.bank.drivers[case.view], case.time_limit)
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


def grade_notebook(
    notebook: NotebookNode,
    key: Key | None,
    zygote: Zygote,
    policy: Policy,
    budget: Budget | None = None,
) -> Graded:
    """Run a rebuilt notebook in a jail and judge its answers.

    Args:
        notebook: changed in place: outputs and execution counts.
        key: the lab's cases; None for a foreign course, whose graded cells run as they are.
        zygote: forks the jail.
        policy: what the jail may use.
        budget: time limits. Defaults to 2 minutes a cell, 10 minutes a notebook.
    """
    started = time.monotonic()
    graded = Graded(notebook)
    jail = Jail(zygote, policy, budget or Budget())
    late: list[tuple[NotebookNode, CodeChecks]] = []
    try:
        for cell in _code_cells(notebook):
            name = _checked_exercise(cell, key)
            if name is None or key is None:
                _run_cell(jail, cell, graded)
                continue
            verdict, again = _judge_exercise(jail, key, name, notebook)
            _write_verdict(cell, verdict, graded)
            if again:
                late.append((cell, again))
        for cell, checks in late:
            assert key is not None
            _judge_with_references(jail, key, checks, cell, graded)
    finally:
        graded.protections = jail.protections
        jail.close()
        graded.seconds = time.monotonic() - started
    return graded


def _code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
            yield cell


def _marks(cell: NotebookNode) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def _checked_exercise(cell: NotebookNode, key: Key | None) -> str | None:
    """The exercise that a graded cell checks, None if it is any other cell."""
    match = CHECK_CELL.match(cell.source)
    if key is None or not match or not _marks(cell).get("grade"):
        return None
    return match.group(1) if match.group(1) in key.lab.exercises else None


def _run_cell(jail: Jail, cell: NotebookNode, graded: Graded) -> None:
    try:
        answer = jail.run(cell.source)
        cell.outputs = [_output(item) for item in answer["outputs"]]
        cell.execution_count = int(answer["execution_count"] or 0)
    except Dead as death:
        graded.incidents.append(f"Cell {_marks(cell).get('grade_id', cell.id)}: {death}.")
        cell.outputs = [
            new_output("error", ename="Stopped", evalue=str(death), traceback=[str(death)])
        ]
    except GARBAGE:
        graded.incidents.append(f"Cell {cell.id}: its outputs could not be read.")
    if _marks(cell).get("grade"):  # an assertion of a foreign course: a warning is no failure
        cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]


def _output(item: dict[str, Any]) -> NotebookNode:
    kind = item["output_type"]
    if kind == "stream":
        name = "stderr" if item["name"] == "stderr" else "stdout"
        return new_output("stream", name=name, text=str(item["text"]))
    if kind == "error":
        lines = [str(line) for line in item["traceback"]]
        return new_output(
            "error", ename=str(item["ename"]), evalue=str(item["evalue"]), traceback=lines
        )
    data = {str(k): v for k, v in item["data"].items() if isinstance(v, (str, dict))}
    _need_depth(data, DEEPEST)
    if kind == "execute_result":
        count = int(item["execution_count"])
        return new_output("execute_result", data=data, execution_count=count)
    return new_output("display_data", data=data)


def _need_depth(data: Any, room: int) -> None:
    """Raise ValueError if something is nested more deeply."""
    if room == 0:
        raise ValueError("nested too deeply")
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for part in parts:
        _need_depth(part, room - 1)


def _judge_exercise(
    jail: Jail, key: Key, name: str, notebook: NotebookNode
) -> tuple[Verdict, CodeChecks | None]:
    """Return the verdict, and the checks again if other exercises may be to blame."""
    visible = key.lab.exercises[name]
    try:
        if isinstance(visible, HashedChecks):
            return judge_hashed(visible, {name: _letters(jail, name)}), None
        assert not isinstance(visible, TextChecks)
        jail.ask({"helpers": key.bank.driver_sources})
        answer = JailedAnswer(name, jail, _sources(notebook), key.bank)
        verdict = _judge(key, name, answer)
    except Dead as death:
        problem = f"something stopped the notebook: {death}"
        return Verdict(name, FAILED, 0.0, visible.points, problem), None
    return verdict, visible if verdict.status == FAILED and visible.uses else None


def _judge(key: Key, name: str, answer: JailedAnswer) -> Verdict:
    verdict = judge(key.checks(name, mistakes=False), answer)
    if verdict.status == FAILED and not verdict.misconception and not verdict.hint:
        # nothing visible names the mistake: look at what misconceptions give in hidden cases
        verdict = judge(key.checks(name, mistakes=True), answer)
    return verdict


def _letters(jail: Jail, name: str) -> Any:
    value = jail.ask({"letters": name}).get("value")
    if isinstance(value, list):
        return [str(item) for item in value]
    try:
        return decode(value)
    except GARBAGE:
        return None


def _sources(notebook: NotebookNode) -> tuple[str, ...]:
    return tuple(cell.source for cell in notebook.cells if cell.cell_type == "code")


def _write_verdict(cell: NotebookNode, verdict: Verdict, graded: Graded) -> None:
    """Write the output that the check cell would have had under nbgrader."""
    graded.verdicts = [v for v in graded.verdicts if v.name != verdict.name] + [verdict]
    bundle = verdict_bundle(verdict, show_points=True)
    points = new_output(
        "execute_result", data={"text/plain": repr(float(verdict.points))}, execution_count=0
    )
    cell.outputs = [new_output("display_data", data=bundle), points]


def _judge_with_references(
    jail: Jail, key: Key, checks: CodeChecks, cell: NotebookNode, graded: Graded
) -> None:
    """Judge an exercise again with right versions of those that it uses.

    Comes last, and no output of the notebook is read afterwards: from now on it knows answers.
    """
    try:
        for used in checks.uses:
            item = key.bank.items[used]
            assert isinstance(item, Exercise)
            jail.ask({"run": standalone(item.reference, used, key.bank.module)})
        answer = JailedAnswer(checks.name, jail, _sources(graded.notebook), key.bank)
        verdict = _judge(key, checks.name, answer)
    except Dead:
        return
    first = next(v for v in graded.verdicts if v.name == checks.name)
    if verdict.points >= first.points:
        _write_verdict(cell, verdict, graded)
