"""Grade one notebook from outside: the student's code runs in one jail, the comparison in another.

At a `check` cell the referee sends the expressions of its cases, gets plain data back, compares,
and writes the cell's output itself. Nothing that the notebook prints or claims becomes a score.

It is a process of its own for each notebook, without network, files and rights: whoever took it
over, by what a notebook sends, could forge the verdict on that notebook, and nothing else.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

import nbformat
from nbformat import NotebookNode, ValidationError
from nbformat.v4 import nbjson, new_code_cell, new_notebook, new_output

from dlcourse.checks.judge import FAILED, PASSED, Verdict, judge, judge_hashed
from dlcourse.checks.session import load_helpers
from dlcourse.checks.spec import CodeChecks, HashedChecks, LabChecks, TextChecks
from dlcourse.checks.values import decode
from dlcourse.checks.view import verdict_bundle
from dlcourse.grading import wire
from dlcourse.grading.demonstrations import demonstrations
from dlcourse.grading.intake import Rebuilt, checked_exercise, take_in
from dlcourse.grading.jailed import GARBAGE, Budget, Dead, Jail, JailedAnswer, Line, OutOfTime
from dlcourse.grading.outputs import error_output, read_outputs

MOST_OUTPUT = 30_000_000  # characters that all outputs of a notebook take in its file


@dataclass
class Graded:
    """A notebook after it was graded.

    Attributes:
        notebook: with outputs; the points are in the outputs of its check cells.
        incidents: what went wrong on the way (time limits, crashes), one sentence each.
        seconds: wall time.
        room: characters that outputs may still take in its file.
        out_of_time: whether its time ended before its cells.
    """

    notebook: NotebookNode
    incidents: list[str] = field(default_factory=list)
    seconds: float = 0.0
    room: int = MOST_OUTPUT
    out_of_time: bool = False


def serve(connection: socket.socket) -> None:
    """Grade the notebook that the grader sends, and send it back."""
    job = wire.receive(connection)
    content = wire.receive_bytes(connection)
    line = Line(connection)
    rebuilt = take_in(nbformat.reads(job["released"], 4), content, job["refused"])
    checks = None
    if job["checks"]:
        checks = Checks(line, LabChecks.loads(job["checks"]), job["drivers"])
    graded = grade_notebook(rebuilt, checks, line, Budget(**job["budget"]), job["skipped"])
    about: dict[str, Any] = {"repairs": rebuilt.repairs, "unreadable": rebuilt.unreadable}
    about |= {"incidents": graded.incidents, "seconds": graded.seconds}
    # half a character may stand in an output that was handed in
    body = nbformat.writes(graded.notebook).encode(errors="replace")
    wire.send(connection, {"graded": about})
    wire.send_bytes(connection, body)


class Checks:
    """What the referee knows of a lab, with expected values.

    Args:
        line: to whom has the hidden cases.
        lab: the visible ones.
        drivers: sources of the functions that cases use.
    """

    def __init__(self, line: Line, lab: LabChecks, drivers: dict[str, str]) -> None:
        self._line, self.lab, self.drivers = line, lab, drivers
        self.views = load_helpers(drivers)

    def of(self, name: str, mistakes: bool) -> CodeChecks:
        """Return visible and hidden cases; asked for in their turn, for most are never needed."""
        visible = self.lab.exercises[name]
        assert isinstance(visible, CodeChecks)
        hidden = CodeChecks.from_json(name, self._line.hidden(name, mistakes))
        return replace(visible, cases=(*visible.cases, *hidden.cases))

    def reference(self, name: str) -> str:
        return self._line.reference(name)


def grade_notebook(
    rebuilt: Rebuilt,
    checks: Checks | None,
    line: Line,
    budget: Budget,
    skipped: Collection[str] = (),
) -> Graded:
    """Run a rebuilt notebook in a jail and judge its answers.

    Args:
        rebuilt: its notebook is changed in place: outputs and execution counts.
        checks: of the lab; None for a foreign course, whose graded cells run as they are.
        line: to whom starts the jail.
        budget: time limits.
        skipped: exercises whose answers ended a referee before.
    """
    started = time.monotonic()
    notebook, graded, jail = rebuilt.notebook, Graded(rebuilt.notebook), Jail(line, budget)
    idle = demonstrations(notebook, rebuilt.given) if checks else set()
    late: list[tuple[NotebookNode, Verdict, CodeChecks]] = []
    for cell in _code_cells(notebook):
        if cell.id in idle:
            _keep_outputs(cell, rebuilt.given[cell.id], graded)
            continue
        name = _checked_exercise(cell, checks)
        if name is None or checks is None:
            _run_cell(jail, cell, graded)
            continue
        if name in skipped:
            points = checks.lab.exercises[name].points
            _write_verdict(cell, Verdict(name, FAILED, 0.0, points, "it cannot be judged"))
            continue
        verdict, again = _judge_exercise(jail, checks, name, _sources(notebook, cell))
        _write_verdict(cell, verdict)
        if again:
            late.append((cell, verdict, again))
    if checks:
        _judge_with_references(jail, checks, late, notebook)
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


def _name(cell: NotebookNode) -> str:
    return f"Cell {_marks(cell).get('grade_id', cell.id)}"


def _checked_exercise(cell: NotebookNode, checks: Checks | None) -> str | None:
    """The exercise that a graded cell checks, None if it is any other cell."""
    name = checked_exercise(cell.source)
    graded = checks is not None and name in checks.lab.exercises and _marks(cell).get("grade")
    return name if graded else None


def _run_cell(jail: Jail, cell: NotebookNode, graded: Graded) -> None:
    try:
        answer = jail.run(cell.source)
        cell.execution_count = max(0, int(answer["execution_count"] or 0))
        _write_outputs(cell, read_outputs(answer["outputs"]), graded)
    except Dead as death:
        place = "From here on" if isinstance(death, OutOfTime) else _name(cell)
        if not (isinstance(death, OutOfTime) and graded.out_of_time):
            graded.incidents.append(f"{place}: {death}.")
        graded.out_of_time |= isinstance(death, OutOfTime)
        cell.outputs = [error_output("Stopped", str(death))]
    except (*GARBAGE, ValidationError):
        graded.incidents.append(f"{_name(cell)}: its outputs could not be read.")
    if _marks(cell).get("grade") and not _marks(cell).get("solution"):
        cell.outputs = _of_a_test(cell)


def _keep_outputs(cell: NotebookNode, handed_in: Any, graded: Graded) -> None:
    """Keep the outputs that a cell was handed in with; those that are none are left out."""
    with suppress(*GARBAGE, ValidationError):
        _write_outputs(cell, read_outputs(handed_in), graded)


def _write_outputs(cell: NotebookNode, outputs: list[NotebookNode], graded: Graded) -> None:
    size = len(nbjson.writes(new_notebook(cells=[new_code_cell(outputs=outputs)])))
    if size > graded.room:
        outputs = [new_output("stream", name="stderr", text="(more output than is kept)")]
        graded.incidents.append(f"{_name(cell)}: its output was too large and was left out.")
    cell.outputs = outputs
    graded.room -= min(size, graded.room)


def _of_a_test(cell: NotebookNode) -> list[NotebookNode]:
    """The outputs of a test of a foreign course: a warning is no failure, odd points are one."""
    outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    most = float(_marks(cell).get("points", 0))
    for output in outputs:
        if output.output_type == "execute_result" and not _is_credit(output, most):
            return [error_output("Stopped", f"a test gives no points, or more than {most:g}")]
    return outputs


def _is_credit(result: NotebookNode, most: float) -> bool:
    """Whether nbgrader can read the value of a test: points, or something that is no number."""
    text = result.data.get("text/plain")
    try:
        return 0 <= float(text or "nan") <= most
    except ValueError:
        return True


def _judge_exercise(
    jail: Jail, checks: Checks, name: str, sources: tuple[str, ...]
) -> tuple[Verdict, CodeChecks | None]:
    """Return the verdict, and the checks again if other exercises may be to blame."""
    visible = checks.lab.exercises[name]
    try:
        if isinstance(visible, HashedChecks):
            return judge_hashed(visible, {name: _letters(jail, name)}), None
        assert not isinstance(visible, TextChecks)
        jail.ask({"helpers": checks.drivers})
        verdict = _judge(checks, JailedAnswer(name, jail, sources, checks.views))
    except Dead as death:
        problem = f"something stopped the notebook: {death}"
        return Verdict(name, FAILED, 0.0, visible.points, problem), None
    return verdict, visible if verdict.status == FAILED and visible.uses else None


def _judge(checks: Checks, answer: JailedAnswer) -> Verdict:
    verdict = judge(checks.of(answer.name, mistakes=False), answer)
    if verdict.status != FAILED or verdict.misconception or verdict.hint:
        return verdict
    if verdict.case and verdict.case.outcome.raised in ("Dead", "Garbage"):
        return verdict  # no known mistake does that
    # nothing visible names the mistake: look at what misconceptions give in hidden cases
    named = judge(checks.of(answer.name, mistakes=True), answer)
    return replace(verdict, misconception=named.misconception, hint=named.hint)


def _letters(jail: Jail, name: str) -> Any:
    value = jail.ask({"letters": name}).get("value")
    if isinstance(value, list):
        return [str(item) for item in value]
    try:
        return decode(value)
    except GARBAGE:
        return None


def _sources(notebook: NotebookNode, check: NotebookNode | None = None) -> tuple[str, ...]:
    """All code, or what ran before a check: what follows may bind its answer to something else."""
    before = takewhile(lambda cell: cell is not check, notebook.cells)
    return tuple(cell.source for cell in before if cell.cell_type == "code")


def _write_verdict(cell: NotebookNode, verdict: Verdict) -> None:
    """Write the output that the check cell would have had under nbgrader."""
    bundle = verdict_bundle(verdict, show_points=True)
    points = new_output(
        "execute_result", data={"text/plain": repr(float(verdict.points))}, execution_count=0
    )
    cell.outputs = [new_output("display_data", data=bundle), points]


def _judge_with_references(
    jail: Jail,
    checks: Checks,
    late: list[tuple[NotebookNode, Verdict, CodeChecks]],
    notebook: NotebookNode,
) -> None:
    """Judge exercises again with right versions of those that they use.

    Comes last: from now on the notebook knows answers. Points and the bank's name of a mistake are
    all that it can still bring about: what it raises, returns and prints now is shown to nobody.
    """
    revealed: set[str] = set()
    for cell, first, visible in late:
        if visible.name in revealed:
            continue
        revealed |= set(visible.uses)
        try:
            for used in visible.uses:
                jail.ask({"run": checks.reference(used)})
            # what its name means after all cells, so that all count for what is forbidden
            answer = JailedAnswer(visible.name, jail, _sources(notebook), checks.views)
            verdict = _judge(checks, answer)
        except Dead:
            continue
        if verdict.points >= first.points:
            _write_verdict(cell, _without_words(verdict, first))


def _without_words(verdict: Verdict, first: Verdict) -> Verdict:
    """A second verdict, with what the notebook said only before it knew answers."""
    if verdict.status == PASSED:
        return verdict  # which holds none
    named = verdict if verdict.misconception else first
    return replace(
        first,
        points=verdict.points,
        parts=verdict.parts,
        misconception=named.misconception,
        hint=named.hint,
    )
