"""`check`: the object that a student's notebook talks to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dlcourse.checks import models
from dlcourse.checks.judge import FAILED, PASSED, Verdict, judge_code, judge_hashed
from dlcourse.checks.spec import Checks, CodeChecks, LabChecks, TextChecks
from dlcourse.checks.view import hint_bundle, progress_bundle, verdict_bundle

FILE_NAME = "checks.json"


class HiddenJudge(Protocol):
    """What a grader installs as `check.hidden` to add the hidden cases (see `dlcourse.grading`)."""

    def judge(self, lab: str, visible: CodeChecks, namespace: dict[str, Any]) -> Verdict: ...


class Check:
    """Checks the answers of the notebook that it is used in.

    Example, in a notebook::

        from dlcourse.checks import check

        check("grad_sse")        # run the check of one exercise
        check.hint("grad_sse")   # open its next hint
        check.progress()         # where you are in the lab

    Args:
        namespace: the names to judge. Defaults to those of the running notebook.
    """

    def __init__(self, namespace: dict[str, Any] | None = None) -> None:
        self.hidden: HiddenJudge | None = None
        self._namespace = namespace
        self._path: Path | None = None
        self._read_at: float = -1.0
        self._lab: LabChecks | None = None
        self._helpers: dict[str, Callable[..., Any]] = {}
        self._opened: dict[str, int] = {}
        self._judged: dict[str, tuple[Any, Verdict]] = {}

    def __call__(self, name: str) -> float | None:
        """Check the exercise `name`, show the verdict; under nbgrader, return the points.

        Raises:
            ValueError: the lab has no such exercise.
            FileNotFoundError: there is no checks.json.
        """
        checks = self._find(name)
        if isinstance(checks, TextChecks):
            _show({"text/plain": f"{name}: your teacher reads this answer."})
            return None
        graded = "NBGRADER_EXECUTION" in os.environ
        verdict = self._judge(checks)
        _show(verdict_bundle(verdict, show_points=graded))
        return verdict.points if graded else None

    def hint(self, name: str) -> None:
        """Open the next hint of an exercise; those already open stay in view."""
        hints = list(self._find(name).hints)
        self._opened[name] = min(self._opened.get(name, 0) + 1, len(hints))
        _show(hint_bundle(name, hints[: self._opened[name]], len(hints)))

    def progress(self) -> None:
        """Check all exercises of the lab and show the table."""
        lab = self._open()
        verdicts = [
            None if isinstance(checks, TextChecks) else self._visible_verdict(checks)
            for checks in lab.exercises.values()
        ]
        _show(progress_bundle(lab, verdicts))

    def passed(self, *names: str) -> bool:
        """Return whether the visible cases of all these exercises pass; say so if they do not.

        For cells that use an answer: they wait for it instead of failing.
        """
        waiting = [n for n in names if self._visible_verdict(self._find(n)).status != PASSED]
        if waiting:
            _show({"text/plain": f"Solve {', '.join(waiting)} first, then run this cell again."})
        return not waiting

    def open(self, path: str | os.PathLike[str]) -> None:
        """Use the checks of `path`, a checks.json or its folder, wherever the notebook runs."""
        given = Path(path)
        self._path = given / FILE_NAME if given.is_dir() else given
        self._lab = None
        self._open()

    def verdicts(self) -> list[Verdict]:
        """Return the verdict of every exercise that is not graded by a person."""
        exercises = self._open().exercises.values()
        return [self._judge_visible(e) for e in exercises if not isinstance(e, TextChecks)]

    def _open(self) -> LabChecks:
        """Read checks.json, again if it has changed."""
        path = self._path or Path(FILE_NAME)
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no {FILE_NAME} in {path.resolve().parent}. It comes with the notebook: "
                "put it beside the notebook and start the notebook there, "
                f'or name it: check.open("path/to/{FILE_NAME}")'
            )
        changed = path.stat().st_mtime
        if self._lab is None or changed != self._read_at:
            self._lab = LabChecks.read(path)
            self._helpers = load_helpers(self._lab.helpers)
            self._read_at = changed
        return self._lab

    def _find(self, name: str) -> Checks:
        lab = self._open()
        if name not in lab.exercises:
            known = ", ".join(lab.exercises)
            raise ValueError(
                f"Invalid value for `name`: expected an exercise of {lab.lab} ({known}). "
                f"Received: name={name!r}"
            )
        return lab.exercises[name]

    def _names(self) -> dict[str, Any]:
        if self._namespace is not None:
            return self._namespace
        shell = _shell()
        return shell.user_ns if shell else vars(__import__("__main__"))

    def _judge(self, checks: Checks) -> Verdict:
        """Judge by all cases that there are: under a grader the hidden ones, too."""
        if self.hidden and isinstance(checks, CodeChecks):
            return self.hidden.judge(self._open().lab, checks, self._names())
        return self._judge_visible(checks)

    def _judge_visible(self, checks: Checks) -> Verdict:
        names = self._names()
        if not isinstance(checks, CodeChecks):
            assert not isinstance(checks, TextChecks)
            return judge_hashed(checks, names)
        verdict = judge_code(checks, names, self._helpers)
        if verdict.status == FAILED:
            verdict = self._blame_used(checks, verdict)
        self._judged[checks.name] = (names.get(checks.name), verdict)
        return verdict

    def _visible_verdict(self, checks: Checks) -> Verdict:
        """Judge by the visible cases, unless this very answer was judged before."""
        answer, verdict = self._judged.get(checks.name, (None, None))
        uses_others = isinstance(checks, CodeChecks) and checks.uses
        if verdict and not uses_others and answer is self._names().get(checks.name):
            return verdict
        return self._judge_visible(checks)

    def _blame_used(self, checks: CodeChecks, verdict: Verdict) -> Verdict:
        """Say so if the answer calls another exercise whose own check fails."""
        failing = [name for name in checks.uses if self._judge(self._find(name)).status != PASSED]
        notes = tuple(
            f"`{checks.name}` calls `{name}`, whose own check does not pass yet: look there first."
            for name in failing
        )
        return replace(verdict, notes=(*notes, *verdict.notes))


def load_helpers(sources: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
    """Return the drivers of a lab from their sources, and the views of models.

    The drivers see each other and `np`.
    """
    scope: dict[str, Any] = {"np": np}
    for name, source in sources.items():
        exec(compile(source, f"<helper {name}>", "exec"), scope)
    return {**models.VIEWS, **{name: scope[name] for name in sources}}


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _show(bundle: dict[str, Any]) -> None:
    if _shell() is None:
        print(bundle["text/plain"])
        return
    from IPython.display import publish_display_data

    publish_display_data(bundle)
